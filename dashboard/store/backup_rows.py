"""What a row may hold. `restore` checks the rows of a backup with it, and `check` those of the database.

Only what people and models said is taken over. What follows from it, the words to search and the state of the review,
is worked out again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    create_model,
    model_validator,
)

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.fields import CONTEXT, LESION, PATIENT, ContextField
from dashboard.store.files import ID, SHA256
from dashboard.store.names import MAX_FILENAME, MAX_NAME, MAX_NOTE, MAX_TAG, MAX_TAGS, clean, fold
from dashboard.store.opinions import Opinion
from dashboard.store.records import (
    RANKED_OUTCOMES,
    REVIEW_STATES,
    Action,
    Record,
    Source,
    record_from_row,
    review_state,
    row_of_record,
)
from model.outcome import Outcome
from model.taxonomy import CODE

MOST = 2**31 - 1


def printable(text: str) -> str:
    """The text; ValueError when it has invisible characters other than line ends and spaces."""
    if any(clean(line) != line.strip() for line in text.replace("\t", " ").split("\n")):
        raise ValueError("it has control characters")
    return text


def one_line(text: str) -> str:
    """The text; ValueError when it has more than one line, or invisible characters."""
    if "\n" in text:
        raise ValueError("it has more than one line")
    return printable(text)


def storable_time(moment: datetime) -> datetime:
    """The time; ValueError when a database could not compare it."""
    if not 1900 <= moment.year <= 9000:
        raise ValueError("it lies beyond the years 1900 to 9000")
    return moment


Id = Annotated[str, Field(pattern=f"^{ID.pattern}$")]
Digest = Annotated[str, Field(pattern=f"^{SHA256.pattern}$")]
Code = Annotated[str, Field(pattern=f"^{CODE.pattern}$")]
Moment = Annotated[AwareDatetime, AfterValidator(storable_time)]
Line = Annotated[str, Field(max_length=MAX_FILENAME), AfterValidator(one_line)]
Text = Annotated[str, AfterValidator(printable)]
Note = Annotated[str, Field(max_length=MAX_NOTE), AfterValidator(printable)]
Tags = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=MAX_TAG), AfterValidator(one_line)]],
    Field(max_length=MAX_TAGS),
]
Chance = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Side = Annotated[int, Field(ge=1, le=MOST)]
# Of one side of a map of evidence; those of the networks have seven or so.
MOST_CELLS = 256
EvidenceRow = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=1, max_length=MOST_CELLS)]
Rank = Annotated[int, Field(ge=0, lt=len(RANKED_OUTCOMES))]


class Row(BaseModel):
    """A row of a table as JSON has it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


R = TypeVar("R", bound=Row)


class CautionRow(Row):
    """See `model.cautions.Caution`."""

    code: Line
    text: Text
    severe: bool = False


class JudgementRow(Row):
    """See `dashboard.store.opinions.ReaderJudgement`."""

    created: Moment
    who: Annotated[Line, Field(max_length=MAX_NAME)]
    reader: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    opinion: Opinion
    diagnosis: Code | None
    seen: bool


def context_type(field: ContextField) -> Any:
    """The type of a field of the context in a row."""
    if field.type is not str:
        return field.annotation | None
    return Annotated[field.annotation, AfterValidator(printable if field.lines else one_line)] | None


context_types: Any = {
    **{field.folded: (str | None, None if field.later else ...) for field in CONTEXT},
    **{field.name: (context_type(field), None if field.later else ...) for field in CONTEXT},
}
ContextRow: Any = create_model("ContextRow", __base__=Row, **context_types)


