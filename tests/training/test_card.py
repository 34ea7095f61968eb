"""The card of a run, from the files that the run leaves, through a bundle on disk, to the text for a reviewer."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.bundle import Bundle, open_bundle, write_bundle
from model.evaluation.__main__ import main
from model.evaluation.cardtext import card_text
from model.taxonomy import LESIONS
from tests.stores import store_of
from training.card import make_card
from training.cases import split_digest
from training.judge import judge
from training.openings import note_opening
from training.recipes import RECIPES
from training.robustness import disturbance_row
from training.runs import JUDGED


def cases(n: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "image_id": [f"ISIC_{index:07d}" for index in range(n)],
            "lesion_id": [f"HAM_{index // 2:07d}" for index in range(n)],
            "label": rng.choice(LESIONS.codes, n),
            "age": rng.integers(2, 17, n) * 5.0,
            "sex": rng.choice(["male", "female"], n),
            "site": np.where(np.arange(n) < 20, "scalp", "back"),
            "confirmation": "histo",
            "source": np.where(np.arange(n) // 2 % 2, "Drawn (nobody 2026)", "Painted (nobody 2025)"),
            "skin_tone": np.where(np.arange(n) % 4, np.nan, 3.0),
            "split": np.array(["train", "validation", "test"])[np.arange(n) // 2 % 3],
        }
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle without weights whose card knows everything."""
    folder = tmp_path_factory.mktemp("card")
    table = cases()
    store = store_of([np.zeros((8, 8, 3), np.uint8)] * len(table), table)
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 1, (len(table), 8)) + 2 * (
        table["label"].to_numpy()[:, None] == np.array(LESIONS.codes)
    )
    raw = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = store.cases.assign(side=256).assign(
        **{f"raw_{code}": raw[:, index] for index, code in enumerate(LESIONS.codes)}
    )
    found = judge(scores[scores["split"] != "train"], LESIONS.codes, LESIONS)
    truth, p = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.2, 0.1])
    rows = [disturbance_row("blur", "sigma 3 px", truth, p, p[::-1], np.array(list("abcd")), found.point())]
    facts = found.as_facts() | {"robustness": rows}
    run = folder / "run"
    run.mkdir()
    (run / "evaluation.json").write_text(json.dumps(facts))
    (run / "run.json").write_text(json.dumps({"recipe": {"name": "tiny"}, "seed": 7, "init": "none"}))
    line = {"epoch": 1, "size": RECIPES["tiny"].stages[-1].size, JUDGED: 0.9, "seconds": 5400.0}
    (run / "history.jsonl").write_text(json.dumps(line) + "\n")
    note_opening(folder / "data", "tiny", 7, "w", split_digest(table), "a test of the card")
    note_opening(folder / "data", "tiny", 7, "w", "0" * 64, "another split")
    card = make_card("drawn", "3", RECIPES["tiny"], store, folder / "data", run, None)
    return write_bundle(folder / "bundles" / "drawn", card, {})


def test_what_nobody_stated_is_not_stated(bundle: Bundle) -> None:
    folder, table = bundle.path.parents[1], cases().assign(source="", licence="")
    store = store_of([np.zeros((8, 8, 3), np.uint8)] * len(table), table)
    card = make_card("drawn", "3", RECIPES["tiny"], store, folder / "data", folder / "run", None)
    assert card.licence == card.training["data"] == "not stated"


def test_the_card_survives_the_disk(bundle: Bundle) -> None:
    card = open_bundle(bundle.path).card
    assert card == bundle.card and card.version == "3"
    assert card.taxonomy == LESIONS and card.classes == LESIONS.codes
    assert tuple(card.balanced_rule["priors"]) == tuple(sorted(LESIONS.codes))
    assert "Only these 8 diagnoses: " in card.facts["limits"][-1]
    assert [point.name for point in card.operating_points] == [
        "sensitivity-90",
        "sensitivity-95",
        "sensitivity-97.5",
    ]
    assert card.threshold == card.point("sensitivity-95").threshold and card.target_sensitivity == 0.95
    assert set(card.results) == {"validation", "test"} and card.balanced_rule["tau"] >= 0
    assert card.facts["cases"]["test"]["images"] == 300 and card.facts["cases"]["train"]["lesions"] == 150
    assert [one["why"] for one in card.facts["openings"]] == ["a test of the card"]
    assert {row["variable"] for row in card.subgroups} == {
        "Age",
        "Source",
        "Sex",
        "Site",
        "Skin tone",
        "Confirmation",
    }
    assert any(row["small"] for row in card.subgroups) and len(card.robustness) == 1


