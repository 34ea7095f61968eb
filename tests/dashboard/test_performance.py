"""The performance page: choice by address, numbers at a threshold, damaged and odd bundles, what the browser gets."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from dashboard import photographs
from dashboard.components import card, cases, operating
from dashboard.components import performance as parts
from model import metrics
from model import review as reviews
from model.bundle import HISTORY, SCORES, Bundle, find_bundles, open_bundle, write_bundle
from model.images import decode
from model.intervals import Undefined
from model.operating import ppv
from model.taxonomy import CODES
from tests.tiny import tiny_scores, write_tiny_bundle


def text(component) -> str:
    """Everything a reader sees of a component tree, or of its JSON."""
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return str(component)
    if isinstance(component, list | tuple):
        return " ".join(text(one) for one in component)
    if isinstance(component, dict):
        return text(component.get("props", component).get("children"))
    return text(getattr(component, "children", None))


def find(component, wanted):
    """The component of an id in a tree."""
    if isinstance(component, list | tuple):
        return next((hit for one in component if (hit := find(one, wanted)) is not None), None)
    if getattr(component, "id", None) == wanted:
        return component
    children = getattr(component, "children", None)
    return None if children is None or isinstance(children, str) else find(children, wanted)


@pytest.fixture(name="page")
def performance_page(app):
    """layout() and callbacks inside the application's context."""
    from dashboard.pages import performance

    with app.server.app_context():
        yield performance


def rewritten(root: Path, name: str, change, **card) -> Bundle:
    """A tiny bundle whose stored scores went through `change`."""
    bundle = write_tiny_bundle(root, name, graph=False)
    scores, history = root / "scores.parquet", root / "history.jsonl"
    change(tiny_scores(300, 0)).to_parquet(scores, index=False)
    history.write_bytes((bundle.path / HISTORY).read_bytes())
    changed = dataclasses.replace(bundle.card, **card)
    return write_bundle(root / name, changed, {SCORES: scores, HISTORY: history})


def test_rates_round_halves_upwards():
    assert [parts.rate(share) for share in (0.1225, 0.0, 1.0, 0.9996, 49 / 400)] == [
        "12.3 %",
        "0.0 %",
        "100.0 %",
        "100.0 %",
        "12.3 %",
    ]


def test_page_is_served(client):
    assert client.get("/performance").status_code == 200


