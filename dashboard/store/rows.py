"""Between records and rows of the tables."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dashboard.store.fields import CONTEXT, CONTEXT_NAMES, Context
from dashboard.store.names import clean_filename, fold, new_id
from dashboard.store.records import REVIEW_STATES, AuditLine, Record, Review, ReviewState
from model.cautions import Caution
from model.images import Photograph
from model.modality import Modality
from model.outcome import Outcome
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from model.predictor import Prediction

# Fields of a record that a row has under the same name and in the same form.
PLAIN = (
    *("id", "created", "filename", "sha256", "width", "height", "model", "model_version", "model_sha256"),
    *("probability", "operating_point", "threshold", "malignant_from", "diagnosis", "probabilities"),
    *("milliseconds", "novelty", "quality", "confirmed", "confirmed_by", "reviewed", "revision"),
)


def make_record(
    photograph: Photograph, prediction: "Prediction", filename: str, context: Context = Context()
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
        context=context,
    )


def plain_floats(values: Mapping[str, Any]) -> dict[str, float]:
    """NumPy's numbers as plain ones."""
    return {name: float(value) for name, value in values.items()}


def row_of_record(record: Record, notes: Iterable[str] = ()) -> dict[str, Any]:
    """A record as column values; `notes` are those of its reviews."""
    return {
        **{name: getattr(record, name) for name in PLAIN},
        **context_row(record.context),
        "filename_folded": fold(record.filename),
        "decision": str(record.decision),
        "probabilities": dict(record.probabilities),
        "quality": dict(record.quality),
        "cautions": [asdict(caution) for caution in record.cautions],
        # Ten of them a row, so without their names.
        "similar": [
            [one.image_id, one.lesion_id, one.diagnosis, float(one.distance)] for one in record.similar
        ],
        "review": REVIEW_STATES.index(record.review),
        "tags": list(record.tags),
        "words": searched_text(record, notes),
        "no_result": record.outcome is Outcome.NO_RESULT,
        "close_up": record.modality is Modality.CLOSE_UP,
    }


def context_row(context: Context) -> dict[str, Any]:
    """A context as column values."""
    values = asdict(context)
    compared = [field for field in CONTEXT if field.folded != field.name]
    return values | {field.folded: (text := values[field.name]) and fold(text) for field in compared}


def searched_text(record: Record, notes: Iterable[str] = ()) -> str:
    """Everything that free text is looked for in, folded."""
    texts = (getattr(record.context, field.name) for field in CONTEXT if field.searched)
    return fold("\n".join(filter(None, (record.filename, *texts, *record.tags, *notes))))


def record_from_row(row: Mapping[Any, Any]) -> Record:
    """The record of a row of the table `predictions`."""
    # Here, because the engine behind the predictor is slow to import and the first page does without it.
    from model.predictor import Decision, Similar

    return Record(
        **{name: row[name] for name in PLAIN},
        decision=Decision(row["decision"]),
        cautions=tuple(Caution(**one) for one in row["cautions"]),
        similar=tuple(Similar(*one) for one in row["similar"]),
        context=Context(**{name: row[name] for name in CONTEXT_NAMES}),
        review=REVIEW_STATES[row["review"]],
        tags=tuple(row["tags"]),
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


def review_from_row(row: Mapping[Any, Any], prediction_id: str) -> Review:
    """The review of a row of the table `reviews`."""
    names = ("id", "created", "reviewer", "diagnosis", "source", "note")
    return Review(prediction_id=prediction_id, tags=tuple(row["tags"]), **{name: row[name] for name in names})


def audit_from_row(row: Mapping[Any, Any]) -> AuditLine:
    """The line of a row of the table `audit`."""
    return AuditLine(**{name: row[name] for name in AuditLine.__dataclass_fields__})
