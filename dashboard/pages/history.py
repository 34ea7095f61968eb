"""`/history`: every stored prediction in a grid that asks the server for the rows in sight."""

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update

from dashboard.components import history as parts
from dashboard.services import Services
from dashboard.store import Query, QueryError, StoreError, grid_query, zone

dash.register_page(__name__, path="/history", title="History · Dermaboard", name="History")  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """The grid with its filters, or one sentence when nothing is stored yet."""
    store = Services.current().store
    total = store.page(Query(limit=1)).total
    return html.Div(
        [
            html.H1("History"),
            html.P("Every photograph that was checked, the newest first.", className="lead"),
            html.Div(parts.empty(), id="history-empty", hidden=total > 0),
            html.Div(
                [
                    parts.filters(store.models()),
                    html.Div(
                        [
                            html.Span(parts.count(total, False), id="history-count", role="status"),
                            html.Button(
                                "Delete selected",
                                id="history-delete",
                                type="button",
                                disabled=True,
                                className="btn btn-outline-secondary btn-sm",
                            ),
                        ],
                        className="history-bar",
                    ),
                    parts.grid(),
                ],
                id="history-body",
                hidden=total == 0,
            ),
            parts.confirmation("history-dialog"),
            dcc.Store(id="history-zone"),
            dcc.Store(id="history-changed"),
            dcc.Store(id="history-filters"),
        ],
        className="history",
    )


@callback(
    Output("history-grid", "getRowsResponse"),
    Output("history-grid", "style"),
    Output("history-count", "children"),
    Output("history-empty", "hidden"),
    Output("history-body", "hidden"),
    Input("history-grid", "getRowsRequest"),
    State("history-zone", "data"),
    prevent_initial_call=True,
)
def rows(request: dict[str, Any] | None, zone_name: str | None) -> tuple[Any, Any, Any, Any, Any]:
    """The rows that the grid asks for."""
    if request is None:
        return (no_update,) * 5
    filtered = bool(request.get("filterModel"))
    try:
        page = Services.current().store.page(grid_query(request, zone(zone_name)))
    except QueryError as error:
        return {"rowData": [], "rowCount": 0}, {"height": parts.height(0)}, str(error), True, False
    nothing = page.total == 0 and not filtered
    return (
        {"rowData": [parts.row(record) for record in page.records], "rowCount": page.total},
        {"height": parts.height(page.total)},
        parts.count(page.total, filtered),
        not nothing,
        nothing,
    )


@callback(
    Output("history-dialog", "is_open", allow_duplicate=True),
    Output("history-changed", "data"),
    Output("history-dialog-error", "children", allow_duplicate=True),
    Input("history-dialog-confirm", "n_clicks"),
    State("history-grid", "selectedRows"),
    prevent_initial_call=True,
)
def delete(clicks: int | None, selected: list[dict[str, Any]] | None) -> tuple[Any, Any, Any]:
    """Delete what is selected; the grid then asks for its rows again."""
    if not clicks:
        return no_update, no_update, no_update
    ids = [str(one.get("id")) for one in selected or []]
    try:
        Services.current().store.delete(ids)
    except StoreError as error:
        return no_update, no_update, str(error)
    return False, clicks, ""


def clientside(name: str, *arguments: Any, **options: Any) -> None:
    """A callback that runs in the browser: assets/history.js."""
    clientside_callback(ClientsideFunction("history", name), *arguments, **options)


clientside("zone", Output("history-zone", "data"), Input("history-zone", "id"))
clientside(
    "filter",
    # Without an output Dash would not call it when the page opens.
    Output("history-filters", "data"),
    Input("history-search", "value"),
    Input("history-decision", "value"),
    Input("history-diagnosis", "value"),
    Input("history-model", "value"),
)
clientside("open", Input("history-grid", "cellClicked"), prevent_initial_call=True)
clientside(
    "selected",
    Output("history-delete", "disabled"),
    Output("history-delete", "children"),
    Output("history-dialog-title", "children"),
    Input("history-grid", "selectedRows"),
)
clientside(
    "ask",
    Output("history-dialog", "is_open"),
    Output("history-dialog-error", "children"),
    Input("history-delete", "n_clicks"),
    Input("history-dialog-cancel", "n_clicks"),
    prevent_initial_call=True,
)
clientside("refresh", Input("history-changed", "data"), prevent_initial_call=True)
