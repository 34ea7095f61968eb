"""A seeded million of predictions in the real schema, written as fast as the database takes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.schema import CreateIndex, DropIndex

from dashboard.store import database, text_index
from dashboard.store.names import fold
from dashboard.store.records import RANKED_OUTCOMES, REVIEW_STATES, review_state
from dashboard.store.schema import lesions, patients, predictions, tags
from model.outcome import Outcome
from model.taxonomy import HAM10000

BATCH = 20_000
START = datetime(2024, 1, 1, tzinfo=UTC)
SITES = (
    *(
        "abdomen",
        "back",
        "chest",
        "ear",
        "face",
        "foot",
        "genital",
        "hand",
        "lower extremity",
        "neck",
        "scalp",
    ),
    *("trunk", "upper extremity", "acral", "unknown"),
)
MODELS = (("dermanet", "0.9"), ("dermanet", "1.0"), ("dermanet", "1.1"), ("seed-cnn", "1.0"))
TAGS = ("follow up", "teaching", "biopsy", "patient worried", "second opinion", "blurred", "study 12", "rare")
SYLLABLES = (
    "al",
    "ba",
    "cor",
    "der",
    "el",
    "fi",
    "gra",
    "hu",
    "is",
    "jo",
    "ka",
    "lu",
    "mor",
    "ne",
    "ol",
    "pi",
)
WORDS = tuple(a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:12])
# Of each patient, and of each of a patient's lesions.
PREDICTIONS_A_PATIENT, LESIONS_A_PATIENT = 10, 3
JSONS = frozenset({"tags", "probabilities", "cautions", "similar", "quality"})


def fill(engine: Engine, count: int, seed: int = 1) -> None:
    """Write that many predictions into an empty database: indexes afterwards, nothing row by row."""
    database.migrate(engine)
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        for index in predictions.indexes:
            connection.execute(DropIndex(index))
        indexed = text_index.has_text_index(connection)
        if indexed:
            connection.execute(
                text(
                    f"DROP {f'TRIGGER {text_index.INDEX}_insert' if sqlite else f'INDEX {text_index.INDEX}'}"
                )
            )
        write = insert_sqlite if sqlite else copy_postgresql
        for table, some in people(count):
            write(connection, table, some)
        for some in rows(count, seed):
            write(connection, predictions, some)
            write(connection, tags, labels(some))
        for index in sorted(predictions.indexes, key=lambda one: str(one.name)):
            connection.execute(CreateIndex(index))
        if sqlite and indexed:
            connection.execute(text(text_index.SQLITE[1]))
            text_index.rebuild_text_index(connection)
        if not sqlite:
            text_index.build_text_index(connection)
            connection.execute(
                text("SELECT setval('predictions_seq_seq', (SELECT max(seq) FROM predictions))")
            )
    if not sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def insert_sqlite(connection: Connection, table: Table, some: list[dict[str, Any]]) -> None:
    """Rows through the driver itself: SQLAlchemy would take twice as long."""
    kinds = [column.type.dialect_impl(connection.dialect) for column in table.columns]
    processors = [kind.bind_processor(connection.dialect) or plain for kind in kinds]
    names = [column.name for column in table.columns]
    values = [
        [process(row.get(name)) for name, process in zip(names, processors, strict=True)] for row in some
    ]
    cursor: Any = connection.connection.cursor()
    marks = ",".join("?" * len(names))
    cursor.executemany(f"INSERT INTO {table.name} ({columns_of(table)}) VALUES ({marks})", values)


def copy_postgresql(connection: Connection, table: Table, some: list[dict[str, Any]]) -> None:
    """Rows by COPY."""
    cursor: Any = connection.connection.cursor()
    names = [column.name for column in table.columns]
    with cursor.copy(f"COPY {table.name} ({columns_of(table)}) FROM STDIN") as copy:
        for row in some:
            copy.write_row([json.dumps(row[name]) if name in JSONS else row.get(name) for name in names])


def columns_of(table: Table) -> str:
    """The names of a table's columns, as SQL."""
    return ", ".join(f'"{column.name}"' for column in table.columns)


