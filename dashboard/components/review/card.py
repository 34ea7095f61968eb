"""The model card, from the bundle's card.json."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.review.panels import framed
from model.bundle import Card, OperatingPoint
from model.words import rate

# Facts of a training run that read better under a name of their own.
DATA: dict[str, str] = {"data": "Data", "split": "Split", "split_sha256": "Split's SHA-256"}


def card(of: Card) -> Component:
    """What the model is for, what it was made from, and what its files have to be."""
    data = [(label, said(of.training[name])) for name, label in DATA.items() if name in of.training]
    training = {name: value for name, value in of.training.items() if name not in DATA}
    facts: list[tuple[str, Any]] = [
        ("Name", f"{of.name}, version {of.version}, made {of.created}"),
        ("Purpose", of.purpose),
        ("Not for", "A diagnosis on its own: it supports a clinician's, and never replaces it."),
        (
            "Trained on",
            "Drawn lesions: for tests and demonstrations only." if of.synthetic else "Photographs",
        ),
        *data,
        ("Training", pairs(training)),
        ("Input", f"{of.input_size} × {of.input_size} pixels; out: {', '.join(of.classes)}"),
        ("Calibration", f"Temperature {of.temperature:.3f}, fitted on validation."),
        ("Operating points", points(of)),
        *((name.replace("_", " ").capitalize(), value(fact)) for name, fact in of.facts.items()),
        ("Licence", of.licence),
        ("Files", pairs(of.files)),
        ("Card's SHA-256", html.Code(of.sha256)),
    ]
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return framed("Model card", html.Dl(rows, className="model-card", id="model-card"))


def points(of: Card) -> Component:
    """Every operating point, the one that is used by default first."""
    order = sorted(of.operating_points, key=lambda one: one.name != of.operating_point)
    return html.Ul([html.Li(point(one, one.name == of.operating_point)) for one in order])


def point(one: OperatingPoint, usual: bool) -> str:
    """Where a model decides, and what it was set for on validation."""
    words = f"Benign below {rate(one.threshold)}"
    if one.malignant > one.threshold:
        words += f", uncertain below {rate(one.malignant)}, malignant from there on"
    words += f": set on validation for {100 * one.sensitivity:g} % sensitivity"
    return words + ("; used by default." if usual else ".")


def value(fact: Any) -> Component | str:
    """A fact of the card: a sentence, or names and values."""
    return pairs(fact) if isinstance(fact, Mapping) else said(fact)


def pairs(values: Mapping[str, Any]) -> Component | str:
    """Names and values, a line each."""
    if not values:
        return "Not stated."
    return html.Ul(
        [
            html.Li([html.Strong(name.replace("_", " ")), " ", html.Code(said(values[name]))])
            for name in values
        ]
    )


def said(value: Any) -> str:
    """A value of the card as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(one) for one in value)
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
