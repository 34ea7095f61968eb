"""The log names no patient, and the id of a request is in its log, its answer and the sentence that a page shows."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import DataError, IntegrityError

from dashboard.app import make_server
from dashboard.cases import NOBODY, predict_photograph
from dashboard.logs import configure_log
from dashboard.services import Services
from dashboard.store import Context
from dashboard.store.transactions import database_reason

PREDICTIONS = "/api/v1/predictions"
NAME = "Zarathustra"
ID = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What has gone to standard error since it was asked last; what pytest keeps of the log rests."""
    root, asked = logging.getLogger(), logging.getLogger("dashboard.requests")
    handlers, levels = root.handlers[:], (root.level, asked.level)
    root.handlers.clear()
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    asked.setLevel(levels[1])


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_server(services).test_client()


def everything_with_a_name(
    client: FlaskClient, services: Services, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a browser sends of a patient, rightly and where it fails."""
    form = {"file": (BytesIO(data), f"{NAME}.jpg"), "patient": NAME, "lesion": NAME, "note": NAME}
    made = client.post(PREDICTIONS, data=form)
    assert made.status_code == 201
    place = f"{PREDICTIONS}/{made.json['id']}"
    client.patch(place, json={"note": f"{NAME} again"})
    client.get(f"{PREDICTIONS}?search={NAME}")
    client.get(f"/exports/predictions.csv?patient={NAME}")
    client.get(f"/api/v1/patients?identifier={NAME}")
    client.get(f"/{NAME}")
    client.post(PREDICTIONS, data={"file": (BytesIO(b"no image"), f"{NAME}.jpg")})
    monkeypatch.setattr(services.store, "get", lambda _: (_ for _ in ()).throw(ValueError(NAME)))
    assert client.get(place).status_code == 500
    monkeypatch.undo()


@pytest.mark.parametrize("kind", ["json", "text"])
def test_nothing_of_a_patient_is_in_the_log(
    client: FlaskClient,
    services: Services,
    lesion_jpeg: bytes,
    kind: str,
    written: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure_log(kind)
    with monkeypatch.context() as inner:
        everything_with_a_name(client, services, lesion_jpeg, inner)
    log = written()
    assert "Unexpected error at /api/v1/predictions/<string:record_id>" in log
    assert "ValueError" in log and NAME not in log


def test_a_database_that_refuses_quotes_nobody() -> None:
    for kind in (DataError, IntegrityError):
        quoted = kind("INSERT", {"name": NAME}, ValueError(f"Key (identifier)=({NAME}) exists"))
        assert database_reason(quoted) == "ValueError"


def test_json_lines_say_what_was_asked_and_how_long_it_took(
    client: FlaskClient, written: Callable[[], str]
) -> None:
    configure_log("json")
    answer = client.get("/api/v1/models/nothing")
    line = json.loads(written())
    assert line["request_id"] == answer.headers["X-Request-ID"] == answer.json["request_id"]
    assert line["route"] == "/api/v1/models/<string:name>" and line["method"] == "GET"
    assert line["status"] == 404 and line["milliseconds"] > 0 and line["level"] == "info"
    assert line["time"].endswith("+00:00") and line["process"]


def test_lines_for_people_have_no_line_for_each_request(
    client: FlaskClient, written: Callable[[], str]
) -> None:
    configure_log("text")
    client.get("/health/live")
    logging.getLogger("dashboard").warning("Something is odd")
    (line,) = written().splitlines()
    assert re.fullmatch(r"\S+T\S+ warning: Something is odd", line)


def test_an_error_says_under_which_id_the_log_has_more(
    client: FlaskClient,
    services: Services,
    lesion_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[[], str],
) -> None:
    configure_log("text")
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", context=Context())
    monkeypatch.setattr(services.store, "get", lambda _: 1 / 0)
    answer = client.get(f"{PREDICTIONS}/{record.id}")
    asked = answer.headers["X-Request-ID"]
    assert ID.fullmatch(asked) and f"request {asked}." in answer.json["detail"]
    log = written()
    assert f"[request {asked}]" in log and "ZeroDivisionError" in log
    assert client.get("/health/live").headers["X-Request-ID"] != asked


@pytest.mark.parametrize(
    ("sender", "given", "taken"),
    [
        ("127.0.0.9", "ab12-cd34", True),
        ("127.0.0.1", "ab12-cd34", False),
        ("127.0.0.9", "ab12\tcd34 <b>", False),
        ("127.0.0.9", "short", False),
        ("127.0.0.9", "x" * 65, False),
    ],
)
def test_only_a_named_proxy_gives_ids_and_only_well_formed_ones(
    services: Services, sender: str, given: str, taken: bool
) -> None:
    settings = services.settings.model_copy(update={"proxy": ("127.0.0.9",)})
    behind = Services(settings, services.store, services.folder, services.predictors)
    client = make_server(behind).test_client()
    answer = client.get("/health/live", headers={"X-Request-ID": given}, environ_base={"REMOTE_ADDR": sender})
    assert (answer.headers["X-Request-ID"] == given) is taken
    assert taken or ID.fullmatch(answer.headers["X-Request-ID"])
