"""Several models side by side, each against the first on the images that both have scored."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from model.bundle import Bundle
from model.evaluation.delong import Difference
from model.evaluation.metrics import Confusion
from model.evaluation.review import Versus
from model.evaluation.words import area, chance, share, signed

NOTE = (
    "Sensitivity and specificity at each model's own threshold. The difference is in AUC, on the images that both "
    "have scored, with DeLong's 95 % interval and test; the first model's AUC is that beside the second's."
)


def table(bundles: Sequence[Bundle], at: Sequence[Confusion], rivals: Sequence[Versus]) -> Component:
    """A row a model.

    Args:
        bundles, at: every model, and its decisions at its own threshold.
        rivals: all but the first model, against it.
    """
    first = bundles[0].name
    head = ("Model", "AUC", f"Difference from {first}", "Images of both", "Sensitivity", "Specificity")
    rows = [
        html.Tr(
            [
                html.Th(bundle.name, scope="row"),
                html.Td(area(rivals[max(0, place - 1)].result.second if place else rivals[0].result.first)),
                html.Td(difference(rivals[place - 1].result) if place else "–"),
                html.Td(f"{rivals[place - 1].result.n:,}" if place else "–"),
                html.Td(share(confusion.sensitivity)),
                html.Td(share(confusion.specificity)),
            ]
        )
        for place, (bundle, confusion) in enumerate(zip(bundles, at, strict=True))
    ]
    return html.Div(
        [
            html.Div(
                html.Table(
                    [html.Thead(html.Tr([html.Th(word, scope="col") for word in head])), html.Tbody(rows)],
                    className="figures",
                ),
                className="wide",
                id="versus",
            ),
            *(html.P(words, className="note") for one in rivals if (words := odd_cases(first, one))),
        ]
    )


def difference(result: Difference) -> str:
    """How far the second area is above the first, with interval and p value."""
    gap = result.difference
    if gap.reason is not None:
        return gap.reason.sentence
    return f"{signed(-gap.value)} ({signed(-gap.high)} to {signed(-gap.low)}), {chance(result.p)}"


def odd_cases(first: str, other: Versus) -> str:
    """Images on whose truth two evaluations do not agree; "" where there is none."""
    told = []
    if other.disputed:
        told.append(f"{other.disputed:,} images are malignant for one and benign for the other, and left out")
    if other.renamed:
        told.append(f"{other.renamed:,} have another diagnosis of the same kind")
    return f"{first} and {other.model}: {'; '.join(told)}." if told else ""
