"""The parts of the comparison: how many outcomes moved, and a row a photograph."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.shell.predict_again import answered_by, prediction_difference
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store.judgements import HIDDEN
from model.outcome import Outcome

if TYPE_CHECKING:
    from dashboard.store import Record


# The id of the first prediction, both predictions (None when gone or failed), and what went wrong.
Comparison: TypeAlias = tuple[str, "Record | None", "Record | None", str]


# Rows that are added at a time: a browser takes long to draw a thousand.
ROWS = 100
HEADS = ("Photograph", "Before", "Now", "Change")


def comparison_body(pairs: Sequence[Comparison]) -> Component:
    """A table of a job's answers, the first ROWS of them."""
    head = html.Thead(html.Tr([html.Th(word, scope="col") for word in HEADS]))
    rows = table_rows(ordered_pairs(pairs)[:ROWS])
    return html.Div(
        html.Table([head, html.Tbody(rows, id="compare-rows")], className="compare-table stacking"),
        id="compare-table",
        className="table-wrap",
        hidden=not pairs,
        tabIndex=0,
        role="region",
        **attributes(aria_label="Answers before and after"),
    )


def ordered_pairs(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Changed outcomes first, then by how far the probability moved."""
    return sorted(pairs, key=lambda pair: (not outcome_changed(pair[1], pair[2]), -moved(pair[1], pair[2])))


def table_rows(pairs: Sequence[Comparison]) -> list[html.Tr]:
    """A row a photograph."""
    return [table_row(*pair) for pair in pairs]


def outcome_changed(before: "Record | None", after: "Record | None") -> bool:
    """Whether the outcome is another one."""
    return before is not None and after is not None and before.outcome != after.outcome


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
            html.Td(answer_link(before), **attributes(data_head=HEADS[1])),
            html.Td(answer_link(after), **attributes(data_head=HEADS[2])),
            html.Td(
                "the same prediction" if before.id == after.id else prediction_difference(before, after),
                className="changed" if outcome_changed(before, after) else "note",
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


def answer_link(record: "Record") -> dcc.Link:
    """Outcome, probability and whose answer it is, which lead to the prediction."""
    return dcc.Link(
        [
            html.Span(verdict_and_chance(record), className="answer-line"),
            html.Span(answered_by(record), className="note"),
        ],
        href=local_address(f"/history/{record.id}"),
        className="answer-link",
    )


def summary(pairs: Sequence[Comparison]) -> Mapping[str, int]:
    """Counts of a comparison, of what its reader may see.

    Answered, the same outcome, towards malignant, towards benign, and no result by one of the two.
    """
    rank = {Outcome.BENIGN: 0, Outcome.UNCERTAIN: 1, Outcome.MALIGNANT: 2}
    both = [
        (before, after)
        for _, before, after, _ in pairs
        if before is not None and after is not None and HIDDEN not in (before.outcome, after.outcome)
    ]
    same = sum(before.outcome is after.outcome for before, after in both)
    steps = [
        rank[after.outcome] - rank[before.outcome]
        for before, after in both
        if Outcome.NO_RESULT not in (before.outcome, after.outcome)
    ]
    up, down = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    rest = len(both) - same - up - down
    return {"answered": len(both), "same": same, "up": up, "down": down, "one_result": rest}
