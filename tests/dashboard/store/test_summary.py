"""Counts and scores over the whole store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from dashboard.store import Record, Store
from dashboard.store.summary import Version, days, outcomes, same_image, sample, versions
from model.cautions import Caution
from model.predictor import Decision
from model.taxonomy import HAM10000

Add = Callable[..., Record]
OTHER = "b" * 64


def other(**changes: object) -> dict[str, object]:
    """A prediction by another version of the model."""
    return {"model_version": "2.0", "model_sha256": OTHER, **changes}


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert versions(store) == () and days(store) == {} and sample(store).scores == ()
    assert sample(store).threshold is None
    assert outcomes(store).decisions == {} and outcomes(store).count(True, True, HAM10000) == 0


def test_versions_are_told_apart(store: Store, add: Add) -> None:
    for seed in range(3):
        add(seed=seed)
    add(seed=0, **other())
    assert versions(store) == (
        Version("tiny", "1.0", "a" * 64, 3),
        Version("tiny", "2.0", OTHER, 1),
    )
    assert versions(store, datetime.now(UTC) + timedelta(hours=1)) == ()


def test_days_are_counted_by_decision(store: Store, add: Add) -> None:
    first = add(seed=0)
    add(seed=1)
    add(seed=2, decision=Decision.MALIGNANT, probability=0.9, **other())
    today = first.created.date()
    assert days(store) == {"benign": {today: 2}, "malignant": {today: 1}}
    assert days(store, version=Version("tiny", "2.0", OTHER)) == {"malignant": {today: 1}}
    assert days(store, datetime.now(UTC) + timedelta(hours=1)) == {}


def test_a_sample_has_scores_and_cautions(store: Store, add: Add) -> None:
    add(seed=0, probability=0.25)
    add(seed=1, probability=0.75, cautions=(), threshold=0.6)
    add(seed=2, probability=0.5, cautions=(Caution("small", "Very small."), Caution("dark", "Dark.")))
    found = sample(store)
    assert found.scores == (0.5, 0.75, 0.25)
    assert found.cautions == {"small": 2, "dark": 1}
    assert found.texts["small"] == "Very small."
    assert found.threshold == 0.5


def test_outcomes_count_images_once_and_truth_for_all_models(store: Store, add: Add) -> None:
    cancer = add(seed=0, decision=Decision.BENIGN)
    mole = add(seed=1, decision=Decision.MALIGNANT, probability=0.9)
    add(seed=2, decision=Decision.BENIGN)
    store.review([cancer.id], "A", "mel", "histology")
    store.review([mole.id], "A", "nv", "expert")
    found = outcomes(store)
    assert found.decisions == {"benign": 2, "malignant": 1}
    assert found.confirmed == {("benign", "mel"): 1, ("malignant", "nv"): 1}
    assert [found.count(a, b, HAM10000) for a in (True, False) for b in (True, False)] == [0, 1, 1, 0]

    # Another version sees the cancer; nobody has reviewed its own prediction.
    add(seed=0, **other(decision=Decision.UNCERTAIN, probability=0.6))
    assert outcomes(store, version=Version("tiny", "2.0", OTHER)).confirmed == {("uncertain", "mel"): 1}
    assert outcomes(store, version=Version("tiny", "1.0", "a" * 64)) == found

    # The same image again, and a diagnosis that was corrected: the newest of both counts.
    again = add(seed=0, decision=Decision.MALIGNANT, probability=0.95)
    store.review([again.id], "B", "bcc", "histology")
    assert outcomes(store, version=Version("tiny", "1.0", "a" * 64)).decisions == {
        "benign": 2,
        "malignant": 2,
    }
    assert outcomes(store, version=Version("tiny", "1.0", "a" * 64)).confirmed == {
        ("malignant", "bcc"): 1,
        ("malignant", "nv"): 1,
    }


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
    version = Version("tiny", "1.0", "a" * 64)
    event.listen(store._engine, "before_cursor_execute", explain)
    outcomes(store, datetime.now(UTC) - timedelta(days=90), version)
    known = plans[-1]
    assert "COVERING INDEX ix_predictions_known" in known and "AUTOMATIC" not in known
    assert "SEARCH predictions USING INDEX ix_predictions_sha256" in known
    versions(store)
    days(store, version=version)
    assert all("COVERING INDEX ix_predictions_by_version" in plan for plan in plans[-2:])


def test_predictions_of_one_image(store: Store, add: Add) -> None:
    first, _, last = add(seed=0), add(seed=1), add(seed=0, **other())
    assert [one.id for one in same_image(store, first.sha256)] == [last.id, first.id]
    assert same_image(store, "0" * 64) == ()