class PredictionRow(ContextRow):
    """A row of `predictions`, see there and `Record`."""

    id: Id
    created: Moment
    filename: Annotated[Line, Field(min_length=1)]
    filename_folded: str
    sha256: Digest
    width: Side
    height: Side
    model: Line
    model_version: Line
    model_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
    probability: Chance
    operating_point: Annotated[Line, Field(max_length=64)]
    threshold: Number
    malignant_from: Number
    decision: Literal["benign", "uncertain", "malignant"]
    diagnosis: Code | None
    milliseconds: Annotated[Number, Field(ge=0)]
    # Of earlier versions; kept as it is.
    spread_low: Chance | None
    spread_high: Chance | None
    novelty: Number | None
    review: Annotated[int, Field(ge=0, lt=len(REVIEW_STATES))]
    confirmed: Code | None
    confirmed_by: Source | None
    reviewed: Moment | None
    revision: Count
    tags: Tags
    words: str
    probabilities: dict[Code, Chance]
    cautions: list[CautionRow]
    similar: list[tuple[Line, Line, Line, Number]]
    quality: dict[Line, Number]
    # What was shown when the backup was written, and before an update; earlier backups say neither.
    outcome: Rank | None = None
    outcome_before: Rank | None = None
    # Later than the others.
    crop: tuple[Chance, Chance, Chance, Chance, Annotated[int, Field(ge=0, le=3)]] | None = None
    replaces: Id | None = None
    lesion_id: Id | None = None
    optics: dict[Line, Annotated[str, Field(max_length=16)] | Number] | None = None
    judgements: list[JudgementRow] | None = None
    evidence: Annotated[list[EvidenceRow], Field(min_length=1, max_length=MOST_CELLS)] | None = None

    @model_validator(mode="after")
    def agrees(self) -> "PredictionRow":
        """What was decided follows from the numbers beside it."""
        malignant, benign = self.probability >= self.malignant_from, self.probability < self.threshold
        if self.decision != ("malignant" if malignant else "benign" if benign else "uncertain"):
            raise ValueError("the decision is not what its probability and thresholds come to")
        if len(set(map(len, self.evidence or ()))) > 1:
            raise ValueError("the rows of the evidence are not alike")
        return self


class ReviewRow(Row):
    """A row of `reviews`."""

    id: Id
    created: Moment
    reviewer: Annotated[Line, Field(max_length=MAX_NAME)]
    diagnosis: Code | None
    source: Source | Literal["withdrawn"] | None
    note: Note
    tags: Tags

    @model_validator(mode="after")
    def agrees(self) -> "ReviewRow":
        """A diagnosis has a source, and only a diagnosis has."""
        if (self.diagnosis is None) != (self.source in (None, "withdrawn")):
            raise ValueError("a diagnosis and its source go together")
        return self


class AuditRow(Row):
    """A row of `audit`."""

    id: Id
    prediction_id: Id
    created: Moment
    who: Annotated[Line, Field(max_length=MAX_NAME)]
    action: Action
    revision: Count
    detail: dict[Line, JsonValue]

    @model_validator(mode="after")
    def agrees(self) -> "AuditRow":
        """A change has the value before it and the value after it."""
        changed = self.action in ("described", "reviewed", "withdrawn", "judged", "held", "released")
        if changed and not all(isinstance(value, list) and len(value) == 2 for value in self.detail.values()):
            raise ValueError("a change has a value before and one after")
        return self


class HoldRow(Row):
    """A row of `holds`, beside its prediction."""

    created: Moment
    who: Annotated[Line, Field(max_length=MAX_NAME)]
    reason: Note


class BackupCase(Row):
    """A prediction with everything that belongs to it: one line of a backup."""

    prediction: PredictionRow
    reviews: list[ReviewRow]
    audit: list[AuditRow]
    hold: HoldRow | None = None

    @model_validator(mode="after")
    def agrees(self) -> "BackupCase":
        """The trail is this prediction's."""
        if any(line.prediction_id != self.prediction.id for line in self.audit):
            raise ValueError("it has the trail of another prediction")
        return self


class BinRow(Row):
    """A case in the bin: when it was deleted, by whom, and what it was."""

    binned: Moment
    who: Annotated[Line, Field(max_length=MAX_NAME)]
    case: BackupCase


def row_types(parts: tuple[ContextField, ...]) -> Any:
    """The types of the columns of these fields."""
    needed = {field.name: None if field.later else ... for field in parts}
    folded = {field.folded: (str | None, needed[field.name]) for field in parts}
    return folded | {field.name: (context_type(field), needed[field.name]) for field in parts}


