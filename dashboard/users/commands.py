"""`python -m dashboard user ...` and `token ...`."""

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from dashboard.settings import Settings
from dashboard.store.repository import Store
from dashboard.users.accounts import Accounts, UserError
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Permission, Role


def run_user_command(store: Store, settings: Settings, options: Namespace) -> Iterator[str]:
    """Do what `user ...` says; what is to be printed. Raises UserError."""
    accounts = Accounts(store)
    match options.action:
        case "add":
            password = None if settings.auth in ("oidc", "proxy") else asked_password()
            user = accounts.add(options.name, Role(options.role), password)
            yield f"{user.name} may log in as {user.role}."
        case "list":
            for user in accounts.all():
                off = "  switched off" if user.switched_off else ""
                yield f"{user.name}  {user.role}  {minute(user.signed_in)}{off}"
        case "role":
            accounts.change_role(options.name, Role(options.role))
            yield f"{options.name} is {options.role} now."
        case "password":
            accounts.named(options.name)
            accounts.change_password(options.name, asked_password())
            yield f"{options.name} has a new password."
        case "unlock":
            accounts.wake(options.name)
            yield f"{options.name} may try again."
        case "off" | "on":
            accounts.switch(options.name, on=options.action == "on")
            yield f"{options.name} is switched {options.action}."
        case "remove":
            accounts.remove(options.name)
            yield f"{options.name} has no account any more."


def run_token_command(store: Store, _settings: Settings, options: Namespace) -> Iterator[str]:
    """Do what `token ...` says; what is to be printed. Raises UserError."""
    credentials = Credentials(store)
    match options.action:
        case "add":
            scopes = None if options.may is None else map(Permission, options.may)
            yield credentials.add_token(options.name, options.days, scopes, options.label)
        case "list":
            for token in credentials.tokens():
                used, ends = minute(token.used), minute(token.ends)
                yield f"{token.id}  {token.user}  {token.name}  used {used}, ends {ends}"
        case "revoke":
            if not credentials.revoke(options.id):
                raise UserError("There is no such token.")
            yield "The token is revoked."


def asked_password() -> str:
    """A password from the terminal, asked for twice, or the first line of standard input. Raises UserError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same once more: ") != password:
        raise UserError("The two passwords differ.")
    return password


def minute(moment: datetime | None) -> str:
    """A time for a table."""
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
