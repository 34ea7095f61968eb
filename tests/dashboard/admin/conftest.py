"""The server with users that their own tests have, too, and what an administrator's browser asks it for."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.services import Services
from dashboard.users.trail import Trail
from tests.dashboard.calls import dispatch
from tests.dashboard.users.conftest import auth, provider, services, settings, signed_in, with_token

__all__ = ["auth", "provider", "services", "settings", "signed_in", "with_token"]

Browser = Callable[[str], FlaskClient]
SECRET = re.compile(r'"children": "([\w-]{16,})", "className": "secret"')


class Administrator:
    """What an administrator's browser asks for; each gives the answer as text."""

    def __init__(self, app: Dash, client: FlaskClient) -> None:
        self.app, self.client = app, client

    def call(self, output: str, inputs: dict[str, Any], state: dict[str, Any] | None = None) -> str:
        return json.dumps(dispatch(self.app, self.client, output, inputs, state or {}), ensure_ascii=False)

    def add(self, name: str, role: str = "clinician", password: str = "") -> str:
        inputs = {"admin-add.n_clicks": 1, "admin-add-open.n_clicks": None, "admin-add-close.n_clicks": None}
        inputs |= {"admin-add-name.n_submit": None, "admin-add-password.n_submit": None}
        values = {"name": name, "role": role, "password": password}
        return self.call(
            "admin-add-said.children", inputs, {f"admin-add-{one}.value": values[one] for one in values}
        )

    def user(self, action: str, name: str, role: str = "viewer", password: str = "", kind: str = "do") -> str:
        one = name if kind == "open" else action
        inputs = {f"admin-user-{kind}/{one}.n_clicks": 1, "admin-user-close.n_clicks": None}
        state = {
            "admin-user-chosen.data": name,
            "admin-user-role.value": role,
            "admin-user-password.value": password,
        }
        return self.call("admin-user-body.children", inputs, state)

    def model(self, name: str, state: str, why: str) -> str:
        inputs = {"admin-model-change.n_clicks": 1, "admin-model-why.n_submit": None}
        values = {"name": name, "state": state, "why": why}
        return self.call(
            "admin-model-said.children", inputs, {f"admin-model-{one}.value": values[one] for one in values}
        )

    def undo_model(self, seq: str) -> str:
        (key,) = [
            key for key, one in self.app.callback_map.items() if "admin-model-undo" in one["inputs"][0]["id"]
        ]
        return self.call(key, {f"admin-model-undo/{seq}.n_clicks": 1})

    def models(self) -> str:
        return self.call(
            "admin-models.children", {"admin-models-refresh.n_clicks": 1, "admin-changed.data": None}
        )

    def token(self, user: str | None, name: str, days: Any, may: list[str]) -> str:
        inputs = {"admin-token-make.n_clicks": 1} | {
            "admin-token-open.n_clicks": None,
            "admin-token-close.n_clicks": None,
        }
        values = {"user": user, "name": name, "days": days, "may": may}
        return self.call(
            "admin-token-said.children", inputs, {f"admin-token-{one}.value": values[one] for one in values}
        )

    def lines(self, pressed: str = "search", before: int | None = None, **sought: str | None) -> str:
        names = [pressed, *(one for one in ("search", "older", "newest") if one != pressed)]
        inputs = {f"admin-trail-{one}.n_clicks": 1 if one == pressed else None for one in names}
        inputs |= {
            "admin-trail-user.n_submit": None,
            "admin-trail-case.n_submit": None,
            "admin-changed.data": None,
        }
        state = {
            f"admin-trail-{one}.value": sought.get(one) for one in ("user", "action", "case", "from", "to")
        }
        return self.call("admin-trail-lines.children", inputs, {**state, "admin-trail-before.data": before})


@pytest.fixture
def admin(app: Dash, signed_in: Browser) -> Administrator:
    return Administrator(app, signed_in("administrator"))


def secret_in(text: str) -> str:
    """The password or token that is shown once."""
    found = SECRET.search(text)
    assert found is not None, text
    return found[1]


def taker(app: Dash, kind: str) -> str:
    """The output of the callback that takes buttons of a kind."""
    (output,) = [key for key, one in app.callback_map.items() if kind in str(one["inputs"])]
    return str(output)


def newest(services: Services) -> tuple[str, str, str]:
    """Who did what to whom last."""
    line = Trail(services.store).lines(limit=1)[0]
    return line.who, line.action, line.subject
