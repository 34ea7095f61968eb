"""A prediction to look at in the history."""

import pytest

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.store import Record


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    return predict_photograph(NOBODY, services, lesion_jpeg, "<b>left</b> hand.jpg")
