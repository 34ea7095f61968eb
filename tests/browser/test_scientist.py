"""A decision about a model, made from the performance page alone."""

import re

import pytest
from playwright.sync_api import Browser, expect

from model.bundle import open_bundle
from model.evaluation.comparison import Standing
from model.evaluation.for_whom import groups_for_whom
from model.evaluation.paired import paired_comparison
from model.evaluation.review import evaluate_split
from model.evaluation.stored import deciding_scores, stored_scores
from model.evaluation.words import rate
from tests.browser.conftest import ROOT, Visit


@pytest.mark.parametrize("width", [390, 1280])
def test_a_data_scientist_decides_between_two_models(browser: Browser, shipped: str, width: int) -> None:
    """Five minutes with this page alone: what is known, for whom, against the other model, where it fails."""
    visit = Visit(browser, shipped)
    bundles = ROOT / "model" / "bundles"
    first, second = (open_bundle(bundles / name) for name in ("dermanet", "seed-cnn"))
    shown = evaluate_split(first, "test")
    pair = paired_comparison(first, second, "test")
    page = visit.open("/performance?model=dermanet&compare=seed-cnn", width=width)

    def go(section: str) -> None:
        page.locator(f"#performance-contents a[data-section={section}]").click()
        expect(page.locator(f"#section-{section}")).to_be_in_viewport()
        expect(page.locator(".threshold-bar")).to_be_in_viewport()

    # What is known, before any figure.
    cancers, _ = shown.outcomes(shown.threshold)
    expect(page.locator("#performance-summary")).to_contain_text(
        f"Counted: {cancers.count('benign'):,} of {cancers.n:,} cancers called benign"
    )
    # How it stands to the other one: in words, by the rule, each line leading to the table of both.
    rivals = page.locator("#performance-summary .rivals li a")
    expect(rivals).to_have_count(len(pair.figures))
    area = pair.figures[0]
    assert area.standing is Standing.BETTER
    expect(rivals.filter(has_text="area under the ROC curve")).to_contain_text(
        re.compile(rf"Better: .*{area.first:.3f} against {area.second:.3f}")
    )
    rivals.filter(has_text="cancers called benign").click()
    expect(page.locator(".pair-of-models")).to_be_in_viewport()
    page.locator("#performance-contents a[data-section=summary]").click()
    # For whom: each line of the summary leads to its table.
    page.locator("#performance-summary .known a").first.click()
    expect(page.locator("#section-sources, #section-subgroups").first).to_be_attached()
    go("sources")
    for one in groups_for_whom(first, "test", (), shown.threshold):
        if one.variable == "source":
            row = page.locator("#performance-sources tbody tr").filter(
                has=page.get_by_text(one.title, exact=True)
            )
            expect(row.first).to_contain_text(f"{one.area.value:.3f}")
    # Against the other model, on the images of both.
    go("comparison")
    table = page.locator("#performance-versus tbody tr")
    expect(table.first).to_contain_text(f"{pair.figures[0].first:.3f}")
    expect(table).to_have_count(len(pair.figures))
    page.get_by_role("button", name="A wrong, B right").click()
    expect(page.locator("#performance-chip")).to_contain_text(f"{pair.only_second.size:,} cases")
    expect(page.locator("#performance-drawer .case-card").first).to_be_visible()
    page.locator("#performance-drawer").get_by_role("button", name="Close").click()
    # Where it fails.
    go("errors")
    expect(page.locator("#performance-errors")).to_contain_text(
        f"Cancers called benign: {cancers.count('benign'):,}"
    )
    # What it is made for, and from what.
    page.locator("#performance-contents a[data-section=card]").click()
    expect(page.locator("#model-card")).to_contain_text(first.card.purpose)
    expect(page.locator("#section-card")).to_contain_text("CLAIM 2024")
    # At another operating point, which acts on all, and at the own prevalence.
    go("decisions")
    page.locator(".points .chip").last.click()
    at = shown.points[-1].threshold
    expect(page.locator(".outcomes-table .cell-missed .cell-count")).to_have_text(
        f"{shown.outcomes(at)[0].count('benign'):,}"
    )
    page.locator("#performance-prevalence").fill("3")
    page.locator("#performance-prevalence").press("Enter")
    expect(page.locator("#performance-per-hundred")).to_contain_text("Where 3\u00a0% are cancers")
    page.wait_for_url("**prevalence=3**")
    # A colleague sees the same.
    assert len(page.url) < 2000
    other = visit.open(page.url.removeprefix(shipped), width=width)
    expect(other.locator("#performance-per-hundred")).to_have_text(
        page.locator("#performance-per-hundred").inner_text()
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visit.close()


def test_the_numbers_of_the_walk_are_those_of_scikit_learn(browser: Browser, shipped: str) -> None:
    """Area, average precision and counts of both models, from their stored scores alone."""
    metrics = pytest.importorskip("sklearn.metrics")
    visit = Visit(browser, shipped)
    for name in ("dermanet", "seed-cnn"):
        bundle = open_bundle(ROOT / "model" / "bundles" / name)
        rows = stored_scores(bundle).query("split == 'test'")
        page = visit.open(f"/performance?model={name}&split=test")
        area = metrics.roc_auc_score(rows["malignant"], rows["probability"])
        expect(page.locator("#tile-auc")).to_have_text(f"{area:.3f}")
        called = deciding_scores(rows) >= bundle.card.threshold
        matrix = metrics.confusion_matrix(rows["malignant"], called).ravel()
        for cell, count in zip(("tn", "fp", "fn", "tp"), matrix.tolist(), strict=True):
            expect(page.locator(f"#cell-{cell}")).to_have_text(f"{count:,}")
        ppv = metrics.precision_score(rows["malignant"], called)
        f1 = metrics.f1_score(rows["malignant"], called)
        balanced = metrics.balanced_accuracy_score(rows["malignant"], called)
        assert float(page.locator("#number-f1").inner_text()) == pytest.approx(f1, abs=0.0006)
        expect(page.locator("#number-balanced_accuracy")).to_have_text(rate(balanced))
        # At the prevalence of these cases, which the page writes with one decimal.
        shown = float(page.locator("#number-ppv").inner_text().split()[0])
        assert shown == pytest.approx(100 * ppv, abs=0.15)
    visit.close()
