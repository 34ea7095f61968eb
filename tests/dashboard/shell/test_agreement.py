"""Headline, scale, advice and what a screen reader hears never disagree, whatever came out and whatever is answered."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import product
from typing import Any

import pytest

from dashboard.case_report.content import report_of
from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.shell.result_card import result_card
from dashboard.shell.text import EXAMINE, NEXT_STEPS, NO_RESULT, OUTCOMES, PHOTOGRAPHIC, spoken_result
from dashboard.store import Context, Record
from dashboard.store.fields import CONTEXT
from model.bundle import SHIPPED, open_bundle
from model.cautions import CLOSE_UP, Caution
from model.modality import Modality
from model.novelty import UNLIKE
from model.outcome import Outcome
from model.predictor import decide
from model.taxonomy import HAM10000

SIGNS = [field for field in CONTEXT if field.sign]
ANSWERS = [
    Context(**dict(zip((field.name for field in SIGNS), answers, strict=True)))
    for answers in product((None, "no", "yes"), repeat=len(SIGNS))
]
CAUTIONS: list[tuple[Caution, ...]] = [
    (),
    *((Caution(code, f"It is {code}."),) for code in sorted(PHOTOGRAPHIC)),
    (Caution("blurred", "It is blurred.", severe=True), Caution("dark", "It is dark.")),
    (UNLIKE,),
    (CLOSE_UP,),
    (CLOSE_UP, Caution("blurred", "It is blurred.")),
]
REASSURING = ("No malignancy suspected",)


def every_record(record: Record) -> Iterator[Record]:
    """A prediction at each operating point of the shipped model, with every caution, answer and side of a threshold."""
    for point, cautions, context in product(
        open_bundle(SHIPPED / "dermanet").card.operating_points, CAUTIONS, ANSWERS
    ):
        close_up = any(caution.code == "close_up" for caution in cautions)
        at = point.of(Modality.CLOSE_UP if close_up else Modality.DERMOSCOPIC)
        for chance in {
            0.0,
            1.0,
            at.threshold,
            at.malignant,
            max(0.0, at.threshold - 0.01),
            (at.threshold + at.malignant) / 2,
        }:
            yield replace(
                record,
                probability=chance,
                operating_point=at.name,
                threshold=at.threshold,
                malignant_from=at.malignant,
                decision=decide(chance, at),
                cautions=cautions,
                context=context,
            )


def part(pattern: str, html: str) -> str:
    """The text of the one place that fits a pattern; "" where there is none."""
    found = re.findall(pattern, html, re.DOTALL)
    assert len(found) <= 1
    return unescape(re.sub(r"<[^>]*>|\s+", " ", found[0])).strip() if found else ""


def check(record: Record, html: str) -> None:
    """Everything that a card says of a result agrees."""
    outcome, signs = record.outcome, record.context.signs
    said = part(r'<p class="result-verdict">(.*?)</p>', html)
    scale = part(r'<li class="here">(.*?)</li>', html)
    advice = part(r'<div class="next-step">.*?<p>(.*?)</p>', html)
    if outcome == "no_result":
        assert said.endswith(NO_RESULT.word) and not scale and "chance of" not in html
        assert NEXT_STEPS["no_result"] == advice or (
            signs and advice.startswith("Take another photograph, and have")
        )
        return
    assert OUTCOMES[outcome].short in scale
    assert f'scale-mark tone-{outcome}"' in html
    (left,) = re.findall(r"scale-mark[^>]*left: ([\d.]+)%", html)
    zones = {
        n: (float(a), float(a) + float(w))
        for n, a, w in re.findall(r'scale-zone tone-(\w+)" style="left: ([\d.]+)%; width: ([\d.]+)%', html)
    }
    low, high = zones[outcome]
    assert low - 0.011 <= float(left) <= high + 0.011
    if signs and outcome != "malignant":
        assert advice.startswith("Have a dermatologist examine this lesion.") and all(
            sign in advice for sign in signs
        )
    else:
        assert advice.startswith(NEXT_STEPS[outcome])
    if outcome == "benign":
        assert said == EXAMINE if signs else said.endswith(OUTCOMES["benign"].word)
    else:
        assert said.endswith(OUTCOMES[outcome].word)
        assert not any(word in unescape(html) for word in REASSURING)
    assert (OUTCOMES["benign"].word in unescape(html)) == (outcome == "benign" and not signs)


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    """A stored prediction."""
    return predict_photograph(NOBODY, services, lesion_jpeg, "left arm.jpg")


def test_headline_scale_and_advice_never_disagree(record: Record) -> None:
    walked = list(every_record(record))
    assert {one.outcome for one in walked} == {*Outcome}
    for one in walked:
        check(one, result_card(one, HAM10000, prevalence=0.2))


def test_the_report_says_the_same_as_the_card(record: Record) -> None:
    for one in every_record(record):
        report = report_of(one, HAM10000, prevalence=0.2)
        html = result_card(one, HAM10000, prevalence=0.2)
        assert part(r'<p class="result-verdict">(.*?)</p>', html).endswith(report.word)
        assert part(r'<div class="next-step">.*?<p>(.*?)</p>', html) == report.step
        assert report.outcome == one.outcome and bool(report.reasons) == (one.outcome == "no_result")


def test_a_screen_reader_hears_outcome_chance_cautions_and_advice(record: Record) -> None:
    for one in every_record(record):
        html, spoken = unescape(result_card(one, HAM10000, prevalence=0.2)), spoken_result(one, 0.2)
        said = part(r'<p class="result-verdict">(.*?)</p>', html).split(" ", 1)[-1]
        parts: list[Any] = [said.rstrip("."), *(caution.text for caution in one.cautions)]
        if one.outcome != "no_result":
            parts.insert(1, "chance of cancer or a precursor")
        parts.append(part(r'<div class="next-step">.*?<p>(.*?)</p>', html))
        for text in (spoken, html[html.index('<p class="result-verdict">') :]):
            places = [text.index(words) for words in parts]
            assert places == sorted(places)
