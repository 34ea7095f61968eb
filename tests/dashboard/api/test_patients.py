"""Patients and lesions over HTTP: made by an upload, found, corrected, merged, erased."""

import io
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.dashboard.api.conftest import PREDICTIONS, Send, problem
from tests.files import saved

PATIENTS, LESIONS = "/api/v1/patients", "/api/v1/lesions"


def one_patient(client: FlaskClient, identifier: str) -> dict[str, Any]:
    """The one patient whose identifier begins so, with the lesions."""
    (found,) = client.get(PATIENTS, query_string={"identifier": identifier}).get_json()["items"]
    return client.get(f"{PATIENTS}/{found['id']}").get_json()


def test_an_upload_names_patient_lesion_and_day(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    days = ("2026-05-20", "2025-03-12T10:00:00Z")
    sent = [send(lesion_jpeg, patient="P-014", lesion="1", taken=day).get_json() for day in days]
    for answer, day in zip(sent, days, strict=True):
        assert (answer["patient"], answer["lesion"], answer["taken"]) == ("P-014", "1", day)
        assert answer["context"]["taken"] == day and answer["optics"] is None
    plain = send(lesion_jpeg).get_json()
    assert [plain[name] for name in ("patient", "lesion", "taken", "lesion_id")] == [None] * 4
    patient = one_patient(client, "p-01")
    (lesion,) = patient["lesions"]
    assert (lesion["name"], lesion["predictions"], lesion["first_taken"]) == ("1", 2, days[1])
    story = client.get(PREDICTIONS, query_string={"lesion_id": lesion["id"], "sort": "taken"}).get_json()
    assert [one["taken"] for one in story["items"]] == [days[1], days[0]] and story["total"] == 2
    assert client.get(f"{PREDICTIONS}?patient=P-014").get_json()["total"] == 2


def test_the_photograph_says_when_it_was_taken(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:05:20 09:31:05"
    photograph = Image.open(io.BytesIO(lesion_jpeg))
    data = saved(photograph, "JPEG", exif=exif)
    assert send(data).get_json()["taken"] == "2026-05-20T09:31:05"
    assert send(data, taken="2026-05-21").get_json()["taken"] == "2026-05-21"
    # A camera whose clock is ahead says nothing; a person who gives such a day is told.
    exif.get_ifd(0x8769)[0x9003] = "2199:01:01 00:00:00"
    assert send(saved(photograph, "JPEG", exif=exif)).get_json()["taken"] is None
    for wrong in ("2199-01-01", "yesterday", "12.03.2025"):
        assert problem(send(lesion_jpeg, taken=wrong))["status"] == 422


def test_a_patient_is_corrected_by_one_at_a_time(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    sent = send(lesion_jpeg, patient="P-1", lesion="1", taken="2020-05-01").get_json()
    address = f"{PATIENTS}/{one_patient(client, 'P-1')['id']}"
    seen = client.get(address)
    change = {"birth_year": 1961, "phototype": "II", "risk_factors": "many moles", "identifier": "P-7"}
    now = client.patch(address, json=change, headers={"If-Match": seen.headers["ETag"]})
    assert change.items() <= now.get_json().items() and now.headers["ETag"] == '"1"'
    late = client.patch(address, json={"sex": "male"}, headers={"If-Match": seen.headers["ETag"]})
    assert problem(late)["revision"] == 1 and late.status_code == 412
    assert client.get(sent["links"]["self"]).get_json()["patient"] == "P-7"
    for wrong in ({"phototype": "VII"}, {"birth_year": 2021}, {"birth_year": 1200}, {"shoe": 4}):
        assert problem(client.patch(address, json=wrong))["status"] == 422
    send(lesion_jpeg, patient="P-2")
    assert problem(client.patch(address, json={"identifier": "p-2"}))["status"] == 409
    assert problem(client.get(f"{PATIENTS}/none"))["detail"].startswith("There is no patient")


def test_lesions_move_and_merges_are_undone(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    for patient, lesion in (("P-1", "1"), ("P-1", "2"), ("P-2", "1")):
        send(lesion_jpeg, patient=patient, lesion=lesion)
    one, two = one_patient(client, "P-1"), one_patient(client, "P-2")
    first, second = (lesion["id"] for lesion in one["lesions"])
    merged = client.post(f"{LESIONS}/{second}/merge", json={"into": first})
    assert merged.get_json()["predictions"] == 2
    assert client.get(f"{LESIONS}/{second}").get_json()["merged_into"] == first
    assert client.delete(f"{LESIONS}/{second}/merge").get_json()["predictions"] == 1
    assert problem(client.delete(f"{LESIONS}/{second}/merge"))["status"] == 409
    moved = client.patch(f"{LESIONS}/{second}", json={"patient": "P-2", "laterality": "left"}).get_json()
    assert (moved["patient_id"], moved["laterality"]) == (two["id"], "left")
    assert problem(client.patch(f"{LESIONS}/{first}", json={"patient": "P-2"}))["status"] == 409
    joined = client.post(f"{PATIENTS}/{two['id']}/merge", json={"into": one["id"]}).get_json()
    assert [lesion["name"] for lesion in joined["lesions"]] == ["1", "1 (P-2)", "2"]
    parted = client.delete(f"{PATIENTS}/{two['id']}/merge").get_json()
    assert [lesion["name"] for lesion in parted["lesions"]] == ["1", "2"]
    assert problem(client.post(f"{PATIENTS}/{two['id']}/merge", json={"into": "x"}))["status"] == 404
    assert problem(client.post(f"{PATIENTS}/{two['id']}/merge", data="x"))["status"] == 415


def test_a_patient_is_taken_along_and_erased(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    sent = send(lesion_jpeg, patient="P-1", lesion="1").get_json()
    unnamed = send(lesion_jpeg, lesion="L1").get_json()
    whose = client.get(f"{LESIONS}/{unnamed['lesion_id']}").get_json()["patient_id"]
    assert client.get(f"{PATIENTS}/{whose}").get_json()["identifier"] is None
    address = f"{PATIENTS}/{one_patient(client, 'P-1')['id']}"
    with zipfile.ZipFile(io.BytesIO(client.get(f"{address}/data").data)) as archive:
        assert f"photographs/{sent['id']}.jpg" in archive.namelist()
    client.post(f"{PREDICTIONS}/{sent['id']}/hold", json={"reason": "a lawsuit"})
    assert problem(client.delete(address))["status"] == 409
    client.delete(f"{PREDICTIONS}/{sent['id']}/hold")
    assert client.delete(address).status_code == 204
    assert (
        client.get(sent["links"]["self"]).status_code == 404 and problem(client.get(address))["status"] == 404
    )
    assert client.delete(f"{PATIENTS}/{whose}").status_code == 204
    assert client.get(PREDICTIONS).get_json()["total"] == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "identifier=%00", "name=x"])
def test_what_cannot_be_asked_for_is_refused(client: FlaskClient, query: str) -> None:
    assert problem(client.get(f"{PATIENTS}?{query}"))["status"] == 422
