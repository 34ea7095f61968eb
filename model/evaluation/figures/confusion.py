"""The confusion matrix of the diagnoses."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.evaluation.figures.figure import CsvTable, Figure, FigureData
from model.evaluation.figures.template import Palette, blank, message, palette
from model.evaluation.metrics import class_balanced_accuracy
from model.evaluation.words import diagnosis_shape, rate
from model.taxonomy import Taxonomy

# Pixels of the frame and of a row.
FRAME, ROW = 90, 50


def diagnoses_figure(matrix: NDArray[np.int64], taxonomy: Taxonomy, theme: str | None) -> go.Figure:
    """Counts by true (row) and chosen (column) diagnosis, coloured by the share of the row.

    Args:
        matrix: (k, k) in the order of the taxonomy.
    """
    height = FRAME + ROW * len(taxonomy)
    if not matrix.sum():
        return message("Not defined without cases.", theme, height)
    colours, figure = palette(theme), blank(theme, height)
    shown = [taxonomy[code] for code in taxonomy.shown]
    order = [taxonomy.index(one.code) for one in shown]
    counts = matrix[np.ix_(order, order)]
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    malignant = len(taxonomy.malignant)
    figure.add_heatmap(
        z=shares,
        zmin=0,
        zmax=1,
        text=counts,
        colorscale=[[0, colours.surface], [1, colours.full]],
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[f"{true.short} taken for {chosen.short}" for chosen in shown] for true in shown],
        hovertemplate="<b>%{customdata}</b><br>%{text} cases, %{z:.1%} of the row<extra></extra>",
    )
    rows, columns = np.divmod(np.arange(counts.size), len(shown))
    figure.add_scatter(
        x=columns,
        y=rows,
        text=[f"{count:,}" for count in counts.flat],
        mode="text",
        # White on the full colour; below that the ink of the page reads better.
        textfont={
            "color": [
                count_colour(share, int(n), colours)
                for share, n in zip(shares.flat, counts.flat, strict=True)
            ]
        },
        hoverinfo="skip",
    )
    names = [
        f"{diagnosis_shape(one)} {one.short}<br>n = {int(n):,}"
        for one, n in zip(shown, totals[:, 0], strict=True)
    ]
    codes = [f"{diagnosis_shape(one)}<br>{one.code.upper()}" for one in shown]
    places = list(range(len(shown)))
    figure.update_xaxes(
        title="The model's choice", side="top", tickvals=places, ticktext=codes, showgrid=False
    )
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=names, showgrid=False)
    edge = {"color": colours.ink, "width": 1.5}
    figure.add_hline(y=malignant - 0.5, line=edge).add_vline(x=malignant - 0.5, line=edge)
    return figure


def count_colour(share: float, count: int, colours: Palette) -> str:
    """The colour of a count over its cell; empty cells step back."""
    if share > 0.62:
        return "#ffffff"
    return colours.ink if count else colours.muted


def _draw(data: FigureData) -> go.Figure:
    taxonomy, matrix = data.review.taxonomy, data.review.matrix
    nothing = np.zeros((len(taxonomy), len(taxonomy)), np.int64)
    return diagnoses_figure(nothing if matrix is None else matrix, taxonomy, data.theme)


def _note(data: FigureData) -> str:
    text = "Rows: the truth. Columns: the model's choice. Top right of the lines: cancers taken for something harmless."
    matrix = data.review.matrix
    return text if matrix is None else f"{text} Balanced accuracy {rate(class_balanced_accuracy(matrix))}."


def _table(data: FigureData) -> CsvTable:
    matrix, codes = data.review.matrix, data.review.taxonomy.codes
    rows = [] if matrix is None else [(code, *row) for code, row in zip(codes, matrix.tolist(), strict=True)]
    return CsvTable(("truth", *codes), rows)


DIAGNOSES = Figure(
    name="diagnoses",
    title="Diagnoses",
    words="Cases by true and chosen diagnosis",
    note=_note,
    click="A click lists the cases of a cell.",
    height=lambda data: FRAME + ROW * len(data.review.taxonomy),
    draw=_draw,
    table=_table,
    exists=lambda data: data.review.matrix is not None,
)
