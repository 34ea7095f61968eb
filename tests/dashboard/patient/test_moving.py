"""A lesion is given to another patient by a button, and back."""

import json
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.patients import change_lesion, change_patient
from dashboard.services import Services
from dashboard.store import Context, Record
from dashboard.store.patients import Patients
from tests.dashboard.calls import dispatch


@pytest.fixture
def lesion_id(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> str:
    """Lesion 1 of P-1; P-2 has one of that name, too."""
    context = Context(patient="P-1", lesion="1", taken="2020-05-01")
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", context=context)
    predict_photograph(NOBODY, services, mole_jpeg, "b.jpg", context=Context(patient="P-2", lesion="1"))
    return record.lesion_id or ""


def press_move(
    app: Dash,
    client: FlaskClient,
    lesion_id: str,
    seen: int,
    owner: str = "",
    name: str = "",
    back: bool = False,
) -> Any:
    """Press Move, or Move back."""
    inputs = {"lesion-move.n_clicks": None if back else 1, "lesion-move-back.n_clicks": 1 if back else None}
    if back:
        inputs = dict(reversed(inputs.items()))
    state = {"lesion-id.data": lesion_id, "lesion-seen.data": seen}
    state |= {"lesion-owner.value": owner, "lesion-name-there.value": name}
    return dispatch(app, client, "lesion-move-problem.children", inputs, state)


def cases(services: Services, lesion_id: str) -> list[Record]:
    return list(Patients(services.store).cases_of_lesion(lesion_id))


def test_a_lesion_moves_and_moves_back(
    app: Dash, client: FlaskClient, services: Services, lesion_id: str
) -> None:
    people = Patients(services.store)
    assert "Move back" not in json.dumps(client.get(f"/lesions/{lesion_id}").get_data(as_text=True))
    taken = press_move(app, client, lesion_id, 0, "p-2", "1")
    assert "There is a lesion 1 of P-2 already" in json.dumps(taken["lesion-move-problem"])
    done = press_move(app, client, lesion_id, 0, " p-2 ", "2")
    assert "P-2, lesion 2" in json.dumps(done["lesion-head"]) and "← P-2" in json.dumps(
        done["lesion-back"], ensure_ascii=False
    )
    assert "Move back to P-1" in json.dumps(done["lesion-moving"]) and done["lesion-seen"]["data"] == 1
    assert [(one.context.patient, one.context.lesion) for one in cases(services, lesion_id)] == [("P-2", "2")]
    press_move(app, client, lesion_id, 1, back=True)
    assert [(one.context.patient, one.context.lesion) for one in cases(services, lesion_id)] == [("P-1", "1")]
    assert [line.action for line in people.history(lesion_id)] == ["moved", "moved"]


def test_a_name_that_was_corrected_since_stays(
    app: Dash, client: FlaskClient, services: Services, lesion_id: str
) -> None:
    done = press_move(app, client, lesion_id, 0, "P-9", "7")
    assert "Moved to P-9, a new patient." in json.dumps(done["lesion-moving"])
    change_lesion(NOBODY, services, lesion_id, {"name": "left arm"})
    press_move(app, client, lesion_id, 2, back=True)
    assert [(one.context.patient, one.context.lesion) for one in cases(services, lesion_id)] == [
        ("P-1", "left arm")
    ]


def test_what_cannot_be_moved_says_why(
    app: Dash, client: FlaskClient, services: Services, lesion_id: str
) -> None:
    people = Patients(services.store)
    change_patient(NOBODY, services, people.find("P-2")[0].id, {"birth_year": 2021})
    for owner, says in (("", "Say which patient"), ("p-1", "whose lesion it is"), ("P-2", "taken in 2020")):
        told = press_move(app, client, lesion_id, 0, owner, "3")
        assert says in json.dumps(told["lesion-move-problem"]) and "lesion-head" not in told
    assert "no longer here" in json.dumps(press_move(app, client, lesion_id, 0, back=True))
    press_move(app, client, lesion_id, 0, "P-3", "3")
    assert "changed meanwhile" in json.dumps(press_move(app, client, lesion_id, 0, "P-4", "3"))
    # Who has another identifier now is not made a second time.
    change_patient(NOBODY, services, people.find("P-1")[0].id, {"identifier": "P-1b"})
    assert "no longer here" in json.dumps(press_move(app, client, lesion_id, 1, back=True))
    assert people.find("P-4") == () and people.called("p-3") is not None and people.called("P-1") is None
