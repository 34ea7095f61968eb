"""Predictions over HTTP: made, listed, looked at, added to, deleted."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.store import StoreError
from dashboard.store.holds import Holds
from model.images import decode
from model.predictor import Predictor
from tests import files
from tests.dashboard.api.conftest import PREDICTIONS, Send, problem
from tests.dashboard.reviews import add_review


@pytest.fixture
def several(send: Send) -> list[dict[str, Any]]:
    """Three predictions, the oldest first."""
    fields = ({"lesion": "L1", "age": "40"}, {"lesion": "L1", "site": "back"}, {"lesion": "L2"})
    return [
        send(files.saved(files.lesion(seed)), f"{seed}.jpg", **more).get_json()
        for seed, more in zip((1, 2, 3), fields, strict=True)
    ]


def ids(client: FlaskClient, query: str) -> list[str]:
    """The ids of a list in its order."""
    response = client.get(f"{PREDICTIONS}?{query}")
    assert response.status_code == 200, response.get_json()
    return [item["id"] for item in response.get_json()["items"]]


def test_prediction_agrees_with_the_predictor(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    response = send(lesion_jpeg)
    body = response.get_json()
    alone = Predictor(services.bundle()).predict(decode(lesion_jpeg))
    assert response.status_code == 201
    assert response.headers["Location"] == f"{PREDICTIONS}/{body['id']}"
    assert body["probability"] == pytest.approx(alone.probability, abs=1e-6)
    assert (body["decision"], body["sha256"]) == (alone.decision, alone.sha256)
    assert (body["threshold"], body["malignant_from"]) == (alone.threshold, alone.malignant_from)
    assert [one["code"] for one in body["warnings"]] == [one.code for one in alone.cautions]
    assert sum(body["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert client.get(response.headers["Location"]).get_json() == body


def test_model_and_operating_point_can_be_chosen(send: Send, lesion_jpeg: bytes) -> None:
    body = send(lesion_jpeg, model="tiny", operating_point="sensitivity-90").get_json()
    assert (body["model"], body["operating_point"]) == ("tiny", "sensitivity-90")


def test_context_is_kept_and_not_used(send: Send, lesion_jpeg: bytes) -> None:
    plain = send(lesion_jpeg).get_json()
    told = send(
        lesion_jpeg, age="50", sex="female", site="back", lesion="A1", note="itches\nsince May"
    ).get_json()
    assert told["probability"] == plain["probability"]
    given = {name: value for name, value in told["context"].items() if value is not None}
    assert given == {
        "age": 50,
        "sex": "female",
        "site": "back",
        "lesion": "A1",
        "note": "itches\nsince May",
    }
    assert set(plain["context"].values()) == {None}
    assert set(send(lesion_jpeg, age="", sex="", note="").get_json()["context"].values()) == {None}


def test_list_is_filtered_and_sorted(client: FlaskClient, several: list[dict[str, Any]]) -> None:
    first, second, third = (one["id"] for one in several)
    assert ids(client, "") == [third, second, first]
    assert ids(client, "sort=created") == [first, second, third]
    assert ids(client, "sort=-lesion,filename") == [third, first, second]
    assert ids(client, "lesion=L1&sort=created") == [first, second]
    assert ids(client, "filename=2.j") == [second]
    assert ids(client, "site=back&site=face") == [second]
    assert ids(client, "search=L2") == [third]
    ordered = sorted(several, key=lambda one: one["probability"])
    assert ids(client, "sort=probability") == [one["id"] for one in ordered]
    assert ids(client, f"probability_from={ordered[1]['probability']}&sort=probability") == [
        one["id"] for one in ordered[1:]
    ]
    moment = several[1]["created"]
    assert ids(client, f"created_from={moment}&sort=created") == [second, third]
    assert ids(client, f"created_before={moment}") == [first]


def test_list_is_read_page_by_page(client: FlaskClient, several: list[dict[str, Any]]) -> None:
    page = client.get(f"{PREDICTIONS}?limit=2").get_json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    rest = client.get(f"{PREDICTIONS}?limit=2&after={page['next']}").get_json()
    assert [one["id"] for one in rest["items"]] == [several[0]["id"]]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "after=nothing",
        "sort=height",
        "sort=",
        "decision=perhaps",
        "decison=benign",
        "created_from=2026",
        "created_from=2026-01-01T00:00:00",
        "created_from=0001-01-01T00:00:00Z",
        "probability_from=2",
    ],
)
def test_wrong_questions_are_explained(client: FlaskClient, query: str) -> None:
    response = client.get(f"{PREDICTIONS}?{query}")
    assert response.status_code == 422
    problem(response)


def test_unchanged_prediction_is_not_sent_again(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    address = send(lesion_jpeg).headers["Location"]
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    client.patch(address, json={"context": {"age": 3}})
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200
    # The ETag is the one that PATCH wants, whatever the client takes compressed.
    assert client.get(address, headers={"Accept-Encoding": "br, gzip"}).headers["ETag"] == '"1"'


def test_context_is_merged(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    address = send(lesion_jpeg, age="40", note="old").headers["Location"]
    changed = client.patch(address, json={"context": {"note": None, "site": "back"}})
    assert changed.status_code == 200
    context = changed.get_json()["context"]
    assert (context["age"], context["note"], context["site"]) == (40, None, "back")
    again = client.patch(
        address, data=b'{"context": {"age": 41}}', content_type="application/merge-patch+json"
    )
    assert again.get_json()["context"]["age"] == 41


def test_review_is_appended(client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes) -> None:
    body = send(lesion_jpeg).get_json()
    review = {"reviewer": "AB", "diagnosis": "mel", "source": "histology", "add_tags": ["teaching"]}
    changed = client.patch(body["links"]["self"], json={"review": review, "context": {"age": 50}}).get_json()
    assert changed["review"]["confirmed"] == "mel"
    assert changed["review"]["confirmed_by"] == "histology"
    assert changed["review"]["tags"] == ["teaching"]
    assert changed["context"]["age"] == 50
    assert [one.reviewer for one in services.store.reviews(body["id"])] == ["AB"]
    assert ids(client, "confirmed=mel&tag=teaching") == [body["id"]]
    halfway = client.patch(body["links"]["self"], json={"review": {"reviewer": "AB", "diagnosis": "mel"}})
    assert halfway.status_code == 422


def test_nothing_is_written_over_somebody_elses_change(
    client: FlaskClient, send: Send, lesion_jpeg: bytes
) -> None:
    response = send(lesion_jpeg)
    address, seen = response.headers["Location"], {"If-Match": response.headers["ETag"]}
    assert client.patch(address, json={"context": {"note": "mine"}}, headers=seen).status_code == 200
    late = client.patch(address, json={"context": {"note": "yours"}}, headers=seen)
    assert late.status_code == 412
    assert problem(late)["revision"] == 1
    assert client.delete(address, headers=seen).status_code == 412
    assert client.get(address).get_json()["context"]["note"] == "mine"
    assert client.patch(address, json={"context": {"age": 1}}, headers={"If-Match": "*"}).status_code == 200


def test_a_change_with_half_of_it_wrong_writes_nothing(
    client: FlaskClient, send: Send, lesion_jpeg: bytes
) -> None:
    address = send(lesion_jpeg, age="40").headers["Location"]
    wrong = {"context": {"age": 41}, "review": {"reviewer": "AB", "diagnosis": "mel"}}
    assert client.patch(address, json=wrong).status_code == 422
    body = client.get(address)
    assert body.get_json()["context"]["age"] == 40 and body.headers["ETag"] == '"0"'


def test_reviews_without_a_revision_never_conflict(
    client: FlaskClient, send: Send, lesion_jpeg: bytes
) -> None:
    address = send(lesion_jpeg).headers["Location"]

    def review(number: int) -> int:
        one = {"review": {"reviewer": f"R{number}"}, "context": {"age": number}}
        return client.application.test_client().patch(address, json=one).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(review, range(50))) == {200}


def test_what_changes_during_a_deletion_is_kept(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = send(lesion_jpeg)
    address, seen = response.headers["Location"], {"If-Match": response.headers["ETag"]}
    get = type(services.store).get

    def overtaken(store: Any, record_id: str) -> Any:
        record = get(store, record_id)
        monkeypatch.undo()
        add_review(store, [record_id], "Anna", "mel", "histology")
        return record

    for ask in (client.delete, partial(client.patch, json={"context": {"age": 1}})):
        monkeypatch.setattr(type(services.store), "get", overtaken)
        assert problem(ask(address, headers=seen))["status"] == 412
        seen = {"If-Match": client.get(address).headers["ETag"]}
    assert client.delete(address, headers=seen).status_code == 204


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"probability": 0}', "application/json", 422),
        (b'{"context": {"age": -1}}', "application/json", 422),
        (b'{"context": {}}', "text/plain", 415),
    ],
)
def test_wrong_changes_are_explained(
    client: FlaskClient, send: Send, lesion_jpeg: bytes, body: bytes, kind: str, status: int
) -> None:
    response = client.patch(send(lesion_jpeg).headers["Location"], data=body, content_type=kind)
    assert response.status_code == status
    problem(response)


def test_deleted_prediction_is_gone_with_its_files(
    client: FlaskClient, send: Send, lesion_jpeg: bytes
) -> None:
    links = send(lesion_jpeg).get_json()["links"]
    assert client.delete(links["self"]).status_code == 204
    for part in ("self", "image", "thumbnail", "outline", "report"):
        assert problem(client.get(links[part]))["code"] == "not_found"
    assert problem(client.delete(links["self"]))["code"] == "not_found"
    assert problem(client.patch(links["self"], json={"context": {"age": 1}}))["code"] == "not_found"


def test_a_deleted_prediction_is_in_the_bin_and_comes_back(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    sent = send(lesion_jpeg, lesion="L1").get_json()
    before = client.get(sent["links"]["self"]).get_json()
    assert client.get("/api/v1/bin").get_json() == {"items": [], "total": 0}
    client.delete(sent["links"]["self"])
    listed = client.get("/api/v1/bin").get_json()
    (item,) = listed["items"]
    assert listed["total"] == 1 and (item["id"], item["lesion"], item["held"]) == (sent["id"], "L1", None)
    assert item["until"] > item["deleted"]
    assert client.get("/api/v1/predictions").get_json()["total"] == 0
    there = f"/api/v1/bin/{sent['id']}"
    assert client.post(there).get_json() == before
    assert client.get(sent["links"]["image"]).status_code == 200
    for ask in (client.post, client.delete):
        assert problem(ask(there))["code"] == "not_found"
    client.delete(sent["links"]["self"])
    Holds(services.store).put([sent["id"]], "a lawsuit")
    assert (
        "a lawsuit"
        in problem(
            client.delete(there),
        )["detail"]
    )
    Holds(services.store).release([sent["id"]])
    assert client.delete(there).status_code == 204 and client.post(there).status_code == 404


def test_a_held_prediction_is_not_deleted(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    sent = send(lesion_jpeg).get_json()
    Holds(services.store).put([sent["id"]], "a lawsuit", "Ann")
    refused = problem(client.delete(sent["links"]["self"]))
    assert (refused["status"], refused["code"]) == (409, "conflict") and "Ann" in refused["detail"]
    assert client.get(sent["links"]["self"]).status_code == 200


def test_files_are_private_and_asked_for_each_time(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    body = send(lesion_jpeg).get_json()
    links = body["links"]
    files.let_region_stand_out(services.settings.data_dir, body["id"])
    for part, kind in (("image", "image/jpeg"), ("thumbnail", "image/jpeg"), ("outline", "image/png")):
        response = client.get(links[part])
        assert response.mimetype == kind
        assert response.headers["Cache-Control"] == "private, no-cache"
        seen = {"If-None-Match": response.headers["ETag"]}
        again = client.get(links[part], headers=seen)
        assert (again.status_code, again.data) == (304, b"")
    report = client.get(links["report"] + "?zone=Europe/Vienna")
    assert report.mimetype == "application/pdf"
    assert report.data.startswith(b"%PDF-")
    client.delete(links["self"])
    assert client.get(links["outline"], headers=seen).status_code == 404


def test_a_file_that_was_emptied_is_said_to_be_missing(
    client: FlaskClient, send: Send, services: Services, lesion_jpeg: bytes
) -> None:
    body = send(lesion_jpeg).get_json()
    name = services.store.files.image(body["sha256"])
    (services.settings.data_dir / name).write_bytes(b"")
    for part in ("image", "thumbnail"):
        missing = problem(client.get(body["links"][part]))
        assert (missing["status"], missing["code"]) == (404, "missing_file")
    # Sent again, it is whole again.
    send(lesion_jpeg)
    assert client.get(body["links"]["thumbnail"]).data.startswith(b"\xff\xd8")
    # A thumbnail is made again.
    small = services.settings.data_dir / services.store.files.thumbnail(body["sha256"])
    small.write_bytes(b"")
    assert client.get(body["links"]["thumbnail"]).data == small.read_bytes() != b""


def test_without_a_model_the_server_says_so(tmp_path: Any, lesion_jpeg: bytes) -> None:
    from dashboard.app import make_server

    empty = tmp_path / "none"
    empty.mkdir()
    services = build_services(Settings(bundles=empty, data_dir=tmp_path / "data"))
    client = make_server(services).test_client()
    response = client.post(PREDICTIONS, data={"file": (files.io.BytesIO(lesion_jpeg), "a.jpg")})
    assert response.status_code == 503
    assert problem(response)["code"] == "no_model"
    assert problem(client.get("/health/ready"))["code"] == "no_model"
    services.store.close()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StoreError("no space left"), 503, "store"), (RuntimeError("x"), 500, "internal")],
)
def test_what_goes_wrong_on_the_server_stays_there(
    send: Send,
    services: Services,
    lesion_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(services.store), "add", fail)
    response = send(lesion_jpeg)
    assert response.status_code == status
    assert problem(response)["code"] == code
    assert str(error) not in response.get_data(as_text=True).split()


def test_other_web_sites_cannot_write(client: FlaskClient, send: Send, lesion_jpeg: bytes) -> None:
    address = send(lesion_jpeg).headers["Location"]
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for response in (
        client.post(PREDICTIONS, headers=from_elsewhere),
        client.patch(address, json={"context": {"age": 1}}, headers=from_elsewhere),
        client.delete(address, headers=from_elsewhere),
    ):
        assert response.status_code == 403
        assert problem(response)["code"] == "cross_site"
    assert client.get(address, headers=from_elsewhere).status_code == 200


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert problem(client.get("/api/v1/nothing"))["status"] == 404
    assert problem(client.post("/api/v1/nothing"))["status"] == 404
    assert problem(client.get(f"{PREDICTIONS}/..%2f..%2fetc"))["status"] == 404
    assert problem(client.get(f"{PREDICTIONS}/unknown"))["code"] == "not_found"
    refused = client.put(PREDICTIONS)
    assert problem(refused)["status"] == 405
    assert "POST" in refused.headers["Allow"]
