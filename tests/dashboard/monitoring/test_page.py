"""The monitoring page, through the application as it is served."""

import json
import math
from typing import Any

import numpy as np
import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.monitoring import parts
from dashboard.services import Services
from dashboard.store.summary import Version, versions
from model.evaluation.drift import distance, stability
from model.evaluation.intervals import Interval, Undefined, undefined, wilson
from model.images import encode
from tests.dashboard.history.test_page import dispatch, page
from training.drawings.synthetic import draw


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
    """A version of a model with three predictions of two images."""
    for data, name in ((lesion_jpeg, "a.jpg"), (mole_jpeg, "b.jpg"), (lesion_jpeg, "c.jpg")):
        services.predict(data, name)
    (found,) = versions(services.store)
    return found


def test_nothing_stored_is_said_with_the_way_to_the_first(app: Dash, client: FlaskClient) -> None:
    assert "Nothing to watch yet" in page(client, "/monitoring")
    assert show(app, client, "unknown") == ("[]", "")


def test_few_predictions_are_not_judged(app: Dash, client: FlaskClient, version: Version) -> None:
    assert f"tiny 1 · {version.predictions}" in page(client, "/monitoring")
    text, search = show(app, client, version.sha256)
    assert search == f"?days=90&model={version.sha256}"
    assert "Too few predictions to say" in text and "No diagnosis is confirmed yet" in text
    assert "Predictions" in text and '"3"' in text
    assert show(app, client, version.sha256, "1; drop")[1] == search


def test_confirmed_cases_stand_beside_what_was_promised(
    app: Dash, client: FlaskClient, services: Services, version: Version
) -> None:
    from dashboard.store import Query

    newest = services.store.page(Query()).records[0]
    services.store.review([newest.id], "A", "mel", "histology")
    text, _ = show(app, client, version.sha256, "all")
    assert "1 malignant, 0 benign images" in text and "Not defined without benign cases." in text
    assert "The model's test images" in text and "Few cases" in text
    assert "Melanoma" in text and "Begg and Greenes" in text


def test_a_shift_of_scores_is_said_with_its_numbers(
    app: Dash, client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.evaluation.drift.FEWEST", 5)
    data = encode(draw(seed=1, malignant=True, size=(90, 120)))
    for number in range(10):
        # Bytes after the image's end make another file of the same picture: one score, ten times.
        services.predict(data + bytes([number]), f"{number}.jpg")
    (version,) = versions(services.store)
    text, _ = show(app, client, version.sha256)
    assert "shifted strongly" in text and "Population stability index" in text and "n = 10 here" in text


def test_a_model_that_is_gone_is_shown_without_comparison(
    app: Dash, client: FlaskClient, services: Services, version: Version
) -> None:
    object.__setattr__(services, "bundles", ())
    text, _ = show(app, client, version.sha256)
    assert "not installed any more" in text


def test_words_for_measures_and_rates() -> None:
    rng = np.random.default_rng(0)
    same = json.dumps(
        to_json(parts.drift(stability(rng.random(500), rng.random(300)), distance([0.1], [0.2])))
    )
    assert "look like those of the validation" in same
    assert parts.interval(undefined(Undefined.EMPTY))[0].children == "Not defined without cases."  # type: ignore[union-attr]
    assert parts.interval(wilson(8, 10))[0] == "80.0 %"
    assert "nothing missed" in to_json(parts.interval(Interval(1, math.nan, math.nan)))
    assert parts.share(1, 0) == "–"
    assert "No photograph" in to_json(parts.cautions({}, {}, 0))


def to_json(part: Any) -> str:
    """Components as text."""
    from plotly.utils import PlotlyJSONEncoder

    return json.dumps(part, cls=PlotlyJSONEncoder)
