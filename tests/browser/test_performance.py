"""The performance page as a person uses it; its script must count and write as the server does."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.performance import threshold
from dashboard.performance.threshold import CELLS, TILES, tile_readings
from model.bundle import open_bundle
from model.evaluation.figures import benefit
from model.evaluation.figures.curves import MarkedPoint
from model.evaluation.outcomes import OUTCOME_ORDER, marks_of_hundred
from model.evaluation.review import evaluate_split
from model.evaluation.stored import stored_scores
from model.evaluation.words import rate
from model.outcome import Outcome
from tests.browser.conftest import Visit, look_at
from tests.tiny import tiny_history


def slide(page: Page, position: float) -> None:
    """Put the slider somewhere, in per cent, once the page has come to rest: a person takes longer, too."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    page.evaluate("at => dash_clientside.set_props('performance-threshold', {value: at})", position)


def mark(page: Page, figure: str) -> list[float]:
    """Where a figure's operating point is."""
    return page.evaluate(
        "name => { const {x, y} = document.querySelector(`.graph-${name} .js-plotly-plot`).data[0];"
        " return [...x, ...y] }",
        figure,
    )


@pytest.mark.parametrize("position", [0.0, 12.3, 30.0, 64.5, 100.0])
def test_slider_writes_what_the_server_would(visit: Visit, bundle_root: Path, position: float) -> None:
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    page = visit.open("/performance?model=tiny&split=test")
    expect(page.locator("#tile-auc")).to_be_visible()
    # From elsewhere, so that nothing was right before.
    slide(page, 55.5)
    expect(page.locator("#tile-sensitivity")).to_have_text(
        tile_readings(shown.confusion(55.5))["sensitivity"][0]
    )
    slide(page, position)
    at = shown.confusion(position)
    for name, _, _ in TILES:
        value, line = tile_readings(at)[name]
        expect(page.locator(f"#tile-{name}")).to_have_text(value)
        expect(page.locator(f"#tile-{name}-line")).to_have_text(line)
    for name, *_ in CELLS:
        of = at.tp + at.fn if name in ("tp", "fn") else at.fp + at.tn
        expect(page.locator(f"#cell-{name}")).to_have_text(f"{getattr(at, name):,}")
        expect(page.locator(f"#cell-{name}-share")).to_have_text(rate(getattr(at, name) / of))
    for name, (value, interval) in threshold.number_readings(
        at, threshold.chosen_prevalence(None, at)
    ).items():
        expect(page.locator(f"#number-{name}")).to_have_text(value)
        expect(page.locator(f"#number-{name}-range")).to_have_text(interval)
    for name in ("roc", "benefit", "scores"):
        look_at(page, name)
    page.wait_for_function(
        "y => document.querySelector('.graph-roc .js-plotly-plot')?.data?.[0]?.y?.[0] === y",
        arg=at.sensitivity.value,
    )
    if position < 100:
        assert mark(page, "benefit")[1] == pytest.approx(
            benefit.net_benefit_at(MarkedPoint(shown.probability(position), at))
        )
    assert mark(page, "scores")[0] == pytest.approx(100 * shown.probability(position))


def test_a_shared_link_shows_the_same_view(visit: Visit, bundle_root: Path) -> None:
    page = visit.open("/performance")
    look_at(page, "roc")
    page.get_by_label("sex").select_option("female")
    page.wait_for_url("**sex=female")
    slide(page, 62.5)
    page.wait_for_url("**threshold=62.5**")
    page.locator("#performance-prevalence").fill("2.5")
    page.locator("#performance-prevalence").press("Enter")
    page.wait_for_url("**prevalence=2.5**")
    page.locator("#cell-fn").click()
    page.wait_for_url("**show=fn**")
    expect(page.locator("#performance-chip")).to_contain_text("Cancers missed at a threshold of 62.5 %")
    texts = [page.locator(one).inner_text() for one in ("#cell-tp", "#number-ppv", "#performance-cases")]
    other = visit.open(page.url.removeprefix(visit.address))
    for place, one in zip(("#cell-tp", "#number-ppv", "#performance-cases"), texts, strict=True):
        expect(other.locator(place)).to_have_text(one, use_inner_text=True)
    expect(other.get_by_label("sex")).to_have_value("female")
    at = evaluate_split(open_bundle(bundle_root / "tiny"), "test", (("sex", "female"),)).confusion(62.5)
    expect(other.locator("#performance-drawer")).to_be_visible()
    expect(other.locator("#cell-fn")).to_have_text(str(at.fn))
    assert page.url == other.url


