"""The page of one's own account: tokens and sessions."""

import json

from dash import Dash

from dashboard.services import Services
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Permission
from tests.dashboard.admin.conftest import Browser, newest, secret_in, taker
from tests.dashboard.calls import dispatch


def test_a_program_looks_after_no_account(app: Dash, with_token: Browser, services: Services) -> None:
    """A token that may do little makes none that may do more."""
    client = with_token("administrator")
    inputs = {
        "account-token-make.n_clicks": 1,
        "account-token-open.n_clicks": None,
        "account-token-close.n_clicks": None,
    }
    state = {
        "account-token-name.value": "x",
        "account-token-days.value": 3,
        "account-token-may.value": ["see"],
    }
    answer = dispatch(app, client, "account-token-said.children", inputs, state)
    assert "A token cannot do this" in json.dumps(answer)
    assert len(Credentials(services.store).tokens()) == 1


def test_own_tokens_and_sessions(app: Dash, signed_in: Browser, services: Services) -> None:
    client, other = signed_in("clinician"), signed_in("clinician")
    inputs = {
        "account-token-make.n_clicks": 1,
        "account-token-open.n_clicks": None,
        "account-token-close.n_clicks": None,
    }

    def make(*may: str) -> str:
        state = {
            "account-token-name.value": "x",
            "account-token-days.value": 3,
            "account-token-may.value": may,
        }
        return json.dumps(dispatch(app, client, "account-token-said.children", inputs, state))

    # No more than the role allows.
    assert "Choose what the token may do." in make("see", "administer")
    visitor = Credentials(services.store).of_token(secret_in(make("see")))
    assert visitor is not None and visitor.permissions == {Permission.ENTER, Permission.SEE}
    assert newest(services) == ("clinician", "token made", "clinician")
    foreign = Credentials(services.store).add_token("viewer", 3)
    output = taker(app, "account-token-revoke")
    for token in Credentials(services.store).tokens():
        dispatch(app, client, output, {f"account-token-revoke/{token.id}.n_clicks": 1}, {})
    assert [one.user for one in Credentials(services.store).tokens()] == ["viewer"]
    assert Credentials(services.store).of_token(foreign) is not None
    output = taker(app, "account-session-end")
    said = dispatch(app, client, output, {"account-end-others.n_clicks": 1}, {})
    assert "1 session ended." in json.dumps(said)
    assert (client.get("/api/v1/models").status_code, other.get("/api/v1/models").status_code) == (200, 401)
