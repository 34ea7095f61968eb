"""What the API answers with, as typed schemas; OpenAPI is made from them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from dashboard.store.fields import CONTEXT, LESION, PATIENT
from dashboard.store.records import OutcomeName, ReviewState
from dashboard.store.registry import ModelState

Probability = Field(ge=0, le=1)


class ApiAnswer(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ProblemDocument(BaseModel):
    """An error (RFC 9457): `code` is for programs, `detail` a sentence for people."""

    model_config = ConfigDict(extra="allow")

    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    request_id: str = Field("", description="What the log of the server has of this request.")


class Warning(ApiAnswer):
    """A reason to trust a prediction less."""

    code: str
    text: str = Field(description="A sentence for the user.")
    severe: bool = Field(description="The result must not be relied on.")


class SimilarCase(ApiAnswer):
    """A training image that the network takes for much the same."""

    image_id: str
    lesion_id: str
    diagnosis: str
    distance: float


ContextAnswer: Any = create_model(
    "ContextAnswer", __base__=ApiAnswer, **{field.name: field.type | None for field in CONTEXT}
)


class LesionContext(ContextAnswer):
    """What the user says of the lesion. No model sees it."""


class ReviewStatus(ApiAnswer):
    """What reviews say of the prediction."""

    state: ReviewState
    confirmed: str | None = Field(description="The confirmed diagnosis.")
    confirmed_by: str | None = Field(description="histology, follow-up or expert.")
    reviewed: datetime | None
    tags: list[str]


class PredictionLinks(ApiAnswer):
    """Where the parts of a prediction are."""

    self: str
    page: str
    image: str
    original: str
    thumbnail: str
    outline: str | None = Field(
        description="What the model looked at; 404 with `no_outline` where no region stands out. Null where the "
        "model's maps are no better than random ones."
    )
    report: str


class CropSchema(ApiAnswer):
    """A part of a photograph, in shares of its sides after its turns."""

    left: float
    top: float
    width: float
    height: float
    turns: int = Field(description="Quarter turns clockwise, before anything is cut out.")


class PredictionSchema(ApiAnswer):
    """A stored prediction."""

    id: str
    created: datetime
    filename: str
    sha256: str = Field(description="Of the bytes that were sent.")
    width: int = Field(description="Of what was predicted from.")
    height: int
    crop: CropSchema | None = Field(description="The part that was predicted from; null for all of it.")
    replaces: str | None = Field(description="Id of the prediction of an earlier attempt.")
    probability: float = Field(ge=0, le=1, description="Calibrated probability that the lesion is malignant.")
    threshold: float = Field(ge=0, le=1, description="Below it the decision is benign.")
    malignant_from: float = Field(ge=0, le=1, description="From it on the decision is malignant.")
    operating_point: str
    outcome: OutcomeName = Field(
        description="What people are shown: the decision, or that there is none to rely on."
    )
    outcome_rule: int = Field(description="The version of the rule that the outcome follows.")
    outcome_before: OutcomeName | None = Field(
        description="What was shown until an update changed the rule; null where that is the outcome still."
    )
    decision: Literal["benign", "uncertain", "malignant"] = Field(
        description="The model's own; never rewritten."
    )
    diagnosis: str | None = Field(description="The most likely diagnosis; null for a binary model.")
    probabilities: dict[str, float]
    warnings: list[Warning]
    novelty: float | None = Field(description="From 1 on the image is too unlike the training images.")
    quality: dict[str, float]
    similar: list[SimilarCase]
    model: str
    model_version: str
    model_sha256: str
    milliseconds: float
    taken: str | None = Field(
        description="When the photograph was taken, a date or a time; null where nobody knows. In `context`, too."
    )
    patient: str | None = Field(description="The patient's identifier; null where nobody is named.")
    lesion: str | None = Field(description="The lesion of the patient, or of nobody who is named.")
    lesion_id: str | None = Field(description="Of the record of the lesion; null where it is nobody's.")
    optics: dict[str, str | float] | None = Field(
        description="What the dermatoscope did, as a DICOM file says: polarisation, contact, magnification."
    )
    context: LesionContext
    review: ReviewStatus
    revision: int = Field(description="Grows with every change; also the ETag.")
    links: PredictionLinks


class PredictionList(ApiAnswer):
    """A page of stored predictions."""

    items: list[PredictionSchema]
    total: int = Field(description="How many match, counted up to 10,000.")
    exact: bool = Field(description="Whether that is all of them; otherwise more than `total` match.")
    next: str | None = Field(description="Give it as `after` for the following page; null on the last one.")


PatientFields: Any = create_model(
    "PatientFields", __base__=ApiAnswer, **{field.name: field.type | None for field in PATIENT}
)
LesionFields: Any = create_model(
    "LesionFields", __base__=ApiAnswer, **{field.name: field.type | None for field in LESION}
)


class LesionSchema(LesionFields):
    """A lesion of a patient."""

    id: str
    created: datetime
    patient_id: str
    predictions: int
    undated: int = Field(description="Of how many photographs nobody knows when they were taken.")
    first_taken: str | None = Field(description="When the first of the others was taken.")
    last_taken: str | None
    merged_into: str | None = Field(description="Id of the lesion that this one turned out to be.")
    revision: int = Field(description="Grows with every change; also the ETag.")


class PatientSchema(PatientFields):
    """A patient. No model sees anything of it."""

    id: str
    created: datetime
    merged_into: str | None = Field(description="Id of the patient that this one turned out to be.")
    revision: int = Field(description="Grows with every change; also the ETag.")


class PatientWithLesions(PatientSchema):
    """A patient with the lesions."""

    lesions: list[LesionSchema] = Field(
        description="By name; last what nobody has assigned, whose name is null."
    )
    trained: list[str] = Field(
        description="Names and versions of the models here that learned from photographs of this patient. Withdrawing "
        "`consent_training` keeps the photographs from later exports, and changes none of these models."
    )


class PatientList(ApiAnswer):
    """Patients."""

    items: list[PatientSchema]
    next: str | None = Field(description="Give it as `after` for the following page; null on the last one.")


class BinnedPrediction(ApiAnswer):
    """A deleted prediction that can still be put back."""

    id: str
    created: datetime
    filename: str
    lesion: str | None
    deleted: datetime
    deleted_by: str = Field(description="As far as it is known; may be empty.")
    until: datetime = Field(description="Then it is deleted for good, unless it is on legal hold.")
    held: str | None = Field(description="Why it is on legal hold; null where it is not.")


class BinList(ApiAnswer):
    """What is in the bin."""

    items: list[BinnedPrediction] = Field(description="At most 500, those that were deleted last first.")
    total: int


class ChangedIds(ApiAnswer):
    """What was changed."""

    ids: list[str]


class Point(ApiAnswer):
    """An operating point of a model: what it costs stands in the card's `results`."""

    name: str
    sensitivity: float = Field(
        description="Share of cancers that it aims not to call benign: the more, the more harmless lesions are sent on."
    )
    threshold: float = Probability
    malignant: float = Probability
    coverage_malignant: float
    coverage_benign: float
    close_up: float | None = Field(
        ge=0, le=1, description="From it on a close-up is malignant; null without one."
    )


