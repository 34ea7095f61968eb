"""The predict page's layout and cards: what a person is told, without a browser."""

import csv
import io
import json
from dataclasses import replace
from html import unescape
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from dash import Dash
from plotly.utils import PlotlyJSONEncoder

from dashboard import examples
from dashboard.app import create_app
from dashboard.cases import NOBODY, predict_photograph
from dashboard.diagnoses import USUAL
from dashboard.predict.batch import batch_csv
from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.shell.result_card import result_card
from dashboard.shell.text import (
    DISCLAIMER,
    EXAMINE,
    NEXT_STEPS,
    RETAKE_STEPS,
    chance_sentence,
    next_step,
    percent,
    similar_cases,
)
from dashboard.shell.verdict import verdict
from dashboard.store import Context, Record
from dashboard.store.fields import CONTEXT, ContextField
from model.cautions import Caution
from model.evaluation.verdict import COLOURS, VERDICTS
from model.points import point_words
from model.predictor import Decision, Similar
from model.taxonomy import HAM10000, LESIONS


def text(component: Any) -> str:
    """A component as the JSON that the browser gets."""
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def card_text(card: str) -> str:
    """A card's HTML with the characters that people see."""
    return unescape(card)


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    """A stored prediction."""
    return predict_photograph(NOBODY, services, lesion_jpeg, "left arm.jpg")


@pytest.fixture
def page(app: Dash) -> ModuleType:
    """The page's module; it can be imported once there is an application."""
    assert app
    return import_module("dashboard.predict.page")


def test_limits_are_stated_before_anyone_runs_into_them(app: Dash, page: ModuleType) -> None:
    with app.server.app_context():
        shown = text(page.layout())
    assert "25 MB" in shown
    assert "50 megapixels" in shown
    assert "tiny 1" in shown


def test_examples_are_called_drawn(app: Dash, page: ModuleType) -> None:
    with app.server.app_context():
        shown = text(page.layout())
    assert "The pictures are drawings, not patients" in shown
    assert shown.count('"data-example"') == len(examples.example_names()) > 0


def test_page_without_a_model_says_how_to_get_one(tmp_path: Path) -> None:
    empty = tmp_path / "none"
    empty.mkdir()
    services = build_services(Settings(bundles=empty, data_dir=tmp_path / "data"))
    app = create_app(services=services)
    page = import_module("dashboard.predict.page")
    with app.server.app_context():
        shown = text(page.layout())
    assert "No model is installed yet" in shown
    assert "python -m training" in shown
    services.store.close()


def test_card_says_everything(record: Record) -> None:
    shown = card_text(result_card(record, HAM10000))
    for wanted in (
        DISCLAIMER,
        VERDICTS[record.decision].word,
        VERDICTS[record.decision].shape,
        chance_sentence(record.probability, None).partition(": ")[2],
        f"Operating point: {point_words(record.operating_point)}",
        f"/history/{record.id}",
        f"/report/{record.id}",
        f"/api/v1/predictions/{record.id}/image",
        f"/api/v1/predictions/{record.id}/outline",
        f"/api/v1/predictions/{record.id}/report",
        "left arm.jpg",
        next_step(record.outcome, record.cautions),
        *(caution.text for caution in record.cautions),
        *(diagnosis.name for diagnosis in HAM10000),
    ):
        assert wanted in shown
    assert "confidence" not in shown.lower()
    assert "Drawn example" not in shown
    assert "No result" not in shown


def test_a_photograph_not_to_be_relied_on_has_no_result(record: Record) -> None:
    unlike = Caution("unlike", "This does not look like a skin lesion.", severe=True)
    refused = replace(record, cautions=(unlike,), decision=Decision.BENIGN)
    shown = card_text(result_card(refused, HAM10000, prevalence=0.2))
    assert shown.index("No result: retake the photograph") < shown.index(unlike.text)
    for wanted in (NEXT_STEPS["no_result"], *RETAKE_STEPS, 'data-outcome="no_result"'):
        assert wanted in shown
    for missing in (VERDICTS["benign"].word, "chance of", "Likely diagnoses", "Similar known", "scale-line"):
        assert missing not in shown
    assert NEXT_STEPS["benign"] not in shown


