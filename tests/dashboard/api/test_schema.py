"""What the OpenAPI document promises is what the server does: schemathesis asks every route, rightly and wrongly."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from dashboard.services import Services
from model.images import decode, encode
from model.predictor import Predictor
from training.drawings.synthetic import draw_lesion

EXAMPLES = 10

# What a file is: otherwise every upload would be refused for its random bytes, and nothing behind that be reached.
PICTURES = [encode(draw_lesion(seed=seed, malignant=True)) for seed in (1, 2)]
schemathesis.openapi.format("binary", st.sampled_from(PICTURES))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_route_does_what_the_document_says(
    server: Flask, services: Services, mode: GenerationMode
) -> None:
    photograph = decode(PICTURES[0])
    prediction = Predictor(services.bundle()).predict(photograph)
    known = services.store.add(photograph, prediction, "known.jpg").id
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", server)
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(mode), exists=st.booleans())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any, exists: bool) -> None:
            if exists and "record_id" in case.path_parameters:
                case.path_parameters["record_id"] = known
            # A cursor, an order or a model's name is more than its schema can say: valid input has tests of its own.
            excluded = [positive_data_acceptance]
            # A form sends its empty fields, too: they are left out, whatever else they would have to be.
            if isinstance(case.body, dict) and "" in case.body.values():
                excluded.append(negative_data_rejection)
            case.call_and_validate(headers={"Accept-Encoding": "identity"}, excluded_checks=excluded)

        with suppress(Unsatisfiable):  # a route without input has no wrong one
            ask()
