"""Who may judge, and in whose name a judgement stands."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.settings import Settings
from tests.dashboard.calls import page

SignedIn = Callable[[str], FlaskClient]
FIRST: dict[str, Any] = {"opinion": "benign", "seen": False}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Whoever may, judges first."""
    return settings.model_copy(update={"judge_first": True})


def test_a_viewer_sees_results_and_cannot_judge(
    services: Services, signed_in: SignedIn, lesion_jpeg: bytes
) -> None:
    record, viewer = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg"), signed_in("viewer")
    assert "chance of cancer" in viewer.get(f"/cards/{record.id}").get_json()["card"]
    assert viewer.post(f"/judgements/{record.id}", json=FIRST).status_code == 404
    assert viewer.post("/judgements/switch", json={"on": True}).status_code == 404
    assert "Judge first" not in page(viewer, "/account")
    assert signed_in("scientist").post(f"/judgements/{record.id}", json=FIRST).status_code == 404
    assert services.store.get(record.id).judgements == ()


def test_a_judgement_stands_in_its_users_name(
    services: Services, signed_in: SignedIn, lesion_jpeg: bytes
) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    clinician, other = signed_in("clinician"), signed_in("administrator")
    address = f"/judgements/{record.id}"
    assert "chance of cancer" not in clinician.get(f"/cards/{record.id}").get_json()["card"]
    forged = FIRST | {"who": "administrator"}
    assert clinician.post(address, json=forged).status_code == 204
    assert [one.who for one in services.store.get(record.id).judgements] == ["clinician"]
    assert "chance of cancer" in clinician.get(f"/cards/{record.id}").get_json()["card"]
    # From another browser of the same user, it is the second.
    assert signed_in("clinician").post(address, json=FIRST).status_code == 409
    # Everybody judges for themselves.
    assert "chance of cancer" not in other.get(f"/cards/{record.id}").get_json()["card"]
    assert other.post(address, json=FIRST).status_code == 204


def test_each_user_has_a_switch(services: Services, signed_in: SignedIn, lesion_jpeg: bytes) -> None:
    clinician = signed_in("clinician")
    assert clinician.post("/judgements/switch", json={"on": False}).status_code == 204
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    assert "chance of cancer" in clinician.get(f"/cards/{record.id}").get_json()["card"]
    assert "chance of cancer" not in signed_in("administrator").get(f"/cards/{record.id}").get_json()["card"]
    assert '"aria-pressed": "false"' in page(clinician, "/account")
    # A page of another web site cannot switch it.
    del clinician.environ_base["HTTP_X_CSRFTOKEN"]
    assert clinician.post("/judgements/switch", json={"on": True}).status_code == 403
