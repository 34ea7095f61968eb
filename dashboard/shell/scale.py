"""The calibrated probability of malignancy on a line from 0 to 100 %, with the operating point's parts on it."""

from dash import html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from dashboard.shell.text import percent, point_words
from model.evaluation.verdict import VERDICTS


def probability_scale(
    probability: float,
    threshold: float,
    malignant_from: float,
    decision: str,
    operating_point: str = "",
) -> html.Div:
    """The probability as a mark of the decision's shape on a line whose parts are benign, uncertain and malignant.

    Args:
        probability, threshold, malignant_from: 0 to 1; without uncertain cases the two thresholds are the same.
        decision: "benign", "uncertain" or "malignant".
        operating_point: its name.
    """
    zones = scale_zones(threshold, malignant_from)
    told = "; ".join(f"{VERDICTS[name].short.lower()} {zone_words(start, end)}" for name, start, end in zones)
    sentence = (
        f"Calibrated probability of malignancy {percent(probability)}. Operating point {point_words(operating_point)}: "
        f"{told}."
    )
    line: list[Component] = [
        html.Span(className=f"scale-zone tone-{name}", style=zone_style(start, end))
        for name, start, end in zones
    ]
    line.append(
        html.Span(
            VERDICTS[decision].shape,
            className=f"scale-mark tone-{decision}",
            style={"left": f"{100 * probability:.2f}%"},
        )
    )
    return html.Div(
        [
            html.P(
                [html.Strong(percent(probability)), " calibrated probability of malignancy"],
                className="scale-head",
            ),
            html.Div(line, className="scale-line", role="img", **attributes(aria_label=sentence)),
            html.Div(
                [html.Span("0 %"), html.Span("50 %"), html.Span("100 %")],
                className="scale-ticks",
                **attributes(aria_hidden="true"),
            ),
            scale_legend(zones, decision, operating_point),
        ],
        className="scale",
    )


def scale_zones(threshold: float, malignant_from: float) -> list[tuple[str, float, float]]:
    """(decision, from, to) of every part of the line that is there."""
    zones = [
        ("benign", 0.0, threshold),
        ("uncertain", threshold, malignant_from),
        ("malignant", malignant_from, 1.0),
    ]
    return [zone for zone in zones if zone[2] > zone[1]]


def zone_words(start: float, end: float) -> str:
    """A part of the line in words."""
    if start <= 0:
        return f"below {percent(end)}"
    return f"from {percent(start)}" if end >= 1 else f"{percent(start)} to {percent(end)}"


def zone_style(start: float, end: float) -> dict[str, str]:
    """Where a part of the line lies."""
    return {"left": f"{100 * start:.2f}%", "width": f"{100 * (end - start):.2f}%"}


def scale_legend(zones: list[tuple[str, float, float]], decision: str, operating_point: str) -> html.Ul:
    """What the parts mean, with their shapes; the one that holds the result stands out."""
    words = point_words(operating_point)
    entries = [
        html.Li(
            [
                html.Span(VERDICTS[name].shape, className=f"verdict-shape tone-{name}"),
                f" {VERDICTS[name].short} {zone_words(start, end)}",
            ],
            className="here" if name == decision else None,
        )
        for name, start, end in zones
    ]
    point = [html.Li(f"Operating point: {words}")] if words else []
    return html.Ul([*entries, *point], className="scale-legend", **attributes(aria_hidden="true"))