def ids(page: Page) -> list[str]:
    """The images of the listed cases."""
    return page.locator("#performance-drawer .case-id").all_inner_texts()


def test_clicks_list_exactly_the_cases_behind_them(visit: Visit, bundle_root: Path) -> None:
    rows = stored_scores(open_bundle(bundle_root / "tiny")).query("split == 'test'")
    page = visit.open("/performance?model=tiny&split=test")
    expect(page.locator("#cell-fp")).to_be_visible()
    page.wait_for_load_state("networkidle")
    alarms = rows[~rows["malignant"] & (rows["probability"] >= 0.3)].sort_values(
        "probability", ascending=False
    )
    page.locator("#cell-fp").click()
    expect(page.locator("#performance-chip")).to_contain_text(f"{len(alarms)} cases")
    assert ids(page) == alarms["image_id"].tolist()[:24]
    page.get_by_role("button", name="Later").click()
    expect(page.locator(".page-count")).to_have_text("Page 2 of 3")
    assert ids(page) == alarms["image_id"].tolist()[24:48]
    # A cell of the seven diagnoses, by keyboard.
    page.locator("#performance-matrix").scroll_into_view_if_needed()
    page.locator(".matrix tbody tr").nth(3).locator("button").nth(3).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#performance-chip")).to_contain_text("Melanocytic nevus, rightly recognised")
    # The page stays where it is, and what opened the drawer has the focus again.
    drawer = page.locator("#performance-drawer")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.locator(".matrix tbody tr").nth(3).locator("button").nth(3)).to_be_focused()
    page.wait_for_url(lambda url: "show=" not in url)
    # An outcome as people get it.
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test").outcomes(0.3)[0]
    page.locator(".outcomes-table tbody tr").first.get_by_role("button").nth(1).click()
    expect(page.locator("#performance-chip")).to_contain_text(f"{shown.counts[1]} cases")
    expect(page.locator("#performance-chip")).to_contain_text("Cancers called uncertain")
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_be_hidden()
    # A bar of the calibration, a group, a point of the curve: as Plotly tells of a click.
    bins = evaluate_split(open_bundle(bundle_root / "tiny"), "test").calibrated.bins
    look_at(page, "calibration")
    click(page, "calibration", "data.findLastIndex(({type}) => type === 'bar')", len(bins) - 1)
    expect(page.locator("#performance-chip")).to_contain_text(f"{bins[-1].n} case")
    look_at(page, "subgroups")
    click(page, "subgroups", "data.findIndex(({y}) => y && y.length)", 0)
    expect(page.locator("#performance-chip")).to_contain_text("Age: ")
    # The scores write a way of confirmation in other words than the figure.
    told = "({customdata}) => customdata?.some(([code]) => code.startsWith('confirmation:'))"
    place = page.evaluate(
        f"document.querySelector('.graph-subgroups .js-plotly-plot')._fullData.find({told})"
        ".customdata.findIndex(([code]) => code.startsWith('confirmation:'))"
    )
    click(page, "subgroups", f"data.findIndex({told})", place)
    expect(page.locator("#performance-chip")).to_contain_text("Confirmation: ")
    expect(page.locator("#performance-drawer .case-card").first).to_be_visible()
    page.keyboard.press("Escape")
    look_at(page, "roc")
    click(page, "roc", "data.findIndex(({customdata, line}) => customdata && line && line.width > 2)", 10)
    page.wait_for_url("**threshold=**")
    expect(drawer).to_be_hidden()


def click(page: Page, figure: str, curve: str, point: int) -> None:
    """What a click on a figure's point tells Dash."""
    page.evaluate(
        """([name, curve, point]) => {
            const drawn = document.querySelector(`.graph-${name} .js-plotly-plot`);
            const data = drawn._fullData;
            const place = eval(curve);
            const one = { curveNumber: place, pointNumber: point, x: data[place].x[point], y: data[place].y[point] };
            if (data[place].customdata) one.customdata = data[place].customdata[point];
            const id = { type: "performance-figure", name };
            dash_clientside.set_props(id, { clickData: { points: [one], at: Math.random() } });
        }""",
        [figure, curve, point],
    )