class DiagnosisSchema(ApiAnswer):
    """One of the diagnoses that a model tells apart."""

    code: str
    name: str
    plain: str = Field(description="A name for everybody.")
    malignant: bool


class Model(ApiAnswer):
    """An installed model."""

    name: str
    version: str
    purpose: str
    runnable: bool = Field(description="Whether it can predict; otherwise it can only be looked at.")
    default: bool
    state: ModelState = Field(
        description="`in_use`: offered for new photographs. `candidate`: predicts only where it is named. `retired`: "
        "no longer predicts."
    )
    synthetic: bool = Field(description="Trained on drawn lesions: for tests and demonstrations only.")
    classes: list[str]
    diagnoses: list[DiagnosisSchema] = Field(
        description="What its codes mean; a binary model gives none of them."
    )
    input_size: int
    operating_points: list[Point]
    operating_point: str
    licence: str
    created: str
    sha256: str
    links: dict[str, str]


class ModelChange(ApiAnswer):
    """A change of what a model is for, and how things stood after it."""

    seq: int
    created: datetime
    who: str
    why: str
    model: str = Field(description="Empty for the first line, which says of all models that they are in use.")
    version: str
    sha256: str
    states: dict[str, ModelState] = Field(description="Of every model that somebody has decided on.")
    default: str | None = Field(description="What answers by default; null where the settings say.")


class ModelChanges(ApiAnswer):
    """Changes of what models are for, the newest first."""

    items: list[ModelChange]


class DamagedModel(ApiAnswer):
    """A folder among the models that cannot be used."""

    name: str
    problem: str


class ModelList(ApiAnswer):
    """Every installed model."""

    items: list[Model]
    damaged: list[DamagedModel]


class CardSchema(BaseModel):
    """A model card, as the bundle carries it."""

    model_config = ConfigDict(extra="allow")

    name: str
    version: str
    sha256: str


class Estimate(ApiAnswer):
    """A figure with its 95 % interval; null where it is undefined for these cases, with the reason."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None


class Metrics(ApiAnswer):
    """How well a model does at one threshold, from its stored scores."""

    model: str
    sha256: str
    split: str
    threshold: float = Probability
    n: int
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    unscored: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    auc: float | None
    average_precision: float | None
    brier: float | None
    calibration_error: float | None


class Health(ApiAnswer):
    """The state of the server."""

    status: Literal["ok"]


class Readiness(ApiAnswer):
    """The state of what predictions need."""

    status: Literal["ok"]
    model: str
    model_sha256: str
    store: Literal["writable"]
