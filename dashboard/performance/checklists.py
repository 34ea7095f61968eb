"""The reporting checklists below the model card: where each item is answered, or that it was not done."""

from dash import html
from dash.development.base_component import Component

from dashboard.performance.contents import section_link
from dashboard.performance.panels import figures_table
from model.bundle import Card
from model.evaluation.checklists import CHECKLISTS, NOT_DONE, ChecklistItem, answered


def checklist_panels(card: Card) -> list[Component]:
    """Each checklist, folded, with how much of it is answered."""
    return [checklist_fold(name, answered(card, name)) for name in CHECKLISTS]


def checklist_fold(name: str, items: tuple[ChecklistItem, ...]) -> Component:
    """One checklist as a table."""
    done = sum(item.done for item in items)
    rows = [(item.number, item.item, answer_cell(item)) for item in items]
    table = figures_table(
        ("Item", "What it asks for", "Where it is answered"), rows, name.lower().replace(" ", "-")
    )
    words = f"{name}: {done} of {len(items)} items answered, {len(items) - done} not done"
    return html.Details([html.Summary(words), table], className="as-table checklist")


def answer_cell(item: ChecklistItem) -> Component | str:
    """Where an item is answered."""
    return section_link(item.section, item.answer) if item.done and item.section else item.answer or NOT_DONE