PatientFields: Any = create_model("PatientFields", __base__=Row, **row_types(PATIENT))
LesionFields: Any = create_model("LesionFields", __base__=Row, **row_types(LESION))


class PatientRow(PatientFields):
    """A row of `patients`."""

    id: Id
    created: Moment
    merged_into: Id | None
    revision: Count

    @model_validator(mode="after")
    def agrees(self) -> "PatientRow":
        """What is compared is the identifier itself."""
        check_folded(self, "identifier")
        return self


class LesionRow(LesionFields):
    """A row of `lesions`."""

    id: Id
    created: Moment
    patient_id: Id
    merged_into: Id | None
    revision: Count

    @model_validator(mode="after")
    def agrees(self) -> "LesionRow":
        """What is compared is the name itself."""
        check_folded(self, "name")
        return self


def check_folded(row: Row, name: str) -> None:
    """Raise ValueError where a text and what is compared in its stead differ."""
    text = getattr(row, name)
    if getattr(row, f"{name}_folded") != (text and fold(text)):
        raise ValueError("a text and its form in lower case do not agree")


class UserRow(Row):
    """A row of `users`."""

    id: Id
    name: Annotated[Line, Field(min_length=1, max_length=64)]
    folded: Annotated[Line, Field(min_length=1)]
    role: Annotated[Line, Field(max_length=16)]
    password: Line | None
    issuer: Line | None
    subject: Line | None
    created: Moment
    removed: Moment | None
    signed_in: Moment | None
    failures: Count
    rests_until: Moment | None
    switched_off: Moment | None
    once: bool


class TokenRow(Row):
    """A row of `api_tokens`."""

    id: Id
    digest: Digest
    user_id: Id
    created: Moment
    expires: Moment
    used: Moment | None
    scopes: list[Line] | None
    name: Annotated[Line, Field(max_length=64)]


class TrailRow(Row):
    """A row of `trail`."""

    seq: Annotated[int, Field(ge=1)]
    created: Moment
    who: Annotated[str, Field(max_length=MAX_NAME)]
    action: Annotated[str, Field(max_length=32)]
    subject: Annotated[str, Field(max_length=64)]
    text: str | None
    salt: Annotated[str, Field(max_length=32)] | None
    text_digest: Digest
    digest: Digest


def parse_row(kind: type[R], line: bytes) -> R:
    """A line of JSON as a row of this kind.

    Raises:
        ValueError: a sentence of one line about the first fault. The value is left out, it may be confidential.
    """
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        reason = str(fault["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{where}: {reason[:1].lower()}{reason[1:]}" if where else reason) from error


def case_row(
    case: BackupCase, known: KnownDiagnoses, placed: Callable[[Record], Record] = lambda record: record
) -> dict[str, Any]:
    """A case as a row of the table of predictions; every column that follows from others is worked out.

    Args:
        placed: gives a case the lesion that it belongs to here.
    """
    record = record_from_row(case.prediction.model_dump())
    written = case.prediction.outcome
    shown = Outcome(record.decision) if written is None else RANKED_OUTCOMES[written]
    first = record.outcome_before or shown
    confirming = [review for review in case.reviews if review.source is not None]
    confirmed, by = (confirming[-1].diagnosis, confirming[-1].source) if confirming else (None, None)
    record = replace(
        record,
        confirmed=confirmed,
        confirmed_by=None if by == "withdrawn" else cast(Any, by),
        reviewed=case.reviews[-1].created if case.reviews else None,
        review=review_state(record.outcome, confirmed, bool(case.reviews), known.of(record.model_sha256)),
        tags=tuple(case.reviews[-1].tags) if case.reviews else (),
        outcome_before=None if first is record.outcome else first,
    )
    spread = {"spread_low": case.prediction.spread_low, "spread_high": case.prediction.spread_high}
    return row_of_record(placed(record), [review.note for review in case.reviews]) | spread
