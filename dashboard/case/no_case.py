"""The case that there is not: with it, the page tells Dash which components its callbacks will find."""

from datetime import UTC, datetime
from typing import Any, cast

from dashboard.store import Record


def empty_record() -> Record:
    """A prediction that there is not."""
    return Record(
        id="",
        created=datetime.now(UTC),
        filename="",
        sha256="",
        width=1,
        height=1,
        model="",
        model_version="",
        model_sha256="",
        probability=0.0,
        operating_point="",
        threshold=0.5,
        malignant_from=0.5,
        # The type's own module is slow to import, and the first page does without it.
        decision=cast(Any, "benign"),
        diagnosis=None,
        probabilities={},
        cautions=(),
        milliseconds=0.0,
    )