def labels(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the table of tags that belong to these predictions."""
    return [{"name": name, "seq": row["seq"]} for row in some for name in row["tags"]]


def people(count: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The patients of so many predictions, and their lesions, in batches."""
    number = patients_of(count)
    for first in range(0, number, BATCH):
        some = range(first, min(first + BATCH, number))
        yield (
            patients,
            [
                {"id": row_id(one), "created": START, "identifier": patient_name(one), "revision": 0}
                | {"identifier_folded": fold(patient_name(one)), "birth_year": 1940 + one % 70}
                for one in some
            ],
        )
        yield (
            lesions,
            [
                {
                    "id": row_id(one),
                    "created": START,
                    "patient_id": row_id(one // LESIONS_A_PATIENT),
                    "revision": 0,
                }
                | {"name": lesion_name(one), "name_folded": fold(lesion_name(one))}
                for one in range(some.start * LESIONS_A_PATIENT, some.stop * LESIONS_A_PATIENT)
            ],
        )


def patients_of(count: int) -> int:
    """How many patients so many predictions have."""
    return max(count // PREDICTIONS_A_PATIENT, 1)


def row_id(number: int) -> str:
    """The id of a patient or a lesion by its number from 0 on."""
    return str(UUID(int=7 << 76 | 2 << 62 | number))


def patient_name(number: int) -> str:
    """A patient's identifier."""
    return f"P-{number:06d}"


def lesion_name(number: int) -> str:
    """A lesion's name."""
    return f"L-{number:07d}"


def plain(value: Any) -> Any:
    """The value itself."""
    return value


def rows(count: int, seed: int = 1) -> Iterator[list[dict[str, Any]]]:
    """Predictions of three years in batches, as column values; older ones are more often reviewed."""
    for first in range(0, count, BATCH):
        yield batch(first, min(BATCH, count - first), count, np.random.default_rng((seed, first)))


def batch(first: int, size: int, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The rows numbered from `first` + 1 on."""
    malignant = rng.random(size) < 0.18
    probability = np.where(malignant, rng.beta(4, 2, size), rng.beta(1, 9, size)).round(6)
    truth = np.where(
        malignant,
        rng.choice(sorted(HAM10000.malignant), size),
        rng.choice(("bkl", "df", "nv", "vasc"), size, p=(0.15, 0.02, 0.81, 0.02)),
    )
    spread = rng.dirichlet(np.ones(7), size).round(6)
    age, place, kind, who, note = (rng.random(size) for _ in range(5))
    picks = rng.integers(0, 1 << 30, (size, 8)).tolist()
    decided = np.where(probability < 0.12, "benign", np.where(probability < 0.45, "uncertain", "malignant"))
    near = similar_pool(rng)
    done = []
    for i in range(size):
        number, pick = first + i + 1, picks[i]
        share = number / count
        created = START + timedelta(days=1000 * share, microseconds=pick[0] % 1000)
        model = MODELS[3] if kind[i] < 0.05 else MODELS[min(int(share * 3), 2)]
        name = filename(number, pick)
        shown = pick[1] % (patients_of(count) * LESIONS_A_PATIENT)
        lesion, patient = lesion_name(shown), patient_name(shown // LESIONS_A_PATIENT)
        words = " ".join(WORDS[pick[k] % len(WORDS)] for k in range(2, 6)) if note[i] < 0.15 else None
        reviewed = who[i] < 0.45 * (1 - share) + 0.05
        confirmed = str(truth[i]) if reviewed and pick[6] % 2 else None
        labels = sorted({TAGS[min(pick[7] % 97 // 12, 7)]}) if pick[7] % 10 == 0 else []
        decision = str(decided[i])
        done.append(
            {
                "seq": number,
                "id": str(UUID(int=(int(created.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62 | number)),
                "created": created,
                "filename": name,
                "filename_folded": fold(name),
                "sha256": hashlib.sha256(b"%d" % number).hexdigest(),
                "width": 600,
                "height": 450,
                "model": model[0],
                "model_version": model[1],
                "model_sha256": "a" * 64,
                "probability": float(probability[i]),
                "operating_point": "sensitivity-95",
                "threshold": 0.12,
                "malignant_from": 0.45,
                "decision": decision,
                "diagnosis": None
                if model[0] == "seed-cnn"
                else (str(truth[i]) if pick[0] % 5 else HAM10000.codes[pick[0] % 7]),
                "milliseconds": 12.5,
                "novelty": 0.4,
                "age": int(age[i] * 90) if age[i] < 0.95 else None,
                "sex": ("female", "male", None)[pick[2] % 3],
                "site": SITES[pick[3] % 15] if pick[3] % 5 else None,
                "lesion_id": row_id(shown),
                "lesion": lesion,
                "lesion_folded": fold(lesion),
                "patient": patient,
                "patient_folded": fold(patient),
                "taken": created.date().isoformat() if place[i] < 0.9 else None,
                "note": words,
                "review": REVIEW_STATES.index(review_state(decision, confirmed, reviewed, HAM10000)),
                "confirmed": confirmed,
                "confirmed_by": "histology" if confirmed else None,
                "reviewed": created + timedelta(days=7) if reviewed else None,
                "revision": int(reviewed),
                "tags": labels,
                "words": fold("\n".join(filter(None, (name, lesion, patient, words, *labels)))),
                "probabilities": dict(zip(HAM10000.codes, spread[i].tolist(), strict=True)),
                "cautions": [{"code": "dark", "text": "The image is dark.", "severe": False}]
                if pick[4] % 12 == 0
                else [],
                "similar": near[pick[5] % len(near)],
                "counted": True,
                "outcome": RANKED_OUTCOMES.index(
                    Outcome.NO_RESULT if pick[4] % 50 == 1 else Outcome(decision)
                ),
                "close_up": False,
                "quality": {"sharpness": 0.7, "brightness": 0.55, "contrast": 0.21, "coverage": 0.93},
            }
        )
    return done


def similar_pool(rng: np.random.Generator) -> list[list[Any]]:
    """A few lists of similar images to draw from."""
    return [
        [
            [f"ISIC_{int(n):07d}", f"HAM_{int(n) // 2:07d}", "nv", round(float(d), 4)]
            for n, d in zip(rng.integers(0, 40_000, 10), np.sort(rng.random(10)), strict=True)
        ]
        for _ in range(200)
    ]


def filename(number: int, pick: list[int]) -> str:
    """What cameras, telephones and people call their files."""
    match pick[0] % 4:
        case 0:
            return f"IMG_{number:07d}.jpg"
        case 1:
            return f"DSC{pick[1] % 100_000:05d}.JPG"
        case 2:
            return f"{WORDS[pick[2] % len(WORDS)]} {WORDS[pick[3] % len(WORDS)]} {number % 97}.jpeg"
        case _:
            return f"{pick[4]:08x}-{pick[5]:08x}.png"
