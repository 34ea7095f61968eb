"""The parts of a case: the way back and on, the facts, the lesion over time, and what people know of it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import box
from dashboard.shell.pictures import centred_square, image_frame, prediction_url
from dashboard.shell.predict_again import prediction_difference
from dashboard.shell.review_form import NOTHING, confirmed_words, form_field, local_time
from dashboard.shell.text import optics_words, percent, taken_words
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store.fields import CONTEXT, ContextField
from dashboard.store.judgements import HIDDEN
from model.evaluation.figures.template import CONFIG
from model.points import point_words
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Context, Record


def way(search: str, previous: str | None, following: str | None) -> html.Nav:
    """Back to the history as it was left, and on to its neighbours there."""
    return html.Nav(
        [
            dcc.Link("← History", href=local_address(f"/history{search}"), className="action"),
            html.Span(
                [
                    neighbour("case-previous", "← Previous", previous, search),
                    neighbour("case-next", "Next →", following, search),
                ],
                className="case-neighbours",
            ),
        ],
        className="case-way",
        **attributes(aria_label="Cases"),
    )


def neighbour(name: str, word: str, record_id: str | None, search: str) -> Component:
    """The way to a neighbour; at either end, that there is none."""
    if record_id is None:
        return html.Span(word, className="note", **attributes(aria_disabled="true"))
    key = "←" if name.endswith("previous") else "→"
    return dcc.Link(
        word,
        id=name,
        href=local_address(f"/history/{record_id}{search}"),
        className="action",
        title=f"Arrow key {key}",
    )


def review_state_words(record: "Record", taxonomy: Taxonomy) -> html.Div:
    """What is confirmed, and the tags."""
    told = confirmed_words(record.confirmed, record.confirmed_by, taxonomy)
    undecided = "The model was uncertain." if record.outcome == "uncertain" else "There was no result."
    words = {
        "open": "Nobody has reviewed this prediction yet.",
        "reviewed": "Reviewed; no diagnosis is confirmed.",
        "confirmed": f"Confirmed: {told}.",
        "undecided": f"Confirmed: {told}. {undecided}",
        "overcalled": f"Confirmed benign: {told}. The model called it malignant.",
        "missed": f"Confirmed malignant: {told}. The model called it benign.",
    }
    return html.Div(
        [
            html.P(words[record.review], className=f"review-state review-{record.review}"),
            html.P(
                [html.Span(tag, className="tag") for tag in record.tags],
                className="tags",
                hidden=not record.tags,
            ),
        ]
    )


def prediction_facts(record: "Record") -> html.Section:
    """What the prediction was made from and by."""
    lines: list[tuple[str, Any]] = [
        ("Checked", local_time(record.created)),
        ("File", html.Bdi(record.filename, className="filename")),
        ("Image size", f"{record.width:,} × {record.height:,} pixels"),
        ("Model", f"{record.model}, version {record.model_version}"),
        *([("Operating point", operating(record))] if record.outcome != HIDDEN else []),
        ("Time taken", f"{record.milliseconds:.0f} ms"),
        *((name, value) for name, value in measured_values(record)),
        ("Model's SHA-256", html.Code(record.model_sha256)),
        ("File's SHA-256", html.Code(record.sha256)),
        ("Prediction's id", html.Code(record.id)),
    ]
    pairs = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in lines]
    return box("Facts", html.Dl(pairs, className="facts"))


def operating(record: "Record") -> str:
    """The operating point in words."""
    text = f"benign below {percent(record.threshold)}"
    if record.malignant_from > record.threshold:
        text += f", malignant from {percent(record.malignant_from)}, uncertain between"
    return f"{point_words(record.operating_point)}: {text}" if record.operating_point else text


def measured_values(record: "Record") -> list[tuple[str, str]]:
    """What was measured beside the probability."""
    found: list[tuple[str, str]] = []
    if record.novelty is not None:
        found.append(("Unlike the training images", f"{record.novelty:.2f} (refused from 1.00)"))
    if record.optics:
        found.append(("Dermatoscope", optics_words(record.optics)))
    if record.quality:
        words = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in record.quality.items())
        found.append(("Image quality", words))
    return found


def context_editor(context: "Context") -> html.Div:
    """What the user tells of the lesion; stored, never seen by a model."""
    return html.Div(
        [
            *(context_editor_field(part, getattr(context, part.name)) for part in CONTEXT),
            *(
                html.Datalist(
                    [html.Option(value=text) for text in part.suggestions], id=f"{part.name}-suggestions"
                )
                for part in CONTEXT
                if part.suggestions
            ),
            html.Div(
                html.Button("Save", id="context-save", type="button", className="btn btn-outline-secondary"),
                className="review-end",
            ),
            html.Div(id="context-problem", className="review-wide", role="alert"),
        ],
        className="review-form",
    )


def context_editor_field(part: ContextField, value: Any) -> html.Div:
    """The control of a field of the context below its name."""
    return form_field(part.title, context_control(part, value), f"context-{part.name}", wide=part.lines)


def context_control(part: ContextField, value: Any) -> Component:
    """What a field of the context is changed with."""
    name = f"context-{part.name}"
    if part.choices:
        options = [{"label": "–", "value": NOTHING}]
        options += [{"label": choice.capitalize(), "value": choice} for choice in part.choices]
        return dbc.Select(id=name, options=options, value=value or NOTHING)
    if part.lines:
        return dbc.Textarea(id=name, rows=2, maxlength=part.longest, value=value or "")
    if part.type is int:
        more: dict[str, Any] = {"type": "number", "min": 0, "max": part.highest, "step": 1}
    else:
        more = {"type": "text", "maxLength": part.longest, "placeholder": part.placeholder}
    if part.suggestions:
        more["list"] = f"{part.name}-suggestions"
    return dcc.Input(
        id=name, value=value if part.type is int else value or "", className="review-text", **more
    )


def way_to_lesion(record: "Record") -> html.P | None:
    """The way to the page of the lesion, and from there to the patient; none for nobody's."""
    if record.lesion_id is None:
        return None
    whose = " ".join(filter(None, (record.context.patient, record.context.lesion)))
    words = f"Open {whose}: then and now, trend"
    return html.P(dcc.Link(words, href=local_address(f"/lesions/{record.lesion_id}"), className="action"))


