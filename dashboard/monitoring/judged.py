"""How often a result changed what readers had judged before they saw it, and in which direction."""

from collections.abc import Callable, Mapping

from dash import html
from dash.development.base_component import Component

from dashboard.monitoring.parts import rate_interval, scrolling_table
from dashboard.store.opinions import OPINIONS
from model.evaluation.intervals import wilson

# (Judged before the result was shown, outcome, said last) -> judgements; "" for nothing said since.
Judged = Mapping[tuple[str, str, str], int]
NOTE = (
    "Each reader's judgement of a photograph counts once: what was said before the result was shown, and what was said "
    "last. Who said nothing after it has not changed anything. Drawn examples do not count."
)


def judged_rows(judged: Judged) -> list[tuple[str, int, int]]:
    """What is told: words, judgements, and of how many."""
    rank = OPINIONS.index

    def number(holds: Callable[[str, str, str], bool]) -> int:
        return sum(
            count for (first, outcome, last), count in judged.items() if holds(first, outcome, last or first)
        )

    every = number(lambda first, outcome, last: True)
    agreed = number(lambda first, outcome, last: first == outcome)
    changed = number(lambda first, outcome, last: last != first)
    return [
        ("Agreed with the model before seeing the result", agreed, every),
        ("Disagreed with the model before", every - agreed, every),
        ("Changed the judgement after seeing the result", changed, every),
        ("… to what the model said", number(lambda f, outcome, last: last != f and last == outcome), changed),
        ("… towards malignant", number(lambda f, outcome, last: rank(last) > rank(f)), changed),
        ("… towards benign", number(lambda f, outcome, last: rank(last) < rank(f)), changed),
        (
            "Disagreed, and stayed with the own judgement",
            number(lambda f, outcome, last: f != outcome and last == f),
            every - agreed,
        ),
        ("Agree with the model now", number(lambda f, outcome, last: last == outcome), every),
    ]


def judged_table(judged: Judged) -> list[Component]:
    """The table, or how to get one."""
    if not judged:
        return [
            html.P(
                "Nobody has judged a photograph before seeing its result. “Judge first”, beside the model on Predict, "
                "switches that on.",
                className="note",
            )
        ]
    head = html.Thead(html.Tr([html.Th(word, scope="col") for word in ("Readers", "Judgements", "Share")]))
    body = [
        html.Tr(
            [
                html.Th(words, scope="row"),
                html.Td(f"{number:,} of {of:,}", className="number"),
                html.Td(rate_interval(wilson(number, of))),
            ]
        )
        for words, number, of in judged_rows(judged)
    ]
    return [scrolling_table("Judged before the result was shown", head, html.Tbody(body))]
