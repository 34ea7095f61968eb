"""Reviews as tests write them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.store import Finding, Record, Store


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
