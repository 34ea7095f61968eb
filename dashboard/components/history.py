"""The parts of the history page: filters, grid, empty state, and the question before anything is deleted."""

from typing import TYPE_CHECKING, Any

import dash_ag_grid
import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard.components.attributes import attributes
from dashboard.components.result import address
from dashboard.components.text import percent
from model.taxonomy import BY_CODE, DIAGNOSES
from model.verdict import VERDICTS

if TYPE_CHECKING:
    from dashboard.store import Record

ROW_HEIGHT, HEADER_HEIGHT = 64, 44


def row(record: "Record") -> dict[str, Any]:
    """A record as the grid's cells want it; words and shapes come from here, so that they read as elsewhere."""
    verdict = VERDICTS[record.decision]
    diagnosis = BY_CODE.get(record.diagnosis or "")
    return {
        "id": record.id,
        "href": f"/history/{record.id}",
        "thumbnail": address(record.id, "thumbnail"),
        "filename": record.filename,
        "decision": str(record.decision),
        "word": verdict.short,
        "shape": verdict.shape,
        "probability": record.probability,
        "percent": percent(record.probability),
        "diagnosis": diagnosis.name if diagnosis else "–",
        "plain": diagnosis.plain if diagnosis else "This model does not tell diagnoses apart.",
        "model": f"{record.model} {record.model_version}",
        "created": record.created.isoformat(),
    }


def columns() -> list[dict[str, Any]]:
    """AG Grid's column definitions. The row of filters above the grid sets the filters of text columns."""
    above = {"filter": "agTextColumnFilter", "suppressHeaderFilterButton": True}
    return [
        {
            "colId": "thumbnail",
            "headerName": "",
            "sortable": False,
            "cellRenderer": "HistoryThumbnail",
            "width": 80,
            "minWidth": 80,
            "maxWidth": 80,
            "cellClass": "history-thumbnail",
            "context": {"label": "Photograph"},
        },
        {
            "field": "decision",
            "headerName": "Decision",
            "cellRenderer": "HistoryDecision",
            "width": 144,
            **above,
            # By default two conditions on a column are the most.
            "filterParams": {"maxNumConditions": len(VERDICTS)},
        },
        {
            "field": "probability",
            "headerName": "Probability",
            "headerTooltip": "Calibrated probability of malignancy",
            "cellRenderer": "HistoryProbability",
            "width": 152,
            "type": "rightAligned",
            "filter": "agNumberColumnFilter",
            "filterParams": {
                "inRangeInclusive": True,
                "filterOptions": ["inRange", "lessThan", "greaterThan"],
                "maxNumConditions": 1,
                "filterPlaceholder": "0 to 1",
                "buttons": ["reset"],
            },
        },
        {
            "field": "diagnosis",
            "headerName": "Most likely diagnosis",
            "tooltipField": "plain",
            "cellRenderer": "HistoryText",
            "flex": 3,
            "minWidth": 176,
            **above,
            "filterParams": {"maxNumConditions": len(DIAGNOSES)},
        },
        {
            "field": "filename",
            "headerName": "File",
            "tooltipField": "filename",
            "cellRenderer": "HistoryLink",
            "flex": 3,
            "minWidth": 144,
            **above,
        },
        {
            "field": "model",
            "headerName": "Model",
            "cellRenderer": "HistoryText",
            "flex": 2,
            "minWidth": 120,
            **above,
        },
        {
            "field": "created",
            "headerName": "Time",
            "cellRenderer": "HistoryTime",
            "sort": "desc",
            "width": 216,
            "filter": "agDateColumnFilter",
            "filterParams": {
                "filterOptions": ["inRange", "equals", "lessThan", "greaterThan"],
                "maxNumConditions": 1,
                "buttons": ["reset"],
            },
        },
    ]


