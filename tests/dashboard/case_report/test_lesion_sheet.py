"""A lesion over time as a sheet: photographs by day, models named, nothing that its reader has to judge first."""

from html import unescape

from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.store import Context, Record
from tests.dashboard.calls import page
from tests.dashboard.reviews import add_review


def visits(services: Services, *photographs: tuple[bytes, str | None]) -> list[Record]:
    """Photographs of one lesion, each with its day."""
    return [
        predict_photograph(
            *(NOBODY, services, data, f"{number}.jpg"),
            context=Context(patient="P-<1>", lesion="arm", taken=taken),
        )
        for number, (data, taken) in enumerate(photographs)
    ]


def test_photographs_stand_by_their_days_with_what_was_confirmed(
    client: FlaskClient, services: Services, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    late, early = visits(services, (lesion_jpeg, "2026-05-20"), (mole_jpeg, "2025-03-12"))
    add_review(services.store, [late.id], "Dr Anna", "mel", "histology", note="Breslow 0.4 mm")
    shown = unescape(page(client, f"/lesion-report/{late.lesion_id}"))
    assert shown.index("12 Mar 2025") < shown.index("20 May 2026")
    assert "P-<1>, lesion arm" in shown and "2, 12 Mar 2025 to 20 May 2026" in shown
    assert f"chance of cancer or a precursor, by {late.model} {late.model_version}" in shown
    assert "Recorded by Dr Anna" in shown and "Breslow 0.4 mm" in shown and "Signature" in shown
    assert "two model versions" not in shown
    assert f"/api/v1/predictions/{early.id}/image" in shown


def test_who_judges_first_sees_no_result_on_it(
    client: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    assert client.post("/judgements/switch", json={"on": True}).status_code == 204
    (record,) = visits(services, (lesion_jpeg, None))
    shown = page(client, f"/lesion-report/{record.lesion_id}")
    assert "1, without a date" in shown and "Date missing" in shown
    assert "chance of cancer" not in shown and "suspected" not in shown


def test_no_lesion_leads_back(client: FlaskClient) -> None:
    assert "This lesion is not here" in page(client, "/lesion-report/none")
    assert client.get("/lesion-report/unknown").status_code == 404
