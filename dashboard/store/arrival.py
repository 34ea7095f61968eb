"""When a prediction comes in, and whether it is the first of its photograph."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, select

from dashboard.examples import is_drawn
from dashboard.store.counted import PHOTOGRAPH_AND_VERSION
from dashboard.store.records import Record
from dashboard.store.schema import predictions

# A clock that is behind by less was set back.
SET_BACK = timedelta(hours=1)
# Made once: making it takes as long as running it. One statement, for with a database elsewhere each is a journey.
BEFORE = select(
    select(predictions.c.created)
    .order_by(predictions.c.seq.desc())
    .limit(1)
    .scalar_subquery()
    .label("newest"),
    exists().where(*(column == bindparam(column.name) for column in PHOTOGRAPH_AND_VERSION)).label("again"),
)


def arrival_of(connection: Connection, record: Record) -> tuple[datetime, bool]:
    """The time of a prediction that is stored now, and whether it is counted, see counted.py.

    The time lies after that of the newest one, even if the clock was set back a little. If the newest one lies more
    than an hour ahead, the clock was wrong then, and its time now is used.
    """
    names = {column.name: getattr(record, column.name) for column in PHOTOGRAPH_AND_VERSION}
    before, moment = connection.execute(BEFORE, names).one(), clock_time()
    if before.newest is not None and before.newest >= moment > before.newest - SET_BACK:
        moment = before.newest + timedelta(microseconds=1)
    return moment, not before.again and not is_drawn(record.sha256)


def clock_time() -> datetime:
    """The time by the clock."""
    return datetime.now(UTC)
