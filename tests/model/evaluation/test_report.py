"""The report: what it says, for odd bundles too, and that it needs and leaks nothing."""

import dataclasses
import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model.bundle import HISTORY, SCORES, Bundle, BundleError, write_bundle
from model.evaluation.__main__ import main
from model.evaluation.report import model_report, report_templates
from model.evaluation.review import evaluate_split
from model.evaluation.stored import stored_scores
from model.evaluation.words import rate
from model.taxonomy import HAM10000
from tests.tiny import tiny_scores, write_tiny_bundle

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def prose(text: str) -> str:
    """What a reader sees before the scripts."""
    body = text[text.index("<body>") : text.index('<script type="application/json"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def figures(text: str) -> dict:
    """The figures that the file holds."""
    start = text.index('id="figures">') + len('id="figures">')
    return json.loads(text[start : text.index("</script>", start)])


def altered(root: Path, change, **card) -> Bundle:
    """A tiny bundle whose stored scores went through `change`."""
    bundle = write_tiny_bundle(root, "odd", graph=False)
    scores, history = root / "scores.parquet", root / "history.jsonl"
    change(tiny_scores(300, 0)).to_parquet(scores, index=False)
    history.write_bytes((bundle.path / HISTORY).read_bytes())
    return write_bundle(
        root / "odd", dataclasses.replace(bundle.card, **card), {SCORES: scores, HISTORY: history}
    )


@pytest.fixture(name="bundle", scope="module")
def tiny_bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles"), "tiny", graph=False)


@pytest.fixture(name="text", scope="module")
def report_of_tiny(bundle):
    return model_report(bundle, made=NOON)


def test_report_has_the_numbers_of_the_review(bundle, text):
    shown, words = evaluate_split(bundle, "test"), prose(text)
    at = shown.at(shown.threshold)
    for interval in (at.sensitivity, at.specificity):
        assert rate(interval.value) in words
    assert f"AUC {shown.auc:.3f}" in words
    assert f"{at.fn} missed" in words
    assert "150 images of 75 lesions" in words
    assert "2026-01-02 12:00 UTC" in words
    assert "Trained on drawn lesions" in words
    for one in shown.subgroups:
        assert one.title in words
    for point in bundle.card.operating_points:
        assert f"{100 * point.sensitivity:g} %" in words
    assert bundle.card.sha256 in words
    assert not re.search(r"\bnan\b", words)


def test_report_draws_every_figure_in_the_light_theme(text):
    drawn = figures(text)
    assert set(drawn) == {
        f"figure-{name}"
        for name in ("roc", "pr", "scores", "calibration", "benefit", "diagnoses", "subgroups", "training")
    }
    assert all(f'id="{name}"' in text for name in drawn)
    assert {one["layout"]["template"]["layout"]["font"]["color"] for one in drawn.values()} == {"#16202c"}


def test_report_is_one_file_that_forbids_itself_to_load_anything(text):
    page = text[: text.index("<body>")] + prose(text)
    assert "default-src 'none'" in page
    outside = text[: text.index('<script type="application/json"')]
    assert not re.search(r"<(?:link|img|iframe|script[^>]+src)|https?://|url\(", outside)
    assert text.count("plotly.js v") <= 2
    assert text.count("<script") == text.count("</script>") == 3


def test_counts_of_the_three_way_decision_add_up(bundle, text):
    shown = evaluate_split(bundle, "test")
    for word, total in (("Malignant", shown.counts.malignant), ("Benign", shown.counts.benign)):
        found = re.search(
            rf"{word} called benign / uncertain / malignant ([\d,]+) / ([\d,]+) / ([\d,]+)", prose(text)
        )
        assert found is not None
        assert sum(int(one.replace(",", "")) for one in found.groups()) == total


def test_prevalence_and_filter_are_those_asked_for(bundle):
    words = prose(model_report(bundle, "validation", (("sex", "female"),), prevalence=0.02))
    assert "PPV at a prevalence of 2.0 %" in words
    assert "validation, only sex female" in words
    assert (
        f"{len(stored_scores(bundle).query('split == `validation` and sex == `female`'.replace('`', chr(34))))} images"
        in words
    )


def test_what_a_bundle_says_is_text_and_never_markup(tmp_path):
    hostile = "</script><script>alert(1)</script>"
    bundle = altered(
        tmp_path, lambda rows: rows.assign(site=hostile), purpose=hostile, facts={hostile: [hostile]}
    )
    text = model_report(bundle)
    assert "<script>alert" not in text
    assert text.count("<script") == 3
    assert hostile in json.dumps(figures(text), ensure_ascii=False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows[rows["label"] == "nv"], "Not defined without malignant cases."),
        (lambda rows: rows[rows["label"] == "mel"], "Not defined without benign cases."),
        (
            lambda rows: rows.assign(raw_mel=np.where(rows.index == 1, np.nan, rows["raw_mel"])),
            "1 cases have no score",
        ),
        (lambda rows: rows.head(10), "5 images"),
        (lambda rows: rows.assign(**{f"raw_{code}": 1 / 7 for code in HAM10000.codes}), "AUC 0.500"),
        (lambda rows: rows.drop(columns=["age", "sex", "site", "confirmation"]), "150 images"),
        (lambda rows: rows.assign(lesion_id=None), "150 images of 150 lesions"),
    ],
    ids=["benign", "malignant", "unscored", "ten", "equal", "nobody", "lesions"],
)
def test_odd_scores_are_said_in_words(tmp_path, change, expected):
    text = model_report(altered(tmp_path, change))
    assert expected in prose(text)
    assert not re.search(r"\bnan\b|\binf\b|None", prose(text))
    assert all(math.isfinite(value) for value in numbers(figures(text)))


def numbers(value):
    """Every number of nested JSON."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in numbers(part)]
    if isinstance(value, list):
        return [one for part in value for one in numbers(part)]
    return [value] if isinstance(value, float) else []


def test_report_of_nothing_is_refused_by_name(bundle, tmp_path):
    with pytest.raises(BundleError, match=r"tiny has no scores of 'train'. Available: test, validation"):
        model_report(bundle, "train")
    empty = write_bundle(tmp_path / "empty", dataclasses.replace(bundle.card, name="empty"), {})
    with pytest.raises(BundleError, match="empty holds no scores"):
        model_report(empty)


def test_command_line_writes_the_file_or_says_why_not(bundle, tmp_path, capsys):
    out = tmp_path / "review.html"
    known = ["--bundles", str(bundle.path.parent)]
    assert main(["report", "tiny", "--out", str(out), "--split", "validation", *known]) == 0
    assert "validation" in prose(out.read_text(encoding="utf-8"))
    assert main(["report", "nobody", "--out", str(tmp_path / "no.html"), *known]) == 2
    assert main(["report", "tiny", "--out", str(tmp_path / "nowhere" / "no.html"), *known]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["review.html"]


def test_templates_escape_everything_but_markup():
    template = report_templates().from_string('<p title="{{ text }}">{{ text }}</p>{{ data | tojson }}')
    text = template.render(text='<b>"&', data={"a": "</script>"})
    escaped = "&lt;b&gt;&#34;&amp;"
    assert text.startswith(f'<p title="{escaped}">{escaped}</p>')
    data = text.split("</p>")[1]
    assert json.loads(data) == {"a": "</script>"}
    assert "<" not in data
