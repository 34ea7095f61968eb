"""Accounts: who has one, with which role and password. Every change of them is here."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from dashboard.store.names import fold, new_id
from dashboard.store.repository import Store
from dashboard.store.schema import utc_now
from dashboard.store.user_tables import api_tokens, user_sessions, users
from dashboard.users.roles import Role
from dashboard.users.trail import append_line

NAME = re.compile(r"[\w.@+-]{1,64}")
SHORTEST, LONGEST = 8, 1000
# Wrong passwords after which an account rests, and for how long.
TRIES = 5
REST = timedelta(minutes=10)
# Room for a number after a name that somebody else has.
LONGEST_SUBJECT, LONGEST_GIVEN = 255, 56

HASHER = PasswordHasher()
# Looked at where there is no such user, so that it takes as long.
NO_PASSWORD = HASHER.hash("")

# Of a password that somebody reads out or types from paper: no two characters that look alike.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

# Who has an account, and who gets in with it.
PRESENT = users.c.removed.is_(None)
LET_IN = PRESENT & users.c.switched_off.is_(None)


class UserError(ValueError):
    """An account cannot be what somebody wants. `str()` is a sentence for the user."""


@dataclass(frozen=True)
class User:
    """Who has an account.

    Attributes:
        signed_in: when last.
        rests_until: no password is looked at until then.
        switched_off: since when; None for an account that lets its user in.
        once: the password lets its user choose another one, and nothing else.
    """

    id: str
    name: str
    role: Role
    signed_in: datetime | None = None
    rests_until: datetime | None = None
    switched_off: datetime | None = None
    once: bool = False


@dataclass(frozen=True)
class Identity:
    """Who somebody is, by the word of a provider of OpenID Connect.

    Attributes:
        subject: the provider's own name for them: it never changes, and nobody else has it there.
        name: what people call them.
        role: what they are here, as the provider says now.
    """

    issuer: str
    subject: str
    name: str
    role: Role


class Accounts:
    """The users of a store. Safe to use from several threads and processes.

    Args:
        actor: who changes accounts, for the audit trail.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime] = utc_now, actor: str = "command line"
    ) -> None:
        self.store, self.clock, self.actor = store, clock, actor

    def _tell(self, connection: Connection, action: str, name: str, text: str = "") -> None:
        append_line(connection, self.clock(), self.actor, action, name, text)

    def all(self) -> tuple[User, ...]:
        """Everybody who has an account, by name."""
        with self.store.reading() as connection:
            found = select(users).where(PRESENT).order_by(users.c.folded)
            return tuple(map(user_from_row, connection.execute(found).mappings()))

    def named(self, name: str) -> User:
        """The user of that name. Raises UserError."""
        with self.store.reading() as connection:
            return user_from_row(present_row(connection, name))

    def add(self, name: str, role: Role, password: str | None, once: bool = False) -> User:
        """A new user, or a removed one again.

        Args:
            password: None for a user whom a proxy or a provider lets in.
            once: somebody else knows the password: see `User`.

        Raises:
            UserError: the name or the password does not do, or somebody has the name.
        """
        if not NAME.fullmatch(name):
            raise UserError("A user name has 1 to 64 letters, digits and . _ @ + -, without spaces.")
        values = {
            "name": name,
            "role": str(role),
            "password": None if password is None else hash_password(password),
            "created": self.clock(),
            "removed": None,
            "failures": 0,
            "rests_until": None,
            "switched_off": None,
            "once": once,
        }
        with self.store.writing(quiet=True) as connection:
            row = row_of_name(connection, name)
            if row is None:
                connection.execute(insert(users).values(id=new_id(), folded=fold(name), **values))
            elif row["removed"] is None:
                raise UserError(f"There is a user {row['name']} already.")
            else:
                connection.execute(update(users).where(users.c.id == row["id"]).values(values))
            self._tell(connection, "user added", name, role)
            return user_from_row(present_row(connection, name))

    def change_role(self, name: str, role: Role) -> None:
        """Give a user another role; it holds from the next request on. Raises UserError."""
        with self.store.writing(quiet=True) as connection:
            row = present_row(connection, name)
            if role != Role.ADMINISTRATOR:
                keep_an_administrator(connection, row)
            connection.execute(update(users).where(users.c.id == row["id"]).values(role=str(role)))
            self._tell(connection, "role changed", row["name"], f"{row['role']} to {role}")

    def change_password(self, name: str, password: str, once: bool = False, keep: str = "") -> None:
        """Give a user another password, let the account in again and end its sessions.

        Args:
            once: somebody else knows the password: see `User`.
            keep: id of a session that goes on.

        Raises:
            UserError: there is no such user, or the password does not do.
        """
        values = {"password": hash_password(password), "failures": 0, "rests_until": None, "once": once}
        with self.store.writing(quiet=True) as connection:
            row = present_row(connection, name)
            connection.execute(update(users).where(users.c.id == row["id"]).values(values))
            others = (user_sessions.c.user_id == row["id"]) & (user_sessions.c.id != keep)
            connection.execute(delete(user_sessions).where(others))
            self._tell(connection, "password changed", row["name"])

    def replace_password(self, name: str, old: str, new: str, keep: str) -> None:
        """Let a user choose another password.

        Args:
            keep: id of the session in which it is done: the user's others end.

        Raises:
            UserError: the old one is wrong, or the new one does not do.
        """
        if old == new:
            raise UserError("The new password is the old one. Choose another.")
        if self.with_password(name, old) is None:
            raise UserError(
                f"That is not your password. After {TRIES} wrong ones the account rests for "
                f"{REST // timedelta(minutes=1)} minutes."
            )
        self.change_password(name, new, keep=keep)

    def switch(self, name: str, on: bool) -> None:
        """Let nobody in with an account until it is switched on again; its tokens wait. Raises UserError."""
        with self.store.writing(quiet=True) as connection:
            row = present_row(connection, name)
            if not on:
                keep_an_administrator(connection, row)
                connection.execute(delete(user_sessions).where(user_sessions.c.user_id == row["id"]))
            off = {"switched_off": None if on else self.clock()}
            connection.execute(update(users).where(users.c.id == row["id"]).values(off))
            self._tell(connection, f"switched {'on' if on else 'off'}", row["name"])

    def remove(self, name: str) -> None:
        """Take the account away, with its sessions and tokens. Raises UserError."""
        with self.store.writing(quiet=True) as connection:
            row = present_row(connection, name)
            keep_an_administrator(connection, row)
            for table in (user_sessions, api_tokens):
                connection.execute(delete(table).where(table.c.user_id == row["id"]))
            gone = {"removed": self.clock(), "password": None}
            connection.execute(update(users).where(users.c.id == row["id"]).values(gone))
            self._tell(connection, "user removed", row["name"])

    def wake(self, name: str) -> None:
        """Let a resting account in again. Raises UserError."""
        with self.store.writing(quiet=True) as connection:
            row = present_row(connection, name)
            awake = {"failures": 0, "rests_until": None}
            connection.execute(update(users).where(users.c.id == row["id"]).values(awake))
            self._tell(connection, "unlocked", row["name"])

    def with_password(self, name: str, password: str) -> User | None:
        """The user of that name and password; None where they do not match or the account rests.

        Nobody learns which of them, nor whether there is such a user.
        """
        row = self._count_try(name)
        known = row is not None and row["password"] is not None and row["switched_off"] is None
        stored = row["password"] if row is not None and known else NO_PASSWORD
        if not matches(stored, password) or row is None or not known:
            return None
        fresh: dict[str, Any] = {"failures": 0, "rests_until": None}
        if HASHER.check_needs_rehash(stored):
            fresh["password"] = HASHER.hash(password)
        with self.store.writing(quiet=True) as connection:
            # Somebody may have removed the user, or given another password, meanwhile.
            same = (users.c.id == row["id"]) & (users.c.password == stored) & LET_IN
            done = connection.execute(update(users).where(same).values(fresh)).rowcount
        return user_from_row(row) if done else None

    def of_identity(self, identity: Identity) -> User | None:
        """The user who has this identity, made or given the provider's role; None for one who is let in no more.

        A new one whose name somebody has, or had, gets a number after it: a name in the trail stands for one person.
        """
        now, host = self.clock(), urlsplit(identity.issuer).hostname or ""
        same = (users.c.issuer == identity.issuer) & (users.c.subject == identity.subject)
        with self.store.writing(quiet=True) as connection:
            row = connection.execute(select(users).where(same)).mappings().first()
            if row is None:
                values = {
                    "id": new_id(),
                    "name": (name := free_name(connection, identity.name)),
                    "folded": fold(name),
                    "issuer": identity.issuer,
                    "subject": identity.subject,
                    "role": str(identity.role),
                    "created": now,
                    "failures": 0,
                    "once": False,
                }
                connection.execute(insert(users).values(values))
                append_line(connection, now, host, "user added", name, identity.role)
            elif row["removed"] is not None or row["switched_off"] is not None:
                return None
            elif row["role"] != identity.role:
                connection.execute(update(users).where(same).values(role=str(identity.role)))
                change = f"{row['role']} to {identity.role}"
                append_line(connection, now, host, "role changed", row["name"], change)
            return user_from_row(connection.execute(select(users).where(same)).mappings().one())

    def _count_try(self, name: str) -> RowMapping | None:
        """The row to look at; None for nobody and for an account that rests. The try counts before it is looked at.

        A clock that was set back lets no account rest for longer than usual.
        """
        now = self.clock()
        with self.store.writing(quiet=True) as connection:
            row = row_of_name(connection, name)
            if row is None or row["removed"] is not None:
                return None
            until = row["rests_until"]
            if until is not None and now < until:
                earlier = min(until, now + REST)
                connection.execute(update(users).where(users.c.id == row["id"]).values(rests_until=earlier))
                return None
            failures = 1 if until is not None else row["failures"] + 1
            values = {"failures": failures, "rests_until": now + REST if failures >= TRIES else None}
            connection.execute(update(users).where(users.c.id == row["id"]).values(values))
            return row


