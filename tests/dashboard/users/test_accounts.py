"""Accounts by the command line, and what becomes of a wrong one."""

import io
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.store import Store, open_store
from dashboard.store.user_tables import users
from dashboard.users.accounts import Accounts, UserError
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Role

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path))
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let standard input hold a text."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def store(data_dir: Path) -> Store:
    return open_store(data_dir)


def test_a_user_and_a_token_are_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data_dir: Path
) -> None:
    typed(monkeypatch, f"{PASSWORD}\n")
    assert main(["user", "add", "Anna", "--role", "administrator"]) == 0
    capsys.readouterr()
    assert main(["token", "add", "anna", "--days", "30"]) == 0
    secret = capsys.readouterr().out.strip()
    store = open_store(data_dir)
    visitor = Credentials(store).of_token(secret)
    assert visitor is not None and (visitor.name, visitor.role) == ("Anna", Role.ADMINISTRATOR)
    assert Accounts(store).with_password("ANNA", PASSWORD) is not None
    with store.reading() as connection:
        kept = str(connection.execute(users.select()).all())
    assert PASSWORD not in kept and "argon2id" in kept
    assert main(["user", "list"]) == main(["token", "list"]) == 0
    assert secret not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "text", "sentence"),
    [
        (["user", "add", "a b", "--role", "viewer"], PASSWORD, "without spaces"),
        (["user", "add", "bob", "--role", "viewer"], "short", "8 to 1,000 characters"),
        (["user", "add", "ANNA", "--role", "viewer"], PASSWORD, "There is a user anna already"),
        (["user", "role", "nobody", "--role", "viewer"], "", "no user nobody"),
        (["user", "role", "anna", "--role", "viewer"], "", "the last administrator"),
        (["user", "remove", "anna"], "", "the last administrator"),
        (["user", "off", "anna"], "", "the last administrator"),
        (["user", "unlock", "nobody"], "", "no user nobody"),
        (["user", "password", "nobody"], PASSWORD, "no user nobody"),
        (["token", "add", "nobody", "--days", "3"], "", "no user nobody"),
        (["token", "add", "anna", "--days", "0"], "", "1 to 3,660 days"),
        (["token", "add", "anna", "--days", "1", "--label", "x" * 65], "", "64 characters at most"),
        (["token", "revoke", "x"], "", "no such token"),
    ],
)
def test_what_cannot_be_done_is_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    store: Store,
    command: list[str],
    text: str,
    sentence: str,
) -> None:
    Accounts(store).add("anna", Role.ADMINISTRATOR, PASSWORD)
    typed(monkeypatch, text)
    assert main(command) == 2
    assert sentence in capsys.readouterr().err
    assert [(user.name, user.role) for user in Accounts(store).all()] == [("anna", "administrator")]


def test_a_second_administrator_lets_the_first_go(store: Store) -> None:
    accounts = Accounts(store)
    accounts.add("anna", Role.ADMINISTRATOR, PASSWORD)
    accounts.add("bob", Role.ADMINISTRATOR, PASSWORD)
    accounts.remove("anna")
    with pytest.raises(UserError, match="last"):
        accounts.change_role("bob", Role.VIEWER)


def test_another_password_ends_sessions(store: Store) -> None:
    accounts, credentials = Accounts(store), Credentials(store)
    secret = credentials.open_session(accounts.add("anna", Role.VIEWER, PASSWORD)).session
    accounts.change_password("anna", "another horse")
    assert credentials.of_session(secret) is None
    assert accounts.with_password("anna", PASSWORD) is None
    assert accounts.with_password("anna", "another horse") is not None


def test_who_logs_in_changes_nothing_that_pages_watch(store: Store) -> None:
    before = store.latest()
    Credentials(store).open_session(Accounts(store).add("anna", Role.VIEWER, PASSWORD))
    assert store.latest() == before
