"""The parts of the history page: grid, what stands above it, empty state, and the question before a deletion."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dash_ag_grid
import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.history.gallery import REVIEW_WORDS
from dashboard.shell.attributes import attributes
from dashboard.shell.export_files import FORMATS
from dashboard.shell.pictures import prediction_url
from dashboard.shell.text import OUTCOMES, WITHOUT_CHANCE, diagnosis_words, percent, signs_in_short
from dashboard.store.fields import CONTEXT
from dashboard.store.judgements import HIDDEN
from dashboard.store.pages import MOST
from dashboard.store.query import ALWAYS_SORTABLE
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record

ROW_HEIGHT, HEADER_HEIGHT, BLOCK = 64, 44, 50
# The fields of the context that have a column, and the names of those in its cells.
HEADED = tuple(field for field in CONTEXT if field.heading)
SHOWN = tuple(name for field in HEADED for name in (field.name, field.below) if name)
# What a header is beyond so many matching predictions, where no index has the order of its column.
UNSORTABLE = {
    "sortable": False,
    "headerTooltip": f"More than {MOST:,} predictions match. Filter first, to sort by this column.",
    "headerClass": "history-unsortable",
}
BEFORE_WORDS = "Was {} until an update"
UNTOLD = "This model does not tell diagnoses apart."


def grid_row(record: "Record", taxonomy: Taxonomy, search: str = "") -> dict[str, Any]:
    """A record as the grid's cells want it; words and shapes come from here, so that they read as elsewhere.

    Args:
        taxonomy: what the record's codes mean.
        search: the address of the history, which goes along to the case.
    """
    outcome, hidden = OUTCOMES[record.outcome], record.outcome == HIDDEN
    answered = record.outcome not in WITHOUT_CHANCE
    return {
        "id": record.id,
        "revision": record.revision,
        "href": local_address(f"/history/{record.id}{search}"),
        "thumbnail": prediction_url(record.id, "thumbnail"),
        "filename": record.filename,
        "outcome": str(record.outcome),
        "before": BEFORE_WORDS.format(OUTCOMES[record.outcome_before].short.lower())
        if record.outcome_before
        else "",
        "signs": signs_in_short(record.context),
        "word": outcome.short,
        "shape": outcome.shape,
        "probability": record.probability,
        "percent": percent(record.probability) if answered else "",
        "diagnosis": diagnosis_words(record.diagnosis, taxonomy) if answered else "–",
        "plain": plain_diagnosis(record, taxonomy) if answered else "",
        **{name: getattr(record.context, name) or "" for name in SHOWN},
        "review": "–" if hidden else REVIEW_WORDS[record.review],
        "reviewState": record.review,
        "confirmed": diagnosis_words(record.confirmed, taxonomy) if record.confirmed else "",
        "tags": list(record.tags),
        "cautions": [caution.text for caution in record.cautions],
        "model": f"{record.model} {record.model_version}",
        "created": record.created.isoformat(),
    }


def plain_diagnosis(record: "Record", taxonomy: Taxonomy) -> str:
    """What the likeliest diagnosis is for everybody."""
    diagnosis = taxonomy.get(record.diagnosis)
    return diagnosis.plain if diagnosis else record.diagnosis or UNTOLD


THUMBNAIL: Mapping[str, Any] = {
    "colId": "thumbnail",
    "headerName": "",
    "sortable": False,
    "cellRenderer": "HistoryThumbnail",
    "width": 72,
    "minWidth": 72,
    "maxWidth": 72,
    "cellClass": "history-thumbnail",
}


# What the grid shows, from left to right.
COLUMNS: Sequence[Mapping[str, Any]] = (
    THUMBNAIL,
    {"field": "outcome", "headerName": "Outcome", "cellRenderer": "HistoryOutcome", "width": 152},
    {
        "field": "probability",
        "headerName": "Probability",
        "headerTooltip": "Calibrated probability of malignancy",
        "cellRenderer": "HistoryProbability",
        "width": 112,
        "type": "rightAligned",
    },
    {
        "field": "diagnosis",
        "headerName": "Likeliest diagnosis",
        "tooltipField": "plain",
        "flex": 4,
        "minWidth": 152,
        "cellRenderer": "HistoryText",
    },
    {
        "field": "review",
        "headerName": "Review",
        "headerTooltip": "Downwards, disagreements come first; upwards, what nobody has looked at",
        "cellRenderer": "HistoryReview",
        "flex": 3,
        "minWidth": 148,
    },
    *(
        {
            "field": field.name,
            "headerName": field.heading,
            "tooltipField": field.name,
            "cellRenderer": "HistoryPair",
            "cellRendererParams": {"below": field.below},
            "flex": 3,
            "minWidth": 132,
        }
        for field in HEADED
    ),
    {
        "field": "filename",
        "headerName": "File and model",
        "tooltipField": "filename",
        "cellRenderer": "HistoryLink",
        "flex": 3,
        "minWidth": 148,
    },
    {"field": "created", "headerName": "Time", "cellRenderer": "HistoryTime", "width": 128},
)


def grid_columns(sort: tuple[str, str], few: bool = True) -> list[dict[str, Any]]:
    """AG Grid's column definitions; filters stand above the grid.

    Args:
        few: whether so few predictions match that they can be sorted by any column.
    """
    return [
        {
            **column,
            **({"sort": sort[1]} if column.get("field") == sort[0] else {}),
            **({} if few or column.get("field") in (None, *ALWAYS_SORTABLE) else UNSORTABLE),
        }
        for column in COLUMNS
    ]


def sortable_columns(columns: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Which of the grid's columns it can be sorted by."""
    return [column.get("sortable", True) for column in columns]


