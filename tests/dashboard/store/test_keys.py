"""Idempotency keys: the same one stands for one request."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from dashboard.store import Conflict, Query, Record, Store
from dashboard.store.keys import IdempotencyKey
from dashboard.store.schema import keys
from model.images import Photograph
from model.predictor import Prediction

Add = Callable[..., Record]
Said = Callable[..., Prediction]
Picture = Callable[..., Photograph]


def test_a_key_gives_the_same_prediction_again(store: Store, add: Add, engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(lambda _: add(key="k"), range(4)))
    assert len({record.id for record in records}) == 1 and store.page(Query()).total == 1
    assert store.with_key(IdempotencyKey("k"), records[0].sha256) == records[0]
    with pytest.raises(Conflict, match="another image"):
        add(seed=1, key="k")
    with pytest.raises(Conflict):
        store.with_key(IdempotencyKey("k"), "0" * 64)
    assert store.with_key(IdempotencyKey("other"), records[0].sha256) is None
    # After a day it is new again, and so it is when its prediction is gone.
    with engine.begin() as connection:
        yesterday = datetime.now(UTC) - timedelta(hours=25)
        connection.execute(update(keys).values(created=yesterday))
    assert add(seed=1, key="k").id != records[0].id
    store.delete([one.id for one in store.stream(Query())])
    assert add(seed=1, key="k").sha256


def test_a_key_stands_for_one_request_only(store: Store, said: Said, picture: Picture) -> None:
    photograph = picture()
    first = store.add(photograph, said(photograph), "a.jpg", key=IdempotencyKey("k", "1" * 64))
    assert store.with_key(IdempotencyKey("k", "1" * 64), first.sha256) == first
    with pytest.raises(Conflict, match="before"):
        store.with_key(IdempotencyKey("k", "2" * 64), first.sha256)
    with pytest.raises(Conflict, match="before"):
        store.add(photograph, said(photograph), "a.jpg", key=IdempotencyKey("k", "2" * 64))
    assert store.page(Query()).total == 1
