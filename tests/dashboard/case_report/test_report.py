"""The report: one page of A4, on paper and as a PDF, whatever the file is called and however much was written."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import unescape
from importlib import import_module
from itertools import pairwise

import pytest
from dash import Dash
from PIL import Image
from pypdf import PdfReader

from dashboard.case_report.content import report_of, time_with_zone
from dashboard.case_report.pdf import report_pdf
from dashboard.case_report.sheet import sheet
from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.shell.outline import outline_png
from dashboard.shell.text import DISCLAIMER, EXAMINE, NEXT_STEPS, RETAKE_STEPS, model_limits
from dashboard.store import Context, Record, Review
from model.cautions import Caution
from model.evaluation.verdict import VERDICTS
from model.predictor import Decision, Similar
from model.taxonomy import HAM10000
from tests import files
from tests.dashboard.predict.test_page import text


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    """A stored prediction."""
    return predict_photograph(NOBODY, services, lesion_jpeg, "left arm.jpg")


@pytest.fixture
def crowded(record: Record) -> Record:
    """A prediction with more to tell than any real one."""
    sentence = (
        "This is a rather long sentence about what is wrong with this photograph and what to do about it."
    )
    return replace(
        record,
        filename="写真 Ångström " + "x" * 240,
        operating_point="sensitivity-97.5",
        threshold=0.08,
        malignant_from=0.4,
        similar=tuple(Similar("i", "l", "mel" if place < 7 else "nv", 0.1) for place in range(10)),
        cautions=tuple(Caution(f"c{place}", sentence, severe=place < 2) for place in range(8)),
        context=Context(
            age=54, sex="female", site="back", patient="P" * 100, lesion="L" * 100, note="A long note. " * 300
        ),
        confirmed="mel",
        confirmed_by="histology",
    )


REVIEW = Review(
    *("review", "prediction", datetime(2026, 5, 20, tzinfo=UTC), "Dr Anna " + "M" * 100),
    *("mel", "histology", "Breslow 0.4 mm, excised with a margin. " * 20, ()),
)


def pdf(record: Record, services: Services) -> PdfReader:
    """The record's report, with the images of the stored one."""
    store = services.store
    return PdfReader(
        io.BytesIO(
            report_pdf(
                record,
                HAM10000,
                store.image(record.id),
                outline_png(files.heatmap()) or b"",
                reviews=[REVIEW] if record.confirmed else [],
            )
        ),
        strict=True,
    )


def words(reader: PdfReader) -> str:
    """The text of a PDF with single spaces."""
    return " ".join(reader.pages[0].extract_text().split())


def test_page_and_pdf_say_the_same(record: Record, services: Services) -> None:
    reader = pdf(record, services)
    assert len(reader.pages) == 1
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    printed, shown = words(reader), unescape(sheet(record, HAM10000))
    for wanted in (
        "left arm.jpg",
        VERDICTS[record.decision].word,
        record.sha256,
        record.model_sha256,
        record.id,
        time_with_zone(record.created),
        report_of(record, HAM10000).step,
        report_of(record, HAM10000).chance.partition(": ")[2],
        *(caution.text for caution in record.cautions),
        DISCLAIMER,
        model_limits(7),
    ):
        assert wanted in printed
        assert wanted in shown
    assert "confidence" not in printed.lower()
    assert "Outline: what the model looked at" in printed
    assert len(reader.pages[0].images) >= 2
    assert reader.metadata is not None
    assert "left arm.jpg" in str(reader.metadata.title)


def test_typeface_is_in_the_file(record: Record, services: Services) -> None:
    fonts = pdf(record, services).pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    files = [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for font in fonts
    ]
    assert len(files) == 2
    assert all("/FontFile2" in one for one in files)


@pytest.mark.parametrize("reliable", [False, True])
def test_crowded_report_keeps_to_its_page(crowded: Record, services: Services, reliable: bool) -> None:
    if reliable:
        crowded = replace(crowded, cautions=tuple(replace(one, severe=False) for one in crowded.cautions))
    reader = pdf(crowded, services)
    assert len(reader.pages) == 1
    heights: list[float] = []
    reader.pages[0].extract_text(
        visitor_text=lambda content, cm, tm, *_: heights.append(tm[5] + cm[5]) if content.strip() else None
    )
    assert min(heights) > 20
    printed, shown = words(reader), " ".join(unescape(sheet(crowded, HAM10000)).split())
    results = (
        VERDICTS[crowded.decision].word,
        "chance of cancer or a precursor",
        "7 of the 10 most similar known cases are melanoma",
        "Likely diagnoses",
    )
    refusals = ("No result: retake the photograph", *RETAKE_STEPS, NEXT_STEPS["no_result"])
    for said in (printed, shown):
        assert all((wanted in said) == reliable for wanted in results)
        assert all((wanted in said) != reliable for wanted in refusals)
    assert ("uncertain 8.0 % to 40 %" in printed) == reliable
    for wanted in (
        "97.5 % sensitivity",
        "54 years, female",
        "not used by the model",
        "Ångström",
        DISCLAIMER,
    ):
        assert wanted in printed