def test_a_reviewer_finds_what_a_card_owes_them(bundle: Bundle) -> None:
    text = card_text([bundle.card])
    for wanted in (
        "Operating points",
        "Intended use",
        "Not for",
        "Calibration",
        "Subgroups",
        "Robustness",
        "Limits",
        "akiec",
        "By source",
        "| Drawn (nobody 2026), dermoscopic | 150 |",
        "Painted (nobody 2025); Drawn (nobody 2026)",
        "for a prevalence of 20.0 %",
        "225 of class 3",
        "MIT",
        bundle.card.training["split_sha256"],
        "1.5 hours of training on",
        "python -m training reproduce tiny",
        "a test of the card",
    ):
        assert wanted in text, wanted
    test = bundle.card.results["test"]
    for name in ("auc", "auc_by_lesion"):
        assert f"{test[name]:.3f} ({test[f'{name}_low']:.3f}-{test[f'{name}_high']:.3f})" in text
    point = bundle.card.point("sensitivity-97.5")
    found = test["operating_points"][point.name]
    assert (
        f"| 97.5 % | {point.threshold:.3f} | {point.malignant:.3f} | {found['sensitivity']['value']:.3f} ("
        in text
    )
    assert "scalp *" in text and "back |" in text and "| blur | sigma 3 px | 4 |" in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("| Age")}
    assert columns == {8}


def test_the_readme_gets_the_short_one(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--bundles", str(bundle.path.parent)]
    assert main(["card", "drawn", "drawn", "--short", *folder]) == 0
    text = capsys.readouterr().out
    test = bundle.card.results["test"]
    row = f"| all dermoscopic | {test['images']} | {test['malignant']} | {test['auc']:.3f} ("
    assert text.count(row) == 2 and text.count("`drawn` 3 on test lesions") == 2 and "Limits" not in text
    assert "| Painted (nobody 2025)" in text
    assert main(["card", "nobody", *folder]) == 2


def test_old_cards_show_what_they_have(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.mkdir()
    results = {
        "test": {"auc": 0.9, "images": 10, "lesions": 8, "malignant": 2, "sensitivity": 1.0, "ece": 0.1}
    }
    fields = {
        "format": 1,
        "name": "old",
        "version": "1",
        "purpose": "p",
        "input_size": 224,
        "temperature": 1.0,
    }
    fields |= {"classes": ["malignant"], "threshold": 0.5, "target_sensitivity": 0.95, "training": {}}
    fields |= {"results": results, "licence": "l", "created": "2026-01-01T00:00:00+00:00", "files": {}}
    (path / "card.json").write_text(json.dumps(fields))
    text = card_text([open_bundle(path).card])
    assert "| `old` 1 | 0.900 | – | 1.000 | – |" in text and "Operating points" not in text
    assert "Licence: l" in text and "None" not in text


def test_warnings_are_shares_and_counts_are_not(bundle: Bundle) -> None:
    shares = {"images": 2354, "either": 0.012, "quality": 0.006, "unlike": 0.006}
    guard = {"measured": {"test": shares, "drawn": {"noise": shares | {"either": 1.0, "images": 20}}}}
    text = card_text([replace(bundle.card, guard=guard)])
    assert "| test | 1.2 % | 0.6 % | 0.6 % |" in text and "| drawn: noise | 100.0 % |" in text
    assert "235400" not in text


def test_a_card_names_the_teachers(bundle: Bundle) -> None:
    assert "Taught by" not in card_text([bundle.card])
    recipe = {**bundle.card.training["recipe"], "teacher": "tiny", "teachers": [3, 4], "taught": 0.7}
    taught = replace(bundle.card, training={**bundle.card.training, "recipe": recipe})
    text = card_text([taught])
    assert (
        "Taught by: tiny with the seed 3, tiny with the seed 4: 70 % of what it learned is their mean" in text
    )
    assert "without its teachers" in text
