"""What the summary says of the models that are compared: better, worse, as good as, or no difference shown."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.performance.comparison import compared_pairs, pair_name, plain_value, signed_value
from dashboard.performance.contents import section_link
from dashboard.performance.view import View
from model.evaluation.comparison import Standing
from model.evaluation.paired import PairedComparison, PairedFigure

# In the order in which they are said.
STANDING_WORDS: dict[Standing, str] = {
    Standing.WORSE: "Worse",
    Standing.BETTER: "Better",
    Standing.ALIKE: "As good",
    Standing.UNSHOWN: "No difference shown",
    Standing.UNKNOWN: "Too few to say",
}
RULE = (
    "Each model at its own operating point. Better or worse: the 95\u00a0% interval of the difference excludes zero. "
    "As good: all of it lies within 5 points."
)


def rivals_of_view(view: View) -> list[Component]:
    """A part a compared model; none where nothing is compared."""
    pairs = compared_pairs(view)
    found = [rival_summary(pair, place) for place, pair in enumerate(pairs)]
    return [html.Div([*found, html.P(RULE, className="note")], className="rivals")] if found else []


def rival_summary(pair: PairedComparison, place: int) -> Component:
    """How the model stands to another one, figure by figure; each leads to the table that has it."""
    n = pair.cases.truth.size
    head = html.H3(f"{pair.first} against {pair.second}")
    if not n:
        return html.Div([head, html.P("They have no photograph in common.", className="note")])
    lines = [html.Li(rival_line(one, place)) for one in in_words_order(pair.figures)]
    return html.Div(
        [head, html.P(f"On {n:,} photographs that both have scored.", className="note"), html.Ul(lines)]
    )


def in_words_order(figures: Sequence[PairedFigure]) -> list[PairedFigure]:
    """What is worse first, and what cannot be said last."""
    order = list(STANDING_WORDS)
    return sorted(figures, key=lambda one: order.index(one.standing))


def rival_line(figure: PairedFigure, place: int) -> Component:
    """One figure of both models in words."""
    words, of = STANDING_WORDS[figure.standing], ", of 100"
    about = figure.title.removesuffix(of)
    title = html.Strong(f"{words}: {about[0].lower()}{about[1:]}")
    gap, unit = figure.difference, " of 100" if figure.title.endswith(of) else ""
    numbers = (
        f"{plain_value(figure, figure.first)} against {plain_value(figure, figure.second)}{unit}, "
        f"difference {signed_value(figure, gap.low)} to {signed_value(figure, gap.high)}"
        if gap.reason is None
        else gap.reason.sentence
    )
    return section_link(pair_name(place), [title, html.Span(numbers, className="note")])
