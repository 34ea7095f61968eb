"""What stands for a user: the session of a browser, and the token of a program. Only digests of both are kept."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, Table, delete, insert, select, update

from dashboard.store.names import fold, new_id
from dashboard.store.repository import Store
from dashboard.store.schema import api_tokens, user_sessions, users
from dashboard.users.accounts import User, UserError
from dashboard.users.roles import ROLES, Permission, Role
from dashboard.users.trail import append_line, utc_now

# A session ends after so long without a request, unless it was asked to stay; and after so long in any case.
IDLE = timedelta(hours=1)
LONGEST_SESSION = timedelta(hours=12)
LONGEST_TOKEN = 3660
# How often it is written down that a session or a token was used.
NOTED = timedelta(minutes=1)
# A clock may be wrong by less; one that says that something was made later was set back.
SET_BACK = timedelta(minutes=5)


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
    """A session or a token as an administrator sees it.

    Attributes:
        used: when last; None for never.
        ends: when it ends at the latest.
    """

    id: str
    user: str
    created: datetime
    used: datetime | None
    ends: datetime


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
            append_line(connection, now, user.name, "logged in", user.name, "")
        return Visitor(user.name, user.role, ROLES[user.role], secret)

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
        return Visitor(row["name"], role, ROLES[role], secret)

    def close_session(self, secret: str) -> None:
        """End a session."""
        with self.store.writing(quiet=True) as connection:
            connection.execute(delete(user_sessions).where(user_sessions.c.digest == digest(secret)))

    def add_token(self, user: str, days: int, scopes: Iterable[Permission] | None = None) -> str:
        """A token for a user's programs; it is shown this once.

        Args:
            scopes: what it allows of what the role allows; all of it for None.

        Raises:
            UserError: there is no such user, or the days do not do.
        """
        if not 1 <= days <= LONGEST_TOKEN:
            raise UserError(f"A token lasts 1 to {LONGEST_TOKEN:,} days.")
        secret, now = secrets.token_urlsafe(32), self.clock()
        with self.store.writing(quiet=True) as connection:
            present = (users.c.folded == fold(user)) & users.c.removed.is_(None)
            user_id = connection.execute(select(users.c.id).where(present)).scalar()
            if user_id is None:
                raise UserError(f"There is no user {user}.")
            row = {
                "id": new_id(),
                "digest": digest(secret),
                "user_id": user_id,
                "created": now,
                "expires": now + timedelta(days=days),
                "scopes": None if scopes is None else sorted({*scopes, Permission.ENTER}),
            }
            connection.execute(insert(api_tokens).values(row))
            append_line(connection, now, self.actor, "token made", user, f"for {days} days")
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
        return Visitor(row["name"], role, scoped, by_token=True)

    def of_name(self, name: str) -> Visitor | None:
        """The user of that name, for whom somebody else vouches."""
        present = (users.c.folded == fold(name)) & users.c.removed.is_(None)
        with self.store.reading() as connection:
            row = connection.execute(select(users).where(present)).mappings().first()
        if row is None:
            return None
        role = Role(row["role"])
        return Visitor(row["name"], role, ROLES[role])

    def sessions(self) -> tuple[Credential, ...]:
        """Sessions that have not ended, the newest first."""
        return self._listed(user_sessions, lambda row: (row["seen"], row["created"] + LONGEST_SESSION))

    def tokens(self) -> tuple[Credential, ...]:
        """Tokens that were not revoked, the newest first."""
        return self._listed(api_tokens, lambda row: (row["used"], row["expires"]))

    def revoke(self, credential_id: str) -> bool:
        """End a session or a token; False where it has ended already."""
        with self.store.writing(quiet=True) as connection:
            gone = sum(
                connection.execute(delete(table).where(table.c.id == credential_id)).rowcount
                for table in (user_sessions, api_tokens)
            )
            if gone:
                append_line(connection, self.clock(), self.actor, "access revoked", credential_id, "")
        return gone > 0

    def _row(self, table: Table, secret: str) -> RowMapping | None:
        """The row of a secret, with the name and role that its user has now."""
        found = (
            select(table, users.c.name, users.c.role)
            .join(users, users.c.id == table.c.user_id)
            .where(table.c.digest == digest(secret), users.c.removed.is_(None))
        )
        with self.store.reading() as connection:
            return connection.execute(found).mappings().first()

    def _note(self, table: Table, row: RowMapping, **values: datetime) -> None:
        with self.store.writing(quiet=True) as connection:
            connection.execute(update(table).where(table.c.id == row["id"]).values(values))

    def _listed(
        self, table: Table, times: Callable[[RowMapping], tuple[datetime | None, datetime]]
    ) -> tuple[Credential, ...]:
        found = select(table, users.c.name).join(users, users.c.id == table.c.user_id)
        with self.store.reading() as connection:
            rows = connection.execute(found.order_by(table.c.id.desc())).mappings().all()
        return tuple(Credential(row["id"], row["name"], row["created"], *times(row)) for row in rows)
