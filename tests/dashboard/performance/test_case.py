"""One evaluated case: its numbers, every model's word, the lesion's other images, its place in the list, its images."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from flask import Flask

from dashboard.performance import photographs
from dashboard.performance.view import read_view
from dashboard.services import ModelUnavailable, Services
from dashboard.shell.outline import NOTHING_STANDS_OUT
from model.bundle import find_bundles
from model.evaluation.review import intact_bundles
from model.evaluation.words import rate
from model.images import decode
from model.predictor import heatmap_png
from tests.dashboard.performance.reading import every, rewritten, text
from tests.tiny import write_tiny_bundle


@pytest.fixture(name="models")
def two_models(tmp_path):
    write_tiny_bundle(tmp_path / "models", "mine")
    rewritten(tmp_path / "models", "theirs", lambda rows: rows[100:])
    return intact_bundles(find_bundles(tmp_path / "models"))


@pytest.fixture(name="evaluated")
def evaluated_page(other, tmp_path, models):
    from dashboard.performance import case_page as evaluated

    other(tmp_path / "models")
    return evaluated


def listed(models, **query):
    view, _ = read_view({"model": "mine", "split": "test", **query}, models, "mine")
    return view


def test_a_case_has_its_place_among_the_listed(evaluated, models):
    view = listed(models, show="fp")
    first = evaluated.find_case(view, models, str(cases_of(view)[0]))
    second = evaluated.find_case(view, models, str(cases_of(view)[1]))
    assert (first.place.number, first.place.before, first.place.after) == (1, None, cases_of(view)[1])
    assert (second.place.number, second.place.before) == (2, cases_of(view)[0])
    assert first.place.total == len(cases_of(view))
    assert evaluated.find_case(view, models, "ELSEWHERE") is None


def cases_of(view):
    from dashboard.performance.selection import listed_cases as places
    from model.evaluation.rows import evaluated_rows

    table = evaluated_rows(view.model, view.split, view.where)
    found = places(view.model, view.split, view.where, view.listed, 0.3)
    return table["image_id"].to_numpy()[found].tolist()


def test_a_case_outside_the_list_has_no_place(evaluated, models):
    view = listed(models, show="fn")
    outside = next(one for one in cases_of(listed(models, show="fp")))
    assert evaluated.find_case(view, models, outside).place is None


def test_a_case_says_what_every_model_says(evaluated, models):
    view = listed(models)
    both = next(one for one in cases_of(view) if int(one[-7:]) >= 100)
    found = evaluated.find_case(view, models, both)
    assert [bundle.name for bundle, _ in found.others] == ["mine", "theirs"]
    assert all(row["lesion_id"] == found.row["lesion_id"] for row in found.siblings)
    assert both not in [row["image_id"] for row in found.siblings]
    words = text(evaluated.layout("mine", both, split="test"))
    assert both in words
    assert rate(found.row["probability"]) in words
    assert "theirs" in words
    only = next(one for one in cases_of(view) if int(one[-7:]) < 100)
    assert len(evaluated.find_case(view, models, only).others) == 1


def test_links_stay_in_the_list_and_go_to_the_other_models(evaluated, models):
    view = listed(models, show="fp", sex="female")
    at = next(one for one in cases_of(view)[1:] if int(one[-7:]) >= 100)
    links = [
        one.href for one in every(evaluated.layout("mine", at, split="test", show="fp", sex="female"), "Link")
    ]
    assert links[0] == "/performance?model=mine&split=test&sex=female&show=fp"
    before = evaluated.find_case(view, models, at).place.before
    assert any(urlsplit(one).path == f"/performance/case/mine/{before}" for one in links)
    theirs = next(one for one in links if "/case/theirs/" in one)
    assert parse_qs(urlsplit(theirs).query)["model"] == ["theirs"]


@pytest.mark.parametrize("odd", [("mine", "ELSEWHERE"), ("nobody", "DRAWN_0000001"), (None, None)])
def test_unknown_cases_lead_back(evaluated, odd):
    shown = evaluated.layout(*odd)
    assert "No such case" in text(shown)
    assert every(shown, "Link")[0].href.startswith("/performance")


def test_unknown_cases_are_answered_as_missing_and_known_ones_are_not(client):
    def status(path):
        return client.get(f"/performance/case/{path}").status_code

    assert status("tiny/DRAWN_0000001") == status("tiny/DRAWN%5F0000001?model=tiny&split=test") == 200
    assert status("tiny/ELSEWHERE") == status("nobody/DRAWN_0000001") == 404
    assert b"_dash-config" in client.get("/performance/case/tiny/ELSEWHERE").data


def test_without_images_the_case_says_how_to_see_them(evaluated, other, tmp_path, lesion_jpeg):
    assert "DERMABOARD_IMAGES" in text(evaluated.layout("mine", "DRAWN_0000001", split="test"))
    folder = tmp_path / "images"
    folder.mkdir()
    other(tmp_path / "models", images=folder)
    assert "not in the folder" in text(evaluated.layout("mine", "DRAWN_0000001", split="test"))
    (folder / "DRAWN_0000001.jpg").touch()
    photographs.images_by_id.cache_clear()
    with_image = evaluated.layout("mine", "DRAWN_0000001", split="test")
    assert photographs.UNREADABLE in text(with_image)
    for name in ("DRAWN_0000001", "DRAWN_0000101"):
        (folder / f"{name}.jpg").write_bytes(lesion_jpeg)
    photographs.images_by_id.cache_clear()
    shown = text(evaluated.layout("mine", "DRAWN_0000001", split="test"))
    assert "What the model looked at" in shown or NOTHING_STANDS_OUT in shown
    assert "theirs cannot run here" in text(evaluated.layout("theirs", "DRAWN_0000101", split="test"))


def test_photographs_come_from_the_folder_and_from_nowhere_else(tmp_path, lesion_jpeg):
    folder = tmp_path / "images"
    (folder / "part_1").mkdir(parents=True)
    (folder / "part_1" / "DRAWN_0000001.jpg").write_bytes(lesion_jpeg)
    (folder / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "secret.jpg").write_bytes(lesion_jpeg)
    server = Flask("photographs")
    server.register_blueprint(photographs.blueprint(folder))
    client = server.test_client()
    shown = client.get("/evaluated/DRAWN_0000001/thumbnail")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert max(decode(shown.data).pixels.shape) == photographs.SIDES["thumbnail"]
    for wrong in (
        "elsewhere/image",
        "broken/image",
        "DRAWN_0000001/huge",
        "..%2Fsecret/image",
        "../secret/image",
    ):
        assert client.get(f"/evaluated/{wrong}").status_code == 404
    bare = Flask("bare")
    bare.register_blueprint(photographs.blueprint(None))
    assert bare.test_client().get("/evaluated/DRAWN_0000001/image").status_code == 404


def test_an_outline_is_drawn_once_and_only_by_models_that_run(
    other, tmp_path, models, monkeypatch, client, lesion_jpeg
):
    other(tmp_path / "models", images=tmp_path)
    (tmp_path / "A.jpg").write_bytes(lesion_jpeg)
    asked = []

    def heatmap(_, photograph, model):
        asked.append(model)
        if model == "theirs":
            raise ModelUnavailable("no_weights", "It has no weights.")
        return heatmap_png(np.pad(np.ones((2, 2), np.float32), 3), 224)

    monkeypatch.setattr(Services, "heatmap", heatmap)
    server = Flask("photographs")
    server.extensions = client.application.extensions
    server.register_blueprint(photographs.blueprint(tmp_path))
    here = server.test_client()
    for _ in range(3):
        answer = here.get("/evaluated/A/outline?model=mine")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert asked == ["mine"]
    for missing in ("A/outline?model=theirs", "B/outline?model=mine"):
        assert here.get(f"/evaluated/{missing}").status_code == 404
    assert photographs.image_outline("A", "theirs")[1].endswith("theirs cannot run here.")
