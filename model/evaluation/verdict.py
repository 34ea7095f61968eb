"""The verdict scale in cards, grid, figures and reports: a word, a shape and a colour, never a colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """How one decision is said and drawn. Colours are sRGB hex, for the light and the dark theme."""

    word: str
    short: str
    shape: str
    light: str
    dark: str


VERDICTS: dict[str, Verdict] = {
    "benign": Verdict("No malignancy suspected", "Benign", "●", "#0f766e", "#2dd4bf"),
    "uncertain": Verdict("Uncertain", "Uncertain", "▲", "#b45309", "#fbbf24"),
    "malignant": Verdict("Malignancy suspected", "Malignant", "◆", "#be123c", "#fb7185"),
}

ACTION = {"light": "#1d4ed8", "dark": "#60a5fa"}

COLOURS: dict[str, dict[str, str]] = {
    "light": {name: verdict.light for name, verdict in VERDICTS.items()} | {"action": ACTION["light"]},
    "dark": {name: verdict.dark for name, verdict in VERDICTS.items()} | {"action": ACTION["dark"]},
}
