"""Routes of patients and lesions: find and read them, correct, move, merge, take along, erase."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response
from pydantic import Field, create_model

from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.api.answers import json_response, private_response, revision_seen
from dashboard.api.inputs import Input, MatchHeader, Name
from dashboard.api.predictions import NO_JSON, TAG
from dashboard.api.retention import subject_response
from dashboard.api.shown import api_lesion, api_patient
from dashboard.api.spec import PATIENTS, Answers, documented
from dashboard.cases import current_actor
from dashboard.patients import (
    change_lesion,
    change_patient,
    erase_subject,
    merge_lesion,
    merge_patient,
    trained_bundles,
    undo_lesion_merge,
    undo_patient_merge,
)
from dashboard.services import Services
from dashboard.store.fields import LESION, PATIENT
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion, Patient
from dashboard.store.subjects import Subject

ID = "Of the patient."
LESION_ID = "Of the lesion."
NO_PATIENT = {404: "There is no such patient."}
NO_LESION = {404: "There is no such lesion."}
CHANGED = {
    409: "Another one has that name, or it was merged.",
    412: "Somebody changed it since the revision in If-Match.",
    422: "A field does not fit.",
}
MERGED = {409: "One of them is merged already.", 422: "They cannot be one."}

blueprint = Blueprint("patients", __name__, url_prefix=ROOT)

patient_types: Any = {field.name: (field.annotation | None, None) for field in PATIENT}
PatientChange: Any = create_model("PatientChange", __base__=Input, **patient_types)
lesion_types: Any = {field.name: (field.annotation | None, None) for field in LESION}
LesionFieldsChange: Any = create_model("LesionFieldsChange", __base__=Input, **lesion_types)


class LesionChange(LesionFieldsChange):
    """Fields of a lesion to change; what is left out stays."""

    patient: Name | None = Field(
        None, description="The identifier of whose lesion it is; made where it is new."
    )


class MergeInto(Input):
    """What a record turned out to be."""

    into: Name = Field(description="The id of the one that remains.")


class PatientQuery(Input):
    """Which patients."""

    identifier: str = Field("", max_length=128, description="How it begins, in upper or lower case.")
    after: str = Field("", max_length=128, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=500)


@blueprint.get("/patients")
@documented(
    Answers(schema=schemas.PatientList, what="One page of them.", errors={422: "A field does not fit."}),
    PATIENTS,
    "listPatients",
)
def list_patients(query: PatientQuery) -> Response:
    """List patients by their identifiers: all, or those that begin so."""
    found = Patients(Services.current().store).find(query.identifier, query.after, query.limit)
    more = found[-1].details.identifier if len(found) == query.limit else None
    answer = schemas.PatientList(items=[api_patient(one) for one in found], next=more)
    return private_response(json_response(answer), "private, no-store")


@blueprint.get("/patients/<string:patient_id>")
@documented(
    Answers(schema=schemas.PatientWithLesions, what="The patient.", errors=NO_PATIENT, headers=TAG),
    PATIENTS,
    "readPatient",
    patient_id=ID,
)
def read_patient(patient_id: str) -> Response:
    """One patient with the lesions."""
    return patient_response(Patients(Services.current().store).get(patient_id))


@blueprint.patch("/patients/<string:patient_id>")
@documented(
    Answers(
        schema=schemas.PatientWithLesions,
        what="The patient as it is now.",
        errors=NO_PATIENT | NO_JSON | CHANGED,
        headers=TAG,
    ),
    PATIENTS,
    "changePatient",
    patient_id=ID,
)
def change_one_patient(patient_id: str, json: PatientChange, headers: MatchHeader) -> Response:
    """Correct what is known of a patient: null empties a field, what is left out stays.

    The predictions show a new identifier from then on. Nobody who has another patient's identifier can get it: merge
    the two instead.
    """
    services = Services.current()
    seen = revision_seen(headers.match, partial(Patients(services.store).get, patient_id), "record")
    fields = json.model_dump(exclude_unset=True)
    return patient_response(change_patient(current_actor(), services, patient_id, fields, seen))


@blueprint.delete("/patients/<string:patient_id>")
@documented(
    Answers(
        status=204, what="It is gone for good.", errors=NO_PATIENT | {409: "A prediction is on legal hold."}
    ),
    PATIENTS,
    "erasePatient",
    patient_id=ID,
)
def erase_patient(patient_id: str) -> Response:
    """Erase a patient: lesions and predictions, in the bin, too, with photographs and what the audit trail quotes."""
    erase_subject(current_actor(), Services.current(), subject_of_id(patient_id))
    return make_response("", 204)


@blueprint.get("/patients/<string:patient_id>/data")
@documented(
    Answers(files=("application/zip",), what="The photographs, and the rest as JSON.", errors=NO_PATIENT),
    PATIENTS,
    "readPatientData",
    patient_id=ID,
)
def read_patient_data(patient_id: str) -> Response:
    """Everything that is stored of a patient, as one file: also what is in the bin, and who saw it."""
    return subject_response(subject_of_id(patient_id), "patient.zip")


@blueprint.post("/patients/<string:patient_id>/merge")
@documented(
    Answers(
        schema=schemas.PatientWithLesions,
        what="The one that remains.",
        errors=NO_PATIENT | NO_JSON | MERGED,
        headers=TAG,
    ),
    PATIENTS,
    "mergePatient",
    patient_id=ID,
)
def merge_one_patient(patient_id: str, json: MergeInto) -> Response:
    """Say that a patient is another one: the other one has the lesions of both. `DELETE` undoes it."""
    return patient_response(merge_patient(current_actor(), Services.current(), patient_id, json.into))


@blueprint.delete("/patients/<string:patient_id>/merge")
@documented(
    Answers(
        schema=schemas.PatientWithLesions,
        what="The patient with his lesions.",
        errors=NO_PATIENT | {409: "It is not merged."},
        headers=TAG,
    ),
    PATIENTS,
    "undoPatientMerge",
    patient_id=ID,
)
def undo_merge_of_patient(patient_id: str) -> Response:
    """Undo a merge: a patient has the lesions again that he had."""
    return patient_response(undo_patient_merge(current_actor(), Services.current(), patient_id))


@blueprint.get("/lesions/<string:lesion_id>")
@documented(
    Answers(schema=schemas.LesionSchema, what="The lesion.", errors=NO_LESION, headers=TAG),
    PATIENTS,
    "readLesionRecord",
    lesion_id=LESION_ID,
)
def read_lesion_record(lesion_id: str) -> Response:
    """One lesion."""
    return lesion_response(Patients(Services.current().store).lesion(lesion_id))


@blueprint.patch("/lesions/<string:lesion_id>")
@documented(
    Answers(
        schema=schemas.LesionSchema,
        what="The lesion as it is now.",
        errors=NO_LESION | NO_JSON | CHANGED,
        headers=TAG,
    ),
    PATIENTS,
    "changeLesion",
    lesion_id=LESION_ID,
)
def change_one_lesion(lesion_id: str, json: LesionChange, headers: MatchHeader) -> Response:
    """Correct what is known of a lesion, or move it to another patient; its predictions follow."""
    services = Services.current()
    seen = revision_seen(headers.match, partial(Patients(services.store).lesion, lesion_id), "record")
    fields = json.model_dump(exclude_unset=True)
    return lesion_response(change_lesion(current_actor(), services, lesion_id, fields, seen))


@blueprint.post("/lesions/<string:lesion_id>/merge")
@documented(
    Answers(
        schema=schemas.LesionSchema,
        what="The one that remains.",
        errors=NO_LESION | NO_JSON | MERGED,
        headers=TAG,
    ),
    PATIENTS,
    "mergeLesion",
    lesion_id=LESION_ID,
)
def merge_one_lesion(lesion_id: str, json: MergeInto) -> Response:
    """Say that a lesion is another one of the same patient: it has the predictions of both. `DELETE` undoes it.

    To split a lesion, give some of its predictions another `lesion`.
    """
    return lesion_response(merge_lesion(current_actor(), Services.current(), lesion_id, json.into))


@blueprint.delete("/lesions/<string:lesion_id>/merge")
@documented(
    Answers(
        schema=schemas.LesionSchema,
        what="The lesion with its predictions.",
        errors=NO_LESION | {409: "It is not merged."},
        headers=TAG,
    ),
    PATIENTS,
    "undoLesionMerge",
    lesion_id=LESION_ID,
)
def undo_merge_of_lesion(lesion_id: str) -> Response:
    """Undo a merge: a lesion has the predictions again that it had."""
    return lesion_response(undo_lesion_merge(current_actor(), Services.current(), lesion_id))


def patient_response(patient: Patient) -> Response:
    """A patient with the lesions, and its revision as ETag."""
    services = Services.current()
    answer = schemas.PatientWithLesions(
        **api_patient(patient).model_dump(),
        lesions=[api_lesion(one) for one in Patients(services.store).lesions(patient.id)],
        trained=list(trained_bundles(services, patient.id)),
    )
    return tagged_response(json_response(answer), patient)


def lesion_response(lesion: Lesion) -> Response:
    """A lesion with its revision as ETag."""
    found = Patients(Services.current().store).summary(lesion)
    return tagged_response(json_response(api_lesion(found)), lesion)


def tagged_response(response: Response, record: Patient | Lesion) -> Response:
    """An answer with the revision of a record."""
    response.set_etag(str(record.revision))
    return private_response(response, "private, no-cache")


def subject_of_id(patient_id: str) -> Subject:
    """The data of a patient by the id. Raises NoPatient."""
    patient = Patients(Services.current().store).get(patient_id)
    named = patient.details.identifier
    return Subject(named, patient_id=None if named else patient.id)
