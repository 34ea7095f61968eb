"""Reviews and consents as tests write them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.store import Finding, Record, Store
from dashboard.store.patients import Patients


def add_review(
    store: Store,
    ids: Sequence[str],
    reviewer: str,
    *diagnosis_and_source: str,
    revision: int | Mapping[str, int] | None = None,
    **finding: Any,
) -> tuple[Record, ...]:
    """Append the same review to these predictions, which have this revision, or these by their ids."""
    seen = revision if isinstance(revision, Mapping) else dict.fromkeys(ids, revision)
    return store.change(seen, {}, Finding(*diagnosis_and_source, **finding), reviewer)


def consent(store: Store, *identifiers: str, day: str | None = "2026-01-02") -> None:
    """Have these patients consent to the training of models, or withdraw that."""
    people = Patients(store)
    for identifier in identifiers:
        (patient,) = people.find(identifier, limit=1)
        people.correct(patient.id, {"consent_training": day})
