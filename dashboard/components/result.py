"""One stored prediction as a card: the image with its heatmap, the verdict, the scale and the diagnoses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.attributes import attributes
from dashboard.components.text import DISCLAIMER, percent
from dashboard.components.verdict import verdict
from model.taxonomy import BY_CODE
from model.verdict import DIAGNOSIS_COLOURS

if TYPE_CHECKING:
    from dashboard.store import Record


def address(record_id: str, part: str = "") -> str:
    """Where the API keeps a prediction, or one of its images."""
    return f"/api/v1/predictions/{record_id}" + (f"/{part}" if part else "")


def result_card(record: "Record", drawn: bool = False, link: bool = True) -> html.Div:
    """The whole answer for one photograph.

    Args:
        record: the stored prediction.
        drawn: whether the image is one of our drawings, which is then said.
        link: whether to offer the way to the prediction's own page.
    """
    return html.Div(
        [
            image_with_heatmap(record),
            html.Div(
                [
                    file_line(record.filename, drawn),
                    html.P(verdict(record.decision), className="result-verdict"),
                    probability_scale(record.probability, record.threshold),
                    warnings_list(record.warnings),
                    diagnosis_bars(record.probabilities),
                ],
                className="result-facts",
            ),
            html.Div(
                [footer(record, link), html.P(DISCLAIMER, className="disclaimer")], className="result-end"
            ),
        ],
        className="result",
    )


def file_line(filename: str, drawn: bool = False) -> html.H2:
    """The file's name, marked when the picture is a drawing."""
    tag = [html.Span("Drawn example, not a patient", className="tag")] if drawn else []
    return html.H2([html.Bdi(filename, className="filename", title=filename), *tag], className="result-file")


def image_with_heatmap(record: "Record") -> html.Figure:
    """The photograph with the heatmap over its centred square, which is all that the network saw."""
    side = min(record.width, record.height)
    place = {
        "width": f"{100 * side / record.width:.4f}%",
        "height": f"{100 * side / record.height:.4f}%",
        "left": f"{50 * (record.width - side) / record.width:.4f}%",
        "top": f"{50 * (record.height - side) / record.height:.4f}%",
    }
    frame = {"aspectRatio": f"{record.width} / {record.height}", "--ratio": record.width / record.height}
    return html.Figure(
        [
            html.Div(
                [
                    html.Img(
                        src=address(record.id, "image"),
                        alt=f"The photograph {record.filename}",
                        className="photo",
                    ),
                    html.Img(src=address(record.id, "heatmap"), alt="", className="heatmap", style=place),
                ],
                className="hero",
                style=frame,
            ),
            html.Figcaption(
                [
                    html.Label("Heatmap", htmlFor=f"opacity-{record.id}"),
                    # upload.js listens to it: moving it needs no answer from the server.
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


def probability_scale(probability: float, threshold: float) -> html.Div:
    """The calibrated probability of malignancy on a line from 0 to 100 %, with the operating point on it."""
    side = "at or above" if probability >= threshold else "below"
    sentence = (
        f"Calibrated probability of malignancy {percent(probability)}, {side} the operating point "
        f"of {percent(threshold)}"
    )
    tone = "malignant" if probability >= threshold else "benign"
    return html.Div(
        [
            html.P(
                [
                    html.Strong(percent(probability), className="figure"),
                    " calibrated probability of malignancy",
                ],
                className="scale-head",
            ),
            html.Div(
                [
                    html.Span(className="scale-beyond", style={"left": f"{100 * threshold:.2f}%"}),
                    html.Span(
                        className=f"scale-fill tone-{tone}", style={"width": f"{100 * probability:.2f}%"}
                    ),
                    html.Span(className="scale-threshold", style={"left": f"{100 * threshold:.2f}%"}),
                    html.Span(
                        className=f"scale-mark tone-{tone}", style={"left": f"{100 * probability:.2f}%"}
                    ),
                ],
                className="scale-line",
                role="img",
                **attributes(aria_label=sentence),
            ),
            html.Div(
                [html.Span("0 %"), threshold_label(threshold), html.Span("100 %")],
                className="scale-ticks",
                **attributes(aria_hidden="true"),
            ),
        ],
        className="scale",
    )


def threshold_label(threshold: float) -> html.Span:
    """The operating point's name, beginning or ending at its mark, and clear of the line's two ends."""
    left = threshold < 0.5
    style = (
        {"left": f"max(2.5rem, {100 * threshold:.2f}%)"}
        if left
        else {"right": f"max(3.5rem, {100 - 100 * threshold:.2f}%)"}
    )
    return html.Span(f"operating point {percent(threshold)}", className="scale-label", style=style)


def diagnosis_bars(probabilities: Mapping[str, float]) -> html.Div | None:
    """The seven diagnoses, the likeliest first. None for a model that only tells malignant from benign."""
    if not probabilities:
        return None
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    rows = [diagnosis_row(code, probability) for code, probability in ordered]
    return html.Div(
        [html.H3("Diagnoses", className="label"), html.Ul(rows, className="diagnoses")],
        className="diagnosis-block",
    )


def diagnosis_row(code: str, probability: float) -> html.Li:
    """One diagnosis: clinical and plain name, whether it counts as malignant, a bar and its probability."""
    diagnosis = BY_CODE[code]
    kind = html.Span("malignant", className="kind") if diagnosis.malignant else None
    bar = {"width": f"{100 * probability:.2f}%", "backgroundColor": DIAGNOSIS_COLOURS[code]}
    return html.Li(
        [
            html.Span(
                [
                    html.Span(diagnosis.name, className="name"),
                    kind,
                    html.Span(diagnosis.plain, className="note"),
                ],
                className="diagnosis-name",
            ),
            html.Span(html.Span(style=bar), className="bar-line", **attributes(aria_hidden="true")),
            html.Span(percent(probability), className="number"),
        ]
    )


def warnings_list(warnings: tuple[str, ...]) -> html.Ul | None:
    """What the user should know about this photograph before trusting the answer."""
    if not warnings:
        return None
    return html.Ul([html.Li(sentence) for sentence in warnings], className="warnings")


def footer(record: "Record", link: bool) -> html.P:
    """Which model answered, how fast, and where to find the prediction again."""
    parts: list[Component] = [
        html.Span(f"{record.model} {record.model_version} · {record.milliseconds:.0f} ms")
    ]
    if link:
        parts.append(dcc.Link("Open in history", href=f"/history/{record.id}", className="action"))
    return html.P(parts, className="result-foot")