def test_what_the_person_says_leads_the_report(record: Record, services: Services) -> None:
    told = replace(
        record, decision=Decision.BENIGN, cautions=(), context=Context(bleeds="yes", growing="yes")
    )
    for said in (words(pdf(told, services)), " ".join(unescape(sheet(told, HAM10000)).split())):
        assert EXAMINE in said and VERDICTS["benign"].word not in said
        assert "It bleeds. It is new and growing" in said
        assert "bleeds: yes, new and growing: yes" in said


def test_characters_that_the_typeface_lacks_are_said_to_be_missing(
    record: Record, services: Services
) -> None:
    assert "stands for a character" not in words(pdf(record, services))
    for name in ("写真.jpg", "🙂.jpg", "ملف.jpg"):
        assert "stands for a character" in words(pdf(replace(record, filename=name), services))
    for name in ("Ωμέγα.jpg", "фото.jpg", "Trường.jpg", "e\u0301te\u0301.jpg"):
        printed = words(pdf(replace(record, filename=name), services))
        assert "stands for a character" not in printed
    assert "été.jpg" in printed


@pytest.mark.parametrize("size", [(600, 100), (100, 600), (32, 32)])
def test_image_of_any_shape_stays_on_the_page(
    record: Record, services: Services, size: tuple[int, int]
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size, "brown").save(buffer, "JPEG")
    odd = replace(record, width=size[0], height=size[1])
    reader = PdfReader(io.BytesIO(report_pdf(odd, HAM10000, buffer.getvalue(), b"")))
    assert len(reader.pages) == 1
    assert DISCLAIMER in words(reader)


def test_binary_model_and_drawn_example(record: Record, services: Services) -> None:
    binary = report_of(replace(record, probabilities={}, diagnosis=None), HAM10000, drawn=True)
    assert not binary.diagnoses
    assert "drawn example" in binary.cautions[0]
    assert "drawn example" in sheet(record, HAM10000, drawn=True)
    assert len(pdf(replace(record, probabilities={}, diagnosis=None), services).pages) == 1


def test_diagnoses_fall(record: Record) -> None:
    assert all(a[3] >= b[3] for a, b in pairwise(report_of(record, HAM10000).diagnoses))


def test_times_name_their_zone() -> None:
    when = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
    assert time_with_zone(when) == "02 January 2026, 23:30 UTC"
    assert time_with_zone(when, timezone(timedelta(hours=2))) == "03 January 2026, 01:30 UTC+02:00"


def test_page_of_no_prediction_leads_back(app: Dash, record: Record) -> None:
    page = import_module("dashboard.case_report.page")
    with app.server.app_context():
        assert record.id in text(page.layout(record.id))
        assert "Look in the history" in text(page.layout("0198c0de-0000-7000-8000-000000000000"))


def test_histology_that_has_come_is_no_longer_expected(record: Record) -> None:
    said = replace(record, context=Context(histology_due="2026-05-17", note="grew"))
    assert "expected by 2026-05-17" in text(sheet(said, HAM10000))
    come = text(sheet(replace(said, confirmed="mel", confirmed_by="histology"), HAM10000))
    assert "expected by" not in come and "grew" in come


def test_a_clinic_can_file_it(record: Record, services: Services) -> None:
    said = Context(patient="P-014", lesion="left arm", site="back", taken="2026-05-03")
    filed = replace(record, context=said, confirmed="mel", confirmed_by="histology")
    words_of_page = " ".join(text(sheet(filed, HAM10000, reviews=[REVIEW])).split())
    for shown in (words_of_page, words(pdf(filed, services))):
        for one in ("P-014", "left arm", "back", "03 May 2026", "Breslow 0.4 mm", "Signature"):
            assert one in shown
        assert "Melanoma, by histology. Recorded by Dr Anna" in shown
        # Digests come last of the facts, and the context says nothing twice.
        assert (
            shown.index("Operating point")
            < shown.index(record.sha256)
            < shown.index(record.model_sha256[:40])
        )
        assert shown.count("P-014") == 1
    bare = sheet(record, HAM10000)
    assert "not named" in bare and "Date missing" in bare and "Confirmed" not in bare
