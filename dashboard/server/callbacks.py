"""Callbacks that no page of ours would send get a problem document, and mistakes of ours stay mistakes of the server.

Dash trusts what its own script sends. The frame of a request is checked before Dash looks at it, and its values when
they made a callback fail: against the hints that every callback of ours has.
"""

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

from dash import Dash
from dash.exceptions import CallbackException, DashException, UnsupportedRelativePath
from flask import request
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from dashboard.api.problems import NOTHING, Problem
from dashboard.store import StoreError
from dashboard.users.roles import callback_permission
from dashboard.users.visitors import may

ENDPOINT = "/_dash-update-component"
# What wrong values raise in code that was written for right ones; the last, where a database cannot look for them.
WRONG = (TypeError, ValueError, LookupError, AttributeError, StoreError)


class Item(BaseModel):
    """One property of a component, and its value where it is an input."""

    model_config = ConfigDict(strict=True)

    id: str | dict[str, str | int | float | bool]
    property: str
    value: Any = None


class Frame(BaseModel):
    """What Dash's script sends."""

    model_config = ConfigDict(strict=True)

    output: str
    outputs: Item | list[Item | list[Item]]
    inputs: list[Item | list[Item]]
    state: list[Item | list[Item]] = []
    changedPropIds: list[str] = []

    def values(self) -> list[Any]:
        """What the callback is called with."""
        found = [*self.inputs, *self.state]
        return [[one.value for one in item] if isinstance(item, list) else item.value for item in found]


def check_callbacks(app: Dash) -> None:
    """Look at every call of a callback; after Dash was set up."""
    views = app.server.view_functions
    dispatch = views[ENDPOINT]
    specs = {spec["output"]: spec for spec in app._callback_list}

    def checked() -> Any:
        frame = read_callback(request.get_json(), specs)
        if not may(callback_permission(inspect.unwrap(app.callback_map[frame.output]["callback"]))):
            raise Problem(404, "not_found", NOTHING)
        try:
            return dispatch()
        except DashException as error:
            # Outputs that are not the callback's, or a page that has no path.
            if type(error) not in (CallbackException, UnsupportedRelativePath):
                raise
            raise unfit() from error
        except WRONG as error:
            callback, values = inspect.unwrap(app.callback_map[frame.output]["callback"]), frame.values()
            # No hint says what a mapping holds.
            missing = isinstance(error, KeyError) and "{" in json.dumps(values)
            if fits(callback, values) and not missing:
                raise
            raise unfit() from error

    views[ENDPOINT] = checked


def unfit() -> Problem:
    """The problem document for a call that no page would make."""
    return Problem(400, "callback", "This is nothing that the page would send. Load the page again.")


def read_callback(body: Any, specs: Mapping[str, Any]) -> Frame:
    """The frame of a call. Raises Problem where it is none of a callback of ours."""
    try:
        frame = Frame.model_validate(body)
    except ValidationError as error:
        raise unfit() from error
    spec = specs.get(frame.output)
    if spec is None or spec.get("clientside_function"):
        raise unfit()
    wanted = [*spec["inputs"], *spec["state"]]
    given = [*frame.inputs, *frame.state]
    several = frame.output.startswith("..")
    outputs = len(frame.output[2:-2].split("...")) if several else 1
    alike = (
        (len(frame.inputs), len(frame.state)) == (len(spec["inputs"]), len(spec["state"]))
        and all(map(stands_for, wanted, given))
        and isinstance(frame.outputs, list) == several
        and (not isinstance(frame.outputs, list) or len(frame.outputs) == outputs)
    )
    if not alike:
        raise unfit()
    return frame


def stands_for(spec: Mapping[str, Any], given: Item | list[Item]) -> bool:
    """Whether what was given is what a callback asks for: one component, or all of a kind."""
    pattern = json.loads(spec["id"]) if spec["id"].startswith("{") else spec["id"]
    several = isinstance(pattern, dict) and any(
        part in (["ALL"], ["ALLSMALLER"]) for part in pattern.values()
    )
    items = given if isinstance(given, list) else [given]
    return isinstance(given, list) == several and all(
        item.property == spec["property"] and same_id(pattern, item.id) for item in items
    )


def same_id(pattern: Any, given: Any) -> bool:
    """Whether an id is one of those that a pattern means; a list in it stands for anything."""
    if not isinstance(pattern, dict) or not isinstance(given, dict):
        return bool(pattern == given)
    return pattern.keys() == given.keys() and all(
        isinstance(part, list) or part == given[name] for name, part in pattern.items()
    )


def fits(callback: Any, values: Sequence[Any]) -> bool:
    """Whether the values are of the kinds that the callback's hints name.

    Only Dash's own callback has none; it shows a page, and takes two texts.
    """
    hints = get_type_hints(callback)
    for name, value in zip(inspect.signature(callback).parameters, values, strict=False):
        try:
            TypeAdapter(hints.get(name, str)).validate_python(value, strict=True)
        except ValidationError:
            return False
    return True
