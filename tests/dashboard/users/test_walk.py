"""Every route and every callback, asked for by nobody, by each role, and as in the known attack on dash-auth."""

import json
from collections.abc import Callable, Iterator
from inspect import unwrap
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.users.roles import AT_PROVIDER, PUBLIC, ROLES, ROUTES, Permission, Role, callback_permission
from tests.dashboard.calls import page

UPDATE = "/_dash-update-component"
VALUES = {
    "record_id": "0",
    "name": "predictions.csv",
    "image_id": "a",
    "size": "thumbnail",
    "number": 1,
    "seq": 1,
}
VALUES |= {"patient_id": "0", "lesion_id": "0"}
VALUES |= {
    "unknown": "x",
    "filename": "x.css",
    "ending": "md",
    "path": "history",
    "package_name": "dash",
    "fingerprinted_path": "x.js",
}
METHODS = ("GET", "POST", "PATCH", "DELETE")


@pytest.fixture(params=["local", "oidc"])
def auth(request: pytest.FixtureRequest) -> str:
    """However people log in, the same is refused."""
    return str(request.param)


def requests_of(app: Dash) -> Iterator[tuple[Rule, str, str]]:
    """Every route with each of its methods and an address of it."""
    adapter = app.server.url_map.bind("localhost")
    for rule in app.server.url_map.iter_rules():
        values = {name: VALUES[name] for name in rule.arguments}
        for method in sorted((rule.methods or set()) & {*METHODS}):
            yield rule, method, adapter.build(rule.endpoint, values, method=method)


