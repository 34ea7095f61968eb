"""What the store and the bundles hold, as the API shows it."""

from collections.abc import Mapping
from typing import Any

from dashboard.addresses import local_address
from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.services import Services
from dashboard.store import Page, Record
from dashboard.store.patients import LesionSummary
from dashboard.store.placing import Lesion, Patient
from dashboard.store.registry import ModelState, RegistryLine
from model.bundle import Bundle, OperatingPoint
from model.outcome import OUTCOME_RULE
from model.taxonomy import Diagnosis


def api_prediction(record: Record) -> schemas.PredictionSchema:
    """A stored prediction as the API shows it."""
    here = local_address(f"{ROOT}/predictions/{record.id}")
    return schemas.PredictionSchema(
        id=record.id,
        created=record.created,
        filename=record.filename,
        sha256=record.sha256,
        width=record.width,
        height=record.height,
        crop=None if record.crop is None else schemas.CropSchema.model_validate(vars(record.crop)),
        replaces=record.replaces,
        probability=record.probability,
        threshold=record.threshold,
        malignant_from=record.malignant_from,
        operating_point=record.operating_point,
        outcome=record.outcome.value,
        outcome_rule=OUTCOME_RULE,
        outcome_before=record.outcome_before.value if record.outcome_before else None,
        decision=record.decision.value,
        diagnosis=record.diagnosis,
        probabilities=dict(record.probabilities),
        warnings=[
            schemas.Warning(code=one.code, text=one.text, severe=one.severe) for one in record.cautions
        ],
        novelty=record.novelty,
        quality=dict(record.quality),
        similar=[schemas.SimilarCase.model_validate(vars(one)) for one in record.similar],
        model=record.model,
        model_version=record.model_version,
        model_sha256=record.model_sha256,
        milliseconds=record.milliseconds,
        taken=record.context.taken,
        patient=record.context.patient,
        lesion=record.context.lesion,
        lesion_id=record.lesion_id,
        optics=None if record.optics is None else dict(record.optics),
        context=schemas.LesionContext.model_validate(vars(record.context)),
        review=schemas.ReviewStatus(
            state=record.review,
            confirmed=record.confirmed,
            confirmed_by=record.confirmed_by,
            reviewed=record.reviewed,
            tags=list(record.tags),
        ),
        revision=record.revision,
        links=schemas.PredictionLinks(
            self=here,
            page=local_address(f"/history/{record.id}"),
            image=f"{here}/image",
            original=f"{here}/original",
            thumbnail=f"{here}/thumbnail",
            outline=f"{here}/outline" if Services.current().shows_heatmap(record) else None,
            report=f"{here}/report",
        ),
    )


def api_prediction_page(found: Page) -> schemas.PredictionList:
    """A page of the store as the API shows it."""
    items = [api_prediction(record) for record in found.records]
    return schemas.PredictionList(items=items, total=found.total, exact=found.exact, next=found.next)


def api_patient(patient: Patient) -> schemas.PatientSchema:
    """A patient as the API shows it."""
    return schemas.PatientSchema(**vars(patient.details), **record_facts(patient))


def api_lesion(found: LesionSummary) -> schemas.LesionSchema:
    """A lesion as the API shows it."""
    lesion = found.lesion
    return schemas.LesionSchema(
        **vars(lesion.details),
        **record_facts(lesion),
        patient_id=lesion.patient_id,
        predictions=found.predictions,
        undated=found.undated,
        first_taken=found.first_taken,
        last_taken=found.last_taken,
    )


def record_facts(record: Patient | Lesion) -> dict[str, Any]:
    """What patients and lesions both have."""
    return {name: getattr(record, name) for name in ("id", "created", "merged_into", "revision")}


def api_model(bundle: Bundle, state: ModelState, default: bool) -> schemas.Model:
    """An installed model as the API shows it."""
    card, here = bundle.card, local_address(f"{ROOT}/models/{bundle.name}")
    return schemas.Model(
        name=card.name,
        version=card.version,
        purpose=card.purpose,
        runnable=bundle.runnable,
        default=default,
        state=state,
        synthetic=card.synthetic,
        classes=list(card.classes),
        diagnoses=[api_diagnosis(one) for one in card.taxonomy],
        input_size=card.input_size,
        operating_points=[api_operating_point(one) for one in card.operating_points],
        operating_point=card.operating_point,
        licence=card.licence,
        created=card.created,
        sha256=card.sha256,
        links={"self": here, "metrics": f"{here}/metrics", "page": local_address("/performance")},
    )


def api_model_change(line: RegistryLine) -> schemas.ModelChange:
    """A change of a model as the API shows it."""
    return schemas.ModelChange(
        default=line.chosen,
        **{name: getattr(line, name) for name in schemas.ModelChange.model_fields if name != "default"},
    )


def api_diagnosis(one: Diagnosis) -> schemas.DiagnosisSchema:
    """A diagnosis as the API shows it."""
    return schemas.DiagnosisSchema(code=one.code, name=one.name, plain=one.plain, malignant=one.malignant)


def api_operating_point(one: OperatingPoint) -> schemas.Point:
    """An operating point as the API shows it."""
    return schemas.Point.model_validate(vars(one))


def plain_json(value: Any) -> Any:
    """Mappings and tuples of a card as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(one) for one in value]
    return value
