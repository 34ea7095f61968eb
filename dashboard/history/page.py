"""`/history`: every stored prediction, in a grid that asks the server for the rows in sight, or as pictures.

The address holds filters, order and view (see dashboard/shell/browse.py); assets/history.js keeps controls and address
alike.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import dash
from dash import (
    ClientsideFunction,
    Input,
    Output,
    Patch,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.history import chosen, worklist
from dashboard.history import grid as parts
from dashboard.history.filters import CONTROLS, LISTED_VALUES, history_filters
from dashboard.history.gallery import FIRST, PAGE, first_rows, gallery, gallery_items
from dashboard.judging import as_asked, as_read
from dashboard.services import Services
from dashboard.shell import predict_again as again
from dashboard.shell.boxes import BINNED, confirmation, dialog
from dashboard.shell.browse import SEVERAL, Browse, browse, lenient, search_of_parameters, sort_order
from dashboard.shell.review_form import review_form
from dashboard.store import NotFound, Query, QueryError, Range, Store, StoreError
from dashboard.store.outcomes import NO_LONGER_BENIGN

dash.register_page(__name__, path="/history", title="History · Dermaboard", name="History")  # type: ignore[no-untyped-call]

CHANGED_VIEW = "?outcome_before=benign&review=open"
# How often a page asks whether something came in, in milliseconds.
NEWS = 10_000


def layout(**parameters: Any) -> html.Div:
    """The grid or the gallery with its filters, or one sentence when nothing is stored yet."""
    services = Services.current()
    store = services.store
    search = search_of_parameters(parameters)
    newest = store.latest().id
    return html.Div(
        [
            html.H1("History"),
            html.P(
                "Every photograph that was checked: find it again, compare, record what it was.",
                className="lead",
            ),
            update_notice(store),
            parts.undo_notice(),
            html.Div(parts.empty_history(), id="history-empty", hidden=newest is not None),
            html.Div(history_body(store, search), id="history-body", hidden=newest is None),
            confirmation("history-dialog"),
            dialog(
                "history-reviewing",
                "Review",
                [review_form([], store.known.every, several=True)],
                [close_button("history-reviewing-cancel")],
            ),
            dialog(
                "history-again",
                "Predict again",
                [
                    html.P(
                        "The stored photographs are predicted with another model; both results stay.",
                        className="note",
                    ),
                    again.model_choice(services.runnable),
                ],
                [close_button("history-again-cancel")],
            ),
            dcc.Location(id="history-address", refresh=False),
            dcc.Interval(id="history-tick", interval=NEWS),
            dcc.Store(id="history-search", data=search),
            dcc.Store(id="history-seen", data=newest),
            dcc.Store(id="history-selection", data=[]),
            dcc.Store(id="history-stale"),
            dcc.Store(id="history-cursor"),
            # What was deleted last in this window, also on the page of a case.
            dcc.Store(id=BINNED, storage_type="session"),
            dcc.Store(id="review-ids", data={}),
        ],
        className="history",
    )


def update_notice(store: Store) -> html.P | None:
    """How many results an update made other than benign that nobody has looked at since, and the way to them."""
    found = store.page(NO_LONGER_BENIGN)
    if not found.total:
        return None
    many = f"{found.total:,} results that were" if found.total > 1 else "1 result that was"
    return html.P(
        [
            f"{many} benign {'have' if found.total > 1 else 'has'} another outcome since an update. ",
            dcc.Link("Look at these lesions again", href=local_address("/history" + CHANGED_VIEW)),
        ],
        className="history-update",
    )


def history_body(store: Store, search: str) -> list[Component]:
    """What there is once something is stored: filters, and the predictions as a grid or a gallery."""
    view, _ = lenient(search)
    services = Services.current()
    query = as_asked(services, view.query(limit=FIRST))
    first = [] if view.gallery else as_read(services, store.page(query).records)
    return [
        worklist.worklist_place(search),
        history_filters(
            chosen_filters(search),
            {name: store.values(name) for name in LISTED_VALUES},
            diagnosis_options(store),
            parts.view_choice(view.gallery),
        ),
        again.job_progress(),
        parts.history_toolbar(),
        html.Div(
            [parts.history_grid(view.sort), first_rows(first, search)],
            id="history-grid-place",
            hidden=view.gallery,
        ),
        html.Div(gallery(), id="history-gallery-place", hidden=not view.gallery),
    ]


def diagnosis_options(store: Store) -> list[tuple[str, str]]:
    """What can be filtered by: everything that is known, and what only old predictions have, as (code, name)."""
    every = store.known.every
    return [(code, every.name(code)) for code in store.known.ordered([*every.codes, *store.codes()])]


def close_button(name: str) -> html.Button:
    """The way out of a dialog."""
    return html.Button("Close", id=name, type="button", className="btn btn-outline-secondary")


def chosen_filters(search: str) -> dict[str, Any]:
    """What the controls show: text, or a list for those that take several. Nonsense is shown as it was given."""
    given = parse_qs(search.removeprefix("?"))
    return {name: values if name in SEVERAL else values[0] for name, values in given.items()}


@callback(
    Output("history-grid", "getRowsResponse"),
    Output("history-grid", "style"),
    Output("history-grid", "columnDefs"),
    Output("history-count", "children"),
    Output("history-clear", "hidden"),
    Output("history-empty", "hidden"),
    Output("history-body", "hidden"),
    Output("history-seen", "data"),
    Input("history-grid", "getRowsRequest"),
    State("history-search", "data"),
    State("history-grid", "columnDefs"),
    prevent_initial_call=True,
)
def grid_rows(
    request: Mapping[str, Any] | None, search: str | None, columns: Sequence[Mapping[str, Any]]
) -> tuple[Any, ...]:
    """The rows that the grid asks for, in the order of its own headers.

    Args:
        columns: the grid's columns as they are, whose headers change with what it can be sorted by.
    """
    if request is None:
        return (no_update,) * 8
    services = Services.current()
    store = services.store
    nothing = {"rowData": [], "rowCount": 0}
    try:
        offset, limit = row_range(request)
        view = sorted_as(browse(search), request)
        page = store.page(as_asked(services, view.query(offset, limit)))
    except (QueryError, StoreError) as error:
        height = {"height": parts.grid_height(0)}
        return nothing, height, no_update, str(error), False, True, False, no_update
    first = not request.get("startRow")
    empty = page.total == 0 and not view.filtered
    wanted = parts.grid_columns(view.sort, page.exact)
    return (
        {
            "rowData": [
                parts.grid_row(record, store.known.of(record.model_sha256), view.search())
                for record in as_read(services, page.records)
            ],
            # Unknown as long as others follow: the grid then asks for them as it is scrolled.
            "rowCount": page.total if page.exact else -1 if page.next else offset + len(page.records),
        },
        {"height": parts.grid_height(page.total)},
        no_update if parts.sortable_columns(wanted) == parts.sortable_columns(columns) else wanted,
        parts.count_sentence(page.total, view.filtered, page.exact),
        not view.filtered,
        not empty,
        empty,
        store.latest().id if first else no_update,
    )


def sorted_as(view: Browse, request: Mapping[str, Any]) -> Browse:
    """The view in the order that the grid's headers show, which the address is about to follow."""
    sort = request.get("sortModel")
    if not (isinstance(sort, list) and sort and isinstance(sort[0], Mapping)):
        return view
    return replace(view, sort=sort_order(f"{sort[0].get('colId')}.{sort[0].get('sort')}"))


