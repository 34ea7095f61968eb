"""The table of groups: every source, modality and run, and every group that readers ask for."""

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from model.evaluation.comparison import Standing
from model.evaluation.for_whom import MeasuredGroup, widest_gaps
from model.evaluation.intervals import Interval
from model.evaluation.words import tenths

SOURCES = frozenset({"source", "modality", "run"})
# The bar of an interval goes from here to 100 %.
FLOOR = 0.6


def groups_table(groups: Sequence[MeasuredGroup], title: str) -> Component:
    """A row a group: its cases, what was found and what was left alone, and how it stands to the others."""
    scale = html.Span([html.Span("60 %"), html.Span("100 %")], className="found-scale")
    head: list[str | Component] = [
        title,
        "Photographs",
        "Cancers",
        "AUC",
        "Cancers found",
        scale,
        "Harmless left alone",
        "Found, in words",
    ]
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(one, scope="col") for one in head])),
                html.Tbody([group_row(one) for one in groups]),
            ],
            className="groups",
        ),
        className="wide",
    )


def group_row(group: MeasuredGroup) -> Component:
    """One group; on a telephone each cell has its name before it."""
    none = html.Span("–")
    cells: Iterable[tuple[str, Component | str]] = (
        ("Photographs", f"{group.images:,}"),
        ("Cancers", f"{group.cancers:,}"),
        ("AUC", area_cell(group.area)),
        ("Cancers found", none if group.never_benign else share_cell(group.found, group.cancers)),
        ("60 to 100 %", interval_bar(group.found) if group.cancers and not group.never_benign else none),
        (
            "Harmless left alone",
            share_cell(group.left_alone, group.images - group.cancers) if group.images else none,
        ),
        ("Found, in words", standing_words(group)),
    )
    head = html.Th(group.title, scope="row")
    body = [html.Td(cell, **attributes(data_name=name)) for name, cell in cells]
    return html.Tr([head, *body], className="few" if group.few else "")


def area_cell(area: Interval) -> Component:
    """The area under the ROC curve with its interval."""
    if not area.defined:
        return html.Span("–")
    return html.Span([f"{area.value:.3f}", interval_note(f"{area.low:.3f}–{area.high:.3f}")])


def share_cell(share: Interval, of: int) -> Component:
    """A share with its interval; of few cases, their number."""
    if not share.defined:
        return html.Span("–")
    value = f"{round(share.value * of)}\u00a0of\u00a0{of}" if of < 10 else f"{tenths(share.value)}\u00a0%"
    return html.Span([value, interval_note(f"{tenths(share.low)}–{tenths(share.high)}")])


def interval_note(words: str) -> Component:
    """An interval, smaller than its value."""
    return html.Span(words, className="note interval")


def interval_bar(share: Interval) -> Component:
    """An interval as a line from FLOOR to 100 %, the value as a square on it; the cell beside it has the numbers."""
    places = [max(0.0, (one - FLOOR) / (1 - FLOOR)) for one in (share.low, share.value, share.high)]
    style = dict(zip(("--low", "--at", "--high"), places, strict=True))
    below = " below" if share.low < FLOOR else ""
    return html.Span(
        html.Span(), className=f"found-bar{below}", style=style, **attributes(aria_hidden="true")
    )


def standing_words(group: MeasuredGroup) -> str:
    """How a group stands to the others, in words."""
    if group.standing is Standing.UNKNOWN:
        return "Too few to say" if group.images else "No photographs"
    gap = group.against
    words = {Standing.ALIKE: "As good as the others"}.get(group.standing, group.standing.capitalize())
    words += ", by AUC" if group.never_benign else ""
    return f"{words} ({signed_tenths(gap.low)} to {signed_tenths(gap.high)} points)"


def signed_tenths(value: float) -> str:
    """A difference of shares in points with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


GROUPS_NOTE = (
    "Cancers found: not called benign. In words: the interval of the difference from all other photographs. As good "
    "as: all of it within 5 points. Better or worse: it excludes zero. "
)


def many_words(groups: Sequence[MeasuredGroup]) -> str:
    """A warning that many groups were looked at."""
    tested = sum(one.standing is not Standing.UNKNOWN for one in groups)
    return (
        f"{tested} groups were compared: where no group differs, about one in twenty still seems to."
        if tested > 1
        else ""
    )


def gap_sentences(groups: Sequence[MeasuredGroup]) -> list[Component]:
    """The widest gap of each variable, with the number behind it."""
    return [
        html.P(
            f"{one.first.title} and {one.second.title}: cancers found {tenths(one.first.found.value)} against "
            f"{tenths(one.second.found.value)}\u00a0%, {signed_tenths(one.difference.value)} points "
            f"({signed_tenths(one.difference.low)} to {signed_tenths(one.difference.high)}), "
            f"of {one.first.cancers:,} and {one.second.cancers:,} cancers: {GAP_WORDS[one.standing]}."
        )
        for one in widest_gaps(groups)
    ]


# What is said of the group in which the fewest cancers are found.
GAP_WORDS: dict[Standing, str] = {
    Standing.WORSE: "fewer are found in the first",
    Standing.ALIKE: "as good as each other",
    Standing.UNSHOWN: "no difference shown",
    Standing.UNKNOWN: "too few to say",
    Standing.BETTER: "more are found in the first",
}
