"""The monitoring page, through the application as it is served."""

import json
import math
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.monitoring import parts
from dashboard.services import Services
from dashboard.store.summary import Version, model_versions
from model.cautions import CLOSE_UP, Caution
from model.evaluation.drift import kolmogorov_smirnov, stability
from model.evaluation.intervals import Interval, Undefined, undefined, wilson
from model.images import decode, encode
from model.predictor import Decision
from tests.dashboard.calls import dispatch, page
from tests.dashboard.reviews import add_review
from training.drawings.synthetic import draw_lesion


def show(app: Dash, client: FlaskClient, sha256: str, days: str = "90") -> tuple[str, str]:
    """The page's text and its address."""
    answer = dispatch(
        app,
        client,
        "monitoring-body.children",
        {"monitoring-period.value": days, "monitoring-model.value": sha256, "theme.data": "dark"},
        {},
    )
    body: Any = answer["monitoring-body"]["children"]
    return json.dumps(body, ensure_ascii=False), answer["monitoring-address"]["search"]


@pytest.fixture
def version(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> Version:
    """A version of a model with three predictions of two photographs."""
    for data, name in ((lesion_jpeg, "a.jpg"), (mole_jpeg, "b.jpg"), (lesion_jpeg, "c.jpg")):
        predict_photograph(NOBODY, services, data, name)
    (found,) = model_versions(services.store)
    return found


def test_nothing_stored_is_said_with_the_way_to_the_first(app: Dash, client: FlaskClient) -> None:
    assert "Nothing to watch yet" in page(client, "/monitoring")
    assert show(app, client, "unknown") == ("[]", "")


def test_few_predictions_are_not_judged(app: Dash, client: FlaskClient, version: Version) -> None:
    assert f"tiny 1 · {version.photographs}" in page(client, "/monitoring")
    text, search = show(app, client, version.sha256)
    assert search == f"?days=90&model={version.sha256}"
    assert "Too few predictions to say" in text and "No diagnosis is confirmed yet" in text
    assert "Photographs" in text and '"2"' in text and '"3"' not in text
    assert "Repeats and drawn examples do not count" in text
    assert show(app, client, version.sha256, "1; drop")[1] == search


def test_confirmed_cases_stand_beside_what_was_promised(
    app: Dash, client: FlaskClient, services: Services, version: Version
) -> None:
    from dashboard.store import Query

    newest = services.store.page(Query()).records[0]
    add_review(services.store, [newest.id], "A", "mel", "histology")
    text, _ = show(app, client, version.sha256, "all")
    assert "1 malignant, 0 benign images" in text and "Not defined without benign cases." in text
    assert "The model's test images" in text and "Few cases" in text
    assert "Melanoma" in text and "Begg and Greenes" in text


def stored(services: Services, seed: int, decision: Decision, *cautions: Caution) -> tuple[bytes, str]:
    """A photograph with a result of our choice, and the id of its prediction."""
    data = encode(np.random.default_rng(seed).integers(0, 256, (160, 160, 3), np.uint8))
    photograph = decode(data)
    made = services.predictors.get(services.bundle()).predict(photograph)
    prediction = replace(made, decision=decision, cautions=cautions)
    return data, services.store.add(photograph, prediction, f"{seed}.jpg").id


def confirm(client: FlaskClient, record_id: str, diagnosis: str) -> None:
    """A review by histology."""
    review = {"reviewer": "A", "diagnosis": diagnosis, "source": "histology"}
    assert client.patch(f"/api/v1/predictions/{record_id}", json={"review": review}).status_code == 200


def rates(text: str) -> str:
    """The part of the page with sensitivity and specificity."""
    return text[text.index("Counted among") :]


def test_a_photograph_sent_40_times_changes_nothing(
    app: Dash, client: FlaskClient, services: Services
) -> None:
    """3 cancers found, 20 called benign, 1 of 10 checked among them a cancer: 3 / (3 + 2) = 0.6."""
    for seed in range(3):
        confirm(client, stored(services, seed, Decision.MALIGNANT)[1], "mel")
    data = b""
    for seed in range(3, 23):
        data, record_id = stored(services, seed, Decision.BENIGN)
        if seed < 13:
            confirm(client, record_id, "mel" if seed == 3 else "nv")
    (version,) = model_versions(services.store)
    before = show(app, client, version.sha256)
    assert "60.0 %" in rates(before[0])
    for number in range(40):
        sent = {"file": (BytesIO(data), f"again {number}.jpg")}
        assert client.post("/api/v1/predictions", data=sent).status_code == 201
    assert show(app, client, version.sha256) == before
    assert client.get("/api/v1/predictions").get_json()["total"] == 63


def test_drawn_examples_are_nothing_to_watch(app: Dash, client: FlaskClient, services: Services) -> None:
    for number in (1, 2):
        predict_photograph(NOBODY, services, client.get(f"/api/v1/examples/{number}").data, "example.jpg")
    assert "Nothing to watch yet" in page(client, "/monitoring")


def test_photographs_without_a_result_are_counted_and_named(
    app: Dash, client: FlaskClient, services: Services
) -> None:
    severe = Caution("blurred", "The image is blurred.", severe=True)
    confirm(client, stored(services, 1, Decision.BENIGN, severe)[1], "mel")
    confirm(client, stored(services, 2, Decision.BENIGN)[1], "nv")
    confirm(client, stored(services, 3, Decision.BENIGN, severe, CLOSE_UP)[1], "mel")
    (version,) = model_versions(services.store)
    text, _ = show(app, client, version.sha256)
    assert "2 photographs have no result" in text and "No result" in text
    dermoscopic, close_ups = rates(text).split("Confirmed here, close-ups")
    assert "1 malignant, 1 benign images" in dermoscopic and "100.0 %" in dermoscopic
    assert "1 malignant, 0 benign images" in close_ups and '"0.0 %"' in close_ups


def test_an_uncertain_decision_is_neither_agreed_with_nor_wrong(
    client: FlaskClient, services: Services
) -> None:
    states = {
        Decision.BENIGN: "missed",
        Decision.UNCERTAIN: "undecided",
        Decision.MALIGNANT: "confirmed",
    }
    ids = {}
    for seed, (decision, state) in enumerate(states.items()):
        ids[state] = stored(services, seed, decision)[1]
        confirm(client, ids[state], "mel")
    for state, record_id in ids.items():
        listed = client.get(f"/api/v1/predictions?review={state}").get_json()["items"]
        assert [one["id"] for one in listed] == [record_id]
    assert "Confirmed, uncertain or no result" in page(client, "/history")
    assert "The model was uncertain." in page(client, f"/history/{ids['undecided']}")


def test_a_shift_of_scores_is_said_with_its_numbers(
    app: Dash, client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.evaluation.drift.FEWEST", 5)
    data = encode(draw_lesion(seed=1, malignant=True, size=(90, 120)))
    for number in range(10):
        # Bytes after the image's end make another file of the same picture: one score, ten times.
        predict_photograph(NOBODY, services, data + bytes([number]), f"{number}.jpg")
    (version,) = model_versions(services.store)
    text, _ = show(app, client, version.sha256)
    assert "shifted strongly" in text and "Population stability index" in text and "n = 10 here" in text


def test_a_model_that_is_gone_is_shown_without_comparison(
    app: Dash, client: FlaskClient, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Services, "bundles", ())
    text, _ = show(app, client, version.sha256)
    assert "not installed any more" in text


def test_words_for_measures_and_rates() -> None:
    rng = np.random.default_rng(0)
    same = json.dumps(
        to_json(parts.drift(stability(rng.random(500), rng.random(300)), kolmogorov_smirnov([0.1], [0.2])))
    )
    assert "look like those of the validation" in same
    assert parts.rate_interval(undefined(Undefined.EMPTY))[0].children == "Not defined without cases."  # type: ignore[union-attr]
    assert parts.rate_interval(wilson(8, 10))[0] == "80.0 %"
    assert "nothing missed" in to_json(parts.rate_interval(Interval(1, math.nan, math.nan)))
    assert parts.share_of_all(1, 0) == "–"
    assert "No photograph" in to_json(parts.cautions({}, {}, 0))


def to_json(part: Any) -> str:
    """Components as text."""
    from plotly.utils import PlotlyJSONEncoder

    return json.dumps(part, cls=PlotlyJSONEncoder)
