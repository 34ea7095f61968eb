"""A store in a temporary folder on each database there is, and predictions that need no network."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from dashboard.store import Record, Store, database, open_store
from dashboard.store.keys import IdempotencyKey
from model.cautions import Caution
from model.images import Photograph, decode
from model.predictor import Decision, Prediction

Add = Callable[..., Record]
Open = Callable[[], Store]


def photograph(seed: int = 0, size: tuple[int, int] = (60, 40)) -> Photograph:
    """A drawn photograph; the same seed gives the same bytes."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).resize(size).save(buffer, "PNG")
    return decode(buffer.getvalue())


def prediction(of: Photograph, **changes: Any) -> Prediction:
    """What a model might say about it."""
    plain = Prediction(
        sha256=of.sha256,
        width=of.pixels.shape[1],
        height=of.pixels.shape[0],
        model="tiny",
        model_version="1.0",
        model_sha256="a" * 64,
        probability=0.25,
        operating_point="sensitivity-95",
        threshold=0.5,
        malignant_from=0.5,
        decision=Decision.BENIGN,
        diagnosis="nv",
        probabilities={"akiec": 0.05, "bcc": 0.1, "bkl": 0.1, "df": 0.05, "mel": 0.1, "nv": 0.5, "vasc": 0.1},
        heatmap=np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7),
        cautions=(Caution("small", "The image is small."),),
        milliseconds=12.5,
    )
    return replace(plain, **changes)


@pytest.fixture
def reopen(url: URL, tmp_path: Path) -> Iterator[Open]:
    """Opens the store, again and again."""
    opened: list[Store] = []

    def opener() -> Store:
        opened.append(open_store(tmp_path / "data", url.render_as_string(hide_password=False)))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Open) -> Store:
    return reopen()


@pytest.fixture
def engine(store: Store) -> Engine:
    """The engine of the store, for looking behind it."""
    return store._engine


@pytest.fixture
def add(store: Store) -> Add:
    """Adds a prediction: add("name.jpg", seed=1, probability=0.7, context=Context(age=50))."""

    def adder(filename: str = "lesion.jpg", seed: int = 0, **changes: Any) -> Record:
        picture = photograph(seed)
        kept = {name: changes.pop(name) for name in ("context", "key") if name in changes}
        if "key" in kept:
            kept["key"] = IdempotencyKey(kept["key"])
        return store.add(picture, prediction(picture, **changes), filename, **kept)

    return adder


@pytest.fixture
def picture() -> Callable[..., Photograph]:
    return photograph


@pytest.fixture
def said() -> Callable[..., Prediction]:
    return prediction


@pytest.fixture
def files_of(tmp_path: Path) -> Callable[[], set[str]]:
    """The names of the images and heatmaps in the store's folder."""

    def names() -> set[str]:
        return {
            path.name
            for path in (tmp_path / "data").rglob("*")
            if path.suffix in {".jpg", ".png", ".webp", ".tmp"}
        }

    return names


@pytest.fixture
def bare(url: URL, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if url.get_backend_name() == "sqlite":
        url = database.sqlite_url(tmp_path / "bare.db")
    engine = database.database_engine(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()
