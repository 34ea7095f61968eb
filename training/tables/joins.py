"""Data sets that their publishers spread over several tables: diagnoses in one, ages and lesions in another."""

from collections.abc import Sequence

from training.tables.layouts import is_whole
from training.tables.text import CaseTable

KEYS = ("image", "isic_id", "lesion_id")


def join_tables(tables: Sequence[CaseTable]) -> list[CaseTable]:
    """The tables; one that is no data set by itself is added to those whose rows it tells more of.

    Its key is the first of KEYS that it has. It is added where a table has this column and some of its values; what
    fits to no other table stays as it is.
    """
    joined = list(tables)
    for path in [table.path for table in tables]:
        part = next(table for table in joined if table.path == path)
        key = next((key for key in KEYS if key in part.rows), "")
        others = [table for table in joined if table is not part]
        fitting = [table.path for table in others if key and tells_more(part, table, key)]
        if fitting and not is_whole(part):
            joined = [with_columns(table, part, key) if table.path in fitting else table for table in others]
    return joined


def tells_more(part: CaseTable, table: CaseTable, key: str) -> bool:
    """Whether a part has, once, what some of a table's rows have in the column."""
    return key in table.rows and part.rows[key].is_unique and bool(table.rows[key].isin(part.rows[key]).any())


def with_columns(table: CaseTable, part: CaseTable, key: str) -> CaseTable:
    """A table with the columns of a part that it lacks; empty text for rows that the part does not have."""
    others = part.rows.set_index(key).drop(columns=table.rows.columns, errors="ignore")
    return CaseTable(table.path, table.rows.join(others, on=key).fillna(""))
