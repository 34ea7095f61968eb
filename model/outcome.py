"""What people are shown of a prediction: one rule, the same everywhere."""

from collections.abc import Iterable
from enum import StrEnum

from model.cautions import Caution

# Of the rule below. Raise it with every change of what comes out: stored results are then worked out again, and those
# that were benign and no longer are can be listed.
OUTCOME_RULE = 1


class Outcome(StrEnum):
    """The decision of the model, or that there is none to rely on."""

    BENIGN = "benign"
    UNCERTAIN = "uncertain"
    MALIGNANT = "malignant"
    NO_RESULT = "no_result"


def outcome_of(decision: str, cautions: Iterable[Caution]) -> Outcome:
    """The outcome of a decision: none where a caution says that the photograph must not be relied on."""
    return Outcome.NO_RESULT if any(caution.severe for caution in cautions) else Outcome(decision)
