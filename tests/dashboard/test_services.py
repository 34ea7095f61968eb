"""The one path from bytes to a stored prediction, and what happens when no model can answer."""

import shutil
from pathlib import Path

import pytest

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import ModelUnavailable, Services, build_services
from dashboard.settings import Settings, SettingsError
from model.bundle import GRAPH, Damaged
from model.images import ImageError, decode
from model.predictor import Predictor
from tests.tiny import write_tiny_bundle


def test_prediction_is_stored_as_the_predictor_made_it(services: Services, lesion_jpeg: bytes) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    alone = Predictor(services.bundle()).predict(decode(lesion_jpeg))
    assert record.probability == pytest.approx(alone.probability, abs=1e-6)
    assert record.sha256 == alone.sha256
    assert services.store.get(record.id) == record
    assert record.filename == "arm.jpg"


def test_predictor_is_loaded_once(services: Services) -> None:
    first = services.predictors.get(services.bundle())
    services.warm().join(30)
    assert services.predictors.get(services.bundle()) is first


def test_broken_file_leaves_nothing_behind(services: Services, lesion_jpeg: bytes) -> None:
    from dashboard.store import Query

    with pytest.raises(ImageError):
        predict_photograph(NOBODY, services, lesion_jpeg[:2000], "half.jpg")
    assert services.store.page(Query()).total == 0


def test_unknown_model_is_refused_with_the_names_that_exist(services: Services, lesion_jpeg: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="Available: tiny") as caught:
        predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", model="other")
    assert caught.value.code == "unknown_model"


def test_start_without_any_model_is_possible(tmp_path: Path) -> None:
    empty = tmp_path / "bundles"
    empty.mkdir()
    services = build_services(Settings(bundles=empty, data_dir=tmp_path / "data"))
    assert services.default_model is None
    with pytest.raises(ModelUnavailable) as caught:
        services.bundle()
    assert caught.value.code == "no_model"
    services.store.close()


def test_model_asked_for_by_name_has_to_run(bundle_root: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"DERMABOARD_MODEL='missing'.*Available: tiny"):
        build_services(Settings(bundles=bundle_root, data_dir=tmp_path / "data", model="missing"))


def test_damaged_bundle_is_reported_and_another_one_serves(bundle_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "bundles"
    shutil.copytree(bundle_root, root)
    (write_tiny_bundle(root, "dermanet").path / GRAPH).write_bytes(b"changed")
    services = build_services(Settings(bundles=root, data_dir=tmp_path / "data"))
    assert [one.name for one in services.bundles if isinstance(one, Damaged)] == ["dermanet"]
    assert services.default_model == "tiny"
    with pytest.raises(ModelUnavailable) as caught:
        services.bundle("dermanet")
    assert caught.value.code == "damaged_model"
    services.store.close()


def test_bundle_without_a_graph_never_serves(tmp_path: Path) -> None:
    root = tmp_path / "bundles"
    root.mkdir()
    write_tiny_bundle(root, "dermanet", graph=False)
    services = build_services(Settings(bundles=root, data_dir=tmp_path / "data"))
    assert services.runnable == ()
    services.store.close()
