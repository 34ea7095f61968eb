"""Sources that show in the embedding, maps that mean something, and pairs that are worth more than one photograph."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.calibration import Calibration
from model.engine import Engine, Output
from model.evaluation.cardtext import card_text
from model.evaluation.stored import MAIN
from model.taxonomy import HAM10000
from tests.stores import store_of
from tests.tiny import SIZE, write_tiny_bundle
from training import probes
from training.pixels import PixelStore


def told_apart(apart: float) -> float:
    rng = np.random.default_rng(0)
    second = np.arange(200) % 2 == 1
    embeddings = rng.normal(0, 1, (200, 4)) + apart * second[:, None]
    return probes.separation_auc(embeddings.astype(np.float32), second, np.arange(200).astype(str)).value


def test_a_source_shows_only_where_it_leaves_a_trace() -> None:
    assert told_apart(3) > 0.99 and 0.35 < told_apart(0) < 0.65


def test_images_of_one_lesion_do_not_teach_each_other() -> None:
    # Every lesion lies somewhere of its own, its images beside each other: nothing is to be learned from other lesions.
    rng = np.random.default_rng(0)
    embeddings = np.repeat(rng.normal(0, 1, (60, 40)), 5, axis=0).astype(np.float32)
    second = np.repeat(np.arange(60) % 2 == 1, 5)
    found = probes.separation_auc(embeddings, second, np.repeat(np.arange(60), 5).astype(str))
    assert found.value < 0.7


@pytest.fixture
def store() -> PixelStore:
    rng = np.random.default_rng(0)
    tints = {"red": (90, 0, 0), "blue": (0, 0, 90)}
    # Lesions that fill a corner, in two sources of another light.
    cases = pd.DataFrame(
        [
            {"lesion_id": f"L{source}{number}", "label": label, "source": source, "split": "validation"}
            for source in tints
            for label in ("nv", "mel")
            for number in range(10 * (label == "mel"), 10 * (label == "mel") + 10)
        ]
    )
    images = [
        (rng.integers(60, 120, (SIZE, SIZE, 3)) + tints[source]).astype(np.uint8)
        for source in cases["source"]
    ]
    return store_of(images, cases)


def test_a_bundle_gets_the_facts_that_its_data_allow(store: PixelStore, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    facts = probes.probe(Engine(bundle), bundle.card, store, pd.DataFrame())
    (pair,) = facts["source_probe"]
    assert (pair["first"], pair["second"], pair["images"]) == ("blue", "red", [10, 10])
    assert pair["auc"]["value"] == 1
    assert set(facts) == {"source_probe", "evidence"} and set(facts["evidence"]) == {"dermoscopic"}
    assert facts["evidence"]["dermoscopic"]["images"] == len(store.cases)
    text = card_text([replace(bundle.card, facts=facts)])
    assert "| blue or red | 10, 10 | 1.000" in text and "**What the model looked at.**" in text


class Corner:
    """A network that finds malignancy in a bright upper left corner, with a map that says so or one that lies."""

    size = SIZE

    def __init__(self, honest: bool) -> None:
        self.honest = honest

    def run(self, batch: np.ndarray) -> Output:
        bright = batch[:, : SIZE // 4, : SIZE // 4].mean(axis=(1, 2, 3)) / 255
        probabilities = np.zeros((len(batch), 7), np.float32)
        probabilities[:, HAM10000.codes.index("mel")] = bright
        probabilities[:, HAM10000.codes.index("nv")] = 1 - bright
        maps = np.zeros((len(batch), 4, 4, 7), np.float32)
        place = 0 if self.honest else 3
        maps[:, place, place, HAM10000.codes.index("mel")] = 1
        return Output(probabilities, np.zeros((len(batch), 3), np.float32), maps)


@pytest.mark.parametrize("honest", [True, False])
def test_only_a_map_that_is_better_than_chance_is_shown(honest: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 60, (SIZE, SIZE, 3)).astype(np.uint8) for _ in range(30)]
    for image in images:
        image[: SIZE // 4, : SIZE // 4] += 180
    labels = pd.DataFrame({"lesion_id": [f"L{n}" for n in range(30)], "label": "mel", "split": "validation"})
    card = replace(write_tiny_bundle(tmp_path).card, calibrations={"dermoscopic": Calibration(1.0)})
    (found,) = probes.evidence_by_modality(Corner(honest), card, store_of(images, labels)).values()  # type: ignore[arg-type]
    assert found["shown"] is honest
    assert found["low"] <= found["difference"] <= found["high"]
    if honest:
        assert found["deletion"] < found["deletion_random"] and found["insertion"] > found["insertion_random"]


def test_a_pair_is_worth_more_where_its_photographs_err_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    card = write_tiny_bundle(tmp_path).card
    malignant = np.tile(np.arange(300) % 2 == 1, 2)
    p = 1 / (1 + np.exp(-(rng.normal(0, 1, 600) + np.where(malignant, 0.7, -0.7))))
    scores = pd.DataFrame({f"raw_{code}": 0.0 for code in card.classes}, index=range(600)).assign(
        run=MAIN,
        split="validation",
        image_id=[f"I{n}" for n in range(600)],
        lesion_id=[f"L{n}" for n in range(300)] * 2,
        modality=["dermoscopic"] * 300 + ["close-up"] * 300,
        label=np.where(malignant, "mel", "nv"),
        raw_mel=p,
        raw_nv=1 - p,
    )
    alone = scores.iloc[:1].assign(lesion_id="alone", image_id="alone")
    (found,) = probes.pairs_of_photographs(pd.concat([scores, alone]), card).values()
    assert (found["lesions"], found["malignant"]) == (300, 150)
    assert found["both"]["value"] > max(found["dermoscopic"]["value"], found["close_up"]["value"])
    assert found["difference"]["low"] > 0
    sentence = card_text([replace(card, facts={"pairs": {"validation": found}}, results={"validation": {}})])
    assert "300 lesions (150 malignant) have a dermoscopic image and a close-up" in sentence
    assert probes.pairs_of_photographs(scores[scores["modality"] == "dermoscopic"], card) == {}
