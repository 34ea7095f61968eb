"""What the API is asked with, as typed schemas, and what they mean to the store."""

import re
from datetime import datetime
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)
from werkzeug.datastructures import FileStorage

from dashboard.store import Context, Filter, OneOf, Query, QueryError, Range, Search, Text, WaitedFor
from dashboard.store.fields import CONTEXT, CONTEXT_NAMES, ContextField
from dashboard.store.names import MAX_NAME, MAX_NOTE, MAX_TAG
from dashboard.store.query import MAX_LIMIT
from dashboard.store.records import OutcomeName, ReviewState, Source
from model.images import NAMES, Crop
from model.taxonomy import CODE

Note = Annotated[str, Field(max_length=MAX_NOTE)]


def written_out(value: Any) -> Any:
    """A time that has the form of RFC 3339. Raises ValueError."""
    if not (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value)):
        raise ValueError("a time is written like 2026-11-23T08:30:00Z")
    return value


Upload = Annotated[FileStorage, WithJsonSchema({"type": "string", "format": "binary"})]
Tag = Annotated[str, Field(min_length=1, max_length=MAX_TAG)]
Code = Annotated[str, Field(pattern=f"^{CODE.pattern}$", description="A code of a model's diagnoses.")]
# Pydantic alone would take 2026 for half an hour after midnight of 1 January 1970.
Moment = Annotated[AwareDatetime, BeforeValidator(written_out)]
Key = Annotated[str, Field(max_length=255, pattern=r"^[!-~]+( [!-~]+)*$")]
Cursor = Annotated[str, Field(max_length=4000)]
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Chance = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
SHARE = r"(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)"
RECTANGLE = rf"^{SHARE}(?:,{SHARE}){{3}}$"


def four_shares(text: str) -> str:
    """Four shares with commas between. Raises ValueError."""
    if not re.fullmatch(RECTANGLE, text):
        raise ValueError("it is four numbers from 0 to 1 with commas between, such as 0.25,0.1,0.5,0.5")
    return text


Rectangle = Annotated[
    str, AfterValidator(four_shares), WithJsonSchema({"type": "string", "pattern": RECTANGLE})
]


