"""The cases behind the numbers: which ones to list, and the room where performance.js lists them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.performance import framed
from model.taxonomy import BY_CODE, CODES

if TYPE_CHECKING:
    import pandas as pd

MOST = 100
# Outcome, its words, whether the case is malignant, and whether the list begins with the highest score. Each outcome is
# the beginning of such a list at every threshold, so the browser can follow the slider with these alone.
LISTS: tuple[tuple[str, str, bool, bool], ...] = (
    ("fn", "Cancers missed", True, False),
    ("fp", "False alarms", False, True),
    ("tp", "Cancers caught", True, True),
    ("tn", "Rightly left alone", False, False),
)
HOW = "To see the images, set DERMABOARD_IMAGES to the folder that holds them, each named by its image id."


def listed(table: "pd.DataFrame", known: Collection[str] | None) -> dict[str, Any]:
    """The first cases of every outcome, for the browser.

    Args:
        table: the scores of one split.
        known: ids whose image can be shown, or None where no image folder is set.
    """
    scored = table[table["probability"].notna()]
    lists: dict[str, Any] = {"images": known is not None, "most": MOST}
    for name, _, malignant, falling in LISTS:
        rows = scored[scored["malignant"] == malignant]
        rows = rows.sort_values("probability", ascending=not falling, kind="stable").head(MOST)
        lists[name] = [case(row, known or ()) for row in rows.to_dict("records")]
    return lists


def case(row: dict[Any, Any], known: Collection[str]) -> dict[str, Any]:
    """One row of the table."""
    image = str(row["image_id"])
    return {
        "id": image,
        "p": float(row["probability"]),
        "truth": diagnosis(row["label"]),
        "choice": chosen(row),
        "about": about(row),
        "shown": image in known,
    }


def diagnosis(code: Any) -> str:
    """A diagnosis by name; what is not one of ours, as it is."""
    return BY_CODE[code].name if code in BY_CODE else str(code)


def chosen(row: dict[Any, Any]) -> str:
    """The most likely diagnosis; a dash for a model that tells none."""
    values = np.array([row.get(f"p_{code}", np.nan) for code in CODES], np.float64)
    return "–" if np.isnan(values).any() else diagnosis(CODES[int(values.argmax())])


def about(row: dict[Any, Any]) -> str:
    """Age, sex and site as far as they are known."""
    age = row.get("age")
    told = [f"{age:.0f} years"] if isinstance(age, float) and not np.isnan(age) else []
    words = [row.get(name) for name in ("sex", "site")]
    told += [word for word in words if isinstance(word, str) and word and word != "unknown"]
    return ", ".join(told) or "–"


def cases(lists: dict[str, Any]) -> Component:
    """The choice of an outcome and the room for its cases."""
    words = [("errors", "All errors"), *((name, words) for name, words, *_ in LISTS)]
    return framed(
        "Cases",
        html.Div(
            [
                dcc.RadioItems(
                    id="performance-outcome",
                    options=[{"value": value, "label": label} for value, label in words],
                    value="errors",
                    inline=True,
                    className="outcomes",
                ),
                None if lists.get("images") else html.P(HOW, className="note"),
                html.Div(id="performance-cases", className="wide"),
                dcc.Store(id="performance-lists", data=lists),
            ],
            id="performance-cases-panel",
        ),
        f"Worst first, at the threshold above, at most {MOST}. A click on a cell of the table of decisions chooses.",
    )
