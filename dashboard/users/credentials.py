"""What stands for a user: the session of a browser, and the token of a program. Only digests of both are kept."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, Table, delete, insert, select, true, update

from dashboard.store.names import clean, fold, new_id
from dashboard.store.repository import Store
from dashboard.store.schema import utc_now
from dashboard.store.user_tables import api_tokens, user_sessions, users
from dashboard.users.accounts import LET_IN, PRESENT, User, UserError
from dashboard.users.roles import ROLES, Permission, Role
from dashboard.users.trail import append_line

# A session ends after so long without a request, unless it was asked to stay; and after so long in any case.
IDLE = timedelta(hours=1)
LONGEST_SESSION = timedelta(hours=12)
LONGEST_TOKEN = 3660
# How often it is written down that a session or a token was used.
NOTED = timedelta(minutes=1)
# A clock may be wrong by less; one that says that something was made later was set back.
SET_BACK = timedelta(minutes=5)
LONGEST_NAME = 64


@dataclass(frozen=True)
class Visitor:
    """Who asks.

    Attributes:
        name: the user's.
        permissions: what the role allows, and the token where there is one.
        session: of the browser; empty without one.
        by_token: a program asks.
    """

    name: str
    role: Role
    permissions: frozenset[Permission]
    session: str = ""
    by_token: bool = False

    # What Flask-Login asks of users.
    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What Flask-Login keeps in the browser's cookie."""
        return self.session


@dataclass(frozen=True)
class Credential:
    """A session or a token as people see it.

    Attributes:
        used: when last; None for never.
        ends: when it ends at the latest.
        name: a token's.
        scopes: what a token allows of what its user's role allows; None for all of it.
    """

    id: str
    user: str
    created: datetime
    used: datetime | None
    ends: datetime
    name: str = ""
    scopes: frozenset[Permission] | None = None