@pytest.mark.parametrize(
    ("probability", "prevalence", "said"),
    [
        (
            0.55,
            0.2,
            "55 % chance of cancer or a precursor: of 100 lesions scored like this, where one in five is malignant, "
            "about 55 are.",
        ),
        (
            0.55,
            None,
            "55 % chance of cancer or a precursor: of 100 lesions scored like this, about 55 are malignant.",
        ),
        (
            0.002,
            0.35,
            "0.2 % chance of cancer or a precursor: of 1,000 lesions scored like this, where 35 of 100 are malignant, "
            "about 2 are.",
        ),
        (
            0.0001,
            0.5,
            "< 0.1 % chance of cancer or a precursor: of 1,000 lesions scored like this, where one in two is "
            "malignant, fewer than 1 is.",
        ),
        (
            0.999,
            0.2,
            "99.9 % chance of cancer or a precursor: of 100 lesions scored like this, where one in five is malignant, "
            "more than 99 are.",
        ),
        (
            0.012,
            0.1,
            "1.2 % chance of cancer or a precursor: of 1,000 lesions scored like this, where one in ten is malignant, "
            "about 12 are.",
        ),
    ],
)
def test_a_chance_is_said_in_lesions_of_a_hundred(
    probability: float, prevalence: float | None, said: str
) -> None:
    assert chance_sentence(probability, prevalence).replace("\xa0", " ") == said


def test_the_chance_is_said_for_the_prevalence_that_the_model_was_calibrated_for(
    services: Services, record: Record
) -> None:
    (bundle,) = services.runnable
    assert services.prevalence(record) == bundle.card.calibration(record.modality).prevalence
    # Nobody knows any more.
    assert services.prevalence(replace(record, model_sha256="0" * 64)) is None


@pytest.mark.parametrize("sign", [field for field in CONTEXT if field.sign], ids=lambda field: field.name)
def test_a_yes_ends_a_reassuring_headline(record: Record, sign: ContextField) -> None:
    benign = replace(record, decision=Decision.BENIGN, cautions=())
    assert VERDICTS["benign"].word in result_card(benign, HAM10000)
    for answer, wanted in (("yes", True), ("no", False)):
        told = replace(benign, context=Context(**{sign.name: answer}))
        shown = card_text(result_card(told, HAM10000))
        assert (EXAMINE in shown) == wanted == (VERDICTS["benign"].word not in shown)
        assert ("Have a dermatologist examine this lesion." in shown) == wanted
        assert f'data-sign="{sign.name}" aria-pressed="{str(wanted).lower()}"' in shown
    malignant = replace(told, decision=Decision.MALIGNANT, context=Context(**{sign.name: "yes"}))
    assert VERDICTS["malignant"].word in result_card(malignant, HAM10000)


@pytest.mark.parametrize("outcome", NEXT_STEPS)
def test_no_sentence_reassures(outcome: str) -> None:
    step = next_step(outcome, ())
    assert "examine" in step
    for word in ("haste", "no need", "nothing to worry", "reassur", "safe", "rest assured"):
        assert word not in step.lower()


def test_similar_cases_are_told_in_numbers(record: Record) -> None:
    similar = tuple(
        Similar(f"I{place}", f"L{place}", code, 0.1)
        for place, code in enumerate(["mel"] * 7 + ["nv"] * 2 + ["bcc"])
    )
    shown = card_text(result_card(replace(record, similar=similar), HAM10000))
    assert "7 of the 10 most similar known cases are melanoma; 8 are malignant." in shown
    assert "left arm" in shown
    bare = card_text(result_card(replace(record, similar=()), HAM10000))
    assert "similar known cases" not in bare


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["nv"] * 10, "10 of the 10 most similar known cases are ordinary moles."),
        (["nv"] * 9 + ["mel"], "9 of the 10 most similar known cases are ordinary moles; 1 is malignant."),
        (
            ["nv"] * 8 + ["bkl"] * 2,
            "8 of the 10 most similar known cases are ordinary moles; none is malignant.",
        ),
    ],
)
def test_similar_cases_in_a_sentence(codes: list[str], said: str) -> None:
    assert similar_cases([Similar("i", "l", code, 0.0) for code in codes], HAM10000) == said


def test_scale_marks_the_uncertain_band_and_does_without(record: Record) -> None:
    band = replace(
        record,
        probability=0.2,
        threshold=0.1,
        malignant_from=0.4,
        decision=Decision.UNCERTAIN,
        operating_point="sensitivity-97.5",
    )
    three = card_text(result_card(band, HAM10000))
    for wanted in (
        "below 10 %",
        "10 % to 40 %",
        "from 40 %",
        "97.5 % sensitivity",
        VERDICTS["uncertain"].shape,
    ):
        assert wanted in three
    two = card_text(
        result_card(replace(band, malignant_from=0.1, decision=Decision.MALIGNANT, similar=()), HAM10000)
    )
    assert "tone-uncertain" not in two
    assert "below 10 %" in two


