"""Callbacks as nobody's page sends them: whatever stands in the request, it is not the server's mistake."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from dash import Dash
from flask.testing import FlaskClient

from dashboard.server.callbacks import fits, same_id
from tests.dashboard.api.conftest import problem

ADDRESS = "/_dash-update-component"
WRONG: tuple[Any, ...] = (
    None,
    7,
    -1.5,
    True,
    "",
    "nope",
    "?days=x&days=y",
    "\0",
    [],
    [None],
    ["a", 1],
    {},
    {"a": []},
    [{}],
)


def item(part: dict[str, Any], value: Any) -> Any:
    """An input as a page sends it, with a value."""
    found = json.loads(part["id"]) if part["id"].startswith("{") else part["id"]
    if not isinstance(found, dict):
        return {"id": found, "property": part["property"], "value": value}
    one = {
        "id": {name: "a" if isinstance(to, list) else to for name, to in found.items()},
        "property": part["property"],
    }
    return [one | {"value": value}] if ["ALL"] in found.values() else one | {"value": value}


def calls(app: Dash, value: Any) -> Iterator[dict[str, Any]]:
    """A well-formed call of every callback, with one value for everything."""
    for spec in app._callback_list:
        if not spec.get("clientside_function"):
            output = spec["output"]
            parts = output[2:-2].split("...") if output.startswith("..") else [output]
            named = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in parts]
            outputs = [item(part, None) for part in named]
            yield {
                "output": output,
                "outputs": outputs if output.startswith("..") else outputs[0],
                "inputs": [item(part, value) for part in spec["inputs"]],
                "state": [item(part, value) for part in spec["state"]],
                "changedPropIds": [f"{part['id']}.{part['property']}" for part in spec["inputs"][:1]],
            }


def broken(call: dict[str, Any]) -> Iterator[Any]:
    """A call with one part of its frame missing, or of another kind."""
    for name in ("output", "outputs", "inputs"):
        yield {key: value for key, value in call.items() if key != name}
        for wrong in (None, 7, "nope", {}, [[]], [7], ["a"], {"id": 1}, [{"id": "a"}], [{"property": "a"}]):
            # An input that stands for all of a kind may be an empty list: there is none of them.
            if not (wrong == [[]] and name == "inputs" and isinstance(call["inputs"][0], list)):
                yield copy.deepcopy(call) | {name: wrong}
    yield from ([], "text", None, 7, {}, {"output": call["output"]})
    yield call | {"inputs": call["inputs"] * 2}
    yield call | {"changedPropIds": 7}
    yield call | {"changedPropIds": [7, {}]}
    yield call | {"state": "nope"}


def test_frames_that_no_page_sends_are_refused(app: Dash, client: FlaskClient) -> None:
    for call in calls(app, None):
        for body in broken(call):
            assert problem(client.post(ADDRESS, json=body))["status"] in (400, 415), (call["output"], body)


def test_values_that_no_page_sends_are_not_the_servers_mistake(app: Dash, client: FlaskClient) -> None:
    for value in WRONG:
        for call in calls(app, value):
            answer = client.post(ADDRESS, json=call)
            assert answer.status_code < 500, (call["output"], value, answer.text)


def test_what_is_no_json_is_refused(client: FlaskClient) -> None:
    for body in (b"", b"[", b"{" * 100_000, b"[" * 100_000, b'"a"', b"\xff", b"NaN"):
        assert problem(client.post(ADDRESS, data=body, content_type="application/json"))["status"] == 400
        assert problem(client.post(ADDRESS, data=body))["status"] == 415


def test_ids_and_values_are_held_against_what_is_asked_for() -> None:
    def callback(clicks: int | None, position: float, names: list[str]) -> None: ...

    assert fits(callback, [None, 1, ["a"]])
    assert not fits(callback, ["1", 1, ["a"]])
    assert not fits(callback, [1, 1, [None]])
    assert same_id({"type": "a", "index": ["ALL"]}, {"type": "a", "index": 3})
    assert not same_id({"type": "a", "index": ["ALL"]}, {"type": "b", "index": 3})
    assert not same_id({"type": "a"}, "a")