def digest(secret: str) -> str:
    """What is kept of a secret that was drawn at random: nobody finds it by trying."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Credentials:
    """Sessions and tokens of a store. Safe to use from several threads and processes.

    Args:
        actor: who makes and revokes them, for the audit trail.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime] = utc_now, actor: str = "command line"
    ) -> None:
        self.store, self.clock, self.actor = store, clock, actor

    def open_session(self, user: User, stays: bool = False) -> Visitor:
        """Let a user in.

        Args:
            stays: the session does not end because nobody asks anything.
        """
        secret, now = secrets.token_urlsafe(32), self.clock()
        with self.store.writing(quiet=True) as connection:
            old = user_sessions.c.created < now - LONGEST_SESSION
            connection.execute(delete(user_sessions).where(old))
            connection.execute(
                insert(user_sessions).values(
                    id=new_id(), digest=digest(secret), user_id=user.id, created=now, seen=now, stays=stays
                )
            )
            connection.execute(update(users).where(users.c.id == user.id).values(signed_in=now))
            append_line(connection, now, user.name, "logged in", user.name, "")
        return Visitor(user.name, user.role, permissions_of(user.role, user.once), secret)

    def of_session(self, secret: str, busy: bool = True) -> Visitor | None:
        """Who has this session; None where it has ended.

        Args:
            busy: somebody is there: the session goes on.
        """
        row = self._row(user_sessions, secret)
        if row is None:
            return None
        now, seen = self.clock(), row["seen"]
        age = now - row["created"]
        if not -SET_BACK < age < LONGEST_SESSION or (now - seen >= IDLE and not row["stays"]):
            return None
        if busy and now - seen >= NOTED:
            self._note(user_sessions, row, seen=now)
        role = Role(row["role"])
        return Visitor(row["user"], role, permissions_of(role, row["once"]), secret)

    def close_session(self, secret: str) -> None:
        """End a session."""
        with self.store.writing(quiet=True) as connection:
            connection.execute(delete(user_sessions).where(user_sessions.c.digest == digest(secret)))

    def add_token(
        self, user: str, days: int, scopes: Iterable[Permission] | None = None, name: str = ""
    ) -> str:
        """A token for a user's programs; it is shown this once.

        Args:
            scopes: what it allows of what the role allows; all of it for None.
            name: what people know it by.

        Raises:
            UserError: there is no such user, or the days or the name do not do.
        """
        if not 1 <= days <= LONGEST_TOKEN:
            raise UserError(f"A token lasts 1 to {LONGEST_TOKEN:,} days.")
        name = clean(name)
        if len(name) > LONGEST_NAME:
            raise UserError(f"A token's name has {LONGEST_NAME} characters at most.")
        secret, now = secrets.token_urlsafe(32), self.clock()
        with self.store.writing(quiet=True) as connection:
            found = select(users.c.id, users.c.name).where(PRESENT, users.c.folded == fold(user))
            owner = connection.execute(found).first()
            if owner is None:
                raise UserError(f"There is no user {user}.")
            kept = None if scopes is None else sorted({*scopes, Permission.ENTER})
            row = {
                "id": new_id(),
                "digest": digest(secret),
                "user_id": owner.id,
                "created": now,
                "expires": now + timedelta(days=days),
                "scopes": kept,
                "name": name,
            }
            connection.execute(insert(api_tokens).values(row))
            words = f"{name or row['id']}, for {days} days: {'all' if kept is None else ', '.join(kept)}"
            append_line(connection, now, self.actor, "token made", owner.name, words)
        return secret

    def of_token(self, secret: str) -> Visitor | None:
        """Whose token this is; None for one that has expired, was revoked or never was."""
        row = self._row(api_tokens, secret)
        if row is None:
            return None
        now = self.clock()
        if not row["created"] - SET_BACK < now < row["expires"]:
            return None
        if row["used"] is None or now - row["used"] >= NOTED:
            self._note(api_tokens, row, used=now)
        allowed = ROLES[role := Role(row["role"])]
        scoped = allowed if row["scopes"] is None else allowed & {*row["scopes"]}
        return Visitor(row["user"], role, scoped, by_token=True)

    def of_name(self, name: str) -> Visitor | None:
        """The user of that name, for whom somebody else vouches."""
        with self.store.reading() as connection:
            found = select(users).where(LET_IN, users.c.folded == fold(name))
            row = connection.execute(found).mappings().first()
        if row is None:
            return None
        role, now = Role(row["role"]), self.clock()
        if row["signed_in"] is None or not timedelta() <= now - row["signed_in"] < NOTED:
            self._note(users, row, signed_in=now)
        return Visitor(row["name"], role, ROLES[role])

    def session_id(self, secret: str) -> str:
        """The id of a session; "" where it has ended."""
        row = self._row(user_sessions, secret)
        return "" if row is None else str(row["id"])

    def sessions(self, user: str | None = None) -> tuple[Credential, ...]:
        """Sessions that have not ended, the newest first; a user's, or everybody's."""
        now = self.clock()
        alive = (user_sessions.c.created > now - LONGEST_SESSION) & (
            user_sessions.c.stays | (user_sessions.c.seen > now - IDLE)
        )
        return tuple(
            Credential(row["id"], row["user"], row["created"], row["seen"], row["created"] + LONGEST_SESSION)
            for row in self._listed(user_sessions, user, alive)
        )

    def tokens(self, user: str | None = None) -> tuple[Credential, ...]:
        """Tokens that were not revoked, also those that have expired, the newest first; a user's, or everybody's."""
        return tuple(
            Credential(
                row["id"],
                row["user"],
                row["created"],
                row["used"],
                row["expires"],
                row["name"],
                None if row["scopes"] is None else frozenset(map(Permission, row["scopes"])),
            )
            for row in self._listed(api_tokens, user)
        )

    def end_sessions(self, user: str | None, only: str | None = None, keep: str = "") -> int:
        """End sessions of a user, or of anybody; how many.

        Args:
            only: id of the one to end; None for all.
            keep: id of one that goes on.
        """
        which = user_sessions.c.id != keep if only is None else user_sessions.c.id == only
        return self._end(user_sessions, "session ended", user, which)

    def revoke(self, token_id: str, user: str | None = None) -> bool:
        """End a token of a user, or of anybody; False where there is none."""
        return self._end(api_tokens, "token revoked", user, api_tokens.c.id == token_id) > 0

    def _end(self, table: Table, action: str, user: str | None, which: ColumnElement[bool]) -> int:
        """Delete what fits of a user, or of anybody, each with a line of the trail; how many."""
        found = select(table, users.c.name.label("user")).join(users, users.c.id == table.c.user_id)
        with self.store.writing(quiet=True) as connection:
            rows = connection.execute(found.where(which, whose(user))).mappings().all()
            for row in rows:
                connection.execute(delete(table).where(table.c.id == row["id"]))
                words = row.get("name") or row["id"]
                append_line(connection, self.clock(), self.actor, action, row["user"], words)
        return len(rows)

    def _row(self, table: Table, secret: str) -> RowMapping | None:
        """The row of a secret, with what its user is now."""
        found = (
            select(table, users.c.name.label("user"), users.c.role, users.c.once)
            .join(users, users.c.id == table.c.user_id)
            .where(table.c.digest == digest(secret), LET_IN)
        )
        with self.store.reading() as connection:
            return connection.execute(found).mappings().first()

    def _note(self, table: Table, row: RowMapping, **values: datetime) -> None:
        with self.store.writing(quiet=True) as connection:
            connection.execute(update(table).where(table.c.id == row["id"]).values(values))

    def _listed(
        self, table: Table, user: str | None, which: ColumnElement[bool] | None = None
    ) -> Sequence[RowMapping]:
        found = select(table, users.c.name.label("user")).join(users, users.c.id == table.c.user_id)
        found = found.where(whose(user), true() if which is None else which)
        with self.store.reading() as connection:
            return connection.execute(found.order_by(table.c.id.desc())).mappings().all()


def permissions_of(role: Role, once: bool) -> frozenset[Permission]:
    """What a user may do in a browser: no more than choosing another password with one that somebody else knows."""
    return frozenset({Permission.ENTER}) if once else ROLES[role]


def whose(user: str | None) -> ColumnElement[bool]:
    """What belongs to a user, or to anybody."""
    return true() if user is None else users.c.folded == fold(user)
