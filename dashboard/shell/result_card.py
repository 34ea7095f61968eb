"""One stored prediction as a card: the image with its heatmap, the verdict, its grounds, and what to do next."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.scale import probability_scale
from dashboard.shell.text import DISCLAIMER, NO_HEATMAP, context_words, next_step, percent, similar_cases
from dashboard.shell.verdict import verdict
from model.evaluation.verdict import VERDICTS
from model.taxonomy import Diagnosis, Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record
    from model.cautions import Caution
    from model.predictor import Similar

LIKELIEST = 3


def prediction_url(record_id: str, part: str = "") -> str:
    """Where the API keeps a prediction, or one of its images."""
    return local_address(f"/api/v1/predictions/{record_id}" + (f"/{part}" if part else ""))


def result_card(
    record: "Record", taxonomy: Taxonomy, drawn: bool = False, link: bool = True, heatmap: bool = True
) -> html.Div:
    """The whole answer for one photograph.

    Args:
        record: the stored prediction.
        taxonomy: what its codes mean.
        drawn: whether the image is one of our drawings, which is then said.
        link: whether to offer the way to the prediction's own page.
        heatmap: whether its heatmap is shown.
    """
    severe = [caution for caution in record.cautions if caution.severe]
    facts = [
        file_line(record.filename, drawn),
        severe_cautions(severe),
        html.P(verdict(record.decision), className="result-verdict"),
        probability_scale(
            record.probability,
            record.threshold,
            record.malignant_from,
            record.decision,
            record.operating_point,
        ),
        next_steps(record),
        cautions_list([caution for caution in record.cautions if not caution.severe]),
        diagnosis_bars(record.probabilities, taxonomy),
        similar_block(record.similar, taxonomy),
    ]
    return html.Div(
        [
            image_with_heatmap(record) if heatmap else image_alone(record),
            html.Div(facts, className="result-facts"),
            html.Div(
                [
                    context_line(record),
                    result_card_foot(record, link),
                    html.P(DISCLAIMER, className="disclaimer"),
                ],
                className="result-end",
            ),
        ],
        className="result unreliable" if severe else "result",
    )


def file_line(filename: str, drawn: bool = False) -> html.H2:
    """The file's name, marked when the picture is a drawing."""
    tag = [html.Span("Drawn example, not a patient", className="tag")] if drawn else []
    return html.H2([html.Bdi(filename, className="filename", title=filename), *tag], className="result-file")


def severe_cautions(cautions: Sequence["Caution"]) -> html.Div | None:
    """What stands above the result because the result must not be relied on."""
    if not cautions:
        return None
    return html.Div(
        [
            html.P(
                [
                    html.Span("!", className="severe-mark", **attributes(aria_hidden="true")),
                    "Do not rely on this result",
                ],
                className="severe-head",
            ),
            *(html.P(caution.text) for caution in cautions),
        ],
        className="severe",
        role="note",
    )


def next_steps(record: "Record") -> html.Div:
    """What to do now."""
    return html.Div(
        [html.H3("What to do next", className="label"), html.P(next_step(record.decision, record.cautions))],
        className="next-step",
    )


def image_with_heatmap(record: "Record") -> html.Figure:
    """The photograph with the heatmap over its centred square, which is all that the network saw."""
    return html.Figure(
        [
            html.Div(
                [
                    result_card_photograph(record),
                    html.Img(
                        src=prediction_url(record.id, "heatmap"),
                        alt="",
                        className="heatmap",
                        style=centred_square(record.width, record.height),
                    ),
                ],
                className="hero",
                style=image_frame(record.width, record.height),
            ),
            html.Figcaption(
                [
                    html.Label("Heatmap", htmlFor=f"opacity-{record.id}"),
                    # intake.js listens to it: moving it needs no answer from the server.
                    dcc.Input(
                        id=f"opacity-{record.id}",
                        type="range",
                        min=0,
                        max=100,
                        step=1,
                        value=45,
                        className="opacity",
                    ),
                    html.Span("Blue: where the model found signs of malignancy.", className="note"),
                ],
                className="hero-controls",
            ),
        ],
        className="hero-figure",
    )


def image_alone(record: "Record") -> html.Figure:
    """The photograph, and why there is no heatmap."""
    return html.Figure(
        [
            html.Div(
                result_card_photograph(record),
                className="hero",
                style=image_frame(record.width, record.height),
            ),
            html.Figcaption(html.Span(NO_HEATMAP, className="note"), className="hero-controls"),
        ],
        className="hero-figure",
    )


