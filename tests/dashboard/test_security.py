"""Pages of other web sites, in a browser that can reach the server: what they must not be able to make it send."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.app import make_server
from dashboard.security import hostname
from dashboard.services import Services
from dashboard.store import Query
from tests.dashboard.api.conftest import PREDICTIONS, problem

HOST = "derma.clinic.lan:8050"
HERE = f"http://{HOST}"
FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another host of this site": {"Sec-Fetch-Site": "same-site"},
    "a name without Sec-Fetch-Site, since it is plain HTTP": {"Origin": "http://evil.example"},
    "a sandboxed frame": {"Origin": "null"},
    "another port": {"Origin": "http://derma.clinic.lan:8051"},
    "no port": {"Origin": "http://derma.clinic.lan"},
    "another name of this machine": {"Origin": "http://localhost:8050"},
    "an address that begins like ours": {"Origin": f"{HERE}.evil.example"},
    "only a referrer": {"Referer": "http://evil.example/page"},
    "a referrer beside our origin": {"Origin": HERE, "Referer": "http://evil.example/"},
    "a broken origin": {"Origin": "http://[::1"},
    "a port that is none": {"Origin": "http://derma.clinic.lan:port"},
    "an origin beside Sec-Fetch-Site": {"Sec-Fetch-Site": "none", "Origin": "http://evil.example"},
}
OURS = {
    "a program": {},
    "our page": {"Sec-Fetch-Site": "same-origin", "Origin": HERE, "Referer": f"{HERE}/history?q=a"},
    "our page over plain HTTP": {"Origin": HERE},
    "a typed address": {"Sec-Fetch-Site": "none"},
    "a proxy that ends TLS": {"Origin": f"https://{HOST}"},
}


@pytest.fixture
def services(services: Services) -> Services:
    """Services of a server that has a name."""
    settings = services.settings.model_copy(update={"hosts": ("derma.clinic.lan",)})
    return Services(settings, services.store, services.folder, services.predictors)


def writes(client: FlaskClient, headers: dict[str, str]) -> dict[str, int]:
    """The statuses of everything that writes or takes data along."""
    headers = {"Host": HOST, **headers}
    callback = {"output": "nothing.children", "inputs": [], "changedPropIds": []}
    return {
        "post": status(client.post(PREDICTIONS, data={"file": (BytesIO(b""), "a.jpg")}, headers=headers)),
        "patch": status(client.patch(f"{PREDICTIONS}/a", json={"context": {"age": 1}}, headers=headers)),
        "delete": status(client.delete(f"{PREDICTIONS}/a", headers=headers)),
        "callback": status(client.post("/_dash-update-component", json=callback, headers=headers)),
        "export": status(client.get("/exports/predictions.csv", headers=headers)),
        "selection": status(client.post("/exports/predictions.csv", data={"ids": "a"}, headers=headers)),
    }


def status(answer: TestResponse) -> int:
    """The status of an answer that was read to its end."""
    answer.get_data()
    return answer.status_code


@pytest.mark.parametrize("name", FOREIGN)
def test_another_origin_cannot_write(client: FlaskClient, services: Services, name: str) -> None:
    assert set(writes(client, FOREIGN[name]).values()) == {403}
    assert services.store.page(Query()).total == 0


@pytest.mark.parametrize("name", OURS)
def test_our_pages_and_programs_can(client: FlaskClient, name: str) -> None:
    statuses = writes(client, OURS[name])
    assert 403 not in statuses.values() and 421 not in statuses.values()
    assert statuses["export"] == 200


def test_reading_a_page_from_a_link_elsewhere_is_no_attack(client: FlaskClient) -> None:
    headers = {"Host": HOST, "Sec-Fetch-Site": "cross-site", "Referer": "http://mail.example/"}
    assert client.get("/history", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:8050", "127.0.0.1.evil.example", "localhost.evil", "a b", "10.0.0.9", "["]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/predictions", "/exports/predictions.csv", "/assets/theme.js"])
def test_names_that_are_not_ours_are_refused(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "DERMABOARD_HOSTS" in problem(answer)["detail"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8050", "[::1]:8050", HOST, "derma.clinic.lan."]
)
def test_our_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


def test_the_address_of_the_connection_is_ours(client: FlaskClient) -> None:
    def answered(host: str, here: str) -> int:
        return client.get(
            "/health/live", headers={"Host": host}, environ_overrides={"SERVER_NAME": here}
        ).status_code

    assert answered("192.168.1.7:8050", "192.168.1.7") == 200
    assert answered("192.168.1.8:8050", "192.168.1.7") == 421
    # Some servers take the name from the header.
    assert answered("evil.example", "evil.example") == 421


def test_forwarded_headers_count_only_from_a_named_proxy(services: Services) -> None:
    settings = services.settings.model_copy(update={"proxy": ("10.0.0.0/24", "::1")})
    client = make_server(Services(settings, services.store, (), services.predictors)).test_client()

    def sent_by(sender: str, name: str) -> int:
        return client.delete(
            f"{PREDICTIONS}/a",
            headers={"Host": "127.0.0.1:8050", "X-Forwarded-Host": name, "X-Forwarded-Proto": "https",
                     "Origin": f"https://{name}"},
            environ_overrides={"REMOTE_ADDR": sender},
        ).status_code  # fmt: skip

    for proxy in ("10.0.0.2", "::ffff:10.0.0.2", "::1"):
        assert sent_by(proxy, "derma.clinic.lan") == 404
        assert sent_by(proxy, "evil.example") == 421
    for other in ("10.0.1.2", "127.0.0.1", ""):
        assert sent_by(other, "derma.clinic.lan") == 403


def test_hosts_are_read_without_their_ports() -> None:
    assert hostname("a.B:80") == "a.b"
    assert hostname("[::1]:80") == hostname("::1") == "::1"
    assert hostname("") is hostname(":80") is None
