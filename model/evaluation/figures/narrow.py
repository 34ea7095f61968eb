"""A figure of many rows for a window that has no room beside it for the names of the rows."""

import plotly.graph_objects as go

# How much taller it is: each row has its name above its marks.
TALLER = 1.5


def narrow(figure: go.Figure) -> go.Figure:
    """The same figure with the labels of its first y axis inside, each above its row, from the left edge on.

    Args:
        figure: with a numbered row for every label; changed in place.
    """
    axis = figure.layout.yaxis
    for place, label in zip(axis.tickvals or (), axis.ticktext or (), strict=True):
        figure.add_annotation(
            text=label,
            x=0,
            xref="paper",
            xanchor="left",
            y=place - 0.4,
            yref="y",
            yanchor="middle",
            font={"size": 12},
            # The grid ends where a label stands.
            bgcolor=figure.layout.template.layout.hoverlabel.bgcolor,
            borderpad=0,
        )
    if axis.range:
        first, last = axis.range
        figure.update_yaxes(range=[first, last - 0.3])
    figure.update_yaxes(showticklabels=False).update_xaxes(nticks=3)
    if figure.layout.height:
        figure.update_layout(height=round(TALLER * figure.layout.height))
    # Bars leave the room of the label above them, and what is written behind them stays inside.
    return figure.update_layout(margin={"l": 8, "r": 32}, bargap=0.6)
