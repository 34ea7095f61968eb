"""Records: what the store returns, and how that becomes rows and comes from rows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from dashboard.store.fields import CONTEXT, CONTEXT_NAMES, Context
from dashboard.store.names import clean_filename, fold, new_id
from dashboard.store.opinions import ReaderJudgement, judgement_rows, judgements_of_rows
from model.cautions import Caution
from model.images import Crop, Photograph
from model.modality import Modality
from model.outcome import Outcome, outcome_of
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from model.predictor import Decision, Prediction, Similar

Source = Literal["histology", "follow-up", "expert"]
Action = Literal[
    # Of cases.
    "predicted",
    "described",
    "reviewed",
    "withdrawn",
    "judged",
    "held",
    "released",
    "binned",
    "put back",
    "deleted",
    "imported",
    # Of patients and lesions.
    "corrected",
    "moved",
    "merged",
    "merge undone",
    "exported",
]
SOURCES: tuple[str, ...] = get_args(Source)

# Where the review of a prediction stands, by what is stored. Sorting down by it puts disagreements first, the missed
# cancers before everything; sorting up puts first what nobody has looked at.
ReviewState = Literal["open", "reviewed", "confirmed", "undecided", "overcalled", "missed"]
REVIEW_STATES: tuple[ReviewState, ...] = get_args(ReviewState)

OutcomeName = Literal["benign", "uncertain", "malignant", "no_result"]
# Outcomes by what is stored. Sorting down by it puts first what needs somebody.
RANKED_OUTCOMES = (Outcome.BENIGN, Outcome.NO_RESULT, Outcome.UNCERTAIN, Outcome.MALIGNANT)

# Of the server beside a camera; and the first time zone to begin a day.
SLOW_CLOCK, FURTHEST_EAST = timedelta(minutes=5), timedelta(hours=14)


@dataclass(frozen=True)
class Finding:
    """What somebody wants to append as a review.

    Attributes:
        diagnosis: the confirmed one, a code; None when nothing was confirmed.
        source: "histology", "follow-up" or "expert" with a diagnosis; "withdrawn" without takes back what earlier
            reviews confirmed.
    """

    diagnosis: str | None = None
    source: str | None = None
    note: str = ""
    add_tags: Iterable[str] = ()
    remove_tags: Iterable[str] = ()


@dataclass(frozen=True)
class Record:
    """A stored prediction, which never changes, with what people have added to it.

    Attributes:
        id: a UUID of version 7: its text sorts by time.
        created: aware, UTC.
        filename: what the user called the file; data only, never a path.
        sha256: of the bytes received.
        width, height: of the upright image, in pixels.
        probability: calibrated, that the lesion is malignant, 0-1.
        operating_point, threshold, malignant_from: benign below `threshold`, malignant from `malignant_from` on,
            uncertain between; "" as name for a prediction made before operating points had one.
        diagnosis: code of the most likely diagnosis; None for a binary model.
        probabilities: code -> calibrated probability; empty for a binary model.
        milliseconds: what the prediction took.
        cautions, novelty, similar, quality: see `model.predictor.Prediction`.
        confirmed: the confirmed diagnosis (a code), from the latest review that has one.
        confirmed_by: how it was confirmed.
        reviewed: when the latest review was made; None for never.
        review: where the review stands: "open" (nobody looked), "reviewed" (no diagnosis confirmed), "confirmed" (the
            decision was right), "undecided" (confirmed; it was uncertain, or there was no result), "overcalled"
            (benign, called malignant) or "missed" (malignant, called benign).
        tags: sorted.
        revision: grows by one with every change to context, reviews or tags.
        outcome_before: what people were shown until an update changed the rule of `outcome`; None where that is the
            outcome still.
        crop: the part of the photograph that was predicted from; None for all of it. Width and height are the part's.
        replaces: id of the prediction of an earlier attempt at the same photograph, which may be deleted by now.
        lesion_id: the lesion of a patient that it belongs to, whose names `context` has; None for nobody's.
        optics: what the dermatoscope did, see `model.images.Photograph`; None where that is not known.
        judgements: what readers said of it, the oldest first.
        evidence: `model.predictor.Prediction.heatmap` in rows of numbers from 0 to 255; None for a prediction by an
            earlier version, whose heatmap is a file.
    """

    id: str
    created: datetime
    filename: str
    sha256: str
    width: int
    height: int
    model: str
    model_version: str
    model_sha256: str
    probability: float
    operating_point: str
    threshold: float
    malignant_from: float
    decision: "Decision"
    diagnosis: str | None
    probabilities: Mapping[str, float]
    cautions: tuple[Caution, ...]
    milliseconds: float
    novelty: float | None = None
    similar: "tuple[Similar, ...]" = ()
    quality: Mapping[str, float] = field(default_factory=dict)
    context: Context = Context()
    confirmed: str | None = None
    confirmed_by: Source | None = None
    reviewed: datetime | None = None
    review: ReviewState = "open"
    tags: tuple[str, ...] = ()
    revision: int = 0
    outcome_before: Outcome | None = None
    crop: Crop | None = None
    replaces: str | None = None
    lesion_id: str | None = None
    optics: Mapping[str, str | float] | None = None
    judgements: tuple[ReaderJudgement, ...] = ()
    evidence: Sequence[Sequence[int]] | None = None

    @property
    def day(self) -> str | None:
        """The day on which the photograph was taken, in ISO 8601; None where nobody knows it."""
        return self.context.taken and self.context.taken[:10]

    @property
    def modality(self) -> Modality:
        """What the photograph was taken with, as the cautions say."""
        codes = {caution.code for caution in self.cautions}
        if "unlike" in codes:
            return Modality.NEITHER
        return Modality.CLOSE_UP if "close_up" in codes else Modality.DERMOSCOPIC

    @property
    def outcome(self) -> Outcome:
        """What people are shown, see `model.outcome`."""
        return outcome_of(self.decision, self.cautions)


@dataclass(frozen=True)
class Review:
    """One person's review of one prediction.

    Attributes:
        diagnosis: the confirmed one (a code), or None for a review without.
        source: how it was confirmed; "withdrawn" takes back what earlier reviews confirmed.
        note: may be empty.
        tags: of the prediction after this review.
    """

    id: str
    prediction_id: str
    created: datetime
    reviewer: str
    diagnosis: str | None
    source: str | None
    note: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class AuditLine:
    """One thing that was done to a prediction.

    Attributes:
        who: as far as it is known; may be empty.
        revision: of the prediction afterwards.
        detail: what changed: field -> value for "predicted" and "deleted", field -> [before, after] otherwise.
    """

    id: str
    prediction_id: str
    created: datetime
    who: str
    action: Action
    revision: int
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """A part of the records that match a query.

    Attributes:
        total: how many match in all, counted up to 10,000.
        exact: whether that is all of them; else there are more.
        next: `Query.after` for the following page; None when this is the last.
    """

    records: tuple[Record, ...]
    total: int
    exact: bool = True
    next: str | None = None


@dataclass(frozen=True)
class Chosen:
    """What has to be known of a prediction to do something with it.

    Attributes:
        revision, tags: as people see them.
    """

    id: str
    revision: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Latest:
    """The state of the store, to be compared with a later one.

    Attributes:
        id: of the newest prediction; None when there is none.
        change: grows with every change to the store.
    """

    id: str | None
    change: int


# Fields of a record that a row has under the same name and in the same form.
PLAIN = (
    *("id", "created", "filename", "sha256", "width", "height", "model", "model_version", "model_sha256"),
    *("probability", "operating_point", "threshold", "malignant_from", "diagnosis", "probabilities"),
    *("milliseconds", "novelty", "quality", "confirmed", "confirmed_by", "reviewed", "revision", "replaces"),
    *("lesion_id", "optics", "evidence"),
)


def make_record(
    photograph: Photograph,
    prediction: "Prediction",
    filename: str,
    context: Context = Context(),
    crop: Crop | None = None,
    replaces: str | None = None,
) -> Record:
    """The record of a prediction made now."""
    if prediction.sha256 != photograph.sha256:
        raise ValueError("The prediction belongs to another photograph.")
    if not math.isfinite(prediction.probability):
        raise ValueError("The model gave no probability.")
    return Record(
        id=new_id(),
        created=datetime.now(UTC),
        filename=clean_filename(filename),
        sha256=photograph.sha256,
        width=prediction.width,
        height=prediction.height,
        model=prediction.model,
        model_version=prediction.model_version,
        model_sha256=prediction.model_sha256,
        # Rounded probabilities may sum to a little more than 1.
        probability=min(max(float(prediction.probability), 0.0), 1.0),
        operating_point=prediction.operating_point,
        threshold=float(prediction.threshold),
        malignant_from=float(prediction.malignant_from),
        decision=prediction.decision,
        diagnosis=prediction.diagnosis,
        probabilities=plain_floats(prediction.probabilities),
        cautions=tuple(prediction.cautions),
        milliseconds=float(prediction.milliseconds),
        novelty=None if prediction.novelty is None else float(prediction.novelty),
        similar=tuple(prediction.similar),
        quality=plain_floats(prediction.quality),
        context=context if context.taken else with_taken(context, photograph.taken),
        crop=crop,
        replaces=replaces,
        optics=dict(photograph.optics) or None,
        evidence=(prediction.heatmap * 255).round().astype(int).tolist(),
    )


def with_taken(context: Context, taken: str | None) -> Context:
    """A context with the time that the file of the photograph says, unless the camera's clock was ahead."""
    return context if taken is None or is_ahead(taken) else replace(context, taken=taken)


