"""Stored outcomes, and the rule that they follow.

What a result is called follows from what the model said by a rule that may change with an update. Asking for many
predictions needs it in a column, so every row has the outcome by the rule of `store.outcome_rule`. A store that another
version wrote is brought to this version's rule when it is opened. What the model said is never rewritten.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select, update

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.query import OneOf, Query
from dashboard.store.records import RANKED_OUTCOMES, REVIEW_STATES, Record, review_state
from dashboard.store.repository import Store
from dashboard.store.schema import predictions, store
from model.cautions import Caution
from model.outcome import OUTCOME_RULE, Outcome, outcome_of

WAS_BENIGN = OneOf("outcome_before", frozenset({Outcome.BENIGN}))
# Those that nobody has looked at yet.
NO_LONGER_BENIGN = Query(limit=1, filters=(WAS_BENIGN, OneOf("review", frozenset({"open"}))))


def follow_rule(opened: Store) -> None:
    """Work out every outcome again where another version's rule made them; only rows that change are written."""
    with opened.reading() as connection:
        if connection.execute(select(store.c.outcome_rule)).scalar_one() == OUTCOME_RULE:
            return
    with opened.writing() as connection:
        for seq, values in list(changed_outcomes(connection, opened.known)):
            connection.execute(update(predictions).where(predictions.c.seq == seq).values(values))
        connection.execute(update(store).values(outcome_rule=OUTCOME_RULE))


def changed_outcomes(connection: Connection, known: KnownDiagnoses) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows whose stored outcome is not that of the rule: number, and what their columns have to be."""
    names = (
        "seq",
        "decision",
        "cautions",
        "outcome",
        "outcome_before",
        "confirmed",
        "reviewed",
        "model_sha256",
    )
    columns = [predictions.c[name] for name in names]
    for row in connection.execute(select(*columns).execution_options(yield_per=1000)):
        now = outcome_of(row.decision, [Caution(**caution) for caution in row.cautions])
        if now is RANKED_OUTCOMES[row.outcome]:
            continue
        shown = RANKED_OUTCOMES[row.outcome if row.outcome_before is None else row.outcome_before]
        review = review_state(now, row.confirmed, row.reviewed is not None, known.of(row.model_sha256))
        yield (
            row.seq,
            {
                "outcome": RANKED_OUTCOMES.index(now),
                "outcome_before": None if shown is now else RANKED_OUTCOMES.index(shown),
                "review": REVIEW_STATES.index(review),
            },
        )


def no_longer_benign(opened: Store) -> Iterator[Record]:
    """The stored results that were benign before an update and have another outcome now, the newest first."""
    return opened.stream(Query(filters=(WAS_BENIGN,)))
