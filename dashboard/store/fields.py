"""The fields that people fill in about a photographed lesion. Each is defined here, and only here.

Forms, API, filters, grid, tables, report, audit trail and database follow from `Context`. A new field is a line of it,
a migration that adds its column, and a test.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import Field

from dashboard.store.errors import InputError
from dashboard.store.names import MAX_NOTE, clean_line, clean_text
from model.reading.dates import iso_moment

Sex = Literal["female", "male", "other"]
Answer = Literal["yes", "no"]
Phototype = Literal["I", "II", "III", "IV", "V", "VI"]
Laterality = Literal["left", "right", "midline"]
# The general sites of the ISIC Archive.
LesionSite = Literal[
    "head/neck",
    "anterior torso",
    "posterior torso",
    "lateral torso",
    "upper extremity",
    "lower extremity",
    "palms/soles",
    "oral/genital",
]
LESION_SITES: tuple[str, ...] = get_args(LesionSite)
# The sites of HAM10000, as cases have them from before; any other may be typed.
SITES = (
    *(
        "abdomen",
        "acral",
        "back",
        "chest",
        "ear",
        "face",
        "foot",
        "genital",
        "hand",
        "lower extremity",
        "neck",
    ),
    *("scalp", "trunk", "upper extremity"),
)


@dataclass(frozen=True)
class ContextField:
    """One field of the context, for forms, pages, exports and the database.

    Attributes:
        label: its name for people.
        name, type: its name and type in `Context`; `type` is int, str or a Literal of texts.
        description: a sentence for the users of the API.
        unit: of a number.
        moment: of a text, it is a date or a time in ISO 8601.
        lowest, highest: of a number.
        longest: characters that a text may have.
        lines: the text may have several lines.
        suggestions: texts that forms offer; others may be typed.
        placeholder: what an empty form field shows.
        prefix: what stands before the value where it is shown without its label.
        searched: a search for words looks at it.
        filter: how predictions can be filtered by it: any of several values, or the whole text in upper or lower case.
        heading: of its column in the history's grid; empty for no column.
        below: name of the field that the grid shows below it.
        sign: of a question, what a yes says: results ask it before the advice.
        later: it came with a later version; backups from before have none of it.
    """

    label: str
    name: str = ""
    type: Any = str
    description: str | None = None
    unit: str = ""
    moment: bool = False
    lowest: int = 0
    highest: int | None = None
    longest: int | None = None
    lines: bool = False
    suggestions: tuple[str, ...] = ()
    placeholder: str = ""
    prefix: str = ""
    searched: bool = False
    filter: Literal["", "values", "text"] = ""
    heading: str = ""
    below: str = ""
    sign: str = ""
    later: bool = False

    @property
    def title(self) -> str:
        """The label with the unit."""
        return f"{self.label} in {self.unit}" if self.unit else self.label

    @property
    def choices(self) -> tuple[str, ...]:
        """The only values there are; empty for a number or a text."""
        return get_args(self.type)

    @property
    def folded(self) -> str:
        """The stored column that is compared in its stead: the text in lower case, or the value itself."""
        return f"{self.name}_folded" if self.filter == "text" else self.name

    @property
    def sortable(self) -> bool:
        """Whether predictions can be sorted by it."""
        return self.type is int or self.moment or (bool(self.filter) and not self.choices)

    @property
    def annotation(self) -> Any:
        """Its type with its limits, for pydantic."""
        if self.type is int:
            limits = Field(description=self.description, ge=self.lowest, le=self.highest)
        else:
            limits = Field(description=self.description, max_length=self.longest)
        return Annotated[self.type, limits]

    def clean(self, value: Any) -> Any:
        """The value as it is stored; None for nothing. Raises InputError for a value that does not fit."""
        what = f"The {self.label.lower()}"
        if self.moment and value:
            return clean_moment(value, what)
        if self.type is str:
            return (clean_text if self.lines else clean_line)(value, self.longest or 0, what) or None
        if value is None:
            return None
        if self.type is int and not (type(value) is int and self.lowest <= value <= (self.highest or 0)):
            unit = f" of {self.unit}" if self.unit else ""
            raise InputError(f"{what} is a whole number{unit} from {self.lowest} to {self.highest}.")
        if self.choices and value not in self.choices:
            raise InputError(f"{what} is one of {', '.join(self.choices)}, or left out.")
        return value

    def words(self, value: Any) -> str:
        """The value as it reads without its label."""
        return " ".join(filter(None, (self.prefix, str(value), self.unit)))


def clean_moment(value: str, what: str) -> str:
    """A date or a time as it is stored; InputError for anything else."""
    try:
        return iso_moment(clean_line(value, 40, what))
    except ValueError as error:
        raise InputError(f"{what} does not fit: {error}.") from error


def context_field(label: str, **options: Any) -> Any:
    """A field of `Context`; see `ContextField`."""
    return field(default=None, metadata={"field": ContextField(label, **options)})


@dataclass(frozen=True)
class Context:
    """What the user says about a lesion. It is stored and shown; no model ever sees it.

    Raises:
        InputError: a value does not fit.
    """

    age: int | None = context_field("Age", unit="years", description="In years.", highest=120)
    sex: Sex | None = context_field("Sex", filter="values")
    site: str | None = context_field(
        "Body site",
        description="Where on the body. A case of a lesion has the lesion's site.",
        longest=64,
        suggestions=LESION_SITES,
        filter="values",
    )
    patient: str | None = context_field(
        "Patient",
        description="The patient's identifier, of your own choice.",
        longest=128,
        prefix="patient",
        searched=True,
        filter="text",
        heading="Patient",
        below="taken",
        later=True,
    )
    lesion: str | None = context_field(
        "Lesion reference",
        description="Your own reference: images of a patient with the same one show the same lesion.",
        longest=128,
        placeholder="the same for every visit",
        prefix="lesion",
        searched=True,
        filter="text",
        heading="Lesion",
        below="site",
    )
    changed: Answer | None = context_field(
        "Has it changed", prefix="has changed:", filter="values", sign="It has changed", later=True
    )
    bleeds: Answer | None = context_field(
        "Does it bleed", prefix="bleeds:", filter="values", sign="It bleeds", later=True
    )
    growing: Answer | None = context_field(
        "Is it new and growing",
        prefix="new and growing:",
        filter="values",
        sign="It is new and growing",
        later=True,
    )
    taken: str | None = context_field(
        "Date taken",
        description="When the photograph was taken: a date or a time (ISO 8601). Read from the file where it says so.",
        moment=True,
        longest=32,
        prefix="taken",
        later=True,
    )
    skin_tone: int | None = context_field(
        "Skin tone",
        description="Of the photograph: 0 is very dark, 5 very light. It is not the phototype of the patient.",
        highest=5,
        prefix="skin tone",
        later=True,
    )
    histology_due: str | None = context_field(
        "Histology expected by", moment=True, longest=32, prefix="histology expected by", later=True
    )
    follow_up_due: str | None = context_field(
        "Follow-up on", moment=True, longest=32, prefix="follow-up on", later=True
    )
    note: str | None = context_field("Note", longest=MAX_NOTE, lines=True, searched=True)

    @property
    def signs(self) -> tuple[str, ...]:
        """What was said that asks for an examination, whatever a photograph shows."""
        return tuple(part.sign for part in CONTEXT if part.sign and getattr(self, part.name) == "yes")

    def __post_init__(self) -> None:
        clean_values(self, CONTEXT)


# What it is given for has a field each; who gave or withdrew it and when stands in the audit trail.
CONSENT: dict[str, Any] = {
    "description": "The day on which it was given; null where it was not, or was withdrawn.",
    "moment": True,
    "longest": 32,
    "later": True,
}


@dataclass(frozen=True)
class PatientDetails:
    """What is known of a patient. No model ever sees it. Raises InputError where a value does not fit."""

    identifier: str | None = context_field(
        "Identifier",
        description="Of your own choice; upper and lower case are one.",
        longest=128,
        filter="text",
    )
    birth_year: int | None = context_field("Year of birth", lowest=1850, highest=2200)
    sex: Sex | None = context_field("Sex")
    phototype: Phototype | None = context_field(
        "Skin phototype",
        description="By Fitzpatrick. It is not the skin tone of a photograph.",
        prefix="skin phototype",
    )
    risk_factors: str | None = context_field(
        "Risk factors", longest=1000, placeholder="many moles, melanoma in the family"
    )
    note: str | None = context_field("Note", longest=MAX_NOTE, lines=True)
    consent_care: str | None = context_field("Consent to care", **CONSENT)
    consent_quality: str | None = context_field("Consent to quality assurance", **CONSENT)
    consent_training: str | None = context_field("Consent to the training of models", **CONSENT)

    def __post_init__(self) -> None:
        clean_values(self, PATIENT)


@dataclass(frozen=True)
class LesionDetails:
    """What is known of a lesion. Raises InputError where a value does not fit."""

    name: str | None = context_field(
        "Lesion reference",
        description="What you call it; null for photographs of a patient that nobody has assigned to a lesion.",
        longest=128,
        filter="text",
    )
    site: LesionSite | None = context_field("Body site", description="In the terms of the ISIC Archive.")
    laterality: Laterality | None = context_field("Side of the body")
    note: str | None = context_field("Note", longest=MAX_NOTE, lines=True)

    def __post_init__(self) -> None:
        clean_values(self, LESION)


def clean_values(values: Any, parts: tuple[ContextField, ...]) -> None:
    """Have every field of a new value as it is stored. Raises InputError."""
    for part in parts:
        object.__setattr__(values, part.name, part.clean(getattr(values, part.name)))


def described_fields(kind: type) -> tuple[ContextField, ...]:
    """The fields of a class with their names and types."""
    types = get_type_hints(kind)
    return tuple(
        replace(part.metadata["field"], name=part.name, type=get_args(types[part.name])[0])
        for part in fields(kind)
    )


CONTEXT = described_fields(Context)
CONTEXT_NAMES = tuple(part.name for part in CONTEXT)
PATIENT = described_fields(PatientDetails)
LESION = described_fields(LesionDetails)
