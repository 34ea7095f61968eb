"""The table of subgroups; each row lists its cases."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from model.evaluation.figures.forest import part
from model.evaluation.subgroups import FEW, FEW_MALIGNANT, Subgroup
from model.evaluation.words import area, share

NOTE = (
    "At the model's own threshold. Dotted: all cases. A click lists a group's cases. "
    f"○ grey: fewer than {FEW} cases or {FEW_MALIGNANT} malignant ones, too few to conclude anything."
)


def table(found: Sequence[Subgroup]) -> Component:
    """A row a subgroup; what does not exist says why."""
    head = ("Group", "Cases", "Malignant", "AUC", "Sensitivity", "Specificity")
    rows = [
        html.Tr(
            [
                html.Th(name(one), scope="row"),
                html.Td(f"{one.n:,}"),
                html.Td(f"{one.malignant:,}"),
                html.Td(area(one.auc)),
                html.Td(share(one.sensitivity)),
                html.Td(share(one.specificity)),
            ],
            className="few" if one.small else "",
        )
        for one in found
    ]
    return html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Th(word, scope="col") for word in head])), html.Tbody(rows)],
            className="figures",
            id="subgroups",
        ),
        className="wide",
    )


def name(one: Subgroup) -> Component:
    """A group as a button."""
    return html.Button(
        f"{one.title}{' ○ few cases' if one.small else ''}",
        type="button",
        className="as-link",
        title="List these cases",
        **attributes(data_show=f"part:{part(one)}"),
    )
