"""The confusion matrix of the seven diagnoses."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.figures.template import Palette, blank, message, palette
from model.taxonomy import BY_CODE, CODES, SHORT, SHOWN

HEIGHT = 440


def diagnoses(matrix: NDArray[np.int64], theme: str | None) -> go.Figure:
    """Counts by true (row) and chosen (column) diagnosis, coloured by the share of the row.

    Args:
        matrix: (7, 7) in the order of `taxonomy.CODES`.
    """
    if not matrix.sum():
        return message("Not defined without cases.", theme, HEIGHT)
    colours, figure = palette(theme), blank(theme, HEIGHT)
    order = [CODES.index(code) for code in SHOWN]
    counts = matrix[np.ix_(order, order)]
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    malignant = sum(BY_CODE[code].malignant for code in SHOWN)
    figure.add_heatmap(
        z=shares,
        zmin=0,
        zmax=1,
        text=counts,
        colorscale=[[0, colours.surface], [1, colours.full]],
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[f"{SHORT[true]} taken for {SHORT[chosen]}" for chosen in SHOWN] for true in SHOWN],
        hovertemplate="<b>%{customdata}</b><br>%{text} cases, %{z:.1%} of the row<extra></extra>",
    )
    rows, columns = np.divmod(np.arange(counts.size), len(SHOWN))
    figure.add_scatter(
        x=columns,
        y=rows,
        text=[f"{count:,}" for count in counts.flat],
        mode="text",
        # White on the full colour; below that the ink of the page reads better.
        textfont={
            "color": [ink(share, int(n), colours) for share, n in zip(shares.flat, counts.flat, strict=True)]
        },
        hoverinfo="skip",
    )
    names = [
        f"{shape(code)} {SHORT[code]}<br>n = {int(n):,}" for code, n in zip(SHOWN, totals[:, 0], strict=True)
    ]
    codes = [f"{shape(code)}<br>{code.upper()}" for code in SHOWN]
    places = list(range(len(SHOWN)))
    figure.update_xaxes(
        title="The model's choice", side="top", tickvals=places, ticktext=codes, showgrid=False
    )
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=names, showgrid=False)
    edge = {"color": colours.ink, "width": 1.5}
    figure.add_hline(y=malignant - 0.5, line=edge).add_vline(x=malignant - 0.5, line=edge)
    return figure


def ink(share: float, count: int, colours: Palette) -> str:
    """The colour of a count over its cell; empty cells step back."""
    if share > 0.62:
        return "#ffffff"
    return colours.ink if count else colours.muted


def shape(code: str) -> str:
    """The verdict's shape of a diagnosis."""
    return "◆" if BY_CODE[code].malignant else "●"
