"""The whole way on drawn lesions: prepare, train, evaluate, export, serve, predict, find it in the history."""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.app import create_app
from dashboard.settings import Settings
from model.__main__ import main as model_main
from model.bundle import GRAPH, SCORES, WEIGHTS, open_bundle
from model.evaluation.stored import stored_scores
from model.images import decode, encode, square
from model.predictor import Predictor
from training.__main__ import main as training_main
from training.drawings.synthetic import draw_lesion

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle `drawn` in `bundles`, made by the commands that a user would type."""
    folder = tmp_path_factory.mktemp("end-to-end")
    data, run = folder / "prepared", folder / "run"
    metadata, images = folder / "drawn" / "HAM10000_metadata.csv", folder / "drawn" / "images"
    store = ["--data", str(data)]
    of_run = ["tiny", "--run", str(run), *store]
    for call in (
        ["synthetic", "--out", str(folder / "drawn"), "--count", "400", "--small"],
        [
            "prepare",
            "--metadata",
            str(metadata),
            "--images",
            str(images),
            "--source",
            "drawn",
            "--licence",
            "MIT",
            *store,
        ],
        ["train", *of_run, "--init", "none"],
        ["evaluate", *of_run, "--open-test", "the test of the whole way", "--quick"],
        ["export", *of_run, "--out", str(folder / "bundles" / "drawn")],
    ):
        assert training_main(call) == 0, call
    return folder


def test_it_beats_chance_clearly(trained: Path) -> None:
    bundle = open_bundle(trained / "bundles" / "drawn")
    test = bundle.card.results["test"]
    assert test["auc_low"] > 0.6 and test["auc"] > 0.75
    assert bundle.card.synthetic and bundle.card.licence == "MIT"
    assert bundle.card.training["largest_difference_from_keras"] <= 1e-3
    scores = stored_scores(bundle)
    assert set(scores["split"]) == {"validation", "test"} and not scores["lesion_id"].groupby(
        scores["split"]
    ).apply(set).pipe(lambda sets: set.intersection(*sets))


def test_page_http_score_and_keras_agree(trained: Path, tmp_path: Path) -> None:
    import keras

    photographs = tmp_path / "photographs"
    photographs.mkdir()
    for seed in range(4):
        size = (300 + 50 * seed, 420)
        (photographs / f"{seed}.jpg").write_bytes(
            encode(draw_lesion(900 + seed, malignant=seed % 2 == 0, size=size))
        )
    settings = Settings(data_dir=tmp_path / "data", bundles=trained / "bundles", model="drawn")
    client = create_app(settings).server.test_client()
    out = tmp_path / "out.parquet"
    call = [
        "score",
        str(photographs),
        "--out",
        str(out),
        "--model",
        "drawn",
        "--bundles",
        str(trained / "bundles"),
    ]
    assert model_main(call) == 0
    table = pd.read_parquet(out).set_index("file")["probability"]
    bundle = open_bundle(trained / "bundles" / "drawn")
    predictor = Predictor(bundle)
    from model.calibration import calibrate
    from training.networks import serving_model

    network = serving_model(keras.saving.load_model(bundle.path / "model.keras"))
    for path in sorted(photographs.iterdir()):
        answer = client.post(
            "/api/v1/predictions",
            data={"file": (BytesIO(path.read_bytes()), path.name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 201
        photograph = decode(path.read_bytes())
        one = predictor.predict(photograph).probability
        assert answer.json["probability"] == pytest.approx(one, abs=1e-6)
        assert table[str(path)] == pytest.approx(one, abs=1e-6)
        raw = np.asarray(network(square(photograph.pixels, 64)[None])["probabilities"])
        taxonomy = bundle.card.taxonomy
        own = taxonomy.malignancy(calibrate(raw, bundle.card.calibration(), taxonomy.columns))
        assert own[0] == pytest.approx(one, abs=1e-3)
        found = client.get(f"/api/v1/predictions/{answer.json['id']}")
        assert found.status_code == 200 and found.json["probability"] == answer.json["probability"]
        assert client.get(f"/history/{answer.json['id']}").status_code == 200


def test_figures_and_guard_are_made_anew_without_the_run(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(trained / "bundles" / "drawn", tmp_path / "drawn")
    old, before = open_bundle(copy), pd.read_parquet(copy / SCORES)
    data = shutil.copytree(trained / "prepared", tmp_path / "prepared")
    call = ["refresh", str(copy), "--data", str(data)]
    assert training_main([*call, "--version", "2"]) == 1
    assert "--open-test" in capsys.readouterr().err and open_bundle(copy).card == old.card

    assert training_main([*call, "--version", "2", "--open-test", "the guard on test images"]) == 0
    new = open_bundle(copy)
    assert new.card.version == "2" and new.card.operating_points == old.card.operating_points
    assert new.card.results == old.card.results and new.card.calibrations == old.card.calibrations
    same = {GRAPH, WEIGHTS}
    assert {new.card.files[name] for name in same} == {old.card.files[name] for name in same}
    pd.testing.assert_frame_equal(pd.read_parquet(copy / SCORES), before)
    limits = [dict(bundle.card.guard["quality"]) for bundle in (old, new)]
    assert limits[0] == pytest.approx(limits[1])
    tested = "test: drawn, dermoscopic"
    assert new.card.guard["measured"][tested] == pytest.approx(old.card.guard["measured"][tested])
    reasons = [opening["why"] for opening in new.card.facts["openings"]]
    assert reasons == ["the test of the whole way", "the guard on test images"]

    cases = pd.read_parquet(data / "cases.parquet")
    cases["split"] = np.roll(cases["split"], 1)
    cases.to_parquet(data / "cases.parquet", index=False)
    assert training_main([*call, "--version", "3", "--open-test", "once more"]) == 1
    assert "not split as" in capsys.readouterr().err and open_bundle(copy).card.version == "2"
