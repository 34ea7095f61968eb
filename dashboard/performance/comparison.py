"""Models compared: pairs of models figure by figure."""

import math
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.performance.contents import PREFIX
from dashboard.performance.panels import skeleton, take_along
from dashboard.performance.view import View
from dashboard.shell.attributes import attributes
from model.evaluation.comparison import Standing
from model.evaluation.paired import PairedComparison, PairedFigure, paired_comparison
from model.evaluation.shared import SharedCases
from model.evaluation.words import tenths

COMPARISON_NOTE = (
    "On the images that both have scored, each model at its own operating point; intervals of the paired difference by "
    "lesion. As good as each other: all of it within 5 points. Better: it excludes zero."
)


def comparison_room(view: View) -> list[Component]:
    """The room for pairs of models, or how to get one, and all runs."""
    room = html.Div(skeleton() if view.others else None, id="performance-versus")
    if view.others:
        head = html.Div(
            [html.H3("Models compared"), take_along("Models compared", None, "models")],
            className="panel-head",
        )
        pairs = html.Div([head, room], className="panel")
    else:
        pairs = html.Div(
            [html.P("Choose one to four other models under “Compare with”.", className="note"), room]
        )
    return [pairs]


def pairs_of_view(view: View) -> list[Component]:
    """The view's model against each of the others."""
    return [pair_of_models(one, place) for place, one in enumerate(compared_pairs(view))]


def compared_pairs(view: View) -> list[PairedComparison]:
    """The view's model against each of the others, in the order of the page."""
    return [paired_comparison(view.model, other, view.split, view.where) for other in view.others]


def pair_name(place: int) -> str:
    """Where the first, second ... pair stands, for a link; before it is there, assets/contents.js takes its section."""
    return f"comparison.{place + 1}"


def pair_of_models(pair: PairedComparison, place: int) -> Component:
    """Two models figure by figure, and the images on which only one of them is right."""
    head = (
        "At its own operating point",
        f"A {pair.first}",
        f"B {pair.second}",
        "Difference, 95 %",
        "In words",
    )
    rows = [html.Tr(list(figure_cells(one))) for one in pair.figures]
    n = pair.cases.truth.size
    return html.Div(
        [
            html.H4(f"A {pair.first}, B {pair.second}: {n:,} images of both"),
            html.Div(
                html.Table(
                    [html.Thead(html.Tr([html.Th(one, scope="col") for one in head])), html.Tbody(rows)],
                    className="groups paired",
                ),
                className="wide",
            ),
            html.P(
                [
                    disagreement_button(
                        "A right, B wrong", pair.only_first.size, f"versus:{pair.second}:first"
                    ),
                    disagreement_button(
                        "A wrong, B right", pair.only_second.size, f"versus:{pair.second}:second"
                    ),
                ],
                className="actions",
            ),
            html.P(odd_cases(pair.cases), className="note"),
        ],
        className="pair-of-models",
        id=f"{PREFIX}{pair_name(place)}",
        tabIndex=-1,
    )


def disagreement_button(words: str, n: int, code: str) -> Component:
    """A button that shows the images on which only one model decides rightly."""
    return html.Button(
        f"{words}: {n:,}",
        type="button",
        disabled=not n,
        className="btn btn-sm btn-outline-secondary",
        **attributes(data_show=code),
    )


def figure_cells(figure: PairedFigure) -> Sequence[Component]:
    """A figure of both, the difference and what it says; on a telephone each cell has its name before it."""
    gap = figure.difference
    cells: list[tuple[str, str | Component]]
    if gap.reason is not None:
        cells = [
            ("A", "–"),
            ("B", "–"),
            ("Difference, 95 %", gap.reason.sentence),
            ("In words", "Too few to say"),
        ]
    else:
        ends = f"{signed_value(figure, gap.low)} to {signed_value(figure, gap.high)}"
        difference = html.Span(
            [html.Strong(signed_value(figure, gap.value)), html.Span(ends, className="note interval")]
        )
        cells = [
            ("A", plain_value(figure, figure.first)),
            ("B", plain_value(figure, figure.second)),
            ("Difference, 95 %", difference),
            ("In words", PAIR_WORDS[figure.standing]),
        ]
    return [
        html.Th(figure.title, scope="row"),
        *(html.Td(cell, **attributes(data_name=name)) for name, cell in cells),
    ]


PAIR_WORDS: dict[Standing, str] = {
    Standing.BETTER: "A is better",
    Standing.WORSE: "B is better",
    Standing.ALIKE: "As good as each other",
    Standing.UNSHOWN: "No difference shown",
    Standing.UNKNOWN: "Too few to say",
}


def plain_value(figure: PairedFigure, value: float) -> str:
    """A value of a figure."""
    return "–" if math.isnan(value) else tenths(value) if figure.percent else f"{value:.3f}"


def signed_value(figure: PairedFigure, value: float) -> str:
    """A difference with its sign, in points or as an area."""
    words = f"{100 * value:+.1f}" if figure.percent else f"{value:+.3f}"
    return words.replace("-", "−")


def odd_cases(cases: SharedCases) -> str:
    """Images on whose truth two evaluations do not agree; "" where there is none."""
    sentences = []
    if cases.disputed:
        sentences.append(
            f"{cases.disputed:,} images are malignant for one and benign for the other, and left out"
        )
    if cases.renamed:
        sentences.append(f"{cases.renamed:,} have another diagnosis of the same kind")
    return f"{'; '.join(sentences).capitalize()}." if sentences else ""
