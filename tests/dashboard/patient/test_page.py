"""The pages of a patient and of a lesion."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.shell.text import day_words, percent
from dashboard.store import Context, Query, Record
from dashboard.store.export import dataset_zip
from dashboard.store.fields import LESION, PATIENT
from dashboard.store.judgements import Judge
from dashboard.store.patients import Patients
from tests.dashboard.calls import dispatch, page
from tests.dashboard.reviews import add_review, consent


@pytest.fixture
def records(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> list[Record]:
    """Two visits of a lesion, one of another without a date, and one of another patient."""
    contexts = (
        Context(patient="P-014", lesion="1", taken="2025-03-12", histology_due="2025-03-26"),
        Context(patient="P-014", lesion="1", taken="2026-05-20"),
        Context(patient="P-014", lesion="2"),
        Context(patient="P-022", lesion="1", taken="2026-05-20"),
    )
    pictures = (lesion_jpeg, mole_jpeg, lesion_jpeg, mole_jpeg)
    return [
        predict_photograph(NOBODY, services, data, f"{number}.jpg", context=context)
        for number, (data, context) in enumerate(zip(pictures, contexts, strict=True))
    ]


def test_a_patient_has_lesions_visits_and_what_is_due(
    client: FlaskClient, services: Services, records: list[Record]
) -> None:
    people = Patients(services.store)
    patient = people.find("P-014")[0]
    people.correct(patient.id, {"birth_year": 1961, "phototype": "II", "note": "needs a <b>chair</b>"})
    text = page(client, f"/patients/{patient.id}")
    for words in (
        "P-014",
        "born 1961",
        "skin phototype II",
        "needs a <b>chair</b>",
        "20 May 2026",
        "Date missing",
    ):
        assert words in text
    assert "Histology of lesion 1" in text and "days late" in text
    assert text.index("20 May 2026") < text.index("12 Mar 2025")
    for record in records[:3]:
        assert f"/history/{record.id}" in text and f"/lesions/{record.lesion_id}" in text
    assert records[3].id not in text


def test_a_lesion_is_called_as_somebody_wrote_it(
    client: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    context = Context(patient="P-014", lesion="Left A")
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", context=context)
    assert "P-014, lesion Left A" in page(client, f"/lesions/{record.lesion_id}")


def test_a_lesion_is_shown_by_the_day_of_its_photographs(
    app: Dash, client: FlaskClient, services: Services, records: list[Record]
) -> None:
    lesion_id = records[0].lesion_id
    text = page(client, f"/lesions/{lesion_id}")
    assert "P-014, lesion 1" in text and text.index("12 Mar 2025") < text.index("20 May 2026")
    assert records[2].id not in text and records[3].id not in text
    chosen = {"lesion-then.value": records[0].id, "lesion-now.value": records[1].id}
    sides = json.dumps(dispatch(app, client, "lesion-sides.children", chosen, {}))
    assert "Then: 12 Mar 2025" in sides and "Now: 20 May 2026" in sides and "data-swipe" in sides
    drawn = dispatch(
        app, client, "lesion-trend.figure", {"theme.data": "light"}, {"lesion-id.data": lesion_id}
    )
    lines = [trace for trace in drawn["lesion-trend"]["figure"]["data"] if trace["mode"] == "lines"]
    assert [trace["x"] for trace in lines] == [["2025-03-12T00:00:00", "2026-05-20T00:00:00"]]


def test_photographs_that_nobody_assigned_are_no_story(
    client: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", context=Context(patient="P-1"))
    text = page(client, f"/lesions/{record.lesion_id}")
    assert "not assigned to a lesion" in text and "no story of one" in text


def save(app: Dash, client: FlaskClient, kind: str, record_id: str, seen: int, **values: Any) -> Any:
    """Press Save in the form of a patient or lesion."""
    parts = PATIENT if kind == "patient" else LESION
    state = {f"{kind}-{part.name}.value": values.get(part.name) for part in parts}
    state |= {f"{kind}-id.data": record_id, f"{kind}-seen.data": seen}
    return dispatch(app, client, f"{kind}-problem.children", {f"{kind}-save.n_clicks": 1}, state)


def test_records_are_corrected_by_one_at_a_time(
    app: Dash, client: FlaskClient, services: Services, records: list[Record]
) -> None:
    people = Patients(services.store)
    patient = people.find("P-014")[0]
    done = save(app, client, "patient", patient.id, 0, identifier="P-15", sex="female", birth_year=1961)
    assert done["patient-seen"]["data"] == 1 and "P-15" in json.dumps(done["patient-sections"])
    late = save(app, client, "patient", patient.id, 0, identifier="P-16")
    assert "changed meanwhile" in json.dumps(late) and people.get(patient.id).details.sex == "female"
    taken = save(app, client, "patient", patient.id, 1, identifier="P-022")
    assert "There is a patient P-022 already" in json.dumps(taken)
    lesion_id = records[0].lesion_id or ""
    done = save(app, client, "lesion", lesion_id, 0, name="1", site="posterior torso", laterality="left")
    assert "posterior torso, left" in json.dumps(done["lesion-head"])
    wrong = save(app, client, "lesion", lesion_id, 1, name="2")
    assert "There is a lesion 2 of P-15 already" in json.dumps(wrong)


@pytest.mark.parametrize("address", ["/patients/unknown", "/lesions/none", "/patients/%00"])
def test_what_is_not_here_says_so(client: FlaskClient, address: str) -> None:
    assert "is not here" in page(client, address)
    assert client.get(address).status_code == 404


def test_who_judges_first_sees_no_result_before(
    app: Dash, client: FlaskClient, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Judge("0" * 32, "", datetime(2020, 1, 1, tzinfo=UTC))
    lesion = f"/lesions/{records[0].lesion_id}"
    told = percent(records[0].probability)
    assert told in page(client, lesion)
    monkeypatch.setattr("dashboard.judging.current_judge", lambda _: reader)
    chosen = {"lesion-then.value": records[0].id, "lesion-now.value": records[1].id}
    state = {"lesion-id.data": records[0].lesion_id}
    drawn = dispatch(app, client, "lesion-trend.figure", {"theme.data": "light"}, state)
    assert not [trace for trace in drawn["lesion-trend"]["figure"]["data"] if trace.get("x")]
    sides = json.dumps(dispatch(app, client, "lesion-sides.children", chosen, {}))
    assert told not in page(client, lesion) and told not in sides


def test_a_withdrawal_names_the_models_that_learned_from_the_patient(
    client: FlaskClient, services: Services, records: list[Record]
) -> None:
    store, people = services.store, Patients(services.store)
    patient, other = people.find("P-014")[0], people.find("P-022")[0]
    assert "No consent is recorded." in page(client, f"/patients/{patient.id}")
    consent(store, "P-014", day="2026-02-03")
    since = f"the training of models since {day_words(date(2026, 2, 3))}"
    assert since in page(client, f"/patients/{patient.id}")
    add_review(store, [records[0].id, records[3].id], "Anna", "nv", "histology")
    assert zipfile.ZipFile(io.BytesIO(b"".join(dataset_zip(store, store.stream(Query()))))).testzip() is None
    (export,) = people.exports(patient.id)
    (bundle,) = services.runnable
    bundle.card.training["exports"] = [export]  # type: ignore[index]
    try:
        consent(store, "P-014", day=None)
        shown = page(client, f"/patients/{patient.id}")
        assert (
            f"{bundle.name} {bundle.card.version}. They were trained before the consent was withdrawn"
            in shown
        )
        answer = client.get(f"/api/v1/patients/{patient.id}").get_json()
        assert answer["trained"] == [f"{bundle.name} {bundle.card.version}"]
        assert answer["consent_training"] is None
        assert client.get(f"/api/v1/patients/{other.id}").get_json()["trained"] == []
    finally:
        del bundle.card.training["exports"]  # type: ignore[attr-defined]


def test_consent_is_changed_by_the_api_with_its_day(client: FlaskClient, records: list[Record]) -> None:
    (patient,) = client.get("/api/v1/patients?identifier=P-014").get_json()["items"]
    address = f"/api/v1/patients/{patient['id']}"
    assert (
        client.patch(address, json={"consent_care": "2026-03-04"}).get_json()["consent_care"] == "2026-03-04"
    )
    assert client.patch(address, json={"consent_care": "soon"}).status_code == 422
    assert client.patch(address, json={"consent_care": None}).get_json()["consent_care"] is None


def press_on_patient(app: Dash, client: FlaskClient, button: str, patient_id: str, into: str = "") -> Any:
    """Press a button of the form that merges a patient."""
    presses: dict[str, Any] = {"patient-merge.n_clicks": None, "patient-part.n_clicks": None}
    inputs = {f"{button}.n_clicks": 1}
    inputs |= {name: value for name, value in presses.items() if name not in inputs}
    state = {"patient-id.data": patient_id, "patient-into.value": into}
    return dispatch(app, client, "patient-merge-problem.children", inputs, state)


def test_patients_are_merged_and_parted_by_buttons(
    app: Dash, client: FlaskClient, services: Services, records: list[Record]
) -> None:
    people = Patients(services.store)
    one, other = people.find("P-014")[0], people.find("P-022")[0]
    for wrong, words in (("", "Say which"), ("P-0", "no patient P-0"), ("P-014", "one")):
        told = press_on_patient(app, client, "patient-merge", one.id, wrong)
        assert words in json.dumps(told["patient-merge-problem"]) and "patient-sections" not in told
    done = press_on_patient(app, client, "patient-merge", one.id, " p-022 ")
    assert "This record was merged with" in json.dumps(done["patient-sections"])
    assert people.get(one.id).merged_into == other.id and len(people.cases_of_patient(other.id)) == 4
    again = press_on_patient(app, client, "patient-merge", one.id, "P-022")
    assert again["patient-merge-problem"]["children"]
    done = press_on_patient(app, client, "patient-part", one.id)
    assert "The merge is undone." in json.dumps(done["patient-merging"])
    assert people.get(one.id).merged_into is None and len(people.cases_of_patient(one.id)) == 3


def press_on_lesion(app: Dash, client: FlaskClient, button: str, lesion_id: str | None, **values: Any) -> Any:
    """Press a button of the forms that merge and split a lesion."""
    names = ("lesion-merge", "lesion-part", "lesion-split")
    inputs: dict[str, Any] = {f"{button}.n_clicks": 1}
    inputs |= {f"{name}.n_clicks": None for name in names if name != button}
    state = {f"lesion-{name}.value": values.get(name) for name in ("into", "photographs", "other")}
    state["lesion-id.data"] = lesion_id
    return dispatch(app, client, "lesion-merge-problem.children", inputs, state)


def test_lesions_are_merged_and_parted_by_buttons(
    app: Dash, client: FlaskClient, services: Services, records: list[Record]
) -> None:
    people = Patients(services.store)
    one, other, stranger = records[0].lesion_id, records[2].lesion_id or "", records[3].lesion_id
    assert "Say which" in json.dumps(press_on_lesion(app, client, "lesion-merge", one, into="none"))
    told = press_on_lesion(app, client, "lesion-merge", one, into=stranger)
    assert "two patients" in json.dumps(told["lesion-merge-problem"])
    done = press_on_lesion(app, client, "lesion-merge", one, into=other)
    assert "merged with" in json.dumps(done["lesion-head"]) and len(people.cases_of_lesion(other)) == 3
    press_on_lesion(app, client, "lesion-part", one)
    assert len(people.cases_of_lesion(other)) == 1 and len(people.cases_of_lesion(one)) == 2


def test_photographs_are_split_off_with_all_their_predictions(
    app: Dash, client: FlaskClient, services: Services, records: list[Record], lesion_jpeg: bytes
) -> None:
    people, lesion_id = Patients(services.store), records[0].lesion_id
    again = predict_photograph(
        NOBODY, services, lesion_jpeg, "again.jpg", context=Context(patient="P-014", lesion="1")
    )
    for chosen, name in (([], "3"), ([records[0].id], ""), ([records[0].id], "1"), ([records[3].id], "3")):
        told = press_on_lesion(app, client, "lesion-split", lesion_id, photographs=chosen, other=name)
        assert told["lesion-merge-problem"]["children"] and "lesion-sections" not in told
    done = press_on_lesion(app, client, "lesion-split", lesion_id, photographs=[records[0].id], other="3")
    assert [one.id for one in people.cases_of_lesion(lesion_id)] == [records[1].id]
    made = services.store.get(again.id)
    assert made.context.lesion == "3" and made.context.patient == "P-014"
    assert f"/lesions/{made.lesion_id}" in json.dumps(done["lesion-merging"])
