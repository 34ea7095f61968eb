"""The sections of the performance page and the way through them: contents at the side, tabs in a narrow window.

assets/contents.js marks the section that is being read and takes the address's part from "#" on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes

PREFIX = "section-"


@dataclass(frozen=True)
class Section:
    """A section of the page: its name in the address, its title, what stands in it.

    Attributes:
        note: one sentence on how to read it.
        folded: it opens with a click, and is drawn then.
    """

    name: str
    title: str
    body: Sequence[Component | None]
    note: str = ""
    folded: bool = False


def contents(sections: Iterable[Section]) -> Component:
    """A link a section."""
    links = [html.Li(section_link(one.name, one.title)) for one in sections]
    return html.Nav(
        html.Ul(links),
        className="contents",
        id="performance-contents",
        **attributes(aria_label="On this page"),
    )


def section_link(name: str, words: str | Sequence[Component | str]) -> Component:
    """A link to a section of the page."""
    return html.A(words, href=f"#{PREFIX}{name}", **attributes(data_section=name))


def framed_section(section: Section) -> Component:
    """A section with its heading; one that is folded shows its note beside it."""
    heading = html.H2(section.title, id=f"{PREFIX}{section.name}-title")
    note = html.P(section.note, className="note") if section.note else None
    labels = attributes(aria_labelledby=f"{PREFIX}{section.name}-title")
    body = [one for one in section.body if one is not None]
    inside: Component
    if section.folded:
        inside = html.Details([html.Summary([heading, note]), html.Div(body, className="section-body")])
    else:
        head = html.Div([heading, note], className="section-head")
        inside = html.Div([head, html.Div(body, className="section-body")])
    return html.Section(inside, id=f"{PREFIX}{section.name}", className="section", tabIndex=-1, **labels)
