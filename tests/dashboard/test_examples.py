"""The drawn examples of the first page: each gets from the shipped model the outcome that the page promises."""

import re
from pathlib import Path

import pytest

from dashboard import examples
from dashboard.case_report.content import Report
from dashboard.shell.text import NOT_A_DEVICE
from model.bundle import open_bundle
from model.images import decode
from model.predictor import Predictor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    """The model that ships."""
    return Predictor(open_bundle(ROOT / "model/bundles/dermanet"), 1)


@pytest.mark.parametrize(("number", "outcome"), enumerate(examples.EXAMPLE_OUTCOMES, 1))
def test_each_example_gets_its_outcome(shipped: Predictor, number: int, outcome: str) -> None:
    photograph = decode((examples.FOLDER / f"drawn-{number}.jpg").read_bytes())
    for point in shipped.bundle.card.operating_points:
        assert shipped.predict(photograph, operating_point=point.name).outcome == outcome
    if number == 1:
        example = shipped.predict(photograph)
        assert example.probability == pytest.approx(examples.EXAMPLE_CHANCE, abs=0.005)
        prevalence = shipped.bundle.card.calibration(example.modality).prevalence
        assert prevalence == pytest.approx(examples.EXAMPLE_PREVALENCE)


def test_every_outcome_has_an_example() -> None:
    assert sorted(examples.EXAMPLE_OUTCOMES) == ["benign", "malignant", "no_result", "uncertain"]
    assert len(examples.example_names()) == len(examples.EXAMPLE_OUTCOMES)


def test_drawings_of_earlier_versions_are_still_known() -> None:
    migration = ROOT / "dashboard/store/migrations/versions/0006_counted.py"
    earlier = re.findall(r'"([0-9a-f]{64})"', migration.read_text("utf-8"))
    assert earlier and all(map(examples.is_drawn, earlier))


def test_report_and_api_say_that_it_is_no_medical_device() -> None:
    from dashboard.api.spec import DESCRIPTION

    assert NOT_A_DEVICE in DESCRIPTION
    assert NOT_A_DEVICE in Report.disclaimer