def user_from_row(row: RowMapping) -> User:
    """A row of the table as a user."""
    return User(
        row["id"],
        row["name"],
        Role(row["role"]),
        row["signed_in"],
        row["rests_until"],
        row["switched_off"],
        row["once"],
    )


def row_of_name(connection: Connection, name: str) -> RowMapping | None:
    """The row of a user, also of a removed one."""
    return connection.execute(select(users).where(users.c.folded == fold(name))).mappings().first()


def free_name(connection: Connection, wanted: str) -> str:
    """A name that nobody has or had, as near as can be to what people call somebody."""
    plain = re.sub(r"[^\w.@+-]+", "-", wanted).strip("-")[:LONGEST_GIVEN] or "user"
    names = chain([plain], (f"{plain}-{number}" for number in count(2)))
    return next(name for name in names if row_of_name(connection, name) is None)


def present_row(connection: Connection, name: str) -> RowMapping:
    """The row of a user who has an account. Raises UserError."""
    row = row_of_name(connection, name)
    if row is None or row["removed"] is not None:
        raise UserError(f"There is no user {name}.")
    return row


def keep_an_administrator(connection: Connection, row: RowMapping) -> None:
    """Raise UserError where nobody would be left who looks after users."""
    others = select(func.count()).where(
        users.c.role == str(Role.ADMINISTRATOR), LET_IN, users.c.id != row["id"]
    )
    last = row["role"] == Role.ADMINISTRATOR and row["switched_off"] is None
    if last and not connection.execute(others).scalar():
        raise UserError(f"{row['name']} is the last administrator. Make somebody else one first.")


def drawn_password() -> str:
    """A password for somebody who chooses another one soon: 16 characters, about 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """What is kept of a password. Raises UserError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(f"A password has {SHORTEST} to {LONGEST:,} characters.")
    return HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether a password is the one that was kept."""
    try:
        return HASHER.verify(stored, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