def result_card_photograph(record: "Record") -> html.Img:
    """The photograph as it is kept."""
    return html.Img(
        src=prediction_url(record.id, "image"), alt=f"The photograph {record.filename}", className="photo"
    )


def image_frame(width: int, height: int) -> dict[str, Any]:
    """The room for an image of that size, as a style."""
    return {"aspectRatio": f"{width} / {height}", "--ratio": width / height}


def centred_square(width: int, height: int) -> dict[str, str]:
    """Where the centred square lies in an image of that size, as a style."""
    side = min(width, height)
    return {
        "width": f"{100 * side / width:.4f}%",
        "height": f"{100 * side / height:.4f}%",
        "left": f"{50 * (width - side) / width:.4f}%",
        "top": f"{50 * (height - side) / height:.4f}%",
    }


def diagnosis_bars(probabilities: Mapping[str, float], taxonomy: Taxonomy) -> html.Div | None:
    """The diagnoses, the likeliest first. None for a model that only tells malignant from benign."""
    if not probabilities:
        return None
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    rows = [diagnosis_row(code, taxonomy.get(code), probability) for code, probability in ordered]
    return html.Div(
        [
            html.H3("Likely diagnoses", className="label"),
            html.Ul(rows[:LIKELIEST], className="diagnoses"),
            html.Details(
                [html.Summary("The other diagnoses"), html.Ul(rows[LIKELIEST:], className="diagnoses")],
                className="more",
            ),
        ],
        className="diagnosis-block",
    )


def diagnosis_row(code: str, diagnosis: Diagnosis | None, probability: float) -> html.Li:
    """One diagnosis: clinical and plain name, whether it counts as malignant, a bar and its probability.

    Args:
        diagnosis: None for a code that no installed model explains.
    """
    malignant = diagnosis is not None and diagnosis.malignant
    colour = diagnosis.colour if diagnosis else "var(--derma-muted)"
    bar = {"width": f"{100 * probability:.2f}%", "backgroundColor": colour}
    return html.Li(
        [
            html.Span(
                [
                    html.Span(diagnosis.name if diagnosis else code, className="name"),
                    html.Span("malignant", className="kind") if malignant else None,
                    html.Span(diagnosis.plain, className="note") if diagnosis else None,
                ],
                className="diagnosis-name",
            ),
            html.Span(html.Span(style=bar), className="bar-line", **attributes(aria_hidden="true")),
            html.Span(percent(probability), className="number"),
        ]
    )


def similar_block(similar: Sequence["Similar"], taxonomy: Taxonomy) -> html.Div | None:
    """The most similar known cases in numbers, nearest first."""
    if not similar:
        return None
    marks = [similar_mark(case.diagnosis, taxonomy) for case in similar]
    return html.Div(
        [
            html.H3("Similar known cases", className="label"),
            html.P(marks, className="similar-marks", **attributes(aria_hidden="true")),
            html.P(similar_cases(similar, taxonomy)),
        ],
        className="similar",
    )


def similar_mark(code: str, taxonomy: Taxonomy) -> html.Span:
    """A similar case as the shape of its side; a ring where the side is not known."""
    if code not in taxonomy:
        return html.Span("○", title=code)
    side = "malignant" if code in taxonomy.malignant else "benign"
    return html.Span(VERDICTS[side].shape, className=f"tone-{side}", title=taxonomy.name(code))


def cautions_list(cautions: Sequence["Caution"]) -> html.Ul | None:
    """What the user should know about this photograph before trusting the answer."""
    if not cautions:
        return None
    return html.Ul([html.Li(caution.text) for caution in cautions], className="warnings")


def context_line(record: "Record") -> html.P | None:
    """What was told of the person and the lesion, and that the model does not know it."""
    words = context_words(record.context)
    if not words:
        return None
    return html.P([html.Bdi(words), " (not used by the model)"], className="note context-line")


def result_card_foot(record: "Record", link: bool) -> html.P:
    """Which model answered, how fast, and where to find the prediction again."""
    own = (
        [dcc.Link("Open in history", href=local_address(f"/history/{record.id}"), className="action")]
        if link
        else []
    )
    parts: list[Component] = [
        html.Span(f"{record.model} {record.model_version} · {record.milliseconds:.0f} ms"),
        html.Span(
            [
                *own,
                dcc.Link("Report", href=local_address(f"/report/{record.id}"), className="action"),
                html.A(
                    "PDF",
                    href=prediction_url(record.id, "report"),
                    className="action",
                    download=f"dermaboard-{record.id}.pdf",
                ),
            ],
            className="result-links",
        ),
    ]
    return html.P(parts, className="result-foot")
