"""What the server does by itself once a day with what is old, and with what is in the bin."""

import logging
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard.cases import NOBODY, delete_cases, predict_photograph, sweep_cases
from dashboard.jobs.retention import sweep_daily
from dashboard.services import Services
from dashboard.store import NotFound, StoreError
from dashboard.store.bin import KEPT, CaseBin
from dashboard.store.schema import binned, predictions, utc_now
from dashboard.users.trail import Trail


@pytest.fixture
def aged(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> tuple[str, str]:
    """The ids of a case that is 100 days old, and of one that is in the bin for 31."""
    old = predict_photograph(NOBODY, services, lesion_jpeg, "old.jpg").id
    gone = predict_photograph(NOBODY, services, mole_jpeg, "gone.jpg").id
    delete_cases(NOBODY, services, [gone])
    with services.store.writing() as connection:
        before = utc_now() - timedelta(days=100)
        connection.execute(update(predictions).values(created=before))
        connection.execute(update(binned).values(binned=utc_now() - KEPT - timedelta(days=1)))
    return old, gone


def with_settings(services: Services, **changes: object) -> Services:
    """The same services with other settings."""
    return Services(
        services.settings.model_copy(update=changes), services.store, services.folder, services.predictors
    )


def test_without_the_setting_nothing_is_too_old(services: Services, aged: tuple[str, str]) -> None:
    assert sweep_cases(services) == (0, 1)
    assert services.store.get(aged[0]) and CaseBin(services.store).cases() == ((), 0)
    assert Trail(services.store).lines() == ()


def test_what_is_too_old_goes_to_the_bin_and_stands_in_the_trail(
    services: Services, aged: tuple[str, str]
) -> None:
    keeping = with_settings(services, keep_days=99, auth="local")
    assert sweep_cases(keeping, files=True) == (1, 1) and sweep_cases(keeping) == (0, 0)
    with pytest.raises(NotFound):
        services.store.get(aged[0])
    assert CaseBin(services.store).put_back([aged[0]]) == (aged[0],)
    lines = [(line.who, line.action, line.subject) for line in Trail(services.store).lines()]
    assert lines == [("retention", "deleted for good", aged[1]), ("retention", "deleted", aged[0])]


def test_the_server_goes_on_when_the_database_is_away_for_once(
    services: Services,
    aged: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real, turns = sweep_cases, 0

    def flaky(of: Services, files: bool) -> tuple[int, int]:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise StoreError("The database cannot be written.")
        return real(of, files)

    monkeypatch.setattr("dashboard.jobs.retention.sweep_cases", flaky)
    with caplog.at_level(logging.WARNING):
        done = sweep_daily(services, pause=0.05)
        try:
            deadline = time.monotonic() + 20
            while CaseBin(services.store).cases()[1] and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            done.set()
    assert CaseBin(services.store).cases() == ((), 0)
    assert "tried again in a day" in caplog.text