def test_numbers_are_those_of_the_metrics(page, bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    rows = bundle.scores().query("split == 'test'")
    at = metrics.confusion(rows["malignant"], rows["probability"], bundle.card.threshold)
    shown = page.layout(model="tiny", split="test")
    assert text(find(shown, "tile-sensitivity")) == parts.rate(at.sensitivity.value)
    assert text(find(shown, "tile-specificity")) == parts.rate(at.specificity.value)
    assert text(find(shown, "tile-accuracy")) == parts.rate(at.accuracy.value)
    assert text(find(shown, "tile-prevalence")) == parts.rate(at.prevalence.value)
    area = metrics.auc(rows["malignant"], rows["probability"])
    assert text(find(shown, "tile-auc")) == f"{area:.3f}"
    assert [text(find(shown, f"cell-{name}")) for name in ("tp", "fn", "fp", "tn")] == [
        str(count) for count in (at.tp, at.fn, at.fp, at.tn)
    ]
    assert f"{at.tp} of {at.tp + at.fn}" in text(find(shown, "tile-sensitivity-line"))
    assert "Trained on drawn lesions" in text(shown)


def test_address_chooses_split_and_test_is_the_default(page):
    assert find(page.layout(), "performance-split").value == "test"
    assert find(page.layout(model="tiny", split="validation"), "performance-split").value == "validation"


@pytest.mark.parametrize("odd", ["nothere", "<script>", "", ["tiny", "tiny"]])
def test_wrong_address_shows_the_default_and_says_so(page, odd):
    shown = page.layout(model=odd, split=odd)
    assert find(shown, "performance-model").value == "tiny"
    assert find(shown, "performance-split").value == "test"
    assert "There is no model of that name" in text(shown)


def test_choosing_writes_the_address(page):
    _, options, part, address, *_ = page.choose("tiny", "validation")
    assert (part, address) == ("validation", "?model=tiny&split=validation")
    assert [one["value"] for one in options] == ["test", "validation"]
    assert page.choose("tiny", "elsewhere")[2] == "test"


def test_prevalence_is_the_address_s_else_that_of_the_cases(page, bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    at = shown.confusion(30)
    of_cases = float(parts.tenths(at.prevalence.value))
    for odd in (None, "", "many", "nan", ["2", "3"]):
        assert operating.prevalence(odd, at) == of_cases
    assert [operating.prevalence(one, at) for one in ("2", "0", "-5", "1e9")] == [2, 0.1, 0.1, 99.9]
    found = page.layout(model="tiny", split="test", prevalence="2")
    assert find(found, "performance-prevalence").value == 2
    assert text(find(found, "number-ppv")) == parts.rate(ppv(at, 0.02).value)
    assert find(page.layout(), "performance-prevalence").value == of_cases
    body, _, _, address, *_ = page.choose("tiny", "test", "", 2)
    assert address == "?model=tiny&split=test&prevalence=2"
    assert find(body, "performance-prevalence").value == 2


def test_numbers_keep_three_figures_or_say_why_there_are_none():
    at = metrics.Confusion(tp=40, fn=10, fp=30, tn=120)
    found = operating.readings(at, 3)
    assert found["positive_ratio"][0] == "4.00"
    assert found["negative_ratio"][0] == "0.250"
    assert found["balanced_accuracy"][0] == "80.0 %"
    assert found["f1"][0] == "0.667"
    assert found["needed_to_biopsy"][0] == "9.08"
    none = operating.readings(metrics.Confusion(0, 0, 5, 0), 2)
    assert none["ppv"] == ("–", "Not defined without malignant cases.")


def test_subgroups_stand_in_a_table_with_their_cases(page, bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    words = text(find(page.layout(), "subgroups"))
    for one in shown.subgroups:
        assert f"{one.variable}: {one.name}" in words
    # Followed up means benign here.
    assert "Confirmation: follow_up ○ few cases" in words
    assert "Not defined without malignant cases." in words
    assert "nan " not in words


def test_figures_follow_theme_and_threshold(page):
    ids = [
        {"type": "performance-figure", "name": name}
        for name in ("roc", "pr", "scores", "diagnoses", "training", "benefit", "forest")
    ]
    light = page.draw("light", ids, "tiny", "test", 50.0)
    dark = page.draw("dark", ids, "tiny", "test", 50.0)
    assert light[0].data[0].text[0] == "threshold 50.0 %"
    assert light[0].layout.template.layout.font.color != dark[0].layout.template.layout.font.color
    # Everything has to be JSON in the end.
    assert all(json.loads(figure.to_json()) for figure in light)


def test_browser_gets_the_counts_of_every_slider_position(bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    sweep = shown.sweep()
    assert len(sweep["tp"]) == len(sweep["fp"]) == len(sweep["thresholds"]) == 1001
    for place in (0, 123, 300, 999, 1000):
        at = shown.confusion(place * reviews.STEP)
        assert (sweep["tp"][place], sweep["fp"][place]) == (at.tp, at.fp)
    assert (sweep["malignant"], sweep["benign"]) == (int(shown.truth.sum()), int((~shown.truth).sum()))
    json.dumps(sweep, allow_nan=False)


def test_slider_snaps_to_the_models_own_threshold(bundle_root):
    shown = dataclasses.replace(reviews.review(open_bundle(bundle_root / "tiny"), "test"), threshold=0.21234)
    assert shown.probability(21.2) == 0.21234
    assert shown.probability(21.3) == 0.213
    assert shown.sweep()["thresholds"][212] == 0.21234


def test_scores_are_read_once(bundle_root, monkeypatch):
    bundle = open_bundle(bundle_root / "tiny")
    first = reviews.review(bundle, "test")
    monkeypatch.setattr(Bundle, "scores", lambda _: pytest.fail("read again"))
    assert reviews.review(open_bundle(bundle_root / "tiny"), "test") is first


def test_lesions_are_counted_not_images(bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    assert shown.truth.size == 150
    assert shown.lesions == 75


def test_one_class_only_is_said_in_place_of_numbers(tmp_path):
    benign = rewritten(tmp_path, "benign", lambda rows: rows[rows["label"] == "nv"])
    shown = reviews.review(benign, "test")
    assert shown.area.reason is Undefined.NO_MALIGNANT
    tiles = text(parts.tiles(shown.area, shown.confusion(30)))
    assert "Not defined without malignant cases." in tiles
    assert " nan" not in tiles


def test_missing_scores_leave_no_number(tmp_path):
    def spoil(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[1, [f"raw_{code}" for code in CODES]] = np.nan
        return rows

    shown = reviews.review(rewritten(tmp_path, "spoilt", spoil), "test")
    at = shown.confusion(30)
    assert at.unscored == 1
    assert "Not defined while cases have no score." in text(parts.tiles(shown.area, at))
    assert shown.matrix is not None
    assert shown.matrix.sum() == 149
    assert shown.sweep()["unscored"] == 1


def test_unknown_lesions_stand_for_themselves(tmp_path):
    bundle = rewritten(tmp_path, "nameless", lambda rows: rows.assign(lesion_id=None))
    assert reviews.review(bundle, "test").lesions == 150


def test_binary_model_has_no_seven_class_matrix(tmp_path):
    def binary(rows: pd.DataFrame) -> pd.DataFrame:
        kept = rows.drop(columns=[f"raw_{code}" for code in CODES])
        return kept.assign(raw_malignant=rows["raw_mel"])

    bundle = rewritten(tmp_path, "binary", binary, classes=("malignant",))
    assert reviews.review(bundle, "test").matrix is None


@pytest.fixture(name="odd")
def odd_page(page, services, monkeypatch):
    """The page over another folder of bundles: odd(root) -> layout and what a reader sees of it."""

    def show(root: Path) -> tuple[object, str]:
        other = dataclasses.replace(services, bundles=find_bundles(root))
        monkeypatch.setattr(page.Services, "current", staticmethod(lambda: other))
        shown = page.layout()
        return shown, text(shown)

    return show


def test_without_bundles_the_page_says_what_to_do(odd, tmp_path):
    root = tmp_path / "none"
    root.mkdir()
    _, words = odd(root)
    assert "No trained model yet" in words


def test_two_models_are_compared_on_the_images_both_have_scored(odd, page, tmp_path):
    root = tmp_path / "two"
    mine = write_tiny_bundle(root, "mine", graph=False)
    theirs = rewritten(root, "theirs", lambda rows: rows[20:].sample(frac=1, random_state=1), temperature=1.0)
    for stray in root.glob("*.*"):
        stray.unlink()
    odd(root)
    found = reviews.versus(mine, theirs, "test").result
    assert found.n == 140
    rows = mine.scores()[20:].query("split == 'test'")
    assert found.first.value == pytest.approx(metrics.auc(rows["malignant"], rows["probability"]))
    shown = page.layout(model="mine", compare="theirs")
    assert find(shown, "performance-compare").value == "theirs"
    assert "on the 140 images both have scored" in text(find(shown, "versus"))
    _, _, _, address, options, rival = page.choose("mine", "test", "theirs")
    assert address == "?model=mine&split=test&compare=theirs"
    assert ([one["value"] for one in options], rival) == (["", "theirs"], "theirs")
    # Nobody is compared with itself, or with who isn't there.
    for nobody in ("mine", "elsewhere", ["theirs", "theirs"], None):
        assert find(page.layout(model="mine", compare=nobody), "performance-compare").value == ""
    roc = page.draw("light", [{"type": "performance-figure", "name": "roc"}], "mine", "test", 30.0, "theirs")[
        0
    ]
    assert roc.data[-1].name == "theirs"


def test_models_without_a_common_image_say_so(odd, page, tmp_path):
    root = tmp_path / "apart"
    write_tiny_bundle(root, "mine", graph=False)
    rewritten(root, "theirs", lambda rows: rows.assign(image_id="ELSEWHERE_" + rows["image_id"]))
    odd(root)
    shown = page.layout(model="mine", compare="theirs")
    assert "Not defined without cases." in text(find(shown, "versus"))


def test_lists_hold_the_worst_cases_of_every_threshold(bundle_root):
    rows = reviews.rows(open_bundle(bundle_root / "tiny"), "test")
    many = pd.concat([rows.assign(image_id=rows["image_id"] + f"_{copy}") for copy in range(6)])
    lists = cases.listed(many, None)
    assert all(len(lists[name]) == cases.MOST for name in ("fn", "fp", "tp", "tn"))
    missed = [one["p"] for one in lists["fn"]]
    assert missed == sorted(many.loc[many["malignant"], "probability"])[:100]
    alarms = [one["p"] for one in lists["fp"]]
    assert alarms == sorted(many.loc[~many["malignant"], "probability"], reverse=True)[:100]
    json.dumps(lists, allow_nan=False)


def test_lists_of_odd_scores_have_no_number_that_is_none(bundle_root):
    rows = reviews.rows(open_bundle(bundle_root / "tiny"), "test").head(2)
    odd = rows.assign(
        age=np.nan, sex=None, site="unknown", label="scc", probability=[np.nan, 0.4], p_mel=np.nan
    )
    lists = cases.listed(odd, {str(rows["image_id"].iloc[1])})
    assert len(lists["fn"]) + len(lists["fp"]) == 1
    (one,) = lists["fn"] or lists["fp"]
    assert (one["truth"], one["choice"], one["about"], one["shown"]) == ("scc", "–", "–", True)


def test_page_says_how_to_see_the_images(page):
    assert "DERMABOARD_IMAGES" in text(page.layout())


def test_photographs_come_from_the_folder_and_from_nowhere_else(bundle_root, tmp_path, lesion_jpeg):
    folder = tmp_path / "images"
    (folder / "part_1").mkdir(parents=True)
    (folder / "part_1" / "DRAWN_0000001.jpg").write_bytes(lesion_jpeg)
    (folder / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "secret.jpg").write_bytes(lesion_jpeg)
    server = Flask("photographs")
    server.register_blueprint(photographs.blueprint(folder))
    client = server.test_client()
    shown = client.get("/evaluated/DRAWN_0000001/thumbnail")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert max(decode(shown.data).pixels.shape) == photographs.SIDES["thumbnail"]
    for wrong in (
        "elsewhere/image",
        "broken/image",
        "DRAWN_0000001/huge",
        "..%2Fsecret/image",
        "../secret/image",
    ):
        assert client.get(f"/evaluated/{wrong}").status_code == 404
    bare = Flask("bare")
    bare.register_blueprint(photographs.blueprint(None))
    assert bare.test_client().get("/evaluated/DRAWN_0000001/image").status_code == 404


def test_model_card_says_what_the_bundle_says(page, bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    words = text(find(page.layout(), "model-card"))
    told = [
        bundle.card.purpose,
        bundle.card.licence,
        bundle.card.sha256,
        "1.300",
        "30.0 %",
        "drawn",
        "0" * 64,
    ]
    for fact in (*told, *bundle.card.files, *bundle.card.files.values()):
        assert fact in words
    assert "for tests and demonstrations only" in words


def test_model_card_reads_nested_and_missing_facts(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    odd = {"versions": {"keras": "3.15", "numpy": "2.3"}, "seeds": [1, 2], "rate": 0.001, "note": None}
    words = text(card.card(dataclasses.replace(bundle.card, training=odd, synthetic=False, files={})))
    for fact in ("keras 3.15, numpy 2.3", "1, 2", "0.001", "None", "Not stated."):
        assert fact in words


def test_damaged_bundle_is_named_and_the_others_still_work(odd, tmp_path):
    root = tmp_path / "mixed"
    write_tiny_bundle(root, "good", graph=False)
    (write_tiny_bundle(root, "bad", graph=False).path / HISTORY).write_text("changed")
    (root / "half").mkdir()
    shown, words = odd(root)
    assert find(shown, "performance-model").value == "good"
    assert [one["label"] for one in find(shown, "performance-model").options] == [
        "good (results only, no weights here)"
    ]
    assert "damaged" in words
    assert "bad : history.jsonl" in words
    assert "half : " in words


def test_bundle_without_scores_opens_with_reasons(odd, tmp_path):
    root = tmp_path / "bare"
    card = write_tiny_bundle(root, "bare", graph=False).card
    bundle = write_bundle(root / "bare", card, {})
    _, words = odd(root)
    assert "Not defined without cases." in words
    assert reviews.history(bundle).empty
    assert math.isnan(reviews.review(bundle, "").area.value)


def test_best_epoch_comes_from_the_card_else_from_validation(tmp_path):
    told = write_tiny_bundle(tmp_path, "told", graph=False)
    assert reviews.best_epoch(told) == 5
    silent = rewritten(tmp_path, "silent", lambda rows: rows, training={})
    assert reviews.best_epoch(silent) == 5
    assert reviews.best_epoch(write_bundle(tmp_path / "bare", silent.card, {})) is None
