"""The reporting checklists below the model card: where each item is answered, or that it was not done."""

from dash import html
from dash.development.base_component import Component

from dashboard.performance.contents import section_link
from dashboard.performance.panels import figures_table, room_for_later
from model.bundle import Card
from model.evaluation.checklists import CHECKLISTS, NOT_DONE, ChecklistItem, answered

# Pixels of a checklist, before it is there.
TALL = 480
# The names of their rooms.
CHECKLIST_ROOMS: dict[str, str] = {name.lower().replace(" ", "-"): name for name in CHECKLISTS}


def checklist_panels(card: Card) -> list[Component]:
    """Each checklist, folded, with how much of it is answered."""
    return [checklist_fold(room, name, answered(card, name)) for room, name in CHECKLIST_ROOMS.items()]


def checklist_fold(room: str, name: str, items: tuple[ChecklistItem, ...]) -> Component:
    """The fold of a checklist. Its items come when it is opened: they are more than half of the page's components."""
    done = sum(item.done for item in items)
    words = f"{name}: {done} of {len(items)} items answered, {len(items) - done} not done"
    inside = html.Div(room_for_later(room, TALL, title=name))
    return html.Details([html.Summary(words), inside], className="as-table checklist")


def checklist_table(card: Card, room: str) -> Component:
    """A checklist as a table."""
    items = answered(card, CHECKLIST_ROOMS[room])
    rows = [(item.number, item.item, answer_cell(item)) for item in items]
    return figures_table(("Item", "What it asks for", "Where it is answered"), rows, f"checklist-{room}")


def answer_cell(item: ChecklistItem) -> Component | str:
    """Where an item is answered."""
    return section_link(item.section, item.answer) if item.done and item.section else item.answer or NOT_DONE
