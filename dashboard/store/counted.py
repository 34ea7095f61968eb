"""Which predictions are counted, on the monitoring page and in the metrics.

Each photograph counts once for a version of a model: its first prediction counts, at the time of that prediction.
People saw the first one before anybody knew the diagnosis. If the latest one counted, predicting a photograph again,
perhaps at another operating point, would change how good the model seems. The SHA-256 of its file identifies a
photograph. Drawn examples are not counted.

Every row says whether it is counted: working that out for a million rows would take too long for a page.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Select, false, func, select, true, update

from dashboard.examples import example_digests
from dashboard.store.schema import predictions

PHOTOGRAPH_AND_VERSION = (predictions.c.sha256, predictions.c.model_sha256, predictions.c.model)


def recount_photographs(connection: Connection, photographs: Collection[str]) -> None:
    """Count the first prediction of each of these photographs by each version, after others were removed or restored.

    Args:
        photographs: SHA-256 of at most CHUNK files.
    """
    theirs = predictions.c.sha256.in_(set(photographs))
    first = predictions.c.seq.in_(first_predictions(theirs))
    connection.execute(
        update(predictions).where(theirs, ~first, predictions.c.counted).values(counted=false())
    )
    connection.execute(update(predictions).where(first, ~predictions.c.counted).values(counted=true()))


def count_miscounted(connection: Connection) -> int:
    """How many predictions are counted and should not be, or the other way round."""
    # Joined, for PostgreSQL evaluates IN over a million numbers once a row.
    first = first_predictions(true()).subquery()
    rows = predictions.outerjoin(first, predictions.c.seq == first.c.seq)
    wrong = select(func.count()).select_from(rows).where(predictions.c.counted != first.c.seq.is_not(None))
    return int(connection.execute(wrong).scalar_one())


def first_predictions(photographs: ColumnElement[bool]) -> Select[tuple[int]]:
    """The numbers of the predictions that are to be counted among those of some photographs."""
    return (
        select(func.min(predictions.c.seq).label("seq"))
        .where(photographs, predictions.c.sha256.not_in(example_digests()))
        .group_by(*PHOTOGRAPH_AND_VERSION)
    )