def row_range(request: object) -> tuple[int, int]:
    """Offset and number of the rows that the grid asks for; QueryError when it has any other shape."""
    if not isinstance(request, Mapping):
        raise QueryError("The question to the history has an unknown shape.")
    start, end = request.get("startRow", 0), request.get("endRow", parts.BLOCK)
    if type(start) is not int or type(end) is not int:
        raise QueryError("The question to the history has an unknown shape.")
    return start, min(max(end - start, 1), parts.BLOCK * 10)


@callback(
    Output("history-pictures", "children"),
    Output("history-cursor", "data"),
    Output("history-further", "hidden"),
    Output("history-count", "children", allow_duplicate=True),
    Output("history-clear", "hidden", allow_duplicate=True),
    Output("history-seen", "data", allow_duplicate=True),
    Input("history-search", "data"),
    Input("history-further", "n_clicks"),
    Input("history-stale", "data"),
    State("history-cursor", "data"),
    prevent_initial_call="initial_duplicate",
)
def show_pictures(
    search: str | None, _clicks: int | None, changed: Any, cursor: Mapping[str, str | None] | None
) -> tuple[Any, ...]:
    """The first pictures of a view, or the ones that follow those that are there.

    Args:
        cursor: `after`, the end of what is there, and `of`, the view and its state. When the answer about a new
            view is still on its way, the pictures that are there belong to another one.
    """
    services = Services.current()
    store = services.store
    of = json.dumps([search, changed])
    more = ctx.triggered_id == "history-further" and cursor is not None and cursor["of"] == of
    after = cursor["after"] if cursor and more else None
    try:
        view = browse(search)
        if not view.gallery:
            return [], None, True, no_update, no_update, no_update
        page = store.page(as_asked(services, view.query(limit=PAGE, after=after)))
    except (QueryError, StoreError) as error:
        return [], None, True, str(error), False, no_update
    found = gallery_items(as_read(services, page.records), view.search())
    children: Any = found
    if more:
        children = Patch()
        children.extend(found)
    counted = no_update if more else parts.count_sentence(page.total, view.filtered, page.exact)
    seen = no_update if more else store.latest().id
    return children, {"after": page.next, "of": of}, page.next is None, counted, not view.filtered, seen