def history_grid(sort: tuple[str, str]) -> dash_ag_grid.AgGrid:
    """The grid; it asks the server for the rows in sight."""
    return dash_ag_grid.AgGrid(
        id="history-grid",
        className="history-grid",
        rowModelType="infinite",
        columnDefs=grid_columns(sort),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "sortingOrder": ["desc", "asc"],
        },
        getRowId="params.data.id",
        dashGridOptions={
            "cacheBlockSize": BLOCK,
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
            "selectionColumnDef": {"width": 44, "maxWidth": 44, "pinned": None, "sortable": False},
            "suppressMultiSort": True,
            "tooltipShowDelay": 500,
            "suppressMovableColumns": True,
            "suppressCellFocus": False,
            "animateRows": False,
            "localeText": {
                "noMatchingRows": "Change or clear the filters above.",
                "noRowsToShow": "Change or clear the filters above.",
            },
        },
        style={"height": grid_height(4)},
    )


def grid_height(total: int) -> str:
    """As high as its rows, but no higher than what the window shows below the head of the page."""
    rows = f"{max(total, 2)} * var(--history-row) + {HEADER_HEIGHT + 4}px"
    return f"min({rows}, max(420px, 100dvh - 320px))"


def view_choice(gallery: bool) -> html.Div:
    """Cards or a table, in the words of the predict page."""
    return html.Div(
        dbc.RadioItems(
            id="history-view",
            options=[{"label": "Cards", "value": "gallery"}, {"label": "Table", "value": "grid"}],
            value="gallery" if gallery else "grid",
            inline=True,
        ),
        className="history-segments history-views",
        role="radiogroup",
        **attributes(aria_label="View"),
    )


def history_toolbar() -> html.Div:
    """How many there are, what came in meanwhile, and what can be done with what is selected."""
    button: dict[str, Any] = {"type": "button", "className": "btn btn-outline-secondary btn-sm"}
    return html.Div(
        [
            html.Div(
                [
                    html.Span("", id="history-count", role="status"),
                    html.Button(
                        "Select all that match", id="history-choose-all", type="button", className="link"
                    ),
                    html.Button("", id="history-news", hidden=True, type="button", className="history-news"),
                    html.Button(
                        "Clear filters", id="history-clear", hidden=True, type="button", className="link"
                    ),
                    html.Span("", id="history-problem", className="history-error", role="alert"),
                ],
                className="history-told",
            ),
            html.Div(
                [
                    html.Span("", id="history-selected", role="status"),
                    html.Button(
                        "Compare",
                        id="history-compare",
                        hidden=True,
                        type="button",
                        className="btn btn-primary btn-sm",
                    ),
                    html.Button("Review or tag", id="history-reviewing-open", **button),
                    html.Button("Predict again", id="history-again-open", **button),
                    export_menu("history-export-selected", "Export selected", selected=True),
                    html.Button("Delete", id="history-delete", **button),
                    html.Button("Clear", id="history-deselect", type="button", className="link"),
                ],
                id="history-actions",
                hidden=True,
                className="history-actions",
            ),
            html.Div(export_menu("history-export", "Export"), id="history-export-all"),
        ],
        className="history-bar",
    )


def undo_notice() -> html.Div:
    """What was deleted just now, and the ways to have it back; and the way to the bin."""
    return html.Div(
        [
            html.Div(
                [
                    html.Span("", id="history-binned-count", role="status"),
                    html.Button("Undo", id="history-undo", type="button", className="btn btn-primary btn-sm"),
                    html.Button("Close", id="history-undo-close", type="button", className="link"),
                ],
                id="history-undo-place",
                className="history-undo",
                hidden=True,
            ),
            html.Span("", id="history-undone", role="status"),
            dcc.Link("Bin", href=local_address("/bin"), id="history-bin", className="action"),
        ],
        className="history-bin-line",
    )


def undone_sentence(back: int, of: int) -> str:
    """How many cases are back."""
    told = f"{back:,} {'case is' if back == 1 else 'cases are'} back." if back else ""
    missing = of - back
    gone = f"{missing:,} {'was' if missing == 1 else 'were'} no longer in the bin." if missing else ""
    return f"{told} {gone}".strip()


def export_menu(name: str, label: str, selected: bool = False) -> html.Details:
    """What can be taken along; history.js sends the address, or what is selected, to dashboard/history/exports.py."""
    items = [
        html.Li(
            html.Button(
                [html.Span(word), html.Span(what, className="note")],
                type="button",
                className="export-choice",
                **attributes(data_export=file, data_selected=str(selected).lower()),
            )
        )
        for file, word, what in FORMATS
    ]
    return html.Details(
        [
            html.Summary(label, className="btn btn-outline-secondary btn-sm"),
            html.Ul(items, className="export-list"),
        ],
        id=name,
        className="export",
    )


def empty_history() -> html.Div:
    """What stands here before the first prediction."""
    return html.Div(
        [
            html.H2("No predictions yet"),
            html.P(
                "Every photograph that you check is kept here with its answer: to find again, to compare with the next "
                "visit, and to record what the biopsy said.",
                className="note",
            ),
            html.P(
                dcc.Link(
                    "Check a photograph", href=local_address("/"), className="btn btn-primary to-predict"
                )
            ),
        ],
        className="card-box history-empty",
    )


def count_sentence(total: int, filtered: bool, exact: bool = True) -> str:
    """How many predictions match; with `exact` False more than `total`."""
    number = f"{total:,}" if exact else f"More than {total:,}"
    if not filtered:
        return f"{number} prediction{'' if total == 1 else 's'}"
    return (
        f"{number} match{'es' if total == 1 else ''} these filters"
        if total
        else "No prediction matches these filters."
    )


def news_label(number: int, exact: bool) -> str:
    """What came in since the page was opened."""
    return f"{'' if exact else 'More than '}{number:,} new · show" if number else ""
