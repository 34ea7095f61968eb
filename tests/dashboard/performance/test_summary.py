"""The summary in words and pictures, the groups below it, and the sections that the page has."""

import dataclasses

import pytest

from dashboard.performance import comparison, groups, summary
from dashboard.performance.view import view_of_query
from model.bundle import find_bundles
from model.evaluation.comparison import Standing
from model.evaluation.for_whom import MeasuredGroup
from model.evaluation.intervals import Interval, Undefined, undefined, wilson
from model.evaluation.paired import paired_comparison
from model.evaluation.review import intact_bundles
from tests.dashboard.performance.reading import every, find, rewritten, text
from tests.tiny import write_tiny_bundle

GROUP = MeasuredGroup(
    variable="source",
    title="Clinic A",
    where=(("source", "clinic-a"),),
    images=400,
    cancers=100,
    found=wilson(96, 100),
    left_alone=wilson(150, 300),
    against=Interval(0.01, -0.02, 0.04),
    standing=Standing.ALIKE,
    alone=Standing.ALIKE,
    area=Interval(0.9, 0.85, 0.94),
)


def find_class(body, name: str):
    return next(one for one in every(body, "Div") if getattr(one, "className", "") == name)


def group(**changes) -> MeasuredGroup:
    return dataclasses.replace(GROUP, **changes)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({}, "good"),
        ({"standing": Standing.BETTER}, "good"),
        ({"standing": Standing.WORSE}, "weak"),
        # As many cancers, but at a price.
        ({"alone": Standing.WORSE}, "weak"),
        ({"standing": Standing.UNSHOWN}, "unknown"),
        ({"standing": Standing.UNKNOWN}, "unknown"),
    ],
)
def test_a_group_is_where_its_interval_puts_it(changed, column):
    assert summary.column_of_group(group(**changed)) == column


def test_a_group_is_said_with_counts_and_its_lower_limit():
    assert summary.group_words(GROUP) == "finds 96 of 100 cancers (at least 90, 100 counted)"
    weaker = summary.group_words(group(standing=Standing.WORSE, alone=Standing.WORSE))
    assert "fewer than elsewhere; leaves 50 of 100 harmless lesions alone, fewer than elsewhere" in weaker
    assert summary.group_words(group(images=48, cancers=4)) == "only 4 cancers among 48 photographs"
    assert summary.group_words(group(images=0, cancers=0)) == "no photographs"
    assert "no difference shown" in summary.group_words(group(standing=Standing.UNSHOWN))


def test_the_table_says_the_difference_and_warns_of_many_groups():
    words = text(
        groups.groups_table(
            [
                GROUP,
                group(
                    title="Nobody",
                    images=0,
                    cancers=0,
                    standing=Standing.UNKNOWN,
                    found=undefined(Undefined.EMPTY),
                    left_alone=undefined(Undefined.EMPTY),
                ),
            ],
            "Source",
        )
    )
    assert "As good as the others (−2.0 to +4.0 points)" in words
    assert "No photographs" in words
    assert "nan" not in words
    assert groups.many_words([GROUP]) == ""
    assert groups.many_words([GROUP, GROUP]).startswith("2 groups were compared")


def test_the_summary_counts_what_people_are_shown_and_never_says_yes(page, bundle_root):
    view = view_of_query("?model=tiny&split=test", intact_bundles(find_bundles(bundle_root)), "tiny")
    cancers, _ = view.review.outcomes(0.3)
    body = summary.summary_body(view, 0.3)
    words = text(body)
    assert f"Counted: {cancers.count('benign')} of {cancers.n} cancers called benign" in words
    assert "Whether that is enough is yours to decide." in words
    marks = [one for one in every(body, "Span") if str(getattr(one, "className", "")).startswith("marks ")]
    assert sum(one.style["--n"] for one in marks) == 200


def test_the_summary_says_how_each_compared_model_stands_by_the_rule(other, tmp_path):
    mine = write_tiny_bundle(tmp_path, "mine", graph=False)
    blind = rewritten(tmp_path, "blind", lambda rows: rows.assign(raw_mel=rows["raw_nv"], raw_bcc=0.0))
    other(tmp_path)
    models = intact_bundles(find_bundles(tmp_path))
    view = view_of_query("?model=mine&compare=blind&split=test", models, "mine")
    figures = paired_comparison(mine, blind, "test").figures
    lines = every(find_class(summary.summary_body(view, 0.3), "rivals"), "Li")
    told = [text(one) for one in lines]
    assert len(told) == len(figures)
    area = figures[0]
    assert area.standing is Standing.BETTER
    assert area.difference.low > 0
    assert any(
        one.startswith("Better: area under the ROC curve")
        and f"{area.first:.3f} against {area.second:.3f}" in one
        for one in told
    )
    assert {one.children.href for one in lines} == {"#section-comparison.1"}
    pair = comparison.pairs_of_view(view)[0]
    assert pair.id == "section-comparison.1"
    # Nothing is compared, nothing is said.
    alone = view_of_query("?model=mine&split=test", models, "mine")
    assert "against" not in text(summary.summary_body(alone, 0.3))


def test_every_section_has_a_place_in_the_contents(page):
    shown = page.layout(model="tiny", split="test")
    links = [one.href for one in every(find(shown, "performance-contents"), "A")]
    sections = [one.id for one in every(shown, "Section") if getattr(one, "id", "")]
    assert links == [f"#{name}" for name in sections]
    # Without disturbed images there is no such section.
    assert "section-robustness" not in sections
    assert sections[:3] == ["section-summary", "section-decisions", "section-curves"]


def test_what_the_server_counts_follows_the_threshold(page):
    address = "?model=tiny&split=test"
    before, after = (page.follow_threshold(at, address) for at in (30.0, 80.0))
    assert all(text(one) != text(other) for one, other in zip(before[:2], after[:2], strict=True))
    assert page.follow_threshold(None, address)[0] is page.no_update


def test_a_closed_drawer_lists_nothing(page):
    assert page.show_cases("?model=tiny&split=test") == []
    assert "open" not in find(page.layout(), "performance-drawer").className
    assert "open" in find(page.layout(show="fn"), "performance-drawer").className
