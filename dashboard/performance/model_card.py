"""The model card, from the bundle's card.json."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from model.bundle import Card, OperatingPoint
from model.evaluation.cardtables import scales
from model.evaluation.words import label, rate

# Facts of a training run that read better under a name of their own.
DATA: dict[str, str] = {"data": "Data", "split": "Split", "split_sha256": "Split's SHA-256"}

NOT_FOR = "A diagnosis on its own: it supports a clinician's, and never replaces it."
# Facts whose names stand for something else on the card, or say too little.
FACTS: dict[str, str] = {
    "openings": "Openings of the test split",
    "calibration": "Ways to calibrate",
    "coverage_over_resplits": "Coverage over new splits",
    "elsewhere": "Sources never seen",
}
HASH = re.compile("[0-9a-f]{64}")


def card(of: Card) -> Component:
    """What the model is for, what it was made from, and what its files have to be."""
    data = [(title, said(of.training[name])) for name, title in DATA.items() if name in of.training]
    training = {name: value for name, value in of.training.items() if name not in DATA}
    facts: list[tuple[str, Any]] = [
        ("Name", f"{of.name}, version {of.version}, made {of.created}"),
        ("Purpose", of.purpose),
        *([] if "not_for" in of.facts else [("Not for", NOT_FOR)]),
        (
            "Trained on",
            "Drawn lesions: for tests and demonstrations only." if of.synthetic else "Photographs",
        ),
        *data,
        ("Training", pairs(training)),
        ("Input", f"{of.input_size} × {of.input_size} pixels; out: {', '.join(of.classes)}"),
        ("Calibration", scales(of)),
        ("Operating points", points(of)),
        *((FACTS.get(name, label(name)), value(fact, of.taxonomy.codes)) for name, fact in of.facts.items()),
        ("Licence", of.licence),
        ("Files", pairs(of.files)),
        ("Card's SHA-256", html.Code(of.sha256)),
    ]
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return html.Dl(rows, className="model-card", id="model-card")


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


def value(fact: Any, codes: Collection[str] = ()) -> Component | str:
    """A fact of the card: a sentence or several, names and values, or a table of them."""
    if is_rows(fact):
        return table(fact, codes)
    if isinstance(fact, Mapping) and is_rows(list(fact.values())):
        return table([{"": name, **row} for name, row in fact.items()], codes)
    if isinstance(fact, Mapping):
        return pairs(fact)
    if isinstance(fact, list | tuple):
        return html.Ul([html.Li(said(one)) for one in fact], className="sentences")
    return said(fact)


def is_rows(fact: Any) -> bool:
    """Whether something is rows of plain values with the same names."""
    return (
        isinstance(fact, list | tuple)
        and len(fact) > 1
        and all(isinstance(row, Mapping) and row.keys() == fact[0].keys() for row in fact)
        and not any(isinstance(one, Mapping | list | tuple) for row in fact for one in row.values())
    )


def table(rows: Sequence[Mapping[str, Any]], codes: Collection[str]) -> Component:
    """Rows below their names, what is in words first."""
    names = sorted(rows[0], key=lambda name: not isinstance(rows[0][name], str))
    head = html.Tr([html.Th(label(name, codes), scope="col") for name in names])
    body = [html.Tr([cell(row[name]) for name in names]) for row in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="card-table"), className="wide"
    )


def cell(fact: Any) -> Component:
    """A value in a table; the first digits of a hash tell it from others, and the card's file has them all."""
    words = said(fact)
    return html.Td(f"{words[:12]}…", title=words) if HASH.fullmatch(words) else html.Td(words)


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
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1000 else f"{value:,.10g}"
