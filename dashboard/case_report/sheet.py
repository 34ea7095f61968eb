"""A prediction as a page to print: A4, one page, black on white."""

from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from dashboard.case_report.content import Report, report_of, time_with_zone
from dashboard.shell.attributes import attributes
from dashboard.shell.result_card import centred_square, image_frame, prediction_url
from dashboard.shell.scale import probability_scale
from dashboard.shell.text import NO_HEATMAP, percent
from dashboard.shell.verdict import verdict
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record


def sheet(record: "Record", taxonomy: Taxonomy, drawn: bool = False, heatmap: bool = True) -> html.Article:
    """The whole report of a stored prediction.

    Args:
        taxonomy: what the record's codes mean.
        drawn: whether the image is one of our drawings.
        heatmap: whether its heatmap is shown.
    """
    report = report_of(record, taxonomy, drawn)
    return html.Article(
        [
            head(record, report),
            pictures(record, heatmap),
            severe(report),
            html.P(verdict(record.decision), className="result-verdict"),
            probability_scale(
                record.probability,
                record.threshold,
                record.malignant_from,
                record.decision,
                record.operating_point,
            ),
            html.Div([left(report), right(report)], className="sheet-columns"),
            foot(report),
        ],
        className="sheet unreliable" if report.severe else "sheet",
        **attributes(aria_label=f"Report on {report.title}"),
    )


def head(record: "Record", report: Report) -> html.Header:
    """What this is, of which file, and when: in UTC, beside which the browser puts the reader's own time."""
    when = html.Span(
        [
            html.Time(time_with_zone(record.created), dateTime=record.created.isoformat()),
            html.Span(id="report-local"),
        ],
        className="note",
    )
    told = html.P([html.Bdi(report.context), " (given by the user, not used by the model)"], className="note")
    return html.Header(
        [
            html.P([html.Strong("Dermaboard"), when], className="sheet-brand"),
            html.H1(html.Bdi(report.title, className="filename")),
            told if report.context else None,
        ]
    )


def pictures(record: "Record", heatmap: bool) -> html.Div:
    """The photograph as it is, and again with the heatmap over its centred square where that is shown."""
    photo = html.Img(
        src=prediction_url(record.id, "image"), alt=f"The photograph {record.filename}", className="photo"
    )
    again = html.Img(src=prediction_url(record.id, "image"), alt="", className="photo")
    overlay = html.Img(
        src=prediction_url(record.id, "heatmap"),
        alt="Heatmap",
        className="heatmap",
        style=centred_square(record.width, record.height),
    )
    shown = [([photo], "Photograph" if heatmap else f"Photograph. {NO_HEATMAP}")]
    if heatmap:
        shown.append(([again, overlay], "Blue: where the model found signs of malignancy"))
    return html.Div(
        [
            html.Figure(
                [
                    html.Div(images, className="hero", style=image_frame(record.width, record.height)),
                    html.Figcaption(words, className="note"),
                ]
            )
            for images, words in shown
        ],
        className="sheet-pictures",
    )


def severe(report: Report) -> html.Div | None:
    """What must be known before the result."""
    if not report.severe:
        return None
    return html.Div(
        [
            html.P("Do not rely on this result", className="severe-head"),
            *(html.P(one) for one in report.severe),
        ],
        className="severe",
        role="note",
    )


def left(report: Report) -> html.Div:
    """What to do next, and cautions."""
    parts: list[Component] = [html.H2("What to do next", className="label"), html.P(report.step)]
    if report.cautions:
        parts += [html.H2("Cautions", className="label"), html.Ul([html.Li(one) for one in report.cautions])]
    return html.Div(parts)


def right(report: Report) -> html.Div:
    """The likely diagnoses and the similar cases."""
    rows = [
        html.Div(
            [
                html.Dt([name, html.Span(plain + (", malignant" if malignant else ""), className="note")]),
                html.Dd(percent(value)),
            ]
        )
        for name, plain, malignant, value in report.diagnoses
    ]
    parts: list[Component] = [html.H2("Likely diagnoses", className="label"), html.Dl(rows)] if rows else []
    if report.similar:
        parts += [html.H2("Similar known cases", className="label"), html.P(report.similar)]
    return html.Div(parts)


def foot(report: Report) -> html.Footer:
    """Facts, limits and the disclaimer."""
    facts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in report.facts]
    return html.Footer(
        [
            html.Dl(facts, className="sheet-facts"),
            html.P(report.limits, className="note"),
            html.P(html.Strong(report.disclaimer)),
        ]
    )