def calls_of(app: Dash) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Every callback of the server with a request for it."""
    for spec in app._callback_list:
        if spec.get("clientside_function"):
            continue
        function = unwrap(app.callback_map[spec["output"]]["callback"])
        outputs = [
            dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
            for part in spec["output"].strip(".").split("...")
        ]
        body = {
            "output": spec["output"],
            "outputs": outputs if spec["output"].startswith("..") else outputs[0],
            "inputs": list(map(without_value, spec["inputs"])),
            "state": list(map(without_value, spec["state"])),
            "changedPropIds": [],
        }
        yield function, body


def without_value(one: dict[str, Any]) -> Any:
    """An input as a page sends it; of all buttons of a kind, one."""
    if not one["id"].startswith("{"):
        return {**one, "value": None}
    pattern = json.loads(one["id"])
    chosen = {name: "x" if isinstance(part, list) else part for name, part in pattern.items()}
    return [{**one, "id": chosen, "value": None}]


def renamed(body: dict[str, Any]) -> dict[str, Any]:
    """The same call with every input called `pathname`, at an address that anybody may see."""
    inputs = [{"id": "_pages_location", "property": "pathname", "value": "/login"} for _ in body["inputs"]]
    return body | {"inputs": inputs}


@pytest.fixture
def case_id(services: Services, lesion_jpeg: bytes) -> str:
    return predict_photograph(NOBODY, services, lesion_jpeg, "Maria Huber.jpg").id


def test_every_route_and_callback_is_named(app: Dash, auth: str) -> None:
    endpoints = {rule.endpoint for rule in app.server.url_map.iter_rules()}
    elsewhere = AT_PROVIDER if auth != "oidc" else set()
    assert endpoints == (PUBLIC - elsewhere) | set(ROUTES)
    assert not [function for function, _ in calls_of(app) if callback_permission(function) is None]


def test_nobody_sees_anything(app: Dash, client: FlaskClient) -> None:
    for rule, method, address in requests_of(app):
        if rule.endpoint in PUBLIC:
            continue
        answer = client.open(address, method=method)
        way_in = answer.status_code == 302 and answer.location.startswith("/login?next=")
        assert way_in or answer.status_code == 401, f"{method} {address}: {answer.status_code}"
    for address in ("/metrics", "/_dash-layout", "/_dash-dependencies", "/health", "/health/ready"):
        assert client.get(address).status_code == 401
    assert client.get("/nothing/here").status_code == 302
    assert client.post("/nothing/here").status_code == 401


def test_nobody_calls_anything(app: Dash, client: FlaskClient) -> None:
    for _, body in calls_of(app):
        for sent in (body, renamed(body)):
            assert client.post(UPDATE, json=sent).status_code == 401
            # A browser's page that was loaded before the session ended sends a token, too.
            assert client.post(UPDATE, json=sent, headers={"X-CSRFToken": "x"}).status_code == 401


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_what_it_may(
    app: Dash, role: Role, signed_in: Callable[[str], FlaskClient], with_token: Callable[[str], FlaskClient]
) -> None:
    for client in (signed_in(role), with_token(role)):
        for rule, method, address in requests_of(app):
            # Signing out would end the walk; Dash's own page for a callback without a body is no answer of ours.
            if rule.endpoint in PUBLIC | {"users.sign_out"} or method != "GET":
                continue
            answer = client.get(address)
            allowed = ROUTES[rule.endpoint] in ROLES[role]
            if not allowed:
                assert answer.status_code == 404, f"{role} {address}: {answer.status_code}"
                assert answer.get_json()["detail"] == "There is nothing at this address."
            else:
                assert answer.status_code not in (401, 403), f"{role} {address}: {answer.status_code}"


@pytest.mark.parametrize("role", Role)
def test_a_role_does_what_it_may(
    role: Role, case_id: str, signed_in: Callable[[str], FlaskClient], services: Services
) -> None:
    client, address = signed_in(role), f"/api/v1/predictions/{case_id}"
    may_review = Permission.REVIEW in ROLES[role]
    answer = client.patch(address, json={"context": {"age": 50}})
    assert answer.status_code == (200 if may_review else 404)
    answer = client.delete(address)
    assert answer.status_code == (204 if role is Role.ADMINISTRATOR else 404)
    assert services.holds(case_id) == (role is not Role.ADMINISTRATOR)
    answer = client.post("/api/v1/predictions")
    assert answer.status_code == (415 if Permission.PREDICT in ROLES[role] else 404)


@pytest.mark.parametrize("role", Role)
def test_a_role_calls_what_it_may(app: Dash, role: Role, signed_in: Callable[[str], FlaskClient]) -> None:
    client = signed_in(role)
    for function, body in calls_of(app):
        if callback_permission(function) in ROLES[role]:
            continue
        assert client.post(UPDATE, json=body).status_code == 404, function
        assert client.post(UPDATE, json=renamed(body)).status_code in (400, 404), function


@pytest.mark.parametrize("role", Role)
def test_pages_that_a_role_may_not_see_are_missing(
    role: Role, case_id: str, signed_in: Callable[[str], FlaskClient]
) -> None:
    client, missing = signed_in(role), "There is no page at this address"
    wanted = {
        "/": Permission.PREDICT,
        "/performance": Permission.PERFORMANCE,
        "/history": Permission.SEE,
        f"/history/{case_id}": Permission.SEE,
        f"/report/{case_id}": Permission.SEE,
        "/compare/none": Permission.SEE,
        "/monitoring": Permission.MONITOR,
        "/administration": Permission.ADMINISTER,
        "/account": Permission.ENTER,
        "/bin": Permission.DELETE,
    }
    for path, takes in wanted.items():
        allowed = takes in ROLES[role]
        assert (missing not in page(client, path)) == allowed, path
        if path not in ("/", "/compare/none"):
            assert client.get(path).status_code == (200 if allowed else 404), path
    if Permission.SEE not in ROLES[role]:
        assert "Maria" not in page(client, f"/history/{case_id}")


def test_the_frame_names_no_page_that_a_role_may_not_see(signed_in: Callable[[str], FlaskClient]) -> None:
    def frame(role: str) -> str:
        return json.dumps(signed_in(role).get("/_dash-layout").get_json())

    scientist, clinician = frame("scientist"), frame("clinician")
    assert '"/administration"' in frame("administrator") and '"/administration"' not in scientist + clinician
    assert '"/performance"' in scientist and '"/history"' not in scientist and '"Predict"' not in scientist
    assert '"/history"' in clinician and '"Predict"' in clinician and "Signed in as clinician" in clinician
    assert '"Predict"' not in frame("viewer")


@pytest.mark.parametrize("path", ["/", "/history"])
def test_the_frame_tells_no_case(path: str, case_id: str, signed_in: Callable[[str], FlaskClient]) -> None:
    client = signed_in("scientist")
    assert "Maria" not in client.get(path, follow_redirects=True).text
