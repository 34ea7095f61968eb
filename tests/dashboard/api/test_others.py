"""Models, health, metrics, examples and the documentation over HTTP."""

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from dashboard import examples
from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.store import StoreError
from model.bundle import GRAPH, SCORES
from model.cautions import Caution
from model.evaluation.stored import stored_scores
from model.images import decode, encode
from model.predictor import Predictor
from tests.dashboard.api.conftest import Send, problem
from tests.tiny import signed_again, write_tiny_bundle

MODELS = "/api/v1/models"


def test_models_are_listed_with_what_they_are_for(client: FlaskClient, services: Services) -> None:
    (tiny,) = client.get(MODELS).get_json()["items"]
    card = services.bundle().card
    assert (tiny["name"], tiny["version"], tiny["sha256"]) == (card.name, card.version, card.sha256)
    assert tiny["default"] and tiny["runnable"] and tiny["synthetic"]
    assert [point["name"] for point in tiny["operating_points"]] == [
        one.name for one in card.operating_points
    ]


def test_card_is_shown_as_it_is(client: FlaskClient, services: Services) -> None:
    shown = client.get(f"{MODELS}/tiny").get_json()
    card = services.bundle().card
    assert shown["training"] == dict(card.training)
    assert shown["files"] == dict(card.files)
    assert shown["sha256"] == card.sha256
    assert problem(client.get(f"{MODELS}/none"))["code"] == "unknown_model"


def test_metrics_are_counted_at_the_threshold(client: FlaskClient, services: Services) -> None:
    rows = stored_scores(services.bundle())
    rows = rows[rows["split"] == "validation"]
    found = client.get(f"{MODELS}/tiny/metrics?threshold=0.4&split=validation").get_json()
    called = rows["probability"] >= 0.4
    assert found["n"] == len(rows)
    assert found["true_positives"] == int((called & rows["malignant"]).sum())
    assert found["false_positives"] == int((called & ~rows["malignant"]).sum())
    expected = found["true_positives"] / int(rows["malignant"].sum())
    assert found["sensitivity"]["value"] == pytest.approx(expected)
    assert found["sensitivity"]["low"] < expected < found["sensitivity"]["high"]
    assert client.get(f"{MODELS}/tiny/metrics").get_json()["threshold"] == services.bundle().card.threshold


@pytest.fixture
def spoilt(tmp_path: Path) -> Iterator[tuple[FlaskClient, Path]]:
    """A client of a server with a sound default model and a second one, and the folder of that, to be damaged."""
    from dashboard.app import create_app

    for name in ("sound", "spoilt"):
        write_tiny_bundle(tmp_path / "bundles", name)
    path = tmp_path / "bundles" / "spoilt"
    (path / SCORES).write_bytes(b"PAR1 nothing")
    signed_again(path)
    services = build_services(
        Settings(bundles=tmp_path / "bundles", data_dir=tmp_path / "data", model="sound")
    )
    yield create_app(services=services).server.test_client(), path
    services.store.close()


def test_bad_scores_of_one_model_are_said_and_break_nothing_else(spoilt: tuple[FlaskClient, Path]) -> None:
    client, _ = spoilt
    assert [one["name"] for one in client.get(MODELS).get_json()["items"]] == ["sound", "spoilt"]
    found = problem(client.get(f"{MODELS}/spoilt/metrics"))
    assert (found["code"], found["status"]) == ("damaged_model", 503)
    assert client.get(f"{MODELS}/sound/metrics").status_code == 200
    for address in (
        "/monitoring",
        "/performance/figure/roc.json?model=spoilt",
        "/performance?compare=spoilt",
    ):
        assert client.get(address).status_code == 200


