"""Counts and scores over the whole store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, update

from dashboard.store import Record, Store
from dashboard.store.counted import count_miscounted
from dashboard.store.inspection import store_problems
from dashboard.store.schema import predictions
from dashboard.store.summary import (
    Version,
    count_outcomes,
    model_versions,
    newest_photographs,
    photographs_by_day,
    predicted_codes,
    same_image,
)
from model.cautions import CLOSE_UP, Caution
from model.evaluation.metrics import Confusion
from model.images import Photograph
from model.predictor import Decision
from model.taxonomy import HAM10000
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
OTHER = "b" * 64
FIRST = Version("tiny", "1.0", "a" * 64)
SEVERE = Caution("blurred", "The image is blurred.", severe=True)


def other(**changes: object) -> dict[str, object]:
    """A prediction by another version of the model."""
    return {"model_version": "2.0", "model_sha256": OTHER, **changes}


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert (
        model_versions(store) == ()
        and photographs_by_day(store) == {}
        and newest_photographs(store).scores == ()
    )
    assert newest_photographs(store).threshold is None
    assert (
        count_outcomes(store).photographs == {}
        and count_outcomes(store).live(False, HAM10000).verified.n == 0
    )


def test_versions_are_told_apart(store: Store, add: Add) -> None:
    for seed in range(3):
        add(seed=seed)
    add(seed=0, **other())
    assert model_versions(store) == (
        Version("tiny", "1.0", "a" * 64, 3),
        Version("tiny", "2.0", OTHER, 1),
    )
    assert model_versions(store, datetime.now(UTC) + timedelta(hours=1)) == ()


def test_days_are_counted_by_outcome(store: Store, add: Add) -> None:
    first = add(seed=0)
    add(seed=1)
    add(seed=2, decision=Decision.MALIGNANT, probability=0.9, **other())
    today = first.created.date()
    add(seed=3, cautions=(SEVERE,))
    assert photographs_by_day(store) == {
        "benign": {today: 2},
        "malignant": {today: 1},
        "no_result": {today: 1},
    }
    assert photographs_by_day(store, version=Version("tiny", "2.0", OTHER)) == {"malignant": {today: 1}}
    assert photographs_by_day(store, datetime.now(UTC) + timedelta(hours=1)) == {}


def test_a_sample_has_scores_and_cautions(store: Store, add: Add) -> None:
    add(seed=0, probability=0.25)
    add(seed=1, probability=0.75, cautions=(), threshold=0.6)
    add(seed=2, probability=0.5, cautions=(Caution("small", "Very small."), Caution("dark", "Dark.")))
    found = newest_photographs(store)
    assert found.scores == (0.5, 0.75, 0.25)
    assert found.cautions == {"small": 2, "dark": 1}
    assert found.texts["small"] == "Very small."
    assert found.threshold == 0.5


def test_outcomes_count_photographs_once_and_truth_for_all_models(store: Store, add: Add) -> None:
    cancer = add(seed=0, decision=Decision.BENIGN)
    mole = add(seed=1, decision=Decision.MALIGNANT, probability=0.9)
    add(seed=2, decision=Decision.BENIGN)
    add_review(store, [cancer.id], "A", "mel", "histology")
    add_review(store, [mole.id], "A", "nv", "expert")
    found = count_outcomes(store)
    assert found.by_outcome() == {"benign": 2, "malignant": 1}
    assert found.confirmed_by_outcome() == {("benign", "mel"): 1, ("malignant", "nv"): 1}
    assert found.live(False, HAM10000).verified == Confusion(tp=0, fp=1, tn=0, fn=1)

    # Another version sees the cancer; nobody has reviewed its own prediction.
    add(seed=0, **other(decision=Decision.UNCERTAIN, probability=0.6))
    theirs = count_outcomes(store, version=Version("tiny", "2.0", OTHER))
    assert theirs.confirmed_by_outcome() == {("uncertain", "mel"): 1}
    assert count_outcomes(store, version=FIRST) == found

    # The same photograph again, and a diagnosis that was corrected: its first prediction and the latest diagnosis.
    again = add(seed=0, decision=Decision.MALIGNANT, probability=0.95)
    add_review(store, [again.id], "B", "bcc", "histology")
    found = count_outcomes(store, version=FIRST)
    assert found.by_outcome() == {"benign": 2, "malignant": 1}
    assert found.confirmed_by_outcome() == {("benign", "bcc"): 1, ("malignant", "nv"): 1}


def test_a_photograph_sent_40_times_changes_nothing(store: Store, add: Add) -> None:
    """Begg and Greenes: 3 cancers are found, and 1 of 10 checked among 20 benign ones makes 2: 3 / (3 + 2)."""
    for seed in range(3):
        found = add(seed=seed, decision=Decision.MALIGNANT, probability=0.9)
        add_review(store, [found.id], "A", "mel", "histology")
    for seed in range(3, 23):
        benign = add(seed=seed)
        if seed < 13:
            add_review(store, [benign.id], "A", "mel" if seed == 3 else "nv", "histology")
    assert count_outcomes(store, version=FIRST).live(False, HAM10000).sensitivity.value == pytest.approx(0.6)
    before = (
        count_outcomes(store),
        photographs_by_day(store),
        newest_photographs(store),
        model_versions(store),
    )
    for _ in range(40):
        add(seed=22)
    assert (
        count_outcomes(store),
        photographs_by_day(store),
        newest_photographs(store),
        model_versions(store),
    ) == before


def test_drawn_examples_do_not_count(
    store: Store, add: Add, picture: Callable[..., Photograph], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(seed=0)
    monkeypatch.setattr("dashboard.store.arrival.is_drawn", picture(1).sha256.__eq__)
    monkeypatch.setattr("dashboard.store.counted.example_digests", lambda: frozenset({picture(1).sha256}))
    first, _ = add(seed=1, probability=0.3), add(seed=1, probability=0.3)
    add(seed=1, **other(diagnosis="odd", probabilities={"odd": 1.0}))
    assert count_outcomes(store).by_outcome() == {"benign": 1} and newest_photographs(store).scores == (0.25,)
    assert {one.version: one.photographs for one in model_versions(store)} == {"1.0": 1, "2.0": 0}
    assert "odd" in predicted_codes(store)
    store.delete([first.id])
    assert count_outcomes(store).by_outcome() == {"benign": 1}


def test_photographs_without_a_result_are_not_called_benign(store: Store, add: Add) -> None:
    for seed, code in enumerate(("mel", "nv")):
        add_review(store, [add(seed=seed, cautions=(SEVERE,)).id], "A", code, "histology")
        add_review(store, [add(seed=10 + seed, cautions=(SEVERE, CLOSE_UP)).id], "A", code, "histology")
    found = count_outcomes(store)
    assert found.by_outcome() == {"no_result": 4}
    assert found.live(False, HAM10000).verified == Confusion(tp=1, fp=1, tn=0, fn=0)
    assert found.live(True, HAM10000).verified == Confusion(tp=0, fp=1, tn=0, fn=1)


def test_the_next_prediction_counts_when_the_first_is_deleted(store: Store, add: Add, engine: Engine) -> None:
    first, *_ = (add(seed=0, probability=p) for p in (0.1, 0.2, 0.3))
    theirs = add(seed=0, probability=0.4, **other())
    store.delete([first.id])
    assert newest_photographs(store, version=FIRST).scores == (0.2,)
    store.delete([theirs.id])
    assert newest_photographs(store).scores == (0.2,)
    with engine.connect() as connection:
        assert count_miscounted(connection) == 0
    assert list(store_problems(store)) == []
    with engine.begin() as connection:
        connection.execute(update(predictions).values(counted=True))
    assert any("monitoring counts" in one for one in store_problems(store))


def test_counts_are_read_off_indexes(store: Store) -> None:
    """Without them, a million predictions took minutes."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(" ".join(str(row) for row in raw.fetchall()))

    if store._engine.dialect.name != "sqlite":
        pytest.skip("plans are read from SQLite")
    event.listen(store._engine, "before_cursor_execute", explain)
    count_outcomes(store, datetime.now(UTC) - timedelta(days=90), FIRST)
    known = plans[-1]
    assert "COVERING INDEX ix_predictions_known" in known and "AUTOMATIC" not in known
    assert "SEARCH predictions USING COVERING INDEX ix_predictions_by_photograph" in known
    model_versions(store)
    photographs_by_day(store, version=FIRST)
    assert all("COVERING INDEX ix_predictions_by_version" in plan for plan in plans[-2:])


def test_predictions_of_one_image(store: Store, add: Add) -> None:
    first, _, last = add(seed=0), add(seed=1), add(seed=0, **other())
    assert [one.id for one in same_image(store, first.sha256)] == [last.id, first.id]
    assert same_image(store, "0" * 64) == ()
