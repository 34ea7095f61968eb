"""Model card and robustness table, as the bundle's card says."""

import dataclasses

from dashboard.performance import model_card as card
from dashboard.performance.checklists import CHECKLIST_ROOMS
from model.bundle import open_bundle
from model.evaluation.checklists import CHECKLISTS
from model.evaluation.figures.figure import FigureData
from model.evaluation.review import evaluate_split
from tests.dashboard.performance.reading import every, find, rewritten, text
from tests.model.evaluation.test_disturbances import ROWS
from tests.tiny import write_tiny_bundle


def test_model_card_says_what_the_bundle_says(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    words = text(find(card.model_card(bundle.card), "model-card"))
    told = [bundle.card.purpose, bundle.card.licence, bundle.card.sha256, "1.300", "drawn", "0" * 64]
    for fact in (*told, *bundle.card.files, *bundle.card.files.values()):
        assert fact in words
    for point in bundle.card.operating_points:
        assert f"{100 * point.sensitivity:g} %" in words
    assert "for tests and demonstrations only" in words


def test_model_card_reads_nested_and_missing_facts(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    odd = {"versions": {"keras": "3.15", "numpy": "2.3"}, "seeds": [1, 2], "rate": 0.001, "note": None}
    words = text(card.model_card(dataclasses.replace(bundle.card, training=odd, synthetic=False, files={})))
    for fact in ("keras 3.15, numpy 2.3", "1, 2", "0.001", "none", "Not stated."):
        assert fact in words


def data_with(bundle_root, rows, theme="light"):
    """What figures are drawn from, for a card with these rows on robustness."""
    bundle = open_bundle(bundle_root / "tiny")
    stated = dataclasses.replace(bundle, card=dataclasses.replace(bundle.card, robustness=rows))
    return FigureData(stated, evaluate_split(bundle, "test"), 30.0, theme)


def test_a_card_that_states_no_robustness_has_no_panel_of_it(bundle_root):
    assert card.robustness_panel(data_with(bundle_root, ())) is None


def test_robustness_is_a_figure_and_a_table(bundle_root):
    data = data_with(bundle_root, ROWS, "dark")
    turn = {"type": "performance-turn", "name": "robustness"}
    assert find(card.robustness_panel(data), turn) is not None
    shown = card.robustness_content(data)
    figure = find(shown, {"type": "performance-figure", "name": "robustness"}).figure
    assert [one for line in figure.data if line.error_x.array for one in line.x] == [0.87, 0.87]
    assert "0.870 (0.840–0.900)" in text(find(shown, "robustness"))


def test_the_robustness_figure_is_drawn_in_its_turn(other, tmp_path):
    write_tiny_bundle(tmp_path, "plain", graph=False)
    rewritten(tmp_path, "shaken", lambda rows: rows, robustness=ROWS)
    page = other(tmp_path)
    assert find(page.layout(model="plain"), {"type": "performance-room", "name": "robustness"}) is None
    room = find(page.layout(model="shaken"), {"type": "performance-room", "name": "robustness"})
    assert room.children.className == "skeleton"
    assert "motion blur sigma 2" in text(
        page.draw(
            {"theme": "light", "sure": False, "narrow": False},
            {"name": "robustness"},
            "?model=shaken&split=test",
            30.0,
        )
    )


def test_lists_and_tables_of_a_card_are_lists_and_tables(bundle_root):
    facts = {
        "limits": ["One camera.", "One country."],
        "calibration": [{"method": "none", "ece": 0.0455}, {"method": "Platt", "ece": 0.013}],
        "cases": {"train": {"mel": 794, "nv": 4720}, "test": {"mel": 152, "nv": 995}},
        "not_for": ["Screening."],
    }
    bundle = open_bundle(bundle_root / "tiny")
    shown = card.model_card(dataclasses.replace(bundle.card, facts=facts))
    assert [text(one) for one in every(shown, "Li")].count("One camera.") == 1
    tables = [[text(row) for row in every(one, "Tr")] for one in every(shown, "Table")]
    assert tables == [
        ["Method ECE", "none 0.0455", "Platt 0.013"],
        [" MEL NV", "train 794 4,720", "test 152 995"],
    ]
    names = [text(one) for one in every(shown, "Dt")]
    assert len(names) == len(set(names))


def test_a_checklist_comes_when_it_is_opened(page):
    shown = page.draw(
        {"theme": "light", "sure": False, "narrow": False}, {"name": "card"}, "?model=tiny&split=test", 30.0
    )
    assert "items answered" in text(shown)
    assert "What it asks for" not in text(shown)
    for room, name in CHECKLIST_ROOMS.items():
        turn = {"theme": "light", "sure": False, "narrow": False}
        table = page.draw(turn, {"name": room}, "?model=tiny&split=test", 30.0)
        assert len(every(table, "Tr")) == 1 + len(CHECKLISTS[name])
