"""What readers say of a photograph, as it stands with its prediction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

Opinion = Literal["benign", "uncertain", "malignant"]
OPINIONS: tuple[Opinion, ...] = get_args(Opinion)


@dataclass(frozen=True)
class ReaderJudgement:
    """What one reader said of one photograph.

    Attributes:
        who: the user's name; empty where nobody signs in.
        reader: tells readers apart, users or browsers.
        opinion: "benign", "uncertain" or "malignant".
        diagnosis: the likeliest, a code; None where none was named.
        seen: whether the model's result was shown by then.
    """

    created: datetime
    who: str
    reader: str
    opinion: Opinion
    diagnosis: str | None
    seen: bool


def judgement_rows(judgements: Iterable[ReaderJudgement]) -> list[dict[str, Any]] | None:
    """Judgements as the database has them; None for none."""
    return [vars(one) | {"created": one.created.isoformat()} for one in judgements] or None


def judgements_of_rows(rows: Iterable[Mapping[str, Any]] | None) -> tuple[ReaderJudgement, ...]:
    """Judgements as they were before `judgement_rows`; the times of a backup are read already."""
    return tuple(
        ReaderJudgement(**{**row, "created": datetime.fromisoformat(str(row["created"]))})
        for row in rows or ()
    )