def test_a_case_leads_to_its_neighbours_and_back_to_the_list(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test&show=fp")
    expect(page.locator("#performance-drawer .case-card").first).to_be_visible()
    first, second, *_ = ids(page)
    page.locator("#performance-drawer .case-card").first.click()
    expect(page.locator("h1")).to_have_text(first)
    page.get_by_role("link", name="Next").click()
    expect(page.locator("h1")).to_have_text(second)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("h1")).to_have_text(first)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#performance-chip")).to_contain_text("False alarms")


def test_tables_and_figures_are_saved_as_they_are_seen(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test&sex=female")
    look_at(page, "roc")
    slide(page, 50)
    page.wait_for_url("**threshold=50**")
    with page.expect_download() as table:
        page.get_by_label("Save At the threshold alone as CSV").click()
    assert table.value.suggested_filename == "tiny-test-female-decisions.csv"
    assert table.value.path().read_text().splitlines()[1].startswith("0.5,malignant")
    with page.expect_download() as drawing:
        page.get_by_label("Save ROC as SVG").click()
    assert drawing.value.suggested_filename == "tiny-test-female-roc.svg"
    assert "only sex female" in drawing.value.path().read_text()
    with page.expect_download() as picture:
        page.get_by_label("Save Diagnoses as PNG").click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as whole:
        page.get_by_role("link", name="Report").click()
    assert whole.value.suggested_filename == "tiny-test-female-review.html"


def test_a_run_that_goes_on_updates_by_itself(visit: Visit, runs_root: Path) -> None:
    run = runs_root / "going"
    run.mkdir()
    lines = [json.dumps(line) + "\n" for line in tiny_history()]
    (run / "history.jsonl").write_text(lines[0] + lines[1][:30])
    page = visit.open("/performance")
    page.get_by_role("heading", name="Training").click()
    label = page.locator("#performance-runs label")
    expect(label).to_have_text("going (running, epoch 2)")
    (run / "history.jsonl").write_text("".join(lines[:3]))
    expect(label).to_have_text("going (running, epoch 4)")
    page.wait_for_function(
        "() => document.querySelector('.graph-training .js-plotly-plot')?.data?"
        ".some(({name, x}) => name === 'going' && x.length === 3)"
    )
    (run / "scores.parquet").touch()
    expect(label).to_have_text("going (finished, 3 epochs)")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6000)
    assert not asked


def test_theme_redraws_figures_and_keeps_the_operating_point(visit: Visit) -> None:
    page = visit.open("/performance")
    look_at(page, "roc")
    slide(page, 50)
    page.wait_for_function(
        "() => document.querySelector('.graph-roc .js-plotly-plot')?.data?.[0]?.text?.[0].includes('50.0')"
    )
    before = mark(page, "roc")
    page.locator("#theme-switch").click()
    # The dark theme's ink.
    page.wait_for_function(
        "() => document.querySelector('.graph-roc .js-plotly-plot')?.data?.[0]?.marker?.color === '#e6eaf0'"
    )
    assert mark(page, "roc") == pytest.approx(before)


