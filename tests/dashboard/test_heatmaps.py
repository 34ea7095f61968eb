"""A heatmap that is no better than a random one is shown nowhere, and kept and checked like every other."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import Dash
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import update

from dashboard.bundle_folder import BundleFolder
from dashboard.cases import NOBODY, predict_photograph
from dashboard.performance.photographs import drawn_outline
from dashboard.services import ModelUnavailable, Services
from dashboard.shell.text import NO_HEATMAP
from dashboard.store import Record
from dashboard.store.backup import write_backup
from dashboard.store.inspection import store_problems
from dashboard.store.schema import predictions
from model.cautions import CLOSE_UP
from model.images import decode
from tests import files
from tests.tiny import signed_again, write_tiny_bundle

PREDICTIONS = "/api/v1/predictions"


def measured(**shown: bool) -> dict[str, Any]:
    """What a card says of its heatmaps."""
    return {"evidence": {name.replace("_", "-"): {"shown": value} for name, value in shown.items()}}


@pytest.fixture
def bundle_root(tmp_path: Path) -> Path:
    root = tmp_path / "bundles"
    signed_again(write_tiny_bundle(root).path, facts=measured(dermoscopic=False))
    return root


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    return app.server.test_client()


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    return predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")


def test_the_api_has_none_and_says_why(client: FlaskClient, record: Record) -> None:
    assert client.get(f"{PREDICTIONS}/{record.id}").get_json()["links"]["outline"] is None
    answer = client.get(f"{PREDICTIONS}/{record.id}/outline")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "no_outline")
    assert answer.get_json()["detail"] == NO_HEATMAP


def test_pages_show_the_photograph_alone(
    app: Dash, client: FlaskClient, services: Services, record: Record, lesion_jpeg: bytes
) -> None:
    other = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg", operating_point="sensitivity-90")
    card = client.get(f"/cards/{record.id}").get_json()["card"]
    pages = {page["path_template"]: page["layout"] for page in dash.page_registry.values()}
    with app.server.test_request_context():
        case, report = (
            str(pages[f"/{name}/<case_id>"](case_id=record.id).to_plotly_json())
            for name in ("history", "report")
        )
    for shown in (card, case, report):
        assert "random one." in shown and f"{record.id}/image" in shown
        assert "/outline" not in shown and "data-outline" not in shown
    assert f"{other.id}/image" in case


def test_the_pdf_has_one_picture_and_the_reason(client: FlaskClient, record: Record) -> None:
    page = PdfReader(io.BytesIO(client.get(f"{PREDICTIONS}/{record.id}/report").data)).pages[0]
    assert len(page.images) == 1
    text = " ".join(page.extract_text().split())
    assert NO_HEATMAP in text and "Outline:" not in text


def test_evaluated_images_have_none(
    app: Dash, services: Services, lesion_jpeg: bytes, tmp_path: Path
) -> None:
    with pytest.raises(ModelUnavailable, match="mean nothing"):
        services.heatmap(decode(lesion_jpeg), "tiny")
    (tmp_path / "A.jpg").write_bytes(lesion_jpeg)
    with app.server.app_context():
        assert drawn_outline(tmp_path / "A.jpg", 0, "tiny") == (b"", NO_HEATMAP)


def test_what_is_not_shown_is_kept_and_missed_when_lost(
    services: Services, record: Record, tmp_path: Path
) -> None:
    store = services.store
    assert list(store_problems(store)) == []
    assert record.evidence and store.heatmap(record.id).startswith(b"\x89PNG")
    # By an earlier version it would be a picture.
    with store.writing() as connection:
        connection.execute(update(predictions).values(evidence=None))
    store.files.place.stage({store.files.heatmap(record.id): files.heatmap()}).commit()
    assert list(store_problems(store)) == [] and store.heatmap(record.id) == files.heatmap()
    assert write_backup(store, tmp_path / "whole.tar").files == 2
    store.files.place.remove(store.files.heatmap(record.id))
    (fault,) = store_problems(store)
    assert store.files.heatmap(record.id) in fault
    assert write_backup(store, tmp_path / "lost.tar").missing == 1


def test_each_modality_is_judged_by_itself(services: Services, record: Record, bundle_root: Path) -> None:
    close_up = replace(record, cautions=(*record.cautions, CLOSE_UP))
    assert not services.shows_heatmap(record) and services.shows_heatmap(close_up)
    bundle = signed_again(bundle_root / "tiny", facts=measured(dermoscopic=True, close_up=False))
    now = replace(services, folder=BundleFolder(bundle_root))
    record, close_up = (replace(one, model_sha256=bundle.card.sha256) for one in (record, close_up))
    assert now.shows_heatmap(record) and not now.shows_heatmap(close_up)
    # Nobody knows any more what the model's heatmaps are worth.
    assert now.shows_heatmap(replace(close_up, model_sha256="0" * 64))
