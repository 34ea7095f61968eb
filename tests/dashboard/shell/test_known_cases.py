"""Similar known cases: by picture for whoever may see the evaluated images, by name and count otherwise."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dash import Dash
from flask.testing import FlaskClient
from pypdf import PdfReader

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.shell.known_cases import KnownCase, images_by_id, known_cases
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Permission, Role
from model.images import decode, encode
from model.predictor import Similar
from model.scoring import files_below
from model.taxonomy import HAM10000
from tests import files
from tests.dashboard.users.conftest import auth as auth
from tests.dashboard.users.conftest import services as services
from tests.dashboard.users.conftest import signed_in as signed_in
from training.drawings.synthetic import draw_lesion

SIMILAR = tuple(Similar(f"I{place}", "L", code, 0.1) for place, code in enumerate(["nv", "mel", "nv", "xyz"]))


@pytest.fixture
def settings(settings: Settings, auth: str, tmp_path: Path) -> Settings:
    """Settings of a server with users, and with a folder that holds every training image of the tiny model."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(24):
        drawn = encode(draw_lesion(number, number % 2 == 0, (400, 300)))
        (folder / f"DRAWN_{number:07d}.jpg").write_bytes(drawn)
    return settings.model_copy(update={"auth": auth, "images": folder})


def pictures(card: str) -> list[str]:
    """Where a card has its known cases from."""
    return re.findall(r'src="(/evaluated/[^"]+)"', card)


def images_of_report(client: FlaskClient, record_id: str) -> int:
    """How many images the report has, as a PDF."""
    answer = client.get(f"/api/v1/predictions/{record_id}/report")
    assert answer.status_code == 200
    return len(PdfReader(io.BytesIO(answer.data)).pages[0].images)


def test_pictures_stand_in_the_order_of_their_likeness() -> None:
    assert known_cases(SIMILAR, HAM10000, {"I3", "I1", "I0"}) == (
        KnownCase("Melanocytic nevus", "benign", "I0"),
        KnownCase("Melanoma", "malignant", "I1"),
        KnownCase("xyz", "", "I3"),
    )


def test_without_pictures_each_diagnosis_is_counted() -> None:
    assert known_cases(SIMILAR, HAM10000, ()) == (
        KnownCase("Melanocytic nevus", "benign", count=2),
        KnownCase("Melanoma", "malignant"),
        KnownCase("xyz", ""),
    )


def test_card_and_report_have_small_pictures(
    services: Services, signed_in: Callable[[str], FlaskClient], lesion_jpeg: bytes
) -> None:
    client = signed_in("viewer")
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    found = pictures(client.get(f"/cards/{record.id}").get_json()["card"])
    assert len(found) == len(record.similar) == 10
    small = client.get(found[0])
    assert small.status_code == 200
    assert max(decode(small.data).pixels.shape) <= 288
    assert images_of_report(client, record.id) >= 5


def test_no_result_has_no_known_cases(services: Services, signed_in: Callable[[str], FlaskClient]) -> None:
    client = signed_in("viewer")
    dark = files.saved(files.lesion().point(lambda value: value // 12), quality=90)
    record = predict_photograph(NOBODY, services, dark, "dark.jpg")
    assert record.outcome == "no_result" and record.similar
    card = client.get(f"/cards/{record.id}").get_json()["card"]
    assert "known-cases" not in card and not pictures(card)
    assert images_of_report(client, record.id) <= 3


def test_who_may_not_see_the_evaluated_images_gets_names(
    app: Dash, services: Services, lesion_jpeg: bytes
) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    client = app.server.test_client()
    may = frozenset({Permission.ENTER, Permission.SEE})
    token = Credentials(services.store).add_token(str(Role.VIEWER), 1, may)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    card = client.get(f"/cards/{record.id}").get_json()["card"]
    assert not pictures(card) and "known-cases" in card
    assert images_of_report(client, record.id) <= 3


def test_what_systems_hide_is_no_photograph(tmp_path: Path) -> None:
    for name in ("b.jpg", "._b.jpg", ".hidden.png", ".thumbnails/c.jpg", "__MACOSX/._b.jpg", "in/d.JPG"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
    assert [path.name for path in files_below([tmp_path])] == ["b.jpg", "d.JPG"]
    named = tmp_path / "._b.jpg"
    assert list(files_below([named])) == [named]
    assert set(images_by_id(tmp_path)) == {"b", "d"}