def test_choice_is_in_the_address_and_the_address_is_the_choice(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=validation")
    expect(page.locator("#performance-split")).to_have_value("validation")
    page.locator("#performance-split").select_option("test")
    page.wait_for_url("**/performance?model=tiny&split=test")
    page.get_by_role("link", name="Predict").click()
    expect(page.locator("#file-chooser")).to_be_attached()
    page.go_back()
    expect(page.locator("#performance-split")).to_have_value("test")
    look_at(page, "roc")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_window(visit: Visit, width: int) -> None:
    page = visit.open("/performance", width=width)
    look_at(page, "roc")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = page.evaluate(
        "[...document.querySelectorAll('.graph')].every(one => one.clientWidth <= one.parentElement.clientWidth)"
    )
    assert inside


def test_a_case_is_not_wider_than_the_window(visit: Visit) -> None:
    page = visit.open("/performance/case/tiny/DRAWN_0000001?model=tiny&split=test", width=390)
    expect(page.locator("h1")).to_have_text("DRAWN_0000001")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_figure_has_its_turn_once(visit: Visit) -> None:
    turns: list[str] = []
    page = visit.open()

    changed: list[str] = []

    def note(body: str | None) -> None:
        turns.extend(re.findall(r'"changedPropIds":\["{\\"name\\":\\"(\w+)\\"', body or ""))
        changed.extend(re.findall(r'"changedPropIds":\["(performance-[\w.-]+)"', body or ""))

    page.on("request", lambda request: note(request.post_data))
    page.goto(visit.address + "/performance?model=tiny&split=test")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    # Nobody has changed anything yet.
    assert not changed
    # What is not in view is not drawn, nor what is folded.
    assert not {"subgroups", "diagnoses", "card"} & set(turns)
    for fold in page.locator(".section > details > summary").all():
        fold.click()
    # A checklist has a fold of its own.
    for room in page.locator("#performance-body .room:not(.checklist .room)").all():
        room.scroll_into_view_if_needed()
        expect(room.locator(":scope > .skeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    assert {"roc", "pr", "scores", "calibration", "benefit", "subgroups", "diagnoses", "card"} <= set(turns)
    assert len(turns) == len(set(turns))
    figures = page.locator("#performance-body .graph > .room")
    assert all(one.locator(".main-svg .trace").count() for one in figures.all())


def test_the_table_of_subgroups_comes_when_it_is_opened(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test")
    rows = page.locator("#subgroups tbody tr")
    expect(rows).to_have_count(0)
    page.get_by_text("As a table").first.click()
    expect(rows.first).to_be_visible()
    rows.filter(has_text="follow-up").get_by_role("button").click()
    expect(page.locator("#performance-cases")).to_contain_text("follow-up")
    # The click was inside of what opens and closes.
    expect(rows.first).to_be_visible()


def test_names_of_subgroups_stand_above_their_rows_in_a_narrow_window(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", width=390)
    look_at(page, "subgroups")
    forest = page.locator(".graph-subgroups")
    names = forest.locator(".annotation-text").filter(has_text="follow-up")
    expect(names).to_have_count(1)
    assert forest.locator(".ytick").count() == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    look_at(page, "subgroups")
    expect(forest.locator(".ytick").filter(has_text="follow-up")).to_have_count(1)
    expect(names).to_have_count(0)


def test_contents_follow_the_reading_and_a_section_is_in_the_address(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test")
    links = page.locator("#performance-contents a")
    expect(page.locator("#performance-contents [aria-current]")).to_have_text("Summary")
    links.filter(has_text="Subgroups").click()
    expect(page.locator("#section-subgroups")).to_be_in_viewport()
    expect(page.locator("#performance-contents [aria-current]")).to_have_text("Subgroups")
    # The threshold is in sight there, too, and acts.
    expect(page.locator(".threshold-bar")).to_be_in_viewport()
    assert page.url.endswith("?model=tiny&split=test#section-subgroups")
    slide(page, 62.5)
    expect(page.locator("#bar-at")).to_have_text("62.5 %")
    page.wait_for_url("**threshold=62.5#section-subgroups")
    # What is folded opens.
    other = visit.open("/performance?model=tiny&split=test#section-card")
    expect(other.locator("#model-card")).to_be_visible()


def test_summary_and_outcomes_follow_the_threshold(visit: Visit, bundle_root: Path) -> None:
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    page = visit.open("/performance?model=tiny&split=test")
    for position in (30.0, 80.0):
        slide(page, position)
        cancers, harmless = shown.outcomes(shown.probability(position))
        for row, counts in zip(
            page.locator(".outcomes-table tbody tr").all(), (cancers, harmless), strict=True
        ):
            expect(row.locator(".cell-count")).to_have_text([f"{one:,}" for one in counts.counts])
        marks = dict(zip(OUTCOME_ORDER, marks_of_hundred(cancers.counts), strict=True))
        picture = page.get_by_role("img", name="Of 100 cancers")
        expect(picture).to_have_attribute("aria-label", re.compile(f"{marks[Outcome.BENIGN]} benign$"))
        drawn = picture.locator(".marks-benign").evaluate_all(
            "all => all.reduce((sum, one) => sum + Number(one.style.getPropertyValue('--n')), 0)"
        )
        assert drawn == marks[Outcome.BENIGN]
