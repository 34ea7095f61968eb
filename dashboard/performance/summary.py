"""What is known of a model, in plain words and pictures, before any figure is drawn. It never says yes by itself."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.performance.contents import section_link
from dashboard.performance.panels import skeleton
from dashboard.performance.rivals import rivals_of_view
from dashboard.performance.view import View
from dashboard.shell.attributes import attributes
from dashboard.shell.text import OUTCOMES
from dashboard.shell.verdict import verdict
from model.evaluation.comparison import Standing
from model.evaluation.for_whom import MeasuredGroup, groups_for_whom
from model.evaluation.outcomes import OUTCOME_ORDER, OutcomeCounts, marks_of_hundred
from model.evaluation.review import SplitEvaluation
from model.evaluation.stored import MAIN
from model.evaluation.words import tenths
from model.outcome import Outcome

# Marks in a row of the picture.
ROW = 20
# What an outcome means for cancers and for harmless lesions, where it is an error.
ERRORS: dict[tuple[bool, Outcome], str] = {
    (True, Outcome.BENIGN): "missed",
    (False, Outcome.MALIGNANT): "false alarms",
}
SPLIT_FACTS: dict[str, str] = {
    "test": "never used in training",
    "validation": "used to choose the threshold",
}
COLUMNS: tuple[tuple[str, str], ...] = (
    ("good", "Shown to be as good"),
    ("weak", "Shown to be weaker"),
    ("unknown", "Not known"),
)


def summary_body(view: View, threshold: float, later: bool = False) -> list[Component]:
    """The summary of a view at a threshold, a probability.

    Args:
        later: for whom it was shown follows.
    """
    shown = view.review
    cancers, harmless = shown.outcomes(threshold)
    return [
        html.Div(
            [
                html.P("What is known of this model?", className="summary-question"),
                html.P(tested_on(view, shown), className="summary-about"),
                html.P("Whether that is enough is yours to decide."),
                html.P("Trained on drawn lesions", className="tag") if view.model.card.synthetic else None,
            ],
            className="summary-head",
        ),
        html.Div(
            [
                hundred_figure("Of 100 cancers", cancers, True),
                hundred_figure("Of 100 harmless lesions", harmless, False),
            ],
            className="summary-hundreds",
        ),
        *([] if later else rivals_of_view(view)),
        skeleton()
        if later
        else known_columns(groups_for_whom(view.model, view.split, view.where, threshold)),
    ]


def tested_on(view: View, shown: SplitEvaluation) -> str:
    """What the model was tested on, in a sentence."""
    if not shown.truth.size:
        return "There is no case to judge this model by."
    kind = "close-ups without a dermatoscope" if shown.never_benign else "dermoscopic photographs"
    sources = list(view.parts.get("source", ()))
    words = f"Tested on {shown.truth.size:,} {kind} of {shown.lesions:,} lesions"
    words += f" from {and_words(sources)}" if len(sources) > 1 and not view.where else ""
    words += f", {SPLIT_FACTS[view.split]}" if view.split in SPLIT_FACTS else ""
    words += f", by a network that never saw {view.kind.run}" if view.kind.run != MAIN else ""
    return words + (f", only {view.narrowed}." if view.narrowed else ".")


def and_words(words: Sequence[str]) -> str:
    """ "A, B and C"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def hundred_figure(title: str, counts: OutcomeCounts, cancer: bool) -> Component:
    """Of 100 cases, how many get which outcome: a mark each, and in words what the counts are."""
    if not counts.n or counts.unscored:
        return html.Figure([html.Figcaption(title), html.P("No such case, or cases without a score.")])
    marks = dict(zip(OUTCOME_ORDER, marks_of_hundred(counts.counts), strict=True))
    told = ", ".join(f"{marks[one]} {OUTCOMES[one].short.lower()}" for one in OUTCOME_ORDER)
    wrong = Outcome.BENIGN if cancer else Outcome.MALIGNANT
    error = counts.share([wrong])
    what = "cancers called benign" if cancer else "harmless lesions called malignant"
    return html.Figure(
        [
            html.Figcaption(title),
            html.Div(
                mark_rows(marks), className="hundred", role="img", **attributes(aria_label=f"{title}: {told}")
            ),
            html.P(
                [hundred_key(one, marks[one], ERRORS.get((cancer, one))) for one in OUTCOME_ORDER],
                className="hundred-key",
            ),
            html.P(
                f"Counted: {counts.count(wrong):,} of {counts.n:,} {what}, "
                f"{tenths(error.low)} to {tenths(error.high)}\u00a0% (95\u00a0% interval).",
                className="note",
            ),
        ]
    )