def visits(records: Sequence["Record"], here: str, search: str) -> Component:
    """One lesion over time: a picture a visit, and the trend of its probability.

    Args:
        records: every prediction of the lesion, by the day on which the photograph was taken.
    """
    if len(records) < 2:
        return html.P(
            "Give photographs of the same lesion the same reference to see its visits here side by side.",
            className="note",
        )
    shown = visited(records, here)
    undated = sum(record.day is None for record in shown)
    return html.Div(
        [
            html.Ol([visit(record, here, search) for record in shown], className="visits", tabIndex=0),
            html.P(undated_words(undated, len(shown)), className="note", hidden=not undated),
            html.Div(dcc.Graph(id="case-trend", config=CONFIG), className="case-trend"),
        ]
    )


def visited(records: Sequence["Record"], here: str) -> list["Record"]:
    """One prediction a photograph: the one that is looked at, else one by the same model, else the newest."""
    mine = next(record for record in records if record.id == here)
    chosen: dict[str, Record] = {}
    for record in records:
        before = chosen.get(record.sha256)
        if before is None or visit_rank(record, mine) >= visit_rank(before, mine):
            chosen[record.sha256] = record
    return sorted(chosen.values(), key=lambda record: (record.context.taken or "~", record.created))


def undated_words(undated: int, of: int) -> str:
    """That the trend leaves photographs out whose day nobody knows."""
    which = "This photograph has" if of == 1 else f"{undated} of these {of} photographs {have(undated)}"
    return f"{which} no date. Say when it was taken on the page of its case, and the trend shows it."


def have(count: int) -> str:
    """The verb after a number of photographs."""
    return "has" if count == 1 else "have"


def visit_rank(record: "Record", mine: "Record") -> int:
    """How well a prediction stands beside the one that is looked at."""
    return 2 if record.id == mine.id else int(record.model_sha256 == mine.model_sha256)


def visit(record: "Record", here: str, search: str) -> html.Li:
    """One photograph of the lesion."""
    picture = [
        html.Img(src=prediction_url(record.id, "image"), alt=f"The photograph {record.filename}"),
        html.Span(taken_words(record), className="note"),
        html.Span(verdict_and_chance(record)),
    ]
    if record.id == here:
        return html.Li(
            html.Div(picture, className="visit"), className="here", **attributes(aria_current="true")
        )
    return html.Li(dcc.Link(picture, href=local_address(f"/history/{record.id}{search}"), className="visit"))


def predictions_side_by_side(
    records: Sequence["Record"], here: str, no_outline: Callable[["Record"], str]
) -> Component:
    """The predictions of one photograph side by side; nothing but the way to get another where there is one only.

    Args:
        no_outline: why what the model looked at is not shown; empty where it is.
    """
    if len(records) < 2:
        return html.Div()
    mine = next(record for record in records if record.id == here)
    return html.Ul(
        [other_prediction(same, mine, no_outline(same[0])) for same in repeats(records, here)],
        className="answers",
    )


def repeats(records: Sequence["Record"], here: str) -> list[list["Record"]]:
    """The predictions of one photograph by model, operating point and outcome; in each the one to show comes first."""
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in sorted(records, key=lambda record: record.id != here):
        said = (record.model_sha256, record.operating_point, record.outcome)
        groups.setdefault(said, []).append(record)
    return list(groups.values())


def other_prediction(answers: Sequence["Record"], mine: "Record", no_outline: str) -> html.Li:
    """One model's answer with what it looked at, and how far it lies from the one that is looked at.

    Args:
        answers: by one model at one operating point; the first one is shown.
    """
    record = answers[0]
    same = record.id == mine.id
    name = f"{record.model} {record.model_version}"
    times = f"Predicted {len(answers)} times" if len(answers) > 1 else ""
    return html.Li(
        [
            html.Div(
                [
                    html.Img(src=prediction_url(record.id, "image"), alt="", className="photo"),
                    None
                    if no_outline
                    else html.Img(
                        src=prediction_url(record.id, "outline"),
                        alt=f"Outline: what {name} looked at",
                        className="outline",
                        style=centred_square(record.width, record.height),
                    ),
                ],
                className="hero",
                style=image_frame(record.width, record.height),
            ),
            html.P(no_outline, className="note") if no_outline else None,
            html.P(
                verdict_and_chance(record),
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
            html.P(times, className="note") if times else None,
            html.P("This prediction" if same else prediction_difference(mine, record), className="note"),
            None
            if same
            else dcc.Link("Open", href=local_address(f"/history/{record.id}"), className="action"),
        ],
        className="answer-card here" if same else "answer-card",
    )