class Input(BaseModel):
    """What all inputs share: a misspelt field is an error, not silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def filter_type(field: ContextField) -> Any:
    """What predictions are filtered by for a field of the context."""
    if field.filter == "values":
        return GenericAlias(list, field.type) | None
    return Annotated[field.annotation, Field(description=f"The whole {field.label.lower()}.")] | None


context_types: Any = {field.name: (field.annotation | None, None) for field in CONTEXT}
ContextInput: Any = create_model("ContextInput", __base__=Input, **context_types)
filter_types: Any = {field.name: (filter_type(field), None) for field in CONTEXT if field.filter}
ContextFilters: Any = create_model("ContextFilters", __base__=Input, **filter_types)


def with_example(**values: Any) -> ConfigDict:
    """What all inputs share, with an example for the reference."""
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [values]})


class Part(Input):
    """Another part of a stored photograph: first it is turned, then this is cut out."""

    model_config = with_example(left=0.1, top=0.1, width=0.8, height=0.8, turns=0)

    left: float = Field(ge=0, lt=1, description="As a share of the turned photograph's width.")
    top: float = Field(ge=0, lt=1, description="As a share of its height.")
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)
    turns: int = Field(0, ge=0, le=3, description="Quarter turns clockwise.")

    @model_validator(mode="after")
    def within(self) -> "Part":
        """It lies within the photograph."""
        self.crop()
        return self

    def crop(self) -> Crop | None:
        """The same for the store; None for all of the photograph as it is. Raises ValueError."""
        crop = Crop(**self.model_dump())
        return None if crop == Crop() else crop


class NewPrediction(ContextInput):
    """A photograph, and what is known of the lesion on it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Upload = Field(description=f"The image file: {NAMES}.")
    model: Name | None = Field(None, description="Name of a model; the default one if left out.")
    operating_point: Name | None = Field(
        None,
        description="Name of one of the model's operating points: what a result costs. sensitivity-90 gives fewer "
        "false alarms, sensitivity-95 is balanced, sensitivity-97.5 misses the fewest cancers and sends on the most "
        "harmless lesions. How many of 100 each misses and sends on stands in `results` of GET /models/{name}.",
    )
    crop: Rectangle | None = Field(
        None,
        description="The part to predict from, as left, top, width, height: shares of the photograph's sides after "
        "its turns, such as 0.25,0.1,0.5,0.5. The whole photograph is kept.",
    )
    turns: int = Field(0, ge=0, le=3, description="Quarter turns clockwise, before anything is cut out.")
    replaces: Name | None = Field(
        None,
        description="Id of the prediction of an earlier attempt, which is kept. Without a context, that of the earlier "
        "one is taken.",
    )

    @model_validator(mode="before")
    @classmethod
    def empty_is_left_out(cls, values: Any) -> Any:
        """A form sends its empty fields too."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def part_is_one(self) -> "NewPrediction":
        """What is cut out lies within the photograph."""
        self.part()
        return self

    def part(self) -> Crop | None:
        """The part to predict from; None for all of the photograph as it is. Raises ValueError."""
        left, top, width, height = map(float, (self.crop or "0,0,1,1").split(","))
        return Part(left=left, top=top, width=width, height=height, turns=self.turns).crop()

    def context(self) -> Context:
        """What is stored beside the prediction. Raises InputError."""
        return Context(**{name: getattr(self, name) for name in CONTEXT_NAMES})


class KeyHeader(BaseModel):
    """A key by which the same request, sent again, gives the same prediction instead of a second one."""

    key: Key | None = Field(
        None,
        alias="Idempotency-Key",
        description="Your own unique text for this request. Sent again within 24 hours, it gives the first prediction.",
    )


class MatchHeader(BaseModel):
    """The revision that a change was made on."""

    match: str | None = Field(
        None,
        alias="If-Match",
        description="The ETag that you have seen. When somebody changed the prediction since, nothing is written.",
    )


class ReportQuery(Input):
    """For whom a report is."""

    zone: Name | None = Field(
        None, description="The reader's time zone, such as Europe/Vienna; the server's own if left out."
    )


class ContextChange(ContextInput):
    """Fields of the context to change; null empties one, what is left out stays."""


class NewReview(Input):
    """A review: what one person says of a prediction."""

    reviewer: str = Field(
        "",
        max_length=MAX_NAME,
        description="Who reviews, where there is no log-in; with one it is whoever is logged in.",
    )
    diagnosis: Code | None = Field(None, description="The confirmed diagnosis.")
    source: Source | None = Field(None, description="How it was confirmed.")
    note: Note = ""
    add_tags: list[Tag] = Field([], max_length=50)
    remove_tags: list[Tag] = Field([], max_length=50)


class Change(Input):
    """A change to what people have added to a prediction; the prediction itself never changes."""

    model_config = with_example(
        context={"site": "back"}, review={"reviewer": "A. Reviewer", "note": "Looks harmless."}
    )

    context: ContextChange | None = None
    review: NewReview | None = None

    @model_validator(mode="after")
    def something(self) -> "Change":
        """Nothing to change is a mistake."""
        if self.context is None and self.review is None:
            raise ValueError("Change the context, add a review, or both")
        return self


class Listing(ContextFilters):
    """Which predictions, in which order. What is given several times means any of the values."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    after: Cursor | None = Field(None, description="`next` of the page before.")
    sort: str = Field(
        "-created",
        max_length=200,
        description="Columns by importance, separated by commas; a minus sorts down.",
    )
    search: Words | None = Field(None, description="Words in file name, lesion, notes or tags.")
    filename: Name | None = Field(None, description="A part of the file name.")
    outcome: list[OutcomeName] | None = Field(None, description="What people are shown.")
    outcome_before: list[OutcomeName] | None = Field(
        None, description="What was shown until an update changed the outcome."
    )
    decision: list[Literal["benign", "uncertain", "malignant"]] | None = Field(
        None, description="The model's own, whatever people are shown."
    )
    diagnosis: list[Code] | None = None
    confirmed: list[Code] | None = None
    review: list[ReviewState] | None = None
    due: list[Literal["histology", "follow-up"]] | None = Field(
        None, description="What was due by today and has not come."
    )
    model: list[str] | None = None
    operating_point: list[str] | None = None
    tag: list[Tag] | None = None
    lesion_id: Name | None = Field(None, description="Id of a lesion; with sort=taken, its story.")
    probability_from: Chance | None = None
    probability_to: Chance | None = None
    created_from: Moment | None = Field(None, description="Included; with its time zone.")
    created_before: Moment | None = Field(None, description="Excluded; with its time zone.")

    def query(self) -> Query:
        """The question to the store. Raises QueryError."""
        return Query(
            limit=self.limit, sort=parsed_sort(self.sort), filters=tuple(self.filters()), after=self.after
        )

    def filters(self) -> list[Filter]:
        """One filter for each field that is given; all of them must hold."""
        found: list[Filter] = []
        for column in CHOICE_FIELDS:
            values = getattr(self, column)
            if values is not None:
                found.append(OneOf(column, frozenset(values)))
        for column in TEXT_FIELDS:
            text = getattr(self, column)
            if text is not None:
                found.append(Text(column, text, "equals"))
        if self.due is not None:
            found.append(WaitedFor(frozenset(self.due), datetime.now().date()))
        if self.lesion_id is not None:
            found.append(OneOf("lesion_id", frozenset({self.lesion_id})))
        if self.search is not None:
            found.append(Search(self.search))
        if self.filename is not None:
            found.append(Text("filename", self.filename))
        if self.probability_from is not None or self.probability_to is not None:
            found.append(Range("probability", self.probability_from, self.probability_to))
        if self.created_from is not None or self.created_before is not None:
            bounds = checked_moment(self.created_from), checked_moment(self.created_before)
            found.append(Range("created", *bounds, open_high=True))
        return found


CHOICE_FIELDS = (
    *("outcome", "outcome_before", "decision", "diagnosis", "confirmed", "review", "model"),
    *("operating_point", "tag"),
    *(field.name for field in CONTEXT if field.filter == "values"),
)
TEXT_FIELDS = tuple(field.name for field in CONTEXT if field.filter == "text")


def checked_moment(moment: datetime | None) -> datetime | None:
    """The moment, or QueryError where not every database could compare with it."""
    if moment is not None and not 1900 <= moment.year <= 9000:
        raise QueryError("A time lies between the years 1900 and 9000.")
    return moment


def parsed_sort(text: str) -> tuple[tuple[str, Literal["asc", "desc"]], ...]:
    """`-created,filename` as the store sorts: newest first, then by name."""
    terms = [term.strip() for term in text.split(",") if term.strip()]
    if not terms:
        raise QueryError("“sort” names at least one column.")
    return tuple((term.lstrip("-"), "desc" if term.startswith("-") else "asc") for term in terms)
