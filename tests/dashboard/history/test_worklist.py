"""What there is to do stands above the history, and each link lists exactly that."""

from datetime import date, timedelta

import pytest
from dash import Dash

from dashboard.cases import NOBODY, Actor, change_cases, predict_photograph
from dashboard.history.worklist import WORK
from dashboard.services import Services
from dashboard.shell.browse import browse
from dashboard.store import Context, Finding, Query, QueryError, WaitedFor
from model.images import encode
from tests.dashboard.calls import page
from training.drawings.synthetic import draw_lesion

TODAY = date(2026, 5, 10)
READER = Actor("Dr Adams", NOBODY.permissions)


def keep(services: Services, seed: int, **context: str) -> str:
    """The id of a prediction of a drawn lesion."""
    data = encode(draw_lesion(seed, False))
    return predict_photograph(NOBODY, services, data, f"{seed}.jpg", context=Context(**context)).id


def due(services: Services, *kinds: str) -> set[str]:
    """What is due."""
    page = services.store.page(Query(filters=(WaitedFor(frozenset(kinds), TODAY),)))
    return {record.filename for record in page.records}


def test_histology_is_due_from_its_day_until_it_has_come(services: Services) -> None:
    waited = keep(services, 1, histology_due="2026-05-10")
    keep(services, 2, histology_due="2026-05-11")
    keep(services, 3)
    assert due(services, "histology") == {"1.jpg"}
    change_cases(READER, services, {waited: None}, {}, Finding(diagnosis="nv", source="expert"))
    assert due(services, "histology") == {"1.jpg"}
    change_cases(READER, services, {waited: None}, {}, Finding(diagnosis="nv", source="histology"))
    assert due(services, "histology") == set()


def test_a_follow_up_is_due_until_the_lesion_is_seen_again(services: Services) -> None:
    where = {"patient": "P-1", "lesion": "arm"}
    keep(services, 1, taken="2026-01-10", follow_up_due="2026-05-01T09:30", **where)
    keep(services, 2, taken="2026-01-10", follow_up_due="2026-05-02")  # of no lesion
    assert due(services, "follow-up") == {"1.jpg", "2.jpg"}
    # On the same day it is the same visit; of another lesion it is none.
    keep(services, 3, taken="2026-01-10T18:00", **where)
    keep(services, 4, taken="2026-05-03", patient="P-1", lesion="leg")
    assert due(services, "follow-up") == {"1.jpg", "2.jpg"}
    keep(services, 5, taken="2026-04-30", **where)
    assert due(services, "follow-up") == {"2.jpg"}
    assert due(services, "histology", "follow-up") == {"2.jpg"}
    assert due(services) == set()


def test_nothing_else_is_ever_due(services: Services) -> None:
    with pytest.raises(QueryError, match="possible: histology, follow-up"):
        services.store.page(Query(filters=(WaitedFor(frozenset({"rent"}), TODAY),)))
    with pytest.raises(QueryError):
        browse("?due=rent")


def test_the_page_counts_what_each_link_lists(services: Services, app: Dash) -> None:
    past = str(date.today() - timedelta(days=3))
    first = keep(services, 1, histology_due=past)
    keep(services, 2, follow_up_due=past)
    change_cases(READER, services, {first: None}, {}, Finding(diagnosis="mel", source="expert"))
    shown = page(app.server.test_client(), "/history")
    for work in WORK:
        total = services.store.page(browse(work.search).query()).total
        assert f'"{work.title}", {{"props": {{"children": "{total}"}}' in shown
    assert [services.store.page(browse(work.search).query()).total for work in WORK[:3]] == [1, 1, 1]


def test_who_judges_first_finds_no_hidden_result_by_the_disagreement(services: Services, app: Dash) -> None:
    reader = app.server.test_client()
    assert reader.post("/judgements/switch", json={"on": True}).status_code == 204
    records = [services.store.get(keep(services, seed)) for seed in range(1, 5)]
    decided = next(one for one in records if one.outcome in ("benign", "malignant"))
    finding = Finding(diagnosis="nv" if decided.outcome == "malignant" else "mel", source="histology")
    change_cases(READER, services, {decided.id: None}, {}, finding)
    disagree = WORK[3]
    count = f'"{disagree.title}", {{"props": {{"children": "%s"}}'
    assert count % 1 in page(app.server.test_client(), "/history")
    assert count % 0 in page(reader, "/history")


def test_another_view_is_counted_once(app: Dash) -> None:
    # What the rows say of the newest one comes with every view, and would count a second time.
    (one,) = [one for key, one in app.callback_map.items() if key == "history-work.children"]
    assert [part["id"] for part in one["inputs"]] == ["history-search", "history-stale"]