@pytest.mark.parametrize("decision", list(Decision))
def test_next_step_depends_on_what_stands_against_the_result(decision: Decision) -> None:
    plain = next_step(decision, ())
    assert plain == NEXT_STEPS[decision]
    assert next_step(decision, (Caution("blurred", "It is blurred."),)).startswith(plain)
    assert "new photograph" in next_step(decision, (Caution("blurred", "It is blurred."),))
    assert next_step(decision, (Caution("synthetic", "Drawn."),)) == plain


def test_context_is_shown_and_said_not_to_be_used(record: Record) -> None:
    context = Context(age=54, sex="female", site="back", lesion="L-12", note="<b>new</b>")
    shown = card_text(result_card(replace(record, context=context), HAM10000))
    assert "54 years, female, back, lesion L-12, <b>new</b>" in shown
    assert "not used by the model" in shown
    assert "not used by the model" not in card_text(result_card(record, HAM10000))


def test_table_to_take_away_holds_every_file_and_no_formula(record: Record) -> None:
    harmful = replace(record, filename="x", context=Context(note="=HYPERLINK(1)"))
    lines = list(
        csv.DictReader(
            io.StringIO(batch_csv([("=1+1.jpg", "", harmful), ("b.jpg", "It is empty.", None)], USUAL))
        )
    )
    assert [line["file"] for line in lines] == ["'=1+1.jpg", "b.jpg"]
    assert lines[0]["note"] == "'=HYPERLINK(1)"
    assert float(lines[0]["probability"]) == record.probability
    assert lines[0]["decision"] == record.decision
    assert float(lines[0]["p_mel"]) == record.probabilities["mel"]
    assert (lines[1]["error"], lines[1]["decision"]) == ("It is empty.", "")


def test_download_reads_what_is_stored(app: Dash, page: ModuleType, record: Record) -> None:
    files = [
        {"id": record.id, "name": "a.jpg", "error": ""},
        {"id": None, "name": "b.jpg", "error": "It is empty."},
        {"id": "0198c0de-0000-7000-8000-000000000000", "name": "c.jpg", "error": ""},
    ]
    with app.server.app_context():
        answer = page.download_list(files)
    assert answer["filename"].endswith(".csv")
    assert answer["content"].startswith("\ufefffile,error,")
    assert answer["content"].count("\r\n") == 4
    assert record.sha256 in answer["content"]


def test_drawn_example_is_marked_on_its_card(record: Record) -> None:
    assert "Drawn example, not a patient" in card_text(result_card(record, HAM10000, drawn=True))


def test_card_of_a_binary_model_has_no_diagnoses(record: Record) -> None:
    assert "Melanoma" not in card_text(
        result_card(replace(record, probabilities={}, diagnosis=None, similar=()), HAM10000)
    )


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((600, 450), {"width": "75.0000%", "height": "100.0000%", "left": "12.5000%", "top": "0.0000%"}),
        ((300, 600), {"width": "100.0000%", "height": "50.0000%", "left": "0.0000%", "top": "25.0000%"}),
    ],
)
def test_outline_lies_over_the_centred_square(
    record: Record, size: tuple[int, int], place: dict[str, str]
) -> None:
    shown = result_card(replace(record, width=size[0], height=size[1]), HAM10000)
    assert "; ".join(f"{name}: {value}" for name, value in place.items()) in shown


def test_verdict_never_relies_on_colour_alone() -> None:
    assert len({one.shape for one in VERDICTS.values()}) == len({one.word for one in VERDICTS.values()}) == 3
    for name, one in VERDICTS.items():
        shown = text(verdict(name))
        assert one.word in shown
        assert one.shape in shown


def test_colours_are_those_of_the_style_sheet() -> None:
    css = (Path(__file__).parents[3] / "assets" / "dermaboard.css").read_text()
    for theme in COLOURS.values():
        for name, colour in theme.items():
            assert f"--derma-{name}: {colour};" in css
    decisions = {colour.lower() for theme in COLOURS.values() for colour in theme.values()}
    assert not decisions & {diagnosis.colour.lower() for diagnosis in LESIONS}


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
