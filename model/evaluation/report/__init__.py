"""The whole review of a model as one HTML file that needs nothing else: no network, no server, no second file.

Figures are drawn by plotly.js, which stands in the file once. The file's own security policy forbids it to load or send
anything.
"""

import json
from datetime import UTC, datetime
from typing import Any

from plotly.offline import get_plotlyjs

from model.bundle import Bundle, BundleError
from model.evaluation.cohort import Where, part_title
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.robustness import ROBUSTNESS
from model.evaluation.report import sections
from model.evaluation.report.style import CSS, SCRIPT
from model.evaluation.report.tags import Markup, embedded, render, section, tag
from model.evaluation.review import evaluate_split, splits

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def model_report(
    bundle: Bundle,
    split: str | None = None,
    where: Where = (),
    prevalence: float | None = None,
    made: datetime | None = None,
) -> str:
    """One model on one split, as HTML.

    Args:
        split: the one to judge by for None: test where there is one.
        where: only the cases of this filter.
        prevalence: where PPV and NPV are wanted for, 0 to 1; that of the cases for None.
        made: the time to print, now for None.

    Raises:
        BundleError: the bundle holds no scores, or none of that split; the message names those there are.
    """
    available = splits(bundle)
    if not available:
        raise BundleError(f"{bundle.name} holds no scores, so there is nothing to report.")
    if split is not None and split not in available:
        raise BundleError(f"{bundle.name} has no scores of {split!r}. Available: {', '.join(available)}.")
    shown = evaluate_split(bundle, split or available[0], where)
    now = (made or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    data = FigureData(bundle, shown, round(100 * shown.threshold, 1))
    drawn = {name: figure.draw(data) for name, figure in FIGURES.items() if figure.exists(data)}
    part = ", ".join(
        f"{variable} {part_title(variable, name, bundle.card.taxonomy)}" for variable, name in where
    )
    whole = shown.at(shown.threshold)
    rooms = {name: room(name, figure.layout.height) for name, figure in drawn.items()}
    body = [
        *sections.report_head(bundle, shown, part, now),
        sections.report_tiles(bundle, shown),
        sections.operating_points_table(bundle, shown, prevalence),
        sections.confusion_section(whole),
        [
            section(FIGURES[name].title, rooms[name], note=FIGURES[name].note_for(data))
            for name in drawn
            if name != ROBUSTNESS.name
        ],
        sections.report_subgroups(shown),
        sections.report_robustness(bundle.card, rooms.get(ROBUSTNESS.name)),
        sections.report_limits(bundle, shown),
        sections.methods(shown),
        sections.card_section(bundle.card),
        tag("footer", tag("p", f"Dermaboard, {now}. No medical device.", class_="note")),
    ]
    plots = {name: figure_json(figure) for name, figure in drawn.items()}
    return report_document(f"{bundle.name}, {shown.split}", render(body), plots)


def room(name: str, height: int) -> Markup:
    """Where a figure is drawn."""
    inside = tag("div", id=f"figure-{name}", style=f"height:{height}px")
    return tag("figure", inside, class_="figure")


def figure_json(figure: Any) -> dict[str, Any]:
    """A figure as JSON values, its template with it."""
    found: dict[str, Any] = json.loads(figure.to_json())
    return {"data": found["data"], "layout": found["layout"]}


def report_document(title: str, body: str, plots: dict[str, Any]) -> str:
    """The file."""
    named = {f"figure-{name}": plot for name, plot in plots.items()}
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            tag("title", title).text,
            f"<style>{CSS}</style>\n</head>\n<body>",
            body,
            f'<script type="application/json" id="figures">{embedded(named)}</script>',
            f"<script>{get_plotlyjs()}</script>",
            f"<script>{SCRIPT}</script>",
            "</body>\n</html>\n",
        )
    )
