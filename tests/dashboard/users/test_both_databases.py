"""Users, sessions, tokens and the trail on each database there is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from dashboard.store import Store, open_store
from dashboard.users.accounts import REST, TRIES, Accounts, UserError, drawn_password
from dashboard.users.credentials import IDLE, Credentials
from dashboard.users.roles import ROLES, Permission, Role
from dashboard.users.trail import Sought, Trail, TrailLine, trail_problems
from tests.clock import Clock
from tests.dashboard.users.conftest import PASSWORD

LAST = "is the last administrator"
Change = Callable[[Accounts], None]
CHANGES: dict[str, Change] = {
    "demoted": lambda accounts: accounts.change_role("anna", Role.VIEWER),
    "switched off": lambda accounts: accounts.switch("anna", on=False),
    "removed": lambda accounts: accounts.remove("anna"),
}


@pytest.fixture
def store(url: URL, tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "data", url.render_as_string(hide_password=False))
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 5, 4, 12, tzinfo=UTC))


@pytest.fixture
def accounts(store: Store, clock: Clock) -> Accounts:
    """Accounts of anna, the only administrator."""
    accounts = Accounts(store, clock, "anna")
    accounts.add("anna", Role.ADMINISTRATOR, PASSWORD)
    return accounts


@pytest.fixture
def credentials(store: Store, clock: Clock) -> Credentials:
    return Credentials(store, clock, "anna")


def newest(store: Store) -> TrailLine:
    """The newest line of the trail."""
    return Trail(store).lines(limit=1)[0]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_last_administrator_stays(accounts: Accounts, change: Change) -> None:
    accounts.add("bob", Role.CLINICIAN, PASSWORD)
    with pytest.raises(UserError, match=LAST):
        change(accounts)
    # One who cannot log in looks after nobody.
    accounts.change_role("bob", Role.ADMINISTRATOR)
    accounts.switch("bob", on=False)
    with pytest.raises(UserError, match=LAST):
        change(accounts)
    assert accounts.with_password("anna", PASSWORD) is not None
    accounts.switch("bob", on=True)
    change(accounts)


def test_nobody_gets_in_while_an_account_is_off(accounts: Accounts, credentials: Credentials) -> None:
    bob = accounts.add("bob", Role.CLINICIAN, PASSWORD)
    session, token = credentials.open_session(bob).session, credentials.add_token("bob", 9)
    accounts.switch("bob", on=False)
    assert accounts.named("bob").switched_off is not None
    assert accounts.with_password("bob", PASSWORD) is None
    assert credentials.of_session(session) is credentials.of_token(token) is credentials.of_name("bob")
    assert credentials.of_session(session) is None
    accounts.switch("bob", on=True)
    # Tokens waited, and browsers log in anew.
    assert credentials.of_session(session) is None
    assert credentials.of_token(token) is not None
    assert accounts.with_password("bob", PASSWORD) is not None


def test_a_password_that_somebody_else_knows_lets_choose_another(
    accounts: Accounts, credentials: Credentials
) -> None:
    password = drawn_password()
    assert len({drawn_password() for _ in range(50)}) == 50
    bob = accounts.add("bob", Role.CLINICIAN, password, once=True)
    known = accounts.with_password("bob", password)
    assert bob.once and known is not None
    visitor, other = credentials.open_session(known), credentials.open_session(known)
    assert visitor.permissions == {Permission.ENTER}
    here = credentials.session_id(visitor.session)
    for old, new, sentence in (
        ("wrong horse", "my own horse", "not your password"),
        (password, password, "is the old one"),
        (password, "short", "8 to 1,000"),
    ):
        with pytest.raises(UserError, match=sentence):
            accounts.replace_password("bob", old, new, here)
    accounts.replace_password("bob", password, "my own horse", here)
    freed = credentials.of_session(visitor.session)
    assert freed is not None and freed.permissions == ROLES[Role.CLINICIAN]
    assert credentials.of_session(other.session) is None
    assert accounts.with_password("bob", password) is None


def test_wrong_old_passwords_let_the_account_rest(accounts: Accounts, clock: Clock, store: Store) -> None:
    for _ in range(TRIES):
        with pytest.raises(UserError, match="the account rests for 10 minutes"):
            accounts.replace_password("anna", "wrong horse", "my own horse", "")
    with pytest.raises(UserError):
        accounts.replace_password("anna", PASSWORD, "my own horse", "")
    until = accounts.named("anna").rests_until
    assert until == clock.now + REST
    accounts.wake("anna")
    assert (newest(store).action, newest(store).subject) == ("unlocked", "anna")
    accounts.replace_password("anna", PASSWORD, "my own horse", "")


def test_sessions_are_listed_and_ended(accounts: Accounts, credentials: Credentials, clock: Clock) -> None:
    anna, bob = accounts.named("anna"), accounts.add("bob", Role.VIEWER, PASSWORD)
    old = credentials.open_session(bob)
    clock.now += IDLE
    secrets = [credentials.open_session(user).session for user in (anna, bob, bob, bob)]
    # What nobody uses any more has ended.
    assert credentials.session_id(old.session) not in {one.id for one in credentials.sessions()}
    assert [one.user for one in credentials.sessions()] == ["bob", "bob", "bob", "anna"]
    ids = [credentials.session_id(secret) for secret in secrets]
    assert [one.id for one in credentials.sessions("BOB")] == ids[:0:-1]
    assert credentials.end_sessions("bob", only=ids[0]) == 0
    assert credentials.end_sessions("bob", only=ids[1]) == 1
    assert credentials.end_sessions("bob", keep=ids[3]) == 2
    assert [credentials.of_session(secret) is not None for secret in secrets] == [True, False, False, True]
    line = newest(accounts.store)
    assert (line.who, line.action, line.subject) == ("anna", "session ended", "bob")


def test_tokens_are_made_listed_and_revoked(accounts: Accounts, credentials: Credentials) -> None:
    accounts.add("Bob", Role.SCIENTIST, PASSWORD)
    credentials.add_token("anna", 1)
    secret = credentials.add_token("bob", 30, [Permission.EXPORT], "nightly\n export ")
    (token,) = credentials.tokens("bob")
    assert (token.user, token.name, token.used) == ("Bob", "nightly export", None)
    assert token.scopes == {Permission.EXPORT, Permission.ENTER}
    assert token.ends - token.created == timedelta(days=30)
    line = newest(accounts.store)
    assert (line.who, line.action, line.subject) == ("anna", "token made", "Bob")
    assert line.text == "nightly export, for 30 days: enter, export" and secret not in line.text
    # Nobody revokes what is somebody else's.
    assert not credentials.revoke(token.id, "anna")
    assert credentials.revoke(token.id, "bob")
    assert credentials.of_token(secret) is None
    line = newest(accounts.store)
    assert (line.action, line.subject, line.text) == ("token revoked", "Bob", "nightly export")
    assert len(credentials.tokens()) == 1


def test_the_trail_is_searched(store: Store, clock: Clock) -> None:
    trail, start = Trail(store, clock), clock.now
    for who, action, subject in (
        ("anna", "user added", "bob"),
        ("bob", "photograph seen", "1"),
        ("bob", "photograph seen", "2"),
        ("anna", "photograph seen", "1"),
    ):
        trail.write(who, action, subject)
        clock.now += timedelta(days=1)

    def numbers(sought: Sought, before: int | None = None, limit: int = 9) -> list[int]:
        return [line.seq for line in trail.lines(sought, before, limit)]

    assert numbers(Sought()) == [4, 3, 2, 1]
    # What somebody did, and what was done to them.
    assert numbers(Sought(user="bob")) == [3, 2, 1]
    assert numbers(Sought(action="photograph seen")) == [4, 3, 2]
    assert numbers(Sought(action="photograph seen", subject="1")) == [4, 2]
    day = timedelta(days=1)
    assert numbers(Sought(since=start + day, until=start + 3 * day)) == [3, 2]
    assert numbers(Sought(), limit=3) == [4, 3, 2] and numbers(Sought(), before=2) == [1]
    assert numbers(Sought(user="nobody")) == []
    assert trail.actions() == ("photograph seen", "user added")
    assert list(trail_problems(store)) == []
