"""Reading component trees, and bundles whose scores went through a change."""

import dataclasses
from pathlib import Path

from model.bundle import HISTORY, SCORES, Bundle, write_bundle
from tests.tiny import tiny_scores, write_tiny_bundle


def text(component) -> str:
    """Everything a reader sees of a component tree, or of its JSON."""
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return str(component)
    if isinstance(component, list | tuple):
        return " ".join(text(one) for one in component)
    if isinstance(component, dict):
        return text(component.get("props", component).get("children"))
    return text(getattr(component, "children", None))


def find(component, wanted):
    """The component of an id in a tree."""
    if isinstance(component, list | tuple):
        return next((hit for one in component if (hit := find(one, wanted)) is not None), None)
    if getattr(component, "id", None) == wanted:
        return component
    children = getattr(component, "children", None)
    return None if children is None or isinstance(children, str) else find(children, wanted)


def every(component, kind: str) -> list:
    """Every component of a class's name in a tree."""
    if isinstance(component, list | tuple):
        return [hit for one in component for hit in every(one, kind)]
    own = [component] if type(component).__name__ == kind else []
    children = getattr(component, "children", None)
    return own + ([] if children is None or isinstance(children, str) else every(children, kind))


def rewritten(root: Path, name: str, change, **card) -> Bundle:
    """A tiny bundle whose stored scores went through `change`."""
    bundle = write_tiny_bundle(root, name, graph=False)
    scores, history = root / "scores.parquet", root / "history.jsonl"
    change(tiny_scores(300, 0)).to_parquet(scores, index=False)
    history.write_bytes((bundle.path / HISTORY).read_bytes())
    changed = dataclasses.replace(bundle.card, **card)
    made = write_bundle(root / name, changed, {SCORES: scores, HISTORY: history})
    scores.unlink()
    history.unlink()
    return made
