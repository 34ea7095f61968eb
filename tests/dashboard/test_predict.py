"""The predict page's layout and cards: what a person is told, without a browser."""

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from dash import Dash
from plotly.utils import PlotlyJSONEncoder

from dashboard import examples
from dashboard.app import create_app
from dashboard.components.result import image_with_heatmap, result_card
from dashboard.components.text import DISCLAIMER, percent
from dashboard.components.verdict import verdict
from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.store import Record
from model.taxonomy import CODES, DIAGNOSES
from model.verdict import COLOURS, DIAGNOSIS_COLOURS, VERDICTS


def text(component: Any) -> str:
    """A component as the JSON that the browser gets."""
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    """A stored prediction."""
    return services.predict(lesion_jpeg, "left arm.jpg")


@pytest.fixture
def page(app: Dash) -> ModuleType:
    """The page's module; it can be imported once there is an application."""
    assert app
    return import_module("dashboard.pages.predict")


def test_limits_are_stated_before_anyone_runs_into_them(app: Dash, page: ModuleType) -> None:
    with app.server.app_context():
        shown = text(page.layout())
    assert "25 MB" in shown
    assert "50 megapixels" in shown
    assert "tiny 1" in shown


def test_examples_are_called_drawn(app: Dash, page: ModuleType) -> None:
    with app.server.app_context():
        shown = text(page.layout())
    assert "These are drawings, not patients" in shown
    assert shown.count('"data-example"') == len(examples.names()) > 0


def test_page_without_a_model_says_how_to_get_one(tmp_path: Path) -> None:
    empty = tmp_path / "none"
    empty.mkdir()
    services = build_services(Settings(bundles=empty, data_dir=tmp_path / "data"))
    app = create_app(services=services)
    page = import_module("dashboard.pages.predict")
    with app.server.app_context():
        shown = text(page.layout())
    assert "No model is installed yet" in shown
    assert "python -m training" in shown
    services.store.close()


def test_slots_are_appended_in_the_order_of_the_files(page: ModuleType) -> None:
    patch = text(page.add_slots([{"key": "f1", "name": "a.jpg"}, {"key": "f2", "name": "b.jpg"}]))
    assert patch.index("a.jpg") < patch.index("b.jpg")
    assert '"operation": "Extend"' in patch


def test_stored_prediction_becomes_a_card(app: Dash, page: ModuleType, record: Record) -> None:
    with app.server.app_context():
        assert record.id in text(page.show(record.id))
        assert "deleted" in text(page.show("0198c0de-0000-7000-8000-000000000000"))


def test_card_says_everything(record: Record) -> None:
    shown = text(result_card(record))
    for wanted in (
        DISCLAIMER,
        VERDICTS[record.decision].word,
        VERDICTS[record.decision].shape,
        percent(record.probability),
        f"operating point {percent(record.threshold)}",
        f"/history/{record.id}",
        f"/api/v1/predictions/{record.id}/image",
        f"/api/v1/predictions/{record.id}/heatmap",
        "left arm.jpg",
        *record.warnings,
        *(diagnosis.name for diagnosis in DIAGNOSES),
    ):
        assert json.dumps(wanted, ensure_ascii=False)[1:-1] in shown
    assert "confidence" not in shown.lower()
    assert "Drawn example" not in shown


def test_drawn_example_is_marked_on_its_card(record: Record) -> None:
    assert "Drawn example, not a patient" in text(result_card(record, drawn=True))


def test_card_of_a_binary_model_has_no_diagnoses(record: Record) -> None:
    assert "Melanoma" not in text(result_card(replace(record, probabilities={}, diagnosis=None)))


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((600, 450), {"width": "75.0000%", "height": "100.0000%", "left": "12.5000%", "top": "0.0000%"}),
        ((300, 600), {"width": "100.0000%", "height": "50.0000%", "left": "0.0000%", "top": "25.0000%"}),
    ],
)
def test_heatmap_lies_over_the_centred_square(
    record: Record, size: tuple[int, int], place: dict[str, str]
) -> None:
    shown = text(image_with_heatmap(replace(record, width=size[0], height=size[1])))
    assert json.dumps(place)[1:-1] in shown


def test_verdict_never_relies_on_colour_alone() -> None:
    assert len({one.shape for one in VERDICTS.values()}) == len({one.word for one in VERDICTS.values()}) == 3
    for name, one in VERDICTS.items():
        shown = text(verdict(name))
        assert one.word in shown
        assert one.shape in shown


def test_colours_are_those_of_the_style_sheet() -> None:
    css = (Path(__file__).parents[2] / "assets" / "dermaboard.css").read_text()
    for theme in COLOURS.values():
        for name, colour in theme.items():
            assert f"--derma-{name}: {colour};" in css
    assert tuple(DIAGNOSIS_COLOURS) == CODES


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0, "< 0.1 %"),
        (0.0004, "< 0.1 %"),
        (0.034, "3.4 %"),
        (0.5, "50 %"),
        (0.9949, "99.5 %"),
        (1, "> 99.9 %"),
    ],
)
def test_probability_is_never_said_to_be_certain(probability: float, said: str) -> None:
    assert percent(probability) == said
