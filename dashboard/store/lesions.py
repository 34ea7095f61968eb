"""All that the store has of one lesion, in the list and in the bin: as one file, and to be erased."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from dashboard.store.bin import record_of_line
from dashboard.store.case_lines import case_lines, lines_by_id
from dashboard.store.database import in_batches
from dashboard.store.export import Drain, add_photograph, zip_entry
from dashboard.store.names import fold
from dashboard.store.schema import binned, predictions, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store

CASES = "cases.json"


def ids_of_lesion(store: "Store", reference: str) -> tuple[str, ...]:
    """The cases with exactly this lesion reference, in the list and in the bin, the oldest first."""
    listed = select(predictions.c.id).where(
        predictions.c.lesion_folded == fold(reference), predictions.c.lesion == reference
    )
    deleted = select(binned.c.id).where(binned.c.lesion == reference)
    with store.reading() as connection:
        found = [one for query in (listed, deleted) for one in connection.execute(query).scalars()]
    # Ids sort by time.
    return tuple(sorted(found))


def erase_cases_of_lesion(store: "Store", reference: str, who: str = "") -> tuple[str, ...]:
    """Delete every case of a lesion for good, with its photographs; also those that come in meanwhile.

    Returns:
        Their ids.

    Raises:
        Held: one of them is on legal hold; none is deleted then.
    """
    erased: list[str] = []
    while ids := ids_of_lesion(store, reference):
        store.delete(ids, who)
        erased += ids
    return tuple(erased)


def lesion_zip(
    store: "Store", reference: str, trail: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[bytes]:
    """Everything that is stored of a lesion as a ZIP: the photographs, and the rest as JSON.

    Args:
        trail: id -> who saw, took or deleted it.
    """
    drain = Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        cases = []
        with store.reading() as connection:
            for line in lines_of_lesion(connection, ids_of_lesion(store, reference)):
                record = record_of_line(line)
                there = add_photograph(archive, store, record, f"photographs/{record.id}")
                photograph = archive.namelist()[-1] if there else None
                cases.append(line | {"photograph": photograph, "trail": trail.get(record.id, [])})
                yield drain.take()
        told = {"lesion": reference, "created": utc_now().isoformat(), "cases": cases}
        text = json.dumps(told, ensure_ascii=False, indent=1)
        archive.writestr(zip_entry(CASES), text, zipfile.ZIP_DEFLATED)
    yield drain.take()


def lines_of_lesion(connection: Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Everything that belongs to these cases, as a line of a backup has it."""
    for part in in_batches(ids):
        rows = connection.execute(select(predictions).where(predictions.c.id.in_(part))).mappings().all()
        for line in case_lines(connection, rows):
            yield line | {"deleted": None, "deleted_by": None}
        there = connection.execute(select(binned).where(binned.c.id.in_(part))).all()
        for row, others in zip(there, lines_by_id(connection, [row.id for row in there]), strict=True):
            yield row.line | others | {"deleted": row.binned.isoformat(), "deleted_by": row.who}
