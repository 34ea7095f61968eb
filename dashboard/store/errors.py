"""What can go wrong in the store."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.store.records import AuditLine, Record


class StoreError(Exception):
    """The store cannot be opened or used. `str()` is a sentence for whoever runs Dermaboard."""


class NotFound(LookupError):
    """No prediction has this id, or a file of it is gone."""


class MissingFile(NotFound):
    """The prediction is there, and a file of it is not. `str()` is a sentence for the user."""


class NoPatient(NotFound):
    """There is no such patient or lesion. `str()` is a sentence for the user."""


class QueryError(ValueError):
    """A query names an unknown column or filter, or a value of the wrong kind. `str()` is a sentence for the user."""


class InputError(ValueError):
    """What somebody wants to add to a prediction does not fit. `str()` is a sentence for the user."""


class Conflict(Exception):
    """Somebody else changed the prediction first. `str()` is a sentence for the user.

    Attributes:
        record: the prediction as it is now; None where an idempotency key was used for another image.
        changes: what happened since the revision that the user has seen, oldest first.
    """

    def __init__(
        self, sentence: str, record: "Record | None" = None, changes: "tuple[AuditLine, ...]" = ()
    ) -> None:
        super().__init__(sentence)
        self.record = record
        self.changes = changes


class Held(Conflict):
    """Somebody has put a legal hold on it: nobody may delete it. `str()` is a sentence for the user."""
