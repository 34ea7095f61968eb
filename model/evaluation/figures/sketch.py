"""The ROC curve as a small picture in one colour, for a page that has not loaded what draws its figures."""

import numpy as np

from model.evaluation.figures.figure import FigureData
from model.evaluation.metrics import Curve

# The picture's size, and its frame around the plot, in pixels.
WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 400, 380, 72, 48, 24
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def roc_sketch(data: FigureData) -> str:
    """An SVG of the curve, the threshold and the area; without a curve, why there is none."""
    problem = data.review.counts.problem
    if problem is not None:
        return svg_page(
            f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">{problem.sentence}</text>'
        )
    at = data.confusion
    x, y = place(1 - at.specificity.value, at.sensitivity.value)
    return svg_page(
        *grid_lines(),
        f'<path d="{path_of(data.review.counts.roc)}" fill="none" stroke-width="2.5"/>',
        f'<path d="M{x:.0f} {y - 7:.0f}l7 7-7 7-7-7z" stroke="none"/>',
        f'<text x="{x + 10:.0f}" y="{y + 18:.0f}">threshold {data.position:.1f} %</text>',
        f'<text x="{WIDTH - EDGE}" y="{HEIGHT - BOTTOM - 12}" text-anchor="end" font-weight="650">'
        f"AUC {data.review.auc:.3f}</text>",
    )


def place(x: float, y: float) -> tuple[float, float]:
    """Where two shares lie in the picture."""
    return LEFT + x * (WIDTH - LEFT - EDGE), HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - EDGE)


def path_of(curve: Curve) -> str:
    """The curve to the pixel, as a path."""
    across, up = WIDTH - LEFT - EDGE, HEIGHT - BOTTOM - EDGE
    points = np.round(np.column_stack((LEFT + across * curve.x, HEIGHT - BOTTOM - up * curve.y))).astype(int)
    moved = np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))
    return "M" + "L".join(f"{x} {y}" for x, y in points[moved].tolist())


def grid_lines() -> list[str]:
    """The axes with their words, faint lines, and that of chance."""
    parts: list[str] = []
    for tick in TICKS:
        x, bottom = place(tick, 0)
        left, y = place(0, tick)
        parts.append(
            f'<path d="M{left:.0f} {y:.0f}H{WIDTH - EDGE}M{x:.0f} {bottom:.0f}V{EDGE}" opacity=".15"/>'
        )
        parts.append(
            f'<text x="{x:.0f}" y="{bottom + 18:.0f}" text-anchor="middle">{100 * tick:.0f} %</text>'
        )
        parts.append(f'<text x="{left - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{100 * tick:.0f} %</text>')
    (x0, y0), (x1, y1) = place(0, 0), place(1, 1)
    parts.append(f'<path d="M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}" opacity=".5" stroke-dasharray="2 4"/>')
    middle = (LEFT + WIDTH - EDGE) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">False-positive rate</text>')
    parts.append(
        f'<text transform="translate(14 {HEIGHT / 2 - 16:.0f}) rotate(-90)" text-anchor="middle">Sensitivity</text>'
    )
    return parts


def svg_page(*parts: str) -> str:
    """The picture of some parts."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui,sans-serif" '
        f'font-size="12" fill="#000" stroke="#000"><g stroke-width="1">{"".join(parts)}</g>'
        "<style>text{stroke:none}</style></svg>"
    )
