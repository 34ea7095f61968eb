"""Every stored photograph is predicted again; what changes, and what cannot be known, is listed."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from dashboard.__main__ import main
from dashboard.cases import NOBODY, predict_photograph
from dashboard.jobs.recheck import recheck_report, rechecked_predictions
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.store import Context, Query, Record
from dashboard.store import schema as tables
from model.images import encode
from model.predictor import Predictor
from training.drawings.synthetic import draw_lesion


def tiff(seed: int) -> bytes:
    """A drawn lesion as a file that is kept without loss."""
    buffer = io.BytesIO()
    Image.fromarray(draw_lesion(seed, False)).save(buffer, "TIFF")
    return buffer.getvalue()


def as_before(services: Services, record: Record) -> None:
    """Leave of a photograph what earlier versions kept, and let the update have come after it."""
    place = services.store.files.place
    exact, jpeg = services.store.files.images(record.sha256)
    place.remove(exact)
    place.stage({jpeg: encode(draw_lesion(1, False))}).commit()
    with services.store.writing() as connection:
        connection.execute(update(tables.store).values(profiles_since=datetime.now(UTC)))


def change(services: Services, record: Record, **values: object) -> None:
    with services.store.writing() as connection:
        connection.execute(
            update(tables.predictions).where(tables.predictions.c.id == record.id).values(values)
        )


def test_nothing_changes_and_nothing_is_stored(services: Services, lesion_jpeg: bytes) -> None:
    records = [
        predict_photograph(NOBODY, services, data, "a") for data in (lesion_jpeg, tiff(1), lesion_jpeg)
    ]
    found = list(rechecked_predictions(services))
    assert [one.record.id for one in found] == [record.id for record in records[::-1]]
    assert [one.probability for one in found] == pytest.approx([one.record.probability for one in found])
    assert not any(one.changed or one.unknown or one.problem for one in found)
    assert services.store.page(Query()).total == 3 and len(list(recheck_report(services))) == 1


def test_a_benign_result_that_changes_is_listed(
    services: Services, lesion_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg", context=Context(lesion="L7"))
    change(services, record, decision="benign", probability=0.01)
    # As if the model had learnt better.
    predict = Predictor.predict
    monkeypatch.setattr(
        Predictor, "predict", lambda *given, **more: replace(predict(*given, **more), probability=0.9)
    )
    (found,) = rechecked_predictions(services)
    assert found.changed and found.outcome == "malignant"
    text = "\n".join(recheck_report(services))
    assert "1 benign results are not benign now" in text
    assert (
        f"arm.jpg, lesion L7, {record.created:%Y-%m-%d}, /history/{record.id}: 0.010 then, 0.900 now" in text
    )


def test_what_was_kept_wrongly_cannot_be_known(services: Services, lesion_jpeg: bytes) -> None:
    names = ("scan.TIF", "exam.dcm", "IMG_1.HEIC", "IM0001", "phone.jpg")
    records = [predict_photograph(NOBODY, services, tiff(seed), name) for seed, name in enumerate(names)]
    for record in records:
        change(services, record, decision="benign")
        as_before(services, record)
    after = predict_photograph(NOBODY, services, tiff(9), "new.tif")
    text = "\n".join(recheck_report(services))
    assert "nobody can know" in text
    for name in names[:4]:
        assert name in text
    assert "1 more benign" in text and after.filename not in text
    # Sent again, it is known.
    predict_photograph(NOBODY, services, tiff(0), "scan.TIF")
    assert not any(
        one.unknown for one in rechecked_predictions(services) if one.record.sha256 == records[0].sha256
    )


def test_a_missing_photograph_stops_nothing(services: Services, lesion_jpeg: bytes) -> None:
    record, other = (
        predict_photograph(NOBODY, services, lesion_jpeg, "lost.jpg"),
        predict_photograph(NOBODY, services, tiff(2), "there.tif"),
    )
    change(services, record, decision="benign")
    services.store.files.place.remove(services.store.files.image(record.sha256))
    assert {one.record.id for one in rechecked_predictions(services)} == {record.id, other.id}
    assert "lost.jpg" in "\n".join(recheck_report(services))


def test_the_command_rechecks(
    services: Services,
    settings: Settings,
    lesion_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg")
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DERMABOARD_BUNDLES", str(settings.bundles))
    assert main(["recheck"]) == 0
    assert "1 predictions were made again, with tiny 1" in capsys.readouterr().out


def test_a_benign_result_with_a_severe_caution_is_listed_too(services: Services) -> None:
    record = predict_photograph(NOBODY, services, tiff(3), "exam.dcm")
    severe = [{"code": "unlike", "text": "It is unlike the others.", "severe": True}]
    change(services, record, decision="benign", cautions=severe)
    as_before(services, record)
    assert "exam.dcm" in "\n".join(recheck_report(services))
