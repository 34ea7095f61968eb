"""The table to fill in after a drop: whose photographs these are, of what, from when. assign.js writes its rows."""

from typing import TYPE_CHECKING, Any

from dash import html

from dashboard.context_tables import FIELDS, KINDS, MODALITY
from dashboard.shell.attributes import attributes
from dashboard.store.judgements import HIDDEN

if TYPE_CHECKING:
    from dashboard.store import Record

# In the order that they are shown in, and pasted into.
ASSIGN_COLUMNS = ("patient", "lesion", "site", "taken", MODALITY, "note")
ASSIGN_FIELDS = tuple(FIELDS[name] for name in ASSIGN_COLUMNS if name in FIELDS)
TITLES = {"patient": "Patient", "lesion": "Lesion", "site": "Site", "note": "Note"}


def assign_table() -> html.Section:
    """The table's frame, with what acts on all of its rows."""
    return html.Section(
        [
            html.Div(
                [
                    html.Button(
                        "Copy down",
                        id="assign-down",
                        type="button",
                        className="btn btn-sm btn-outline-secondary",
                        title="The value of the cell that you were in goes to all rows below (Ctrl+D)",
                    ),
                    html.Button(
                        "Undo",
                        id="assign-undo",
                        type="button",
                        className="btn btn-sm btn-outline-secondary",
                        hidden=True,
                    ),
                    html.Span(id="assign-said", role="status"),
                ],
                className="assign-bar",
            ),
            html.P(
                "Changes are saved when you leave a cell. They never change a result. Cells of a spreadsheet can be "
                "pasted, with or without their headings.",
                className="note",
            ),
            html.Div(
                html.Table(
                    [
                        html.Caption("Whose photographs these are", className="visually-hidden"),
                        html.Thead(
                            html.Tr([html.Th("Photograph", scope="col"), *map(heading, ASSIGN_COLUMNS)])
                        ),
                        html.Tbody(id="assign-rows"),
                    ],
                    className="assign-table",
                ),
                className="card-box assign-frame",
                tabIndex=0,
                role="region",
                **attributes(aria_label="Table to fill in"),
            ),
            html.Datalist(id="assign-patients"),
        ],
        id="assign",
        className="assign",
        **attributes(aria_label="Patients and dates"),
    )


def heading(column: str) -> html.Th:
    """A column's heading; assign.js makes the cells from what it says."""
    part = FIELDS.get(column)
    if part is None:
        return html.Th("Modality", scope="col", **attributes(data_field=column))
    offers = "assign-patients" if column == "patient" else f"{column}-suggestions" if part.suggestions else ""
    kind = "date" if part.moment else "lines" if part.lines else "text"
    longest = str(part.longest or "")
    return html.Th(
        TITLES.get(column, part.label),
        scope="col",
        **attributes(data_field=column, data_kind=kind, data_longest=longest, data_offers=offers),
    )


def assign_row(record: "Record") -> dict[str, Any]:
    """A stored prediction as assign.js wants it: what can be changed, and on which revision."""
    return {
        "fields": {part.name: getattr(record.context, part.name) for part in ASSIGN_FIELDS},
        "lesion_id": record.lesion_id,
        # Nothing where the model knows neither, or the reader judges first.
        "modality": str(record.modality) if record.modality in KINDS and record.outcome != HIDDEN else "",
        "revision": record.revision,
    }
