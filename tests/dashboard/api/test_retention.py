"""Legal holds and all of a lesion over HTTP."""

import io
import json
import zipfile

from flask.testing import FlaskClient

from dashboard.services import Services
from tests.dashboard.api.conftest import PREDICTIONS, Send, problem

LESION = "/api/v1/lesion"


def test_a_hold_is_set_on_a_lesion_and_released(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    first, second = (send(lesion_jpeg, lesion="L1").get_json() for _ in range(2))
    address = f"{PREDICTIONS}/{first['id']}"
    assert client.delete(f"{PREDICTIONS}/{second['id']}").status_code == 204
    for wrong, status in (({}, 422), ({"reason": ""}, 422), ({"reason": "x", "by": "me"}, 422)):
        assert problem(client.post(f"{address}/hold", json=wrong))["status"] == status
    assert problem(client.post(f"{address}/hold", data="x"))["status"] == 415
    held = client.post(f"{address}/hold", json={"reason": "a lawsuit", "whole_lesion": True}).get_json()
    assert set(held["ids"]) == {first["id"], second["id"]}
    assert problem(client.delete(address))["status"] == 409
    (item,) = client.get("/api/v1/bin").get_json()["items"]
    assert item["held"] == "a lawsuit"
    assert problem(client.delete(f"/api/v1/bin/{second['id']}"))["status"] == 409
    assert problem(client.delete(f"{LESION}?lesion=L1"))["status"] == 409
    released = client.delete(f"{address}/hold").get_json()
    assert released["ids"] == [first["id"]] and client.delete(address).status_code == 204
    assert problem(client.post(f"{PREDICTIONS}/unknown/hold", json={"reason": "x"}))["code"] == "not_found"


def test_a_lesion_is_taken_and_erased(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    sent = send(lesion_jpeg, lesion="left/arm 1").get_json()
    asked = {"query_string": {"lesion": "left/arm 1"}}
    taken = client.get(LESION, **asked)
    assert taken.mimetype == "application/zip" and taken.headers["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(taken.data)) as archive:
        (case,) = json.loads(archive.read("cases.json"))["cases"]
        assert case["prediction"]["id"] == sent["id"] and archive.read(case["photograph"])
    assert client.delete(LESION, **asked).status_code == 204
    assert client.get(sent["links"]["self"]).status_code == 404
    for ask in (client.get, client.delete):
        assert problem(ask(LESION, **asked))["code"] == "not_found"
        assert problem(ask(LESION))["status"] == 422
