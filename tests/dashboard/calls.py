"""Pages and callbacks, asked for as the browser does."""

import json
from typing import Any

from dash import Dash
from flask.testing import FlaskClient


def dispatch(
    app: Dash, client: FlaskClient, output: str, inputs: dict[str, Any], state: dict[str, Any]
) -> Any:
    """Call the callback that has this output as the browser would; its answer by component.

    Args:
        inputs, state: "id.property" -> value, what was touched first; "kind/id.property" for a component whose id is
            a type and an id.
    """
    # Those without a function run in the browser.
    (key,) = [key for key, one in app.callback_map.items() if output in key and "callback" in one]
    one = app.callback_map[key]

    def described(specs: list[dict[str, Any]], values: dict[str, Any]) -> list[dict[str, Any]]:
        return [described_one(spec, values) for spec in specs]

    outputs = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in key.strip(".").split("...")
    ]
    body = {
        "output": key,
        "outputs": outputs if key.startswith("..") else outputs[0],
        "inputs": described(one["inputs"], inputs),
        "state": described(one["state"], state),
        "changedPropIds": [changed_name(key) for key in inputs],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code in (200, 204), answer.text
    return answer.get_json()["response"] if answer.status_code == 200 else None


def described_one(spec: dict[str, Any], values: dict[str, Any]) -> Any:
    """What the browser sends of a component, or of all of a kind."""
    name, wanted = spec["id"], spec["property"]
    if not name.startswith("{"):
        return {**spec, "value": values[f"{name}.{wanted}"]}
    kind = json.loads(name)["type"]
    ids = {
        key: key.removeprefix(f"{kind}/").removesuffix(f".{wanted}")
        for key in values
        if key.startswith(f"{kind}/")
    }
    return [{**spec, "id": {"type": kind, "id": one}, "value": values[key]} for key, one in ids.items()]


def changed_name(key: str) -> str:
    """What the browser calls an input that has changed."""
    name, _, changed = key.rpartition(".")
    kind, several, one = name.partition("/")
    return f'{{"id":"{one}","type":"{kind}"}}.{changed}' if several else key


def page(client: FlaskClient, path: str, search: str = "") -> str:
    """What Dash puts into the page's frame at this path."""
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": search},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    return json.dumps(answer.get_json()["response"], ensure_ascii=False)
