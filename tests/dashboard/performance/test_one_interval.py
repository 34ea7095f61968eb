"""One share, one interval by lesion, wherever it is shown."""

import csv
import io
import json

import numpy as np
import pytest

from dashboard.performance import threshold
from dashboard.performance.cases import decision_outcome
from dashboard.performance.selection import Selection, listed_cases
from model.evaluation.intervals import wilson
from model.evaluation.report import model_report
from model.evaluation.review import evaluate_split
from model.evaluation.rows import evaluated_rows
from model.evaluation.stored import stored_scores
from model.evaluation.words import share_text
from model.modality import Modality
from tests.dashboard.performance.reading import rewritten
from training.judge import point_figures

NAMES = ("sensitivity", "specificity", "ppv", "npv")


def by_hand(hits, of, lesions):
    """Value, low and high from sums over lesions: Wilson's interval of the effective number of cases."""
    pairs = [(hits[of & (lesions == one)].sum(), of[lesions == one].sum()) for one in set(lesions[of])]
    x, n = np.array(pairs, float).T
    p, z = x.sum() / n.sum(), 1.959963984540054
    cases = n.sum() / max(1, ((x - p * n) ** 2).sum() / (n.sum() * p * (1 - p)))
    middle = (p + z**2 / (2 * cases)) / (1 + z**2 / cases)
    half = z * np.sqrt(p * (1 - p) / cases + z**2 / (4 * cases**2)) / (1 + z**2 / cases)
    return p, middle - half, middle + half


def resemble(rows):
    """Label and scores of a lesion's second test image for its first one too; some images without a result."""
    second = rows.index[rows.index % 4 == 3]
    alike = ["label", *(name for name in rows if name.startswith("raw_"))]
    rows.loc[second - 2, alike] = rows.loc[second, alike].to_numpy()
    rows["no_result"] = rows.index % 7 == 0
    return rows


@pytest.fixture(name="bundle")
def clustered_bundle(other, tmp_path):
    """A bundle with several images a lesion, and the application over it alone."""
    bundle = rewritten(tmp_path / "bundles", "alike", resemble)
    other(tmp_path / "bundles")
    return bundle


@pytest.fixture(name="expected")
def expected_by_hand(bundle):
    """Every share at the default operating point, computed here."""
    rows = stored_scores(bundle).query("split == 'test'")
    y, lesions = rows["malignant"].to_numpy(), rows["lesion_id"].to_numpy()
    called = (rows["probability"].to_numpy() >= bundle.card.threshold) | rows["no_result"].to_numpy()
    assert len(set(lesions)) < len(lesions)
    of = {"sensitivity": (called, y), "specificity": (~called, ~y), "ppv": (y, called), "npv": (~y, ~called)}
    found = {name: by_hand(*pair, lesions) for name, pair in of.items()}
    for name, (hits, cases) in of.items():
        by_image = wilson(int((hits & cases).sum()), int(cases.sum()))
        assert found[name][1] < by_image.low - 0.002 and found[name][2] > by_image.high + 0.002
    return found


def test_card_page_api_and_report_say_the_same(client, bundle, expected):
    # Pages can be imported once the application is there.
    from dashboard.monitoring.page import promised

    shown = evaluate_split(bundle, "test")
    at = shown.at(bundle.card.threshold)
    own = {name: getattr(at, name) for name in NAMES}
    for name, one in own.items():
        assert (one.value, one.low, one.high) == pytest.approx(expected[name])
    # The card.
    cases, point = stored_scores(bundle).query("split == 'test'"), bundle.card.point()
    y, p = cases["malignant"].to_numpy(), cases["probability"].to_numpy()
    lesions, without = cases["lesion_id"].to_numpy(str), cases["no_result"].to_numpy()
    assert 0 < without.sum() < len(cases)
    card = point_figures(y, p, lesions, point, without, Modality.DERMOSCOPIC)
    # The API, the table to take along, monitoring's promise and the report.
    api = client.get("/api/v1/models/alike/metrics").get_json()
    sent = client.get("/performance/table/numbers.csv?model=alike&split=test").text
    table = {row["number"]: row for row in csv.DictReader(io.StringIO(sent))}
    words = model_report(bundle)
    for name, one in own.items():
        for end in ("value", "low", "high"):
            number = getattr(one, end)
            assert card[name][end] == api[name][end] == float(table[name][end]) == number, (name, end)
        assert getattr(promised(bundle, close_up=False), name) == one
        assert share_text(one).removesuffix(")").replace(" (", "<small>(") in words, name


def test_the_cases_behind_a_number_are_as_many(page, bundle):
    shown = evaluate_split(bundle, "test")
    at, table = shown.at(bundle.card.threshold), evaluated_rows(bundle, "test")
    for outcome in ("tp", "fp", "tn", "fn"):
        places = listed_cases(bundle, "test", (), Selection(outcome), bundle.card.threshold)
        assert len(places) == getattr(at, outcome), outcome
        said = {decision_outcome(row, bundle.card.threshold) for row in table.iloc[places].to_dict("records")}
        assert said <= {outcome}
    count = int(table["no_result"].sum())
    assert f"{count} images get no result" in str(threshold.intervals_note(shown))


def test_the_slider_shows_the_same(page, bundle):
    shown = evaluate_split(bundle, "test")
    at, position = shown.at(bundle.card.threshold), round(100 * bundle.card.threshold, 1)
    percent = threshold.chosen_prevalence(None, at)
    sent = json.loads(json.dumps(threshold.slider_readings(shown, percent)))
    place = round(position / sent["step"])
    assert sent["tiles"][place] == [words for told in threshold.tile_readings(at).values() for words in told]
    assert sent["tiles"][place][1].startswith(share_text(at.sensitivity).split("(")[1].rstrip(")"))
    shares = [
        f"{value} ({spread.removesuffix(' %')})"
        for value, spread in threshold.number_readings(at, percent).values()
    ]
    assert share_text(at.ppv) in shares and share_text(at.npv) in shares
    assert sent["numbers"][place] == [
        words for told in threshold.number_readings(at, percent).values() for words in told
    ]
    # Every position is counted as it would be alone.
    for place in (0, 123, 500, 1000):
        one = shown.confusion(place / 10)
        assert sent["tiles"][place] == [
            words for told in threshold.tile_readings(one).values() for words in told
        ]
        assert (sent["tp"][place], sent["fp"][place]) == (one.tp, one.fp)
