"""One look for every figure: templates "dermaboard_light" and "dermaboard_dark", and colours by role."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from model.evaluation.intervals import Interval
from model.evaluation.verdict import ACTION, VERDICTS

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
# Dragging would stop a phone from scrolling, and there is little to zoom into: what stays is taking along.
CONFIG: Any = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg"},
}
# An axis of shares, with a little room so that lines on its ends are seen whole.
PERCENT: dict[str, Any] = {
    "range": [-0.01, 1.02],
    "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1],
    "ticktext": ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"],
}


@dataclass(frozen=True)
class Palette:
    """Colours of a theme by role, sRGB hex, as in dermaboard.css; `full` ends a scale and bears white text."""

    ink: str
    muted: str
    hairline: str
    surface: str
    action: str
    full: str
    benign: str
    uncertain: str
    malignant: str


LIGHT = Palette(
    ink="#16202c",
    muted="#566273",
    hairline="#dfe3e8",
    surface="#ffffff",
    action=ACTION["light"],
    full=ACTION["light"],
    benign=VERDICTS["benign"].light,
    uncertain=VERDICTS["uncertain"].light,
    malignant=VERDICTS["malignant"].light,
)
DARK = Palette(
    ink="#e6eaf0",
    muted="#9aa7b8",
    hairline="#2b3542",
    surface="#161d27",
    action=ACTION["dark"],
    full="#2563eb",
    benign=VERDICTS["benign"].dark,
    uncertain=VERDICTS["uncertain"].dark,
    malignant=VERDICTS["malignant"].dark,
)
PALETTES: dict[str, Palette] = {"light": LIGHT, "dark": DARK}


def palette(theme: str | None) -> Palette:
    """The colours of "light" or "dark"; light for anything else."""
    return PALETTES.get(theme or "light", LIGHT)


def template_of(colours: Palette) -> go.layout.Template:
    """Everything that is the same in all figures."""
    axis: dict[str, Any] = {
        "gridcolor": colours.hairline,
        "linecolor": colours.hairline,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "ticklabeloverflow": "allow",
        "title": {"standoff": 8, "font": {"size": 13, "color": colours.muted}},
        "tickfont": {"size": 12, "color": colours.muted},
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": colours.ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [colours.action, colours.muted],
            "margin": {"l": 8, "r": 24, "t": 12, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": colours.surface,
                "bordercolor": colours.muted,
                "font": {"family": FONT, "size": 13, "color": colours.ink},
                "align": "left",
            },
            "annotationdefaults": {"showarrow": False, "font": {"size": 13, "color": colours.muted}},
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": colours.muted,
                "activecolor": colours.action,
            },
        }
    )


def register() -> None:
    """Make both templates known to Plotly. Doing it again changes nothing."""
    for name, colours in PALETTES.items():
        pio.templates[f"dermaboard_{name}"] = template_of(colours)


def blank(theme: str | None, height: int) -> go.Figure:
    """An empty figure of a theme; the width follows the page."""
    name = theme if theme in PALETTES else "light"
    # The template object itself: its name would mean nothing to the browser.
    return go.Figure(layout={"template": pio.templates[f"dermaboard_{name}"], "height": height})


def message(sentence: str, theme: str | None, height: int) -> go.Figure:
    """A figure that says why there is nothing to draw."""
    figure = blank(theme, height)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper")
    return figure


def error_bars(intervals: Sequence[Interval], colour: str, thickness: float) -> dict[str, Any]:
    """Intervals as lines without ends, for `error_x` or `error_y`."""
    return {
        "array": [one.high - one.value for one in intervals],
        "arrayminus": [one.value - one.low for one in intervals],
        "color": colour,
        "thickness": thickness,
        "width": 0,
    }


def add_diagonal(figure: go.Figure, colours: Palette) -> None:
    """The dotted line from corner to corner: chance for a ROC curve, perfection for a calibration."""
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": colours.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