def is_ahead(taken: str) -> bool:
    """Whether a photograph would be taken after now, wherever on earth that was."""
    if "T" in taken and (moment := datetime.fromisoformat(taken)).tzinfo is not None:
        return moment > datetime.now(UTC) + SLOW_CLOCK
    return taken[:10] > (datetime.now(UTC) + FURTHEST_EAST).date().isoformat()


def plain_floats(values: Mapping[str, Any]) -> dict[str, float]:
    """NumPy's numbers as plain ones."""
    return {name: float(value) for name, value in values.items()}


def row_of_record(record: Record, notes: Iterable[str] = ()) -> dict[str, Any]:
    """A record as column values; `notes` are those of its reviews."""
    context = dict(vars(record.context))
    folded = {field.folded: context[field.name] for field in CONTEXT if field.folded != field.name}
    return {
        **{name: getattr(record, name) for name in PLAIN},
        **context,
        **{name: text and fold(text) for name, text in folded.items()},
        "filename_folded": fold(record.filename),
        "decision": str(record.decision),
        "probabilities": dict(record.probabilities),
        "quality": dict(record.quality),
        "cautions": [asdict(caution) for caution in record.cautions],
        # Ten of them a row, so without their names.
        "similar": [
            [image.image_id, image.lesion_id, image.diagnosis, float(image.distance)]
            for image in record.similar
        ],
        "review": REVIEW_STATES.index(record.review),
        "tags": list(record.tags),
        "crop": None if record.crop is None else list(astuple(record.crop)),
        "judgements": judgement_rows(record.judgements),
        "words": searched_text(record, notes),
        "outcome": RANKED_OUTCOMES.index(record.outcome),
        "outcome_before": None
        if record.outcome_before is None
        else RANKED_OUTCOMES.index(record.outcome_before),
        "close_up": record.modality is Modality.CLOSE_UP,
    }