@callback(
    Output("history-news", "children"),
    Output("history-news", "hidden"),
    Input("history-tick", "n_intervals"),
    Input("history-seen", "data"),
    State("history-search", "data"),
    prevent_initial_call=True,
)
def tell_news(_ticks: int | None, seen: str | None, search: str | None) -> tuple[Any, Any]:
    """How many predictions of this view came in since its rows were asked for; no row moves by itself."""
    services = Services.current()
    store = services.store
    try:
        if ctx.triggered_id != "history-tick" or store.latest().id == seen:
            return "", True
        since = (Range("created", moment_of(store, seen), open_low=True),) if seen else ()
        query = Query(limit=1, filters=(*browse(search).filters(), *since))
        page = store.page(as_asked(services, query))
    except (QueryError, StoreError):
        return no_update, no_update
    return parts.news_label(page.total, page.exact), page.total == 0


def moment_of(store: Store, record_id: str) -> datetime:
    """When a prediction was made; of one that was deleted meanwhile, its id (a UUID of version 7) still tells."""
    try:
        return store.get(record_id).created
    except NotFound:
        pass
    try:
        return datetime.fromtimestamp((UUID(record_id).int >> 80) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise QueryError("The question to the history has an unknown shape.") from error


chosen.register()
worklist.register()


def history_script(name: str, *arguments: Any, **options: Any) -> None:
    """A callback that runs in the browser: assets/history.js."""
    clientside_callback(ClientsideFunction("history", name), *arguments, **options)


history_script(
    "follow",
    Output("history-address", "search"),
    Output("history-search", "data"),
    *(Output(f"history-{name}", "value") for name in CONTROLS),
    Output("history-more", "children"),
    Input("history-address", "search"),
    Input("history-clear", "n_clicks"),
    *(Input(f"history-{name}", "value") for name in CONTROLS),
    State("history-search", "data"),
)
history_script("watch", Input("history-pictures", "children"), Input("history-further", "hidden"))
history_script(
    "show",
    Output("history-grid-place", "hidden"),
    Output("history-gallery-place", "hidden"),
    Input("history-search", "data"),
)
history_script(
    "offerUndo",
    Output("history-undo-place", "hidden"),
    Output("history-binned-count", "children"),
    Input(BINNED, "data"),
    Input("history-undo-close", "n_clicks"),
)
history_script("open", Input("history-grid", "cellClicked"), prevent_initial_call=True)
history_script(
    "choose",
    Output("history-selection", "data"),
    Input("history-grid", "selectedRows"),
    prevent_initial_call=True,
)
history_script(
    "selected",
    Output("history-actions", "hidden"),
    Output("history-export-all", "hidden"),
    Output("history-selected", "children"),
    Output("review-ids", "data"),
    Output("review-remove", "options"),
    Output("history-dialog-title", "children"),
    Output("history-reviewing-title", "children"),
    Output("history-again-title", "children"),
    Output("history-compare", "hidden"),
    Input("history-selection", "data"),
)
for _name in ("reviewing", "again"):
    history_script(
        "toggle",
        Output(f"history-{_name}", "is_open"),
        Input(f"history-{_name}-open", "n_clicks"),
        Input(f"history-{_name}-cancel", "n_clicks"),
        Input("review-done" if _name == "reviewing" else "again-started", "data"),
        prevent_initial_call=True,
    )
history_script(
    "ask",
    Output("history-dialog", "is_open"),
    Output("history-dialog-error", "children"),
    Input("history-delete", "n_clicks"),
    Input("history-dialog-cancel", "n_clicks"),
    prevent_initial_call=True,
)
history_script(
    "refresh",
    Output("history-stale", "data", allow_duplicate=True),
    Input("history-news", "n_clicks"),
    Input("review-done", "data"),
    prevent_initial_call=True,
)
history_script(
    "deselect",
    Output("history-selection", "data", allow_duplicate=True),
    Input("history-stale", "data"),
    Input("history-deselect", "n_clicks"),
    # What is out of sight must not be deleted with what is in sight.
    Input("history-search", "data"),
    prevent_initial_call=True,
)
