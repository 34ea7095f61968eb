"""The page of deleted cases."""

from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, Actor, NotAllowed, delete_cases, predict_photograph, put_back_cases
from dashboard.services import Services
from dashboard.store import Context, NotFound, Record
from dashboard.store.holds import Holds
from tests.dashboard.calls import dispatch, page


@pytest.fixture
def record(services: Services, mole_jpeg: bytes) -> Record:
    """A case in the bin."""
    context = Context(lesion="L1")
    added = predict_photograph(NOBODY, services, mole_jpeg, "<b>arm</b>.jpg", context=context)
    delete_cases(Actor("Ben", NOBODY.permissions), services, [added.id])
    return added


def press(app: Dash, client: FlaskClient, button: str, output: str, *ids: str) -> Any:
    return dispatch(app, client, output, {f"{button}.n_clicks": 1}, {"bin-chosen.value": list(ids)})


def test_the_bin_says_what_was_deleted_by_whom_and_how_long_it_stays(
    client: FlaskClient, services: Services, record: Record
) -> None:
    text = page(client, "/bin")
    for known in (
        "<b>arm</b>.jpg",
        "lesion L1",
        "Deleted by Ben ",
        "Deleted for good after ",
        "1 case is in",
    ):
        assert known in text
    assert client.get("/bin").status_code == 200
    # The photograph of a case in the bin is not shown anywhere.
    assert client.get(f"/api/v1/predictions/{record.id}/thumbnail").status_code == 404
    Holds(services.store).put([record.id], "a lawsuit")
    assert "On legal hold: a lawsuit" in page(client, "/bin")


def test_chosen_cases_are_put_back(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    answer = press(app, client, "bin-back", "..bin-chosen.options...bin-chosen.value", record.id)
    assert answer["bin-told"]["children"] == "1 case is back in the history."
    assert answer["bin-count"]["children"] == "The bin is empty." and answer["bin-actions"]["hidden"] is True
    assert services.store.get(record.id) == record
    again = press(app, client, "bin-back", "..bin-chosen.options...bin-chosen.value", record.id)
    assert again["bin-told"]["children"] == "0 cases are back in the history. 1 was no longer in the bin."


def test_chosen_cases_are_deleted_for_good(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    Holds(services.store).put([record.id], "a lawsuit")
    answer = press(app, client, "bin-dialog-confirm", "bin-dialog-error.children", record.id)
    assert "a lawsuit" in answer["bin-dialog-error"]["children"]
    Holds(services.store).release([record.id])
    answer = press(app, client, "bin-dialog-confirm", "bin-dialog-error.children", record.id)
    assert answer["bin-told"]["children"] == "1 case is deleted for good."
    assert put_back_cases(NOBODY, services, [record.id]) == ()
    assert not list((services.settings.data_dir / "images").rglob("*.*p*"))


def test_how_many_are_chosen_is_said(app: Dash, client: FlaskClient) -> None:
    for chosen, words in (([], ""), (["a"], "1 selected"), (["a", "b"], "2 selected")):
        answer = dispatch(app, client, "bin-selected.children", {"bin-chosen.value": chosen}, {})
        assert answer["bin-selected"]["children"] == words
        assert answer["bin-back"]["disabled"] is (not chosen)


def test_who_may_not_delete_finds_no_bin(services: Services, record: Record) -> None:
    with pytest.raises(NotAllowed):
        put_back_cases(Actor("Eve"), services, [record.id])
    with pytest.raises(NotFound):
        services.store.get(record.id)