def test_a_graph_replaced_after_the_start_neither_predicts_nor_is_ready(
    spoilt: tuple[FlaskClient, Path], lesion_jpeg: bytes
) -> None:
    client, path = spoilt
    other = write_tiny_bundle(path.parents[1] / "other", seed=5)
    for name in ("spoilt", "sound"):
        shutil.copyfile(other.path / GRAPH, path.parent / name / GRAPH)
    for data in ({}, {"model": "spoilt"}):
        sent = {**data, "file": (io.BytesIO(lesion_jpeg), "a.jpg")}
        found = problem(client.post("/api/v1/predictions", data=sent))
        assert (found["code"], found["status"]) == ("damaged_model", 503)
    assert problem(client.get("/health/ready"))["status"] == 503


def test_figures_that_do_not_exist_say_why(client: FlaskClient) -> None:
    found = client.get(f"{MODELS}/tiny/metrics?threshold=1").get_json()
    assert found["ppv"]["value"] is None
    assert found["ppv"]["reason"].endswith(".")
    for query in ("threshold=2", "threshold=x", "split=train"):
        assert problem(client.get(f"{MODELS}/tiny/metrics?{query}"))["code"] == "invalid"


def test_server_lives_and_is_ready(client: FlaskClient, services: Services) -> None:
    assert client.get("/health/live").get_json() == {"status": "ok"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.get_json()["model"] == "tiny"
    assert ready.get_json()["model_sha256"] == services.bundle().card.sha256


def test_readiness_writes_nothing_and_predicts_once(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    predict = Predictor.predict

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        return predict(*arguments, **options)

    monkeypatch.setattr(Predictor, "predict", counted)
    before = services.store.latest(), sorted(services.settings.data_dir.rglob("*"))
    assert {client.get("/health/ready").status_code for _ in range(5)} == {200}
    assert (services.store.latest(), sorted(services.settings.data_dir.rglob("*"))) == before
    assert len(calls) == 1


def test_a_model_that_does_not_predict_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no memory")

    assert client.get("/health/ready").status_code == 200
    monkeypatch.setattr("dashboard.services.PROVEN", 0)
    monkeypatch.setattr(Predictor, "predict", fail)
    assert problem(client.get("/health/ready"))["code"] == "damaged_model"
    monkeypatch.undo()
    assert client.get("/health/ready").status_code == 200


def test_store_that_cannot_be_written_is_not_ready(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("no space left")

    monkeypatch.setattr(type(services.store), "check", fail)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert problem(response)["code"] == "store"
    assert client.get("/health/live").status_code == 200


def series(client: FlaskClient) -> dict[str, str]:
    """What /metrics says, by name and labels."""
    text = client.get("/metrics").get_data(as_text=True)
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")


def test_metrics_count_each_photograph_once(
    client: FlaskClient, services: Services, send: Send, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    drawn = client.get("/api/v1/examples/1").data
    for data in (lesion_jpeg, mole_jpeg, lesion_jpeg, lesion_jpeg, drawn):
        assert send(data).status_code == 201
    for _ in range(2):
        send(mole_jpeg, key="once")
    found = series(client)
    counted = [float(value) for name, value in found.items() if "dermaboard_predictions_total{" in name]
    assert sum(counted) == 2
    assert found['dermaboard_repeated_predictions_total{model="tiny"}'] == "4.0"
    assert found['dermaboard_prediction_seconds_count{model="tiny"}'] == "6.0"
    assert found['dermaboard_prediction_warnings_total{code="synthetic"}'] == "2.0"
    assert "each once" in client.get("/metrics").get_data(as_text=True)


def test_photographs_without_a_result_have_a_counter(client: FlaskClient, services: Services) -> None:
    for seed, severe in enumerate((True, False)):
        photograph = decode(encode(np.full((200, 200, 3), 90 + seed, np.uint8)))
        prediction = services.predictors.get(services.bundle()).predict(photograph)
        cautions = (Caution("unlike", "Unlike a lesion.", severe=severe),)
        services.store.add(photograph, replace(prediction, cautions=cautions), "a.jpg")
    counted = series(client)['dermaboard_predictions_total{model="tiny",outcome="no_result"}']
    assert counted == "1.0"


def test_what_happens_is_counted(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    outcome = send(lesion_jpeg).get_json()["outcome"]
    send(b"")
    client.get("/api/v1/predictions/some-id")
    response = client.get("/metrics")
    assert response.mimetype == "text/plain"
    lines = series(client)
    assert lines[f'dermaboard_predictions_total{{model="tiny",outcome="{outcome}"}}'] == "1.0"
    assert lines['dermaboard_prediction_warnings_total{code="synthetic"}'] == "1.0"
    assert lines['dermaboard_errors_total{code="empty"}'] == "1.0"
    route = 'method="GET",route="/api/v1/predictions/<string:record_id>",status="404"'
    assert lines[f"dermaboard_http_requests_total{{{route}}}"] == "1.0"
    assert lines['dermaboard_prediction_seconds_count{model="tiny"}'] == "1.0"
    assert any(name.startswith("dermaboard_model_info{") and 'model="tiny"' in name for name in lines)
    assert not any("some-id" in name for name in lines)


def test_drawn_examples_are_served_and_known_as_drawn(client: FlaskClient) -> None:
    assert examples.example_names()
    for number in range(1, len(examples.example_names()) + 1):
        photograph = decode(client.get(f"/api/v1/examples/{number}").data)
        assert examples.is_drawn(photograph.sha256)
    assert problem(client.get(f"/api/v1/examples/{len(examples.example_names()) + 1}"))["status"] == 404


def test_document_is_openapi_3_1_and_complete(client: FlaskClient) -> None:
    document: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert {
        "/api/v1/predictions",
        "/api/v1/predictions/{record_id}",
        "/api/v1/predictions/{record_id}/image",
        "/api/v1/predictions/{record_id}/thumbnail",
        "/api/v1/predictions/{record_id}/outline",
        "/api/v1/predictions/{record_id}/report",
        "/api/v1/models",
        "/api/v1/models/{name}",
        "/api/v1/models/{name}/metrics",
    } <= document["paths"].keys()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', client.get("/api/v1/openapi.json").text))
    assert references <= document["components"]["schemas"].keys()
    upload = document["paths"]["/api/v1/predictions"]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert upload["responses"]["422"]["content"].keys() == {"application/problem+json"}


def test_documentation_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs")
    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)
    assert len(addresses) >= 5
    for address in addresses:
        assert address.startswith("/") and not address.startswith("//")
        # Pages and assets are Dash's to serve, which is not here.
        if address != "/" and not address.startswith("/assets/"):
            assert client.get(address).status_code == 200, address
    assert (Path(__file__).parents[3] / "assets" / "reference.js").is_file()


def test_a_model_is_changed_and_changed_back(client: FlaskClient) -> None:
    models = "/api/v1/models"
    assert client.get(models).json["items"][0]["state"] == "in_use"
    answer = client.patch(f"{models}/tiny", json={"state": "retired", "why": "Misses too much."})
    assert answer.status_code == 200 and answer.json["states"] == {"tiny": "retired"}
    assert answer.json["why"] == "Misses too much." and answer.json["default"] is None
    assert client.get(models).json["items"][0]["state"] == "retired"
    assert 'model="tiny"' not in client.get("/metrics").text
    newest = client.get("/api/v1/model-changes").json["items"][0]
    assert newest == answer.json
    assert client.delete(f"/api/v1/model-changes/{newest['seq'] - 1}").status_code == 409
    back = client.delete(f"/api/v1/model-changes/{newest['seq']}")
    assert 'model="tiny"' in client.get("/metrics").text
    assert back.json["states"] == {"tiny": "in_use"} and "Back to how it was" in back.json["why"]
    for wrong in ({"state": "gone", "why": "x"}, {"state": "retired"}, {"state": "in_use", "why": "x"}):
        assert client.patch(f"{models}/tiny", json=wrong).status_code == 422
