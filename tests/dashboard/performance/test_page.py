"""The performance page: what a view shows, how choices change it, odd and damaged bundles, what the browser gets."""

import json

import pytest

from dashboard.performance import threshold
from dashboard.performance.choice import FILTERS
from dashboard.performance.view import view_of_query
from dashboard.services import Services
from model.bundle import HISTORY, SCORES, find_bundles, open_bundle, write_bundle
from model.calibration import Calibration
from model.evaluation import metrics
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.intervals import Undefined
from model.evaluation.operating import ppv
from model.evaluation.paired import paired_comparison
from model.evaluation.review import evaluate_split, intact_bundles
from model.evaluation.stored import stored_scores
from model.evaluation.words import rate, signed_text, tenths
from model.taxonomy import HAM10000
from tests.dashboard.performance.reading import every, find, rewritten, text
from tests.tiny import signed_again, write_tiny_bundle

TEST = "?model=tiny&split=test"
EVERYONE = [""] * len(FILTERS)


def test_page_is_served(client):
    assert client.get("/performance").status_code == 200


def test_numbers_are_those_of_the_metrics(page, bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    rows = stored_scores(bundle).query("split == 'test'")
    at = metrics.confusion(rows["malignant"], rows["probability"], bundle.card.threshold)
    shown = page.layout(model="tiny", split="test")
    for name in ("sensitivity", "specificity", "accuracy", "prevalence"):
        assert text(find(shown, f"tile-{name}")) == rate(getattr(at, name).value)
    assert text(find(shown, "tile-auc")) == f"{metrics.auc(rows['malignant'], rows['probability']):.3f}"
    for name in ("tp", "fn", "fp", "tn"):
        assert text(find(shown, f"cell-{name}")) == str(getattr(at, name))
    assert f"{at.tp} of {at.tp + at.fn}" in text(find(shown, "tile-sensitivity-line"))
    assert "Trained on drawn lesions" in text(shown)


def test_what_takes_long_comes_after_the_page(page, bundle_root):
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    assert "follows" in text(find(page.layout(), "tile-auc-line"))
    line = page.make_sure(TEST)[0]
    assert line == (f"{shown.area.low:.3f}–{shown.area.high:.3f} · {shown.auc_by_lesion.value:.3f} by lesion")
    words = text(page.tabulate(1, TEST))
    for one in shown.subgroups:
        assert one.title in words
    # Followed up means benign here.
    assert "○ few cases" in words
    assert "Not defined without malignant cases." in words
    assert "nan " not in words


def test_a_filter_leaves_only_its_cases(page, bundle_root):
    rows = stored_scores(open_bundle(bundle_root / "tiny")).query("split == 'test' and sex == 'female'")
    shown = page.layout(sex="female")
    assert find(shown, {"type": "performance-filter", "name": "sex"}).value == "female"
    assert f"of {len(rows)}" in text(find(shown, "tile-prevalence-line"))
    assert "only sex female" in text(shown)
    labels = [one["label"] for one in find(shown, {"type": "performance-filter", "name": "sex"}).options]
    assert labels[0] == "Any sex"
    assert f"female ({len(rows)})" in labels


def test_nonsense_in_the_address_is_said_on_the_page(page):
    shown = page.layout(model="nothere", threshold="x")
    words = text(find(shown, "performance-notices"))
    assert "There is no model “nothere” here; this is tiny." in words
    assert "the model's own threshold is shown" in words
    assert find(shown, "performance-threshold").value == 30.0


def test_threshold_and_prevalence_of_the_address_are_set(page, bundle_root):
    at = evaluate_split(open_bundle(bundle_root / "tiny"), "test").confusion(62.5)
    shown = page.layout(threshold="62.5", prevalence="2")
    assert find(shown, "performance-threshold").value == 62.5
    assert text(find(shown, "cell-tp")) == str(at.tp)
    assert find(shown, "performance-prevalence").value == 2
    assert text(find(shown, "number-ppv")) == rate(ppv(at, 0.02).value)
    assert find(page.layout(), "performance-prevalence").value == float(tenths(at.prevalence.value))


def test_operating_points_are_buttons_and_the_one_in_use_is_pressed(page, bundle_root):
    card = open_bundle(bundle_root / "tiny").card
    chips = [one for one in every(page.layout(), "Button") if "chip" in str(getattr(one, "className", ""))]
    assert len(chips) == len(card.operating_points)
    pressed = [one for one in chips if getattr(one, "aria-pressed") == "true"]
    assert ["the model's own" in text(one) for one in pressed] == [True]


def choose(page, model="tiny", split="test", compare=None, wanted=EVERYONE, address=TEST):
    found = page.choose(model, split, compare, wanted, "", address)
    return dict(zip(("body", "notices", "splits", "split", "others", "compare"), found, strict=False)) | {
        "report": found[-4],
        "address": found[-3],
        "page": found[-1],
    }


def test_choosing_writes_the_address_and_keeps_what_the_browser_set(page):
    found = choose(page, split="validation", address=TEST + "&threshold=12.5&prevalence=3&show=fp&page=4")
    assert found["address"] == "?model=tiny&split=validation&threshold=12.5&prevalence=3&show=fp"
    assert [one["value"] for one in found["splits"]] == ["test", "validation"]
    assert (found["split"], found["page"]) == ("validation", 1)
    assert find(found["body"], "performance-threshold").value == 12.5
    assert choose(page, split="elsewhere")["split"] == "test"
    assert "split=test" in choose(page)["report"]


def test_another_model_begins_at_its_own_threshold(page, other, tmp_path):
    write_tiny_bundle(tmp_path, "one", graph=False)
    write_tiny_bundle(tmp_path, "two", graph=False)
    page = other(tmp_path)
    before = "?model=one&split=test&threshold=12.5&prevalence=3"
    assert choose(page, "two", address=before)["address"] == "?model=two&split=test&prevalence=3"
    assert "threshold=12.5" in choose(page, "one", address=before)["address"]


def test_a_filter_that_the_next_split_has_not_is_said_and_left_out(page, other, tmp_path):
    rewritten(tmp_path, "odd", lambda rows: rows.assign(sex=["male", "other"] * 150))
    page = other(tmp_path)
    found = choose(
        page, "odd", "validation", wanted=["", "", "", "other", *EVERYONE[4:]], address="?model=odd"
    )
    assert "“other”" in text(found["notices"])
    assert found["address"] == "?model=odd&split=validation"


LIGHT = {"theme": "light", "sure": False, "narrow": False, "colouring": "truth", "drag": "lasso"}


def drawn(page, theme, name, address, position):
    """The figure of a room when its turn has come."""
    return page.draw(LIGHT | {"theme": theme, "sure": True}, {"name": name}, address, position).figure


def test_figures_follow_theme_and_threshold(page):
    for name in set(FIGURES) - {"training", "diagnoses", "robustness"}:
        light = drawn(page, "light", name, TEST, 50.0)
        dark = drawn(page, "dark", name, TEST, 50.0)
        assert light.layout.template.layout.font.color != dark.layout.template.layout.font.color
        # Everything has to be JSON in the end.
        assert json.loads(light.to_json())
    roc = drawn(page, "light", "roc", TEST, 50.0)
    assert roc.data[0].text[0] == "threshold 50.0 %"


def rooms(shown):
    """What stands in each room of a page, by its name."""
    found = [one for one in every(shown, "Div") if getattr(one, "className", "") == "room"]
    return {one.id["name"]: one for one in found}


def test_every_figure_has_an_empty_room_of_its_size(page):
    shown = rooms(page.layout(model="tiny", split="test"))
    assert set(shown) == {*FIGURES, "card", "runs"} - {"robustness", "map"}
    assert all(one.children.className.startswith("skeleton") for one in shown.values())
    # The curve is there before what draws it.
    assert "/performance/sketch/roc.svg?" in shown["roc"].children.style["--sketch"]
    assert all({"--tall", "minHeight"} & set(one.style) for one in shown.values())


def test_many_cases_are_drawn_before_their_intervals_are_known(monkeypatch, other, tmp_path):
    write_tiny_bundle(tmp_path, "fresh", seed=5, graph=False)
    page = other(tmp_path)
    monkeypatch.setattr(page.sections, "MANY", 100)
    assert not every(find(page.layout(model="fresh"), "performance-sources"), "Table")
    fresh = "?model=fresh&split=test"
    first = page.draw(LIGHT, {"name": "roc"}, fresh, 30.0)
    assert first.className == "rough"
    sure = page.draw(LIGHT | {"sure": True}, {"name": "roc"}, fresh, 30.0)
    assert sure.className == ""
    assert len(sure.figure.data) > len(first.figure.data)
    page.tabulate(1, fresh)
    # Now all of them are known.
    assert page.draw(LIGHT, {"name": "pr"}, fresh, 30.0).className == ""


def test_the_table_of_subgroups_is_made_once(page):
    assert page.tabulate(2, TEST) is page.no_update


def test_parts_that_are_no_figures_come_in_their_turn(page):
    assert "n = " in text(page.draw(LIGHT, {"name": "diagnoses"}, TEST, 30.0))
    assert "for tests and demonstrations only" in text(page.draw(LIGHT, {"name": "card"}, TEST, 30.0))


def test_several_models_are_compared_on_the_images_both_have_scored(other, tmp_path):
    mine = write_tiny_bundle(tmp_path, "mine", graph=False)
    rewritten(
        tmp_path,
        "theirs",
        lambda rows: rows[20:].sample(frac=1, random_state=1),
        calibrations={"dermoscopic": Calibration(1.0)},
    )
    rewritten(tmp_path, "third", lambda rows: rows.assign(raw_mel=rows["raw_mel"] ** 2))
    page = other(tmp_path)
    address = "?model=mine&compare=theirs&compare=third&split=test"
    view = view_of_query(address, intact_bundles(find_bundles(tmp_path)), "mine")
    first, second = view.figure_data().rivals
    assert (first.result.n, second.result.n) == (140, 150)
    rows = stored_scores(mine)[20:].query("split == 'test'")
    assert first.result.first.value == pytest.approx(metrics.auc(rows["malignant"], rows["probability"]))
    words = text(page.make_sure(address)[1])
    assert "theirs" in words
    assert "140" in words
    # The first less the other: the one that is better is said.
    assert f"{signed_text(first.result.difference.value)} " in words
    assert f"{signed_text(second.result.difference.value)} " in words
    assert "A mine B theirs" in words
    names = {line.name for line in drawn(page, "light", "roc", address, 30.0).data}
    assert {"theirs", "third"} <= names
    for name in ("pr", "calibration", "benefit"):
        lines = [line.name for line in drawn(page, "light", name, address, 30.0).data]
        assert sum(str(line).startswith(("theirs (n = 140)", "third (n = 150)")) for line in lines) == 2
    assert page.make_sure("?model=mine&split=test")[1] == []


def test_cases_that_only_one_model_decides_rightly_are_listed(other, tmp_path):
    mine = write_tiny_bundle(tmp_path, "mine", graph=False)
    theirs = rewritten(tmp_path, "theirs", lambda rows: rows.assign(raw_mel=rows["raw_nv"]))
    pair = paired_comparison(mine, theirs, "test")
    page = other(tmp_path)
    address = "?model=mine&compare=theirs&split=test"
    assert f"A right, B wrong: {pair.only_first.size}" in text(page.make_sure(address)[1])
    listed = text(page.show_cases(address + "&show=versus:theirs:first"))
    assert f"Decided rightly here, wrongly by theirs {pair.only_first.size} cases" in " ".join(listed.split())


def test_all_models_stand_in_a_table_that_says_what_to_sort_by(other, tmp_path):
    write_tiny_bundle(tmp_path, "mine", graph=False)
    write_tiny_bundle(tmp_path, "bare", graph=False, cases=20)
    page = other(tmp_path)
    rows = every(page.draw(LIGHT, {"name": "runs"}, "?model=mine&split=test", 30.0), "Tr")[1:]
    assert [text(row.children[0]) for row in rows] == ["bare", "mine"]
    shown = evaluate_split(open_bundle(tmp_path / "mine"), "test")
    assert float(getattr(rows[1].children[5], "data-value")) == pytest.approx(shown.auc)


def test_recipe_values_that_differ_can_be_sorted_by(other, tmp_path):
    for name, speed in (("slow", 1e-4), ("fast", 1e-3)):
        recipe = {"name": name, "learning_rate": speed, "batch": 32, "views": {"flip": True}}
        rewritten(tmp_path, name, lambda rows: rows, training={"recipe": recipe})
    page = other(tmp_path)
    table = page.draw(LIGHT, {"name": "runs"}, "?model=slow&split=test", 30.0)
    offered = [text(one) for one in every(table, "Option")]
    assert offered[-1] == "Learning rate"
    assert "Batch" not in offered
    rows = every(table, "Tr")[1:]
    assert [getattr(row.children[-1], "data-value") for row in rows] == ["0.001", "0.0001"]
    assert all(row.children[-1].hidden for row in rows)


def test_groups_are_laid_over_the_figures(page):
    view = view_of_query(TEST + "&overlay=sex", intact_bundles(Services.current().bundles), "tiny")
    assert {name for name, _ in view.groups} == {"female", "male"}
    for name in ("roc", "pr", "calibration", "benefit"):
        lines = [str(line.name) for line in drawn(page, "light", name, TEST + "&overlay=sex", 30.0).data]
        assert sum(line.startswith(("female (n", "male (n")) for line in lines) == 2
    assert "cannot be laid over each other by “shoe”" in text(
        find(page.layout(overlay="shoe"), "performance-notices")
    )


def test_the_answers_are_said_of_a_hundred_at_a_prevalence(page, bundle_root):
    at = evaluate_split(open_bundle(bundle_root / "tiny"), "test").confusion(30)
    words = page.weigh_per_hundred(None, 2, TEST, 30.0)
    assert words.startswith("Where 2\u00a0% are cancers: of 100 lesions that are not called benign,")
    assert f"{tenths(ppv(at, 0.02).value)} (" in words
    assert "Net benefit: " in words
    assert page.weigh_per_hundred(None, None, TEST, 30.0) is page.no_update


def test_models_without_a_common_image_say_so(other, tmp_path):
    write_tiny_bundle(tmp_path, "mine", graph=False)
    rewritten(tmp_path, "theirs", lambda rows: rows.assign(image_id="ELSEWHERE_" + rows["image_id"]))
    page = other(tmp_path)
    assert "Not defined without cases." in text(page.make_sure("?model=mine&compare=theirs&split=test")[1])


def test_listed_cases_lead_to_their_pages_and_say_what_is_listed(page, bundle_root):
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    at = shown.confusion(30)
    cases = page.show_cases(TEST + "&show=fp&page=1")
    assert f"False alarms at a threshold of 30 % {at.fp} cases" in " ".join(text(cases).split())
    links = every(cases, "Link")
    assert all(one.href.startswith("/performance/case/tiny/DRAWN_") for one in links)
    assert all("show=fp" in one.href for one in links)
    assert text(links[0]).strip().startswith("▲ False alarm")
    none = text(page.show_cases(TEST + "&show=score:0.999:1:benign"))
    assert "0 cases" in none
    assert "There is no such case." in none


def test_long_lists_have_pages(page, bundle_root):
    first, last = page.show_cases(TEST + "&show=all"), page.show_cases(TEST + "&show=all&page=99")
    assert "Page 1 of 7" in text(first)
    assert "Page 7 of 7" in text(last)
    assert (len(every(first, "Link")), len(every(last, "Link"))) == (24, 150 - 6 * 24)


def test_page_says_how_to_see_the_images(page, other, tmp_path):
    assert "DERMABOARD_IMAGES" in text(page.layout())
    (tmp_path / "images").mkdir()
    shown = other(images=tmp_path / "images")
    assert "DERMABOARD_IMAGES" not in text(shown.layout())
    assert "Not in the image folder" in text(shown.show_cases(TEST + "&show=errors"))


def test_one_class_only_is_said_in_place_of_numbers(page, other, tmp_path):
    benign = rewritten(tmp_path, "benign", lambda rows: rows[rows["label"] == "nv"])
    words = text(other(tmp_path).layout())
    assert evaluate_split(benign, "test").area.reason is Undefined.NO_MALIGNANT
    assert "Not defined without malignant cases." in words
    assert " nan" not in words


def test_numbers_keep_three_figures_or_say_why_there_are_none():
    at = metrics.Confusion(tp=40, fn=10, fp=30, tn=120)
    found = threshold.number_readings(at, 3)
    assert found["positive_ratio"][0] == "4.00"
    assert found["negative_ratio"][0] == "0.250"
    assert found["balanced_accuracy"][0] == "80.0 %"
    assert found["f1"][0] == "0.667"
    assert found["needed_to_biopsy"][0] == "9.08"
    none = threshold.number_readings(metrics.Confusion(0, 0, 5, 0), 2)
    assert none["ppv"] == ("–", "Not defined without malignant cases.")
    assert threshold.tile_readings(metrics.Confusion(0, 0, 5, 0))["sensitivity"][0] == "–"


def test_without_bundles_the_page_says_what_to_do(other, tmp_path):
    assert "No trained model yet" in text(other(tmp_path).layout())


def test_damaged_bundles_are_named_and_the_others_still_work(other, tmp_path):
    write_tiny_bundle(tmp_path, "good", graph=False)
    (write_tiny_bundle(tmp_path, "bad", graph=False).path / HISTORY).write_text("changed")
    (tmp_path / "half").mkdir()
    shown = other(tmp_path).layout()
    assert find(shown, "performance-model").value == "good"
    assert [one["label"] for one in find(shown, "performance-model").options] == [
        "good (results only, no weights here)"
    ]
    assert "bad : history.jsonl" in text(shown)
    assert "half : " in text(shown)


def test_bundle_without_scores_opens_with_reasons(other, tmp_path):
    card = write_tiny_bundle(tmp_path, "bare", graph=False).card
    write_bundle(tmp_path / "bare", card, {})
    page = other(tmp_path)
    assert "Not defined without cases." in text(page.layout())
    assert "0 cases" in text(page.show_cases("?model=bare&show=errors"))
    for name in set(FIGURES) - {"training", "diagnoses", "robustness"}:
        assert drawn(page, "light", name, "?model=bare", 30.0).layout.annotations


def test_a_bundle_with_bad_scores_is_named_and_hides_nobody(other, tmp_path):
    write_tiny_bundle(tmp_path, "good", graph=False)
    bad = write_tiny_bundle(tmp_path, "bad").path
    (bad / SCORES).write_bytes(b"PAR1 nothing")
    signed_again(bad)
    shown = text(other(tmp_path).layout(model="bad"))
    assert "There is no model “bad” here; this is good." in shown
    assert "bad : scores.parquet cannot be read" in shown


def test_binary_models_have_no_seven_class_matrix(other, tmp_path):
    def binary(rows):
        kept = rows.drop(columns=[f"raw_{code}" for code in HAM10000.codes])
        return kept.assign(raw_malignant=rows["raw_mel"])

    rewritten(tmp_path, "binary", binary, classes=("malignant",))
    page = other(tmp_path)
    shown = page.layout()
    assert not [one for one in every(shown, "Button") if getattr(one, "data-show", "").startswith("cell:")]
    assert "Model: –" in text(page.show_cases("?model=binary&split=test&show=errors"))


def test_cells_of_the_matrix_are_buttons_that_list(page, bundle_root):
    matrix = evaluate_split(open_bundle(bundle_root / "tiny"), "test").matrix
    shown = page.draw(LIGHT, {"name": "diagnoses"}, TEST, 30.0)
    cells = {getattr(one, "data-show"): one for one in every(shown, "Button") if hasattr(one, "data-show")}
    for i, true in enumerate(HAM10000.codes):
        for j, picked in enumerate(HAM10000.codes):
            cell = cells[f"cell:{true}:{picked}"]
            assert getattr(cell, "data-counts") == str(matrix[i, j])
            assert cell.disabled == (not matrix[i, j])
