"""Predicting again with another model: asking for it, its progress, and the answers side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.result_card import address, centred_square, frame
from dashboard.shell.text import NO_HEATMAP, percent, point_words
from dashboard.shell.verdict import verdict

if TYPE_CHECKING:
    from dashboard.store import Record
    from model.bundle import Bundle

# The id of the first prediction, both predictions (None when gone or failed), and what went wrong.
Comparison: TypeAlias = tuple[str, "Record | None", "Record | None", str]


@dataclass(frozen=True)
class Progress:
    """A job as a page shows it."""

    id: str
    model: str
    done: int
    total: int
    failed: int
    active: bool
    cancelled: bool


def options(bundles: Sequence["Bundle"]) -> list[dict[str, str]]:
    """Every model at every operating point; the value is "model/point", the model's usual point first."""
    found = []
    for bundle in bundles:
        usual = bundle.card.operating_point
        for point in sorted(
            bundle.card.operating_points, key=lambda one: (one.name != usual, one.sensitivity)
        ):
            words = f"{bundle.name} {bundle.card.version} at {point_words(point.name)}"
            found.append({"label": words, "value": f"{bundle.name}/{point.name}"})
    return found


def ask(bundles: Sequence["Bundle"], already: str = "") -> html.Div:
    """Choice of the model and the button; ids are the same wherever it stands.

    Args:
        already: value of `options` that has answered; it is not offered.
    """
    choices = [one for one in options(bundles) if one["value"] != already]
    # Another model first: the same one at another operating point has the same probabilities.
    choices.sort(key=lambda one: one["value"].split("/")[0] == already.split("/")[0])
    return html.Div(
        [
            html.P("No other model is installed that can predict.", className="note", hidden=bool(choices)),
            html.Div(
                [
                    html.Label("Model and operating point", htmlFor="again-model", className="label"),
                    dbc.Select(
                        id="again-model", options=choices, value=choices[0]["value"] if choices else None
                    ),
                    html.Button(
                        "Predict again", id="again-start", type="button", className="btn btn-primary"
                    ),
                    html.Div(id="again-problem", className="history-error", role="alert"),
                ],
                className="again",
                hidden=not choices,
            ),
        ]
    )


def strip(jobs: Sequence[Progress]) -> list[Component]:
    """A line for each job."""
    return [line(job) for job in jobs]


def line(job: Progress) -> html.Div:
    """How far a job is, what it came to, and the way to its comparison."""
    if job.active:
        told = f"Predicting again with {job.model}: {job.done:,} of {job.total:,}"
    elif job.cancelled:
        told = f"Stopped after {job.done:,} of {job.total:,} with {job.model}."
    else:
        told = f"{job.done - job.failed:,} predicted again with {job.model}."
    if job.failed:
        told += f" {job.failed:,} could not be."
    stop = html.Button(
        "Stop",
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **attributes(data_stop=job.id),
    )
    return html.Div(
        [
            html.Span(told, role="status"),
            html.Progress(
                value=str(job.done), max=str(job.total), hidden=not job.active, **attributes(aria_label=told)
            ),
            dcc.Link("Compare", href=local_address(f"/compare/{job.id}"), className="action"),
            stop if job.active else None,
        ],
        className="job",
    )


def answers(records: Sequence["Record"], here: str, heatmap: Callable[["Record"], bool]) -> Component:
    """The predictions of one photograph side by side; nothing but the way to get another where there is one only.

    Args:
        heatmap: whether that of a prediction is shown.
    """
    if len(records) < 2:
        return html.Div()
    mine = next(record for record in records if record.id == here)
    return html.Ul([answer(record, mine, heatmap(record)) for record in records], className="answers")


def answer(record: "Record", mine: "Record", heatmap: bool) -> html.Li:
    """One model's answer with its heatmap, and how far it lies from the one that is looked at."""
    same = record.id == mine.id
    name = f"{record.model} {record.model_version}"
    return html.Li(
        [
            html.Div(
                [
                    html.Img(src=address(record.id, "image"), alt="", className="photo"),
                    html.Img(
                        src=address(record.id, "heatmap"),
                        alt=f"Heatmap of {name}",
                        className="heatmap",
                        style=centred_square(record.width, record.height),
                    )
                    if heatmap
                    else None,
                ],
                className="hero",
                style=frame(record.width, record.height),
            ),
            None if heatmap else html.P(NO_HEATMAP, className="note"),
            html.P(
                [verdict(record.decision, short=True), html.Strong(percent(record.probability))],
                className="answer",
            ),
            html.P(
                [
                    html.Span(name),
                    html.Br(),
                    html.Span(f"{point_words(record.operating_point)}, from {percent(record.threshold)}"),
                ],
                className="note",
            ),
            html.P("This prediction" if same else difference(mine, record), className="note"),
            None
            if same
            else dcc.Link("Open", href=local_address(f"/history/{record.id}"), className="action"),
        ],
        className="answer-card here" if same else "answer-card",
    )


def difference(before: "Record", after: "Record") -> str:
    """How another answer differs, in words."""
    points = 100 * (after.probability - before.probability)
    moved = (
        "the same probability"
        if abs(points) < 0.05
        else f"{abs(points):.1f} points {'higher' if points > 0 else 'lower'}"
    )
    turned = "same decision" if after.decision == before.decision else "another decision"
    return f"{turned}, {moved}"


def comparison(pairs: Sequence[Comparison], after_name: str) -> Component:
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
    ordered = sorted(pairs, key=lambda pair: (not changed(pair[1], pair[2]), -moved(pair[1], pair[2])))
    return [table_row(*pair) for pair in ordered]


def changed(before: "Record | None", after: "Record | None") -> bool:
    """Whether the decision is another one."""
    return before is not None and after is not None and before.decision != after.decision


def moved(before: "Record | None", after: "Record | None") -> float:
    """How far the probability moved."""
    return abs(after.probability - before.probability) if before and after else 0.0


def table_row(record_id: str, before: "Record | None", after: "Record | None", problem: str) -> html.Tr:
    """One photograph."""
    if before is None or after is None:
        said = problem or "It was deleted meanwhile."
        return html.Tr([html.Td(photograph(before) if before else record_id[:8]), html.Td(said, colSpan=3)])
    return html.Tr(
        [
            html.Td(photograph(before)),
            html.Td(told(before)),
            html.Td(told(after)),
            html.Td(
                "the same prediction" if before.id == after.id else difference(before, after),
                className="changed" if changed(before, after) else "note",
            ),
        ]
    )


def photograph(record: "Record") -> html.Div:
    """The photograph, small, and its name."""
    return html.Div(
        [
            html.Img(src=address(record.id, "thumbnail"), alt="", width=48, height=48),
            html.Bdi(record.context.lesion or record.filename, className="filename"),
        ],
        className="compare-name",
    )


def told(record: "Record") -> dcc.Link:
    """Decision and probability, which lead to the prediction."""
    return dcc.Link(
        [verdict(record.decision, short=True), " ", percent(record.probability)],
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