def mark_rows(marks: dict[Outcome, int]) -> list[Component]:
    """The marks in rows of ROW, each outcome's run in a row as one element; the style sheet draws the shapes."""
    rows: list[list[Component]] = [[]]
    room = ROW
    for outcome, left in marks.items():
        while left:
            run = min(left, room)
            rows[-1].append(html.Span(className=f"marks marks-{outcome}", style={"--n": run}))
            left, room = left - run, room - run
            if not room:
                rows.append([])
                room = ROW
    return [html.Div(row) for row in rows if row]


def hundred_key(outcome: Outcome, n: int, error: str | None) -> Component:
    """How many of an outcome, with its mark."""
    return html.Span([verdict(outcome, short=True), f" {n}{f': {error}' if error else ''}"])


def known_columns(groups: Sequence[MeasuredGroup]) -> Component:
    """For whom it was shown to be as good as for others, for whom it is weaker, and what is not known."""
    # What finds fewer cancers is said before what leaves fewer harmless lesions alone.
    order = sorted(groups, key=lambda one: one.standing is not Standing.WORSE)
    placed = {name: [one for one in order if column_of_group(one) == name] for name, _ in COLUMNS}
    return html.Div(
        [
            html.Div(
                [
                    html.H3(title),
                    html.Ul([html.Li(group_line(one)) for one in placed[name]])
                    if placed[name]
                    else html.P("No group.", className="note"),
                ]
            )
            for name, title in COLUMNS
        ],
        className="known",
    )


def column_of_group(group: MeasuredGroup) -> str:
    """Which of the three lists a group belongs to."""
    if Standing.WORSE in (group.standing, group.alone):
        return "weak"
    return "good" if group.standing in (Standing.ALIKE, Standing.BETTER) else "unknown"


def group_line(group: MeasuredGroup) -> Component:
    """A group and what was counted; it leads to the table that has it."""
    section = "subgroups" if group.variable in ("skin tone", "age", "site", "confirmation") else "sources"
    return section_link(section, [html.Strong(group.title), html.Span(group_words(group), className="note")])


def group_words(group: MeasuredGroup) -> str:
    """What was counted of a group, with the lower limit of what was found."""
    if not group.images:
        return "no photographs"
    if group.few:
        noun = "cancer" if group.cancers == 1 else "cancers"
        only = f"only {group.cancers:,}" if group.cancers else "no"
        return f"{only} {noun} among {group.images:,} photographs"
    if group.never_benign:
        return (
            f"never called benign; of a cancer and a harmless lesion, the cancer gets the higher chance in "
            f"{hundreds(group.area.value)} of 100 pairs (at least {hundreds(group.area.low)})"
        )
    words = f"finds {hundreds(group.found.value)} of 100 cancers (at least {hundreds(group.found.low)}, "
    words += f"{group.cancers:,} counted)"
    words += {Standing.UNSHOWN: ", no difference shown", Standing.WORSE: ", fewer than elsewhere"}.get(
        group.standing, ""
    )
    if group.alone is Standing.WORSE:
        words += (
            f"; leaves {hundreds(group.left_alone.value)} of 100 harmless lesions alone, fewer than elsewhere"
        )
    return words


def hundreds(share: float) -> str:
    """A share as a number of 100; below, so that "at least" stays true."""
    return f"{int(100 * share + 1e-9)}" if share < 1 else "100"
