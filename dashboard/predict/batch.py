"""The results of many files at a glance: a summary, a table with the riskiest first, and a table to take away."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.diagnoses import KnownDiagnoses
from dashboard.predict.assigning import assign_row
from dashboard.shell.attempts import outcome_rank
from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.shell.text import OUTCOMES, WITHOUT_CHANCE, diagnosis_words, percent, spoken_result
from dashboard.store.fields import CONTEXT_NAMES
from dashboard.store.judgements import HIDDEN
from dashboard.users.roles import Permission
from dashboard.users.visitors import may
from model.tables import spreadsheet_safe
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record

# Before and after the probabilities of the diagnoses.
FIRST = (
    "file",
    "error",
    "decision",
    "probability",
    "operating_point",
    "threshold",
    "malignant_from",
    "diagnosis",
    "cautions",
)
LAST = (*CONTEXT_NAMES, "model", "model_version", "created", "id", "sha256")
UNTOLD = "You have not judged this photograph yet."
# Heading, what it sorts by (a key of `row`), and which way comes first.
HEADINGS = (
    ("Photograph", None, ""),
    ("File", "order", "ascending"),
    ("Decision", "level", "descending"),
    ("Probability", "probability", "descending"),
    ("Most likely diagnosis", "diagnosis", "ascending"),
    ("Cautions", "worry", "descending"),
)


def batch_toolbar() -> html.Div:
    """Summary and controls of the list; batch.js fills and shows them when there is a list."""
    view = [
        html.Button(
            word,
            type="button",
            className="btn btn-sm btn-outline-secondary",
            **attributes(data_view=name, aria_pressed="false"),
        )
        for name, word in (
            ("cards", "Cards"),
            ("table", "Table"),
            *((("assign", "Patients and dates"),) if may(Permission.REVIEW) else ()),
        )
    ]
    return html.Div(
        [
            html.H2(id="batch-title", tabIndex=-1),
            html.Div(id="batch-summary", className="batch-summary"),
            assign_reminder() if may(Permission.REVIEW) else None,
            html.Div(
                [
                    html.Div(
                        view,
                        className="view-switch",
                        role="group",
                        **attributes(aria_label="Show results as"),
                    ),
                    button("Download CSV", "batch-download"),
                    html.Button(
                        "Cancel all",
                        type="button",
                        className="btn btn-sm btn-outline-secondary cancel-all",
                    ),
                    button("Clear the list", "clear"),
                ],
                className="actions",
            ),
            dcc.Download(id="batch-file"),
            dcc.Store(id="batch-list"),
        ],
        id="batch-bar",
        className="batch-bar",
    )


def assign_reminder() -> html.P:
    """How many photographs lack a patient or a date, and the way to fill them in; assign.js fills and shows it."""
    return html.P(
        [
            html.Span(id="assign-missing"),
            html.Button(
                "Fill in", type="button", className="action-button", **attributes(data_view="assign")
            ),
        ],
        id="assign-reminder",
        className="assign-reminder",
        hidden=True,
    )


def sending_bar() -> html.Div:
    """At the foot of a telephone while photographs travel, wherever the page is scrolled to; batch.js fills it."""
    return html.Div(
        [
            html.Span(id="sending-words"),
            html.Progress(id="sending-share", max="1", value="0", **attributes(aria_hidden="true")),
            html.Button("Cancel", type="button", className="btn btn-outline-secondary cancel-all"),
        ],
        id="sending",
        className="sending",
    )


def button(word: str, component_id: str) -> html.Button:
    """A small button."""
    return html.Button(word, id=component_id, type="button", className="btn btn-sm btn-outline-secondary")


def batch_table() -> html.Div:
    """The table's frame; batch.js writes a row a file into it, and sorts."""
    heads = [
        html.Th(
            html.Button(word, type="button", className="sort", **attributes(data_sort=key, data_first=first))
            if key
            else html.Span(word, className="visually-hidden"),
            scope="col",
            **(attributes(aria_sort="none") if key else {}),
        )
        for word, key, first in HEADINGS
    ]
    return html.Div(
        html.Table(
            [
                html.Caption("Results, one row a photograph", className="visually-hidden"),
                html.Thead(html.Tr(heads)),
                html.Tbody(id="batch-rows"),
            ],
            className="batch-table",
        ),
        id="batch-table",
        className="card-box batch-frame",
        tabIndex=0,
        role="region",
        **attributes(aria_label="Table of results"),
    )


def batch_row(
    record: "Record",
    taxonomy: Taxonomy,
    before: "Record | None" = None,
    attempts: "Sequence[Record]" = (),
    prevalence: float | None = None,
) -> dict[str, Any]:
    """A stored prediction as batch.js wants it; words and shapes come from here, so that they read as elsewhere.

    Args:
        before: the prediction that this file had before, if it was here already.
        attempts: see `dashboard.shell.attempts.attempts_of`.
        prevalence: see `dashboard.shell.text.chance_sentence`.
    """
    verdict, reliable = OUTCOMES[record.outcome], record.outcome not in WITHOUT_CHANCE
    severe = [caution for caution in record.cautions if caution.severe]
    return {
        "name": record.filename,
        "thumbnail": prediction_url(record.id, "thumbnail"),
        "before": before
        and {"created": before.created.isoformat(), "page": local_address(f"/history/{before.id}")},
        # What is shown together, and in which order.
        "attempts": [one.id for one in attempts],
        "group": min((one.id for one in attempts), default=record.id),
        "place": next((place for place, one in enumerate(attempts) if one.id == record.id), 0),
        "outcome": record.outcome,
        "word": verdict.short,
        "spoken": spoken_result(record, prevalence),
        "shape": verdict.shape,
        "level": outcome_rank(record),
        # What has no result comes after the others, whatever the model makes of it.
        "probability": record.probability if reliable else -1,
        "percent": percent(record.probability) if reliable else "–",
        "diagnosis": diagnosis_words(record.diagnosis, taxonomy) if reliable else "–",
        "cautions": [caution.text for caution in [*severe, *(c for c in record.cautions if not c.severe)]],
        "worry": 100 * len(severe) + len(record.cautions),
        "assign": assign_row(record),
    }


def batch_csv(entries: Sequence[tuple[str, str, "Record | None"]], known: KnownDiagnoses) -> str:
    """A CSV table of a list of files.

    Args:
        entries: file name, error, and the prediction where there is one.
    """
    text = io.StringIO()
    codes = known.ordered(code for _, _, record in entries if record for code in record.probabilities)
    columns = (*FIRST, *(f"p_{code}" for code in codes), *LAST)
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    for name, error, record in entries:
        values: dict[str, Any] = {"file": name, "error": error}
        if record is not None:
            values |= (
                csv_values(record)
                if record.outcome != HIDDEN
                else {"id": record.id, "error": error or UNTOLD}
            )
        writer.writerow({column: spreadsheet_safe(values.get(column)) for column in columns})
    return text.getvalue()


def csv_values(record: "Record") -> dict[str, Any]:
    """A prediction's cells by column."""
    fields = ("probability", "operating_point", "threshold", "malignant_from", "diagnosis", "id", "sha256")
    return {
        **{name: getattr(record, name) for name in (*fields, "model", "model_version")},
        **{f"p_{code}": value for code, value in record.probabilities.items()},
        "decision": str(record.decision),
        "cautions": " ".join(caution.text for caution in record.cautions),
        **asdict(record.context),
        "created": record.created.isoformat(),
    }
