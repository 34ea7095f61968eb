"""Users and what stands for them, changed in the name of whoever asks."""

from dashboard.users.accounts import Accounts, UserError
from dashboard.users.credentials import Credentials, Visitor
from dashboard.users.guard import Users
from dashboard.users.visitors import asks_who, current_visitor


def acting_visitor() -> Visitor:
    """Who asks. Raises UserError where there is no log-in."""
    visitor = current_visitor()
    if visitor is None:
        raise UserError("There are no users here: nobody has to sign in.")
    return visitor


def acting_accounts() -> Accounts:
    """Everybody's accounts. Raises UserError where there is no log-in."""
    actor, found = acting_visitor().name, Users.current().accounts
    return Accounts(found.store, found.clock, actor)


def acting_credentials() -> Credentials:
    """Everybody's sessions and tokens. Raises UserError where there is no log-in."""
    actor, found = acting_visitor().name, Users.current().credentials
    return Credentials(found.store, found.clock, actor)


def sign_in_kind() -> str:
    """How people sign in: "none", "local", "proxy" or "oidc"."""
    return Users.current().settings.auth if asks_who() else "none"
