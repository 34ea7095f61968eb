"""The parts of the comparison: how many decisions moved, and a row a photograph."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.shell.predict_again import prediction_difference
from dashboard.shell.verdict import verdict_and_chance

if TYPE_CHECKING:
    from dashboard.store import Record


# The id of the first prediction, both predictions (None when gone or failed), and what went wrong.
Comparison: TypeAlias = tuple[str, "Record | None", "Record | None", str]


def comparison_body(pairs: Sequence[Comparison], after_name: str) -> Component:
    """A small table of a job's answers."""
    head = html.Thead(
        html.Tr([html.Th(word, scope="col") for word in ("Photograph", "Before", after_name, "Change")])
    )
    return html.Div(
        html.Table([head, html.Tbody(table_rows(pairs), id="compare-rows")], className="compare-table"),
        id="compare-table",
        className="table-wrap",
        hidden=not pairs,
        tabIndex=0,
        role="region",
        **attributes(aria_label="Answers before and after"),
    )


def table_rows(pairs: Sequence[Comparison]) -> list[html.Tr]:
    """A row a photograph, changed decisions first."""
    ordered = sorted(
        pairs, key=lambda pair: (not decision_changed(pair[1], pair[2]), -moved(pair[1], pair[2]))
    )
    return [table_row(*pair) for pair in ordered]


def decision_changed(before: "Record | None", after: "Record | None") -> bool:
    """Whether the decision is another one."""
    return before is not None and after is not None and before.decision != after.decision


def moved(before: "Record | None", after: "Record | None") -> float:
    """How far the probability moved."""
    return abs(after.probability - before.probability) if before and after else 0.0


def table_row(record_id: str, before: "Record | None", after: "Record | None", problem: str) -> html.Tr:
    """One photograph."""
    if before is None or after is None:
        said = problem or "It was deleted meanwhile."
        return html.Tr(
            [html.Td(compared_photograph(before) if before else record_id[:8]), html.Td(said, colSpan=3)]
        )
    return html.Tr(
        [
            html.Td(compared_photograph(before)),
            html.Td(decision_link(before)),
            html.Td(decision_link(after)),
            html.Td(
                "the same prediction" if before.id == after.id else prediction_difference(before, after),
                className="changed" if decision_changed(before, after) else "note",
            ),
        ]
    )


def compared_photograph(record: "Record") -> html.Div:
    """The photograph, small, and its name."""
    return html.Div(
        [
            html.Img(src=prediction_url(record.id, "thumbnail"), alt="", width=48, height=48),
            html.Bdi(record.context.lesion or record.filename, className="filename"),
        ],
        className="compare-name",
    )


def decision_link(record: "Record") -> dcc.Link:
    """Outcome and probability, which lead to the prediction."""
    return dcc.Link(
        verdict_and_chance(record),
        href=local_address(f"/history/{record.id}"),
    )


def summary(pairs: Sequence[Comparison]) -> Mapping[str, int]:
    """Counts of a comparison: answered, the same decision, towards malignant, towards benign."""
    rank = {"benign": 0, "uncertain": 1, "malignant": 2}
    both = [(before, after) for _, before, after, _ in pairs if before is not None and after is not None]
    steps = [rank[after.decision] - rank[before.decision] for before, after in both]
    return {
        "answered": len(both),
        "same": sum(step == 0 for step in steps),
        "up": sum(step > 0 for step in steps),
        "down": sum(step < 0 for step in steps),
    }
