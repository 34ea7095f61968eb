"""Stored outcomes: asked for, sorted by, and worked out again when their rule changes."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, Table, insert, select

from dashboard.store import OneOf, Query, Record, Store, database, outcomes
from dashboard.store.backup import rows_to_back_up
from dashboard.store.backup_rows import BackupCase, case_row, parse_row
from dashboard.store.case_lines import case_lines
from dashboard.store.files import Files
from dashboard.store.inspection import store_problems
from dashboard.store.outcomes import NO_LONGER_BENIGN, no_longer_benign
from dashboard.store.places import LocalFolder
from dashboard.store.records import RANKED_OUTCOMES
from dashboard.store.schema import predictions
from dashboard.store.schema import store as store_row
from model.cautions import Caution
from model.outcome import Outcome, outcome_of
from model.predictor import Decision
from tests.benchmarks.history_rows import rows
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
Open = Callable[[], Store]
SEVERE = Caution("blurred", "The image is blurred.", severe=True)
DARK = Caution("dark", "The image is dark.")


@pytest.fixture
def four(add: Add) -> list[Record]:
    """A prediction of each outcome."""
    return [
        add("benign.jpg", 1),
        add("uncertain.jpg", 2, decision=Decision.UNCERTAIN, probability=0.5, malignant_from=0.9),
        add("malignant.jpg", 3, decision=Decision.MALIGNANT, probability=0.9),
        add("none.jpg", 4, cautions=(SEVERE,)),
    ]


def names(store: Store, **query: object) -> list[str]:
    return [record.filename.removesuffix(".jpg") for record in store.page(Query(**query)).records]  # type: ignore[arg-type]


def test_predictions_are_asked_for_by_what_people_are_shown(store: Store, four: list[Record]) -> None:
    def of(column: str, value: str) -> list[str]:
        return names(store, filters=(OneOf(column, frozenset({value})),))

    assert [of("outcome", name) for name in ("benign", "no_result")] == [["benign"], ["none"]]
    assert of("decision", "benign") == ["none", "benign"]
    assert names(store, sort=(("outcome", "desc"),)) == ["malignant", "uncertain", "none", "benign"]
    assert not any(record.outcome_before for record in store.stream(Query()))


@pytest.fixture
def dark_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update after which a dark photograph has no result."""

    def stricter(decision: str, cautions: Iterable[Caution]) -> Outcome:
        found = list(cautions)
        return Outcome.NO_RESULT if DARK in found else outcome_of(decision, found)

    monkeypatch.setattr(outcomes, "OUTCOME_RULE", 2)
    monkeypatch.setattr(outcomes, "outcome_of", stricter)


def test_another_rule_changes_outcomes_and_lists_what_was_benign(
    store: Store, add: Add, reopen: Open, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("light.jpg", 1)
    dark = add("dark.jpg", 2, cautions=(DARK,))
    add("worse.jpg", 3, cautions=(DARK,), decision=Decision.MALIGNANT, probability=0.9)
    confirmed = add("confirmed.jpg", 4, cautions=(DARK,))
    add_review(store, [confirmed.id], "Ada", "mel", "histology")
    assert store.page(NO_LONGER_BENIGN).total == 0

    request.getfixturevalue("dark_is_no_result")
    updated = reopen()
    without = (OneOf("outcome", frozenset({"no_result"})),)
    assert names(updated, filters=without) == ["confirmed", "worse", "dark"]
    assert [record.id for record in no_longer_benign(updated)] == [confirmed.id, dark.id]
    # Somebody has looked at the confirmed one.
    assert [record.id for record in updated.page(NO_LONGER_BENIGN).records] == [dark.id]
    now = updated.get(confirmed.id)
    assert (now.decision, now.probability) == (confirmed.decision, confirmed.probability)
    assert now.review == "undecided" and store.get(confirmed.id).outcome_before is Outcome.BENIGN
    # It has been done.
    before = updated.latest()
    assert reopen().latest() == before

    monkeypatch.undo()
    again = reopen()
    assert not any(record.outcome_before for record in again.stream(Query()))
    assert again.get(confirmed.id).review == "missed" and not list(store_problems(again))


def test_a_backup_tells_what_was_shown(store: Store, add: Add) -> None:
    add("none.jpg", cautions=(SEVERE,))
    with store.reading() as connection:
        (line,) = case_lines(connection, list(rows_to_back_up(store, connection, None)))

    def before(**written: object) -> object:
        row = {name: value for name, value in line["prediction"].items() if not name.startswith("outcome")}
        case = parse_row(BackupCase, json.dumps(line | {"prediction": row | written}).encode())
        return case_row(case, store.known)["outcome_before"]

    benign, no_result = (RANKED_OUTCOMES.index(one) for one in (Outcome.BENIGN, Outcome.NO_RESULT))
    # A backup of before outcomes showed the decision.
    assert before() == before(outcome=benign) == before(outcome=no_result, outcome_before=benign) == benign
    assert before(outcome=no_result) is None


@pytest.fixture
def of_before(bare: Engine) -> Engine:
    """A database as it was before outcomes were stored."""
    config = Config()
    config.set_main_option("script_location", "dashboard.store:migrations")
    with bare.connect().execution_options(writing=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0012")
        old = Table("predictions", MetaData(), autoload_with=connection)
        made = [
            {name: row[name] for name in row if name in old.columns}
            | {
                "cautions": [{"code": "blurred", "text": "Blurred.", "severe": row["seq"] % 3 == 0}],
                "no_result": row["seq"] % 3 == 0,
            }
            for row in next(rows(60))
        ]
        connection.execute(insert(old), made)
    return bare


def test_an_update_works_out_outcomes_and_lists_benign_ones_that_change(
    of_before: Engine, tmp_path: Path
) -> None:
    database.migrate(of_before)
    store = Store(of_before, Files(LocalFolder(tmp_path)))
    records = {record.id: record for record in store.stream(Query())}
    for name in Outcome:
        found = store.page(Query(limit=100, filters=(OneOf("outcome", frozenset({name})),)))
        assert {record.id for record in found.records} == {
            record.id for record in records.values() if record.outcome is name
        }
    assert {record.outcome for record in records.values()} == {*Outcome}
    changed = {record.id for record in no_longer_benign(store)}
    assert changed == {
        one.id
        for one in records.values()
        if one.decision == Decision.BENIGN and one.outcome is Outcome.NO_RESULT
    }
    with store.reading() as connection:
        assert connection.execute(select(store_row.c.outcome_rule)).scalar_one() == 1
        assert connection.execute(select(predictions.c.decision).distinct()).all()
