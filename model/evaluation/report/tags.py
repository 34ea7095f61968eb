"""HTML from nested values: text is escaped, whatever it comes from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any


@dataclass(frozen=True)
class Markup:
    """Text that is HTML already."""

    text: str


Content = str | Markup | Iterable["Content"] | None


def render(content: Content) -> str:
    """HTML of any content."""
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content.text
    return escape(content) if isinstance(content, str) else "".join(render(one) for one in content)


def tag(name: str, *content: Content, **attributes: str) -> Markup:
    """An element; `class_` is its class."""
    told = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items() if value)
    return Markup(f"<{name}{told}>{render(content)}</{name}>")


def html_table(head: Sequence[str], rows: Iterable[Sequence[Content]], quiet: Iterable[bool] = ()) -> Markup:
    """A table whose first column heads its rows; `quiet` rows step back."""
    few = list(quiet)
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", stacked(cell)) for cell in row[1:]],
            class_="few" if place < len(few) and few[place] else "",
        )
        for place, row in enumerate(rows)
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", [tag("th", word, scope="col") for word in head])),
            tag("tbody", body),
        ),
        class_="wide",
    )


def stacked(cell: Content) -> Content:
    """A value above its interval, so that neither breaks in a narrow column."""
    if isinstance(cell, str) and cell.endswith(")") and " (" in cell:
        value, interval = cell[:-1].split(" (", 1)
        return [value, tag("small", f"({interval})")]
    return cell


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def section(title: str, *content: Content, note: str = "") -> Markup:
    """A part with its heading and, where it helps, one sentence on how to read it."""
    return tag("section", tag("h2", title), tag("p", note, class_="note") if note else None, *content)