def searched_text(record: Record, notes: Iterable[str] = ()) -> str:
    """Everything that free text is looked for in, folded."""
    texts = (getattr(record.context, field.name) for field in CONTEXT if field.searched)
    return fold("\n".join(filter(None, (record.filename, *texts, *record.tags, *notes))))


def record_from_row(row: Mapping[Any, Any]) -> Record:
    """The record of a row of the table `predictions`."""
    # The engine behind the predictor is slow to import, and the first page does without it.
    from model.predictor import Decision, Similar

    return Record(
        **{name: row[name] for name in PLAIN},
        decision=Decision(row["decision"]),
        cautions=tuple(Caution(**caution) for caution in row["cautions"]),
        similar=tuple(Similar(*image) for image in row["similar"]),
        context=Context(**{name: row[name] for name in CONTEXT_NAMES}),
        review=REVIEW_STATES[row["review"]],
        tags=tuple(row["tags"]),
        outcome_before=None if row["outcome_before"] is None else RANKED_OUTCOMES[row["outcome_before"]],
        crop=None if row["crop"] is None else Crop(*row["crop"]),
        judgements=judgements_of_rows(row["judgements"]),
    )


def review_state(outcome: str, confirmed: str | None, reviewed: bool, taxonomy: Taxonomy) -> ReviewState:
    """Where a review stands, see `Record.review`.

    Only malignant against benign counts, so that what the model does not know can be confirmed too.
    """
    if confirmed is None:
        return "reviewed" if reviewed else "open"
    if outcome not in (Outcome.BENIGN, Outcome.MALIGNANT):
        return "undecided"
    diagnosis = taxonomy.get(confirmed)
    if diagnosis is None or diagnosis.malignant is (outcome == Outcome.MALIGNANT):
        return "confirmed"
    return "missed" if diagnosis.malignant else "overcalled"
