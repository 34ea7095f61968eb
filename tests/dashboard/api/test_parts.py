"""Crops, turns and retakes: what is predicted from, what is kept, and which attempt leads."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from dashboard.case_report.content import report_of
from dashboard.cases import NOBODY, predict_again
from dashboard.services import Services
from dashboard.shell.attempts import attempt_words, attempts_of
from dashboard.store import Record, open_store
from dashboard.store.backup import write_backup
from dashboard.store.restore import restore_backup
from model.images import Crop, cut, decode
from model.outcome import Outcome
from model.predictor import Decision, Predictor
from model.taxonomy import HAM10000
from tests import files
from tests.dashboard.api.conftest import PREDICTIONS, Send, problem

PART = {"left": 0.25, "top": 0.1, "width": 0.5, "height": 0.75, "turns": 1}


def refused(response: TestResponse) -> dict[str, Any]:
    """The problem of a request that does not fit."""
    assert response.status_code == 422
    return problem(response)


def shown(client: FlaskClient, address: str) -> Image.Image:
    """A picture that the API gives."""
    response = client.get(address)
    assert response.status_code == 200
    return Image.open(io.BytesIO(response.data))


def test_a_part_is_predicted_from_and_all_of_it_is_kept(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    body = send(lesion_jpeg, crop="0.25,0.1,0.5,0.75", turns="1").get_json()
    assert body["crop"] == PART
    part = cut(decode(lesion_jpeg), Crop(**PART))
    alone = Predictor(services.bundle()).predict(part)
    assert body["probability"] == pytest.approx(alone.probability, abs=1e-6)
    whole = send(lesion_jpeg).get_json()
    assert whole["crop"] is None and whole["probability"] != pytest.approx(body["probability"], abs=1e-9)
    assert (body["width"], body["height"]) == part.pixels.shape[1::-1]
    # What was looked at is shown; the photograph stays as it came.
    assert shown(client, body["links"]["image"]).size == part.pixels.shape[1::-1]
    assert shown(client, body["links"]["original"]).size == (600, 450)
    assert max(shown(client, body["links"]["thumbnail"]).size) == 240
    difference = np.asarray(shown(client, body["links"]["image"]).convert("RGB"), int) - part.pixels
    assert np.abs(difference).mean() < 3
    assert (
        "A part of the photograph: 50 % of its width, 75 % of its height, turned by 90°."
        in (client.get(f"/cards/{body['id']}").get_json()["card"])
    )


def test_predicting_again_takes_the_same_part(send: Send, services: Services, lesion_jpeg: bytes) -> None:
    first = send(lesion_jpeg, crop="0.25,0.1,0.5,0.75", turns="1").get_json()
    again = predict_again(NOBODY, services, first["id"], "tiny", "sensitivity-90")
    assert again.crop == Crop(**PART)
    assert again.probability == pytest.approx(first["probability"], abs=1e-6)
    assert predict_again(NOBODY, services, first["id"], "tiny", "sensitivity-90").id == again.id


def test_another_part_of_a_stored_photograph_replaces_the_first(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    first = send(lesion_jpeg, lesion="L-77", age="50").get_json()
    address = f"{PREDICTIONS}/{first['id']}/parts"
    response = client.post(address, json=PART)
    second = response.get_json()
    assert response.status_code == 201
    assert (second["replaces"], second["crop"], second["sha256"]) == (first["id"], PART, first["sha256"])
    assert second["context"] == first["context"]
    assert client.post(address, json=PART).get_json()["id"] == second["id"]
    record = services.store.get(first["id"])
    assert {one.id for one in attempts_of(services.store, record)} == {first["id"], second["id"]}
    outside = client.post(address, json=PART | {"left": 0.9})
    assert refused(outside)["code"] == "invalid"
    assert refused(client.post(address, json=PART | {"width": 0.01}))["code"] == "too_small"
    missing = f"{PREDICTIONS}/0198c0de-0000-7000-8000-000000000000/parts"
    assert client.post(missing, json=PART).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"crop": "0.9,0,0.5,1"}, {"crop": "0,0,1"}, {"crop": "a"}, {"turns": "4"}, {"crop": "0,0,2,1"}]
)
def test_what_is_no_part_is_refused(send: Send, lesion_jpeg: bytes, wrong: dict[str, str]) -> None:
    assert refused(send(lesion_jpeg, **wrong))["code"] == "invalid"


def test_the_same_key_with_another_part_is_another_request(send: Send, lesion_jpeg: bytes) -> None:
    first = send(lesion_jpeg, key="part", crop="0,0,0.5,0.5").get_json()
    assert send(lesion_jpeg, key="part", crop="0,0,0.5,0.5").get_json()["id"] == first["id"]
    assert send(lesion_jpeg, key="part", crop="0,0,0.6,0.6").status_code == 409


def test_a_retake_says_what_it_replaces(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    first = send(lesion_jpeg, "first.jpg", lesion="L-78", site="back").get_json()
    retake = send(mole_jpeg, "retake.jpg", replaces=first["id"]).get_json()
    # What is known of the person and the lesion goes over.
    assert (retake["replaces"], retake["context"]["site"], retake["context"]["lesion"]) == (
        first["id"],
        "back",
        "L-78",
    )
    card = client.get(f"/cards/{retake['id']}").get_json()
    assert "One of 2 photographs of this lesion from this day." in card["card"]
    assert "It replaces first.jpg" in card["card"]
    assert set(card["row"]["attempts"]) == {first["id"], retake["id"]}
    assert "retake.jpg replaces it" in client.get(f"/cards/{first['id']}").get_json()["card"]
    report = report_of(
        services.store.get(retake["id"]),
        HAM10000,
        attempts=attempts_of(services.store, services.store.get(retake["id"])),
    )
    assert "It replaces first.jpg" in report.attempts
    assert client.get(f"{PREDICTIONS}/{retake['id']}/report").status_code == 200
    gone = send(mole_jpeg, replaces="0198c0de-0000-7000-8000-000000000000")
    assert "no longer there" in refused(gone)["detail"]


def test_the_worst_outcome_of_a_day_leads(send: Send, services: Services) -> None:
    sent = [
        send(files.saved(files.lesion(seed)), f"{seed}.jpg", lesion="L-79").get_json() for seed in (1, 2, 3)
    ]
    record = services.store.get(sent[0]["id"])
    every = list(attempts_of(services.store, record))
    assert {one.id for one in every} == {one["id"] for one in sent}
    benign, worse = (
        replace(every[0], decision=Decision.BENIGN, cautions=()),
        replace(every[1], decision=Decision.MALIGNANT, cautions=(), filename="worse.jpg"),
    )
    assert worse.outcome == Outcome.MALIGNANT
    words = attempt_words(benign, (worse, benign))
    assert "The worst outcome counts: Malignant (worse.jpg)." in words
    assert "worst outcome counts" not in attempt_words(worse, (worse, benign))
    assert attempt_words(benign, ()) == ""


def test_a_photograph_of_another_day_is_another_visit(send: Send, services: Services) -> None:
    first, second = (
        services.store.get(send(files.saved(files.lesion(seed)), lesion="L-80").get_json()["id"])
        for seed in (4, 5)
    )
    assert len(attempts_of(services.store, second)) == 2
    before: Record = replace(second, created=first.created + timedelta(days=3))
    assert attempts_of(services.store, before) == ()


def test_parts_and_retakes_are_in_backups_and_exports(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes, tmp_path: Any
) -> None:
    first = send(lesion_jpeg).get_json()
    second = send(lesion_jpeg, crop="0.25,0.1,0.5,0.75", turns="1", replaces=first["id"]).get_json()
    table = client.get("/exports/predictions.csv").text.splitlines()
    assert ",crop,replaces," in table[0]
    assert any(f",0.25; 0.1; 0.5; 0.75; 1,{first['id']}," in line for line in table)
    write_backup(services.store, tmp_path / "all.tar")
    other = open_store(tmp_path / "elsewhere")
    restore_backup(other, tmp_path / "all.tar")
    restored = other.get(second["id"])
    assert (restored.crop, restored.replaces) == (Crop(**PART), first["id"])
    other.close()