def grid() -> dash_ag_grid.AgGrid:
    """The grid; it asks the server for the rows in sight."""
    return dash_ag_grid.AgGrid(
        id="history-grid",
        className="history-grid",
        rowModelType="infinite",
        columnDefs=columns(),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "sortingOrder": ["desc", "asc"],
        },
        getRowId="params.data.id",
        dashGridOptions={
            "cacheBlockSize": 50,
            # Dash hands one request at a time to its callback; a second one would replace the first.
            "maxConcurrentDatasourceRequests": 1,
            "blockLoadDebounceMillis": 80,
            "infiniteInitialRowCount": 4,
            "rowHeight": ROW_HEIGHT,
            "headerHeight": HEADER_HEIGHT,
            "rowSelection": {
                "mode": "multiRow",
                "checkboxes": True,
                "headerCheckbox": False,
                "enableClickSelection": False,
            },
            "selectionColumnDef": {"width": 48, "maxWidth": 48, "pinned": None, "sortable": False},
            "tooltipShowDelay": 500,
            "suppressMovableColumns": True,
            "suppressCellFocus": False,
            "animateRows": False,
            "localeText": {"noMatchingRows": "Change or clear the filters above."},
        },
        style={"height": height(4)},
    )


def height(total: int) -> str:
    """As high as its rows, but no higher than what the window shows below the head of the page."""
    rows = max(total, 2) * ROW_HEIGHT + HEADER_HEIGHT + 4
    return f"min({rows}px, max(420px, 100dvh - 320px))"


def filters(models: tuple[str, ...]) -> html.Div:
    """What to show: a part of the file name, decision, diagnoses, models."""
    decisions = [
        {
            "label": html.Span(
                [
                    html.Span(one.shape, className="verdict-shape", **attributes(aria_hidden="true")),
                    " " + one.short,
                ]
            ),
            "value": name,
        }
        for name, one in VERDICTS.items()
        if name != "uncertain"
    ]
    return html.Div(
        [
            dcc.Input(
                id="history-search",
                type="search",
                placeholder="Search file names",
                debounce=0.3,
                maxLength=200,
                className="history-search",
                **kept(),
            ),
            dcc.RadioItems(
                id="history-decision",
                options=[{"label": "All", "value": "all"}, *decisions],
                value="all",
                inline=True,
                className="history-decision",
                **kept(),
            ),
            dcc.Dropdown(
                id="history-diagnosis",
                options=[{"label": one.name, "value": one.code} for one in DIAGNOSES],
                multi=True,
                placeholder="All diagnoses",
                className="history-choice",
                **kept(),
            ),
            html.Div(
                dcc.Dropdown(
                    id="history-model",
                    options=list(models),
                    multi=True,
                    placeholder="All models",
                    className="history-choice",
                    **kept(),
                ),
                # One model leaves nothing to choose.
                hidden=len(models) < 2,
            ),
        ],
        className="history-filters",
        role="search",
        **attributes(aria_label="Filter the history"),
    )


def kept() -> dict[str, Any]:
    """Coming back from a prediction's own page finds the filters as they were."""
    return {"persistence": True, "persistence_type": "session"}


def empty() -> html.Div:
    """What stands here before the first prediction."""
    return html.Div(
        [
            html.H2("No predictions yet"),
            html.P("Every photograph that you check is kept here with its answer.", className="note"),
            html.P(dcc.Link("Check a photograph", href="/", className="btn btn-primary")),
        ],
        className="card-box history-empty",
    )


def count(total: int, filtered: bool) -> str:
    """How many rows the grid has."""
    if not filtered:
        return f"{total:,} prediction{'' if total == 1 else 's'}"
    return (
        f"{total:,} match{'es' if total == 1 else ''} these filters"
        if total
        else "No prediction matches these filters."
    )


def confirmation(name: str) -> dbc.Modal:
    """The question before something is deleted; the ids of its parts are NAME-title, -error, -cancel and -confirm."""
    return dbc.Modal(
        [
            html.H2("Delete this prediction?", id=f"{name}-title"),
            html.P("Photograph, heatmap and answer are removed for good. This cannot be undone."),
            html.P(id=f"{name}-error", className="history-error", role="alert"),
            html.Div(
                [
                    html.Button(
                        "Keep", id=f"{name}-cancel", type="button", className="btn btn-outline-secondary"
                    ),
                    html.Button("Delete", id=f"{name}-confirm", type="button", className="btn btn-delete"),
                ],
                className="actions",
            ),
        ],
        id=name,
        is_open=False,
        centered=True,
        content_class_name="history-dialog",
        labelledby=f"{name}-title",
    )
