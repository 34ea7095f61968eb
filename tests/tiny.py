"""A small runnable bundle written without TensorFlow, for tests of everything that reads bundles."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from model.bundle import (
    BINARY,
    CARD,
    GRAPH,
    HISTORY,
    REFERENCE,
    SCORES,
    Bundle,
    Card,
    OperatingPoint,
    file_digest,
    open_bundle,
    write_bundle,
)
from model.calibration import Calibration
from model.novelty import Familiar, appearance
from model.reference import Reference, directions, write_reference
from model.taxonomy import HAM10000, Taxonomy
from training.drawings.synthetic import draw_lesion

SIZE, GRID = 64, 4
# How common the diagnoses are among the scores; others are rare.
SHARES = {"akiec": 0.05, "bcc": 0.08, "bkl": 0.12, "df": 0.02, "mel": 0.13, "nv": 0.57, "vasc": 0.03}
POINTS = (
    OperatingPoint("sensitivity-90", 0.9, 0.45, 0.6, 0.9, 0.9),
    OperatingPoint("sensitivity-95", 0.95, 0.3, 0.7, 0.95, 0.95),
    OperatingPoint("sensitivity-97.5", 0.975, 0.2, 0.8, 0.975, 0.975),
)


def write_tiny_bundle(
    root: Path,
    name: str = "tiny",
    seed: int = 0,
    graph: bool = True,
    cases: int = 300,
    taxonomy: Taxonomy = HAM10000,
    binary: bool = False,
) -> Bundle:
    """Write root/<name>: a graph with logits linear in the mean colours of 4 x 4 patches, random scores, history.

    Args:
        binary: it tells malignant from benign alone, and knows no training images.
    """
    outputs = 1 if binary else len(taxonomy)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files = {HISTORY: work / "history.jsonl", SCORES: work / "scores.parquet"}
        files[HISTORY].write_text("".join(json.dumps(line) + "\n" for line in tiny_history()))
        tiny_scores(cases, seed, taxonomy, binary).to_parquet(files[SCORES], index=False)
        if graph:
            files[GRAPH] = work / "model.onnx"
            onnx.save(tiny_graph(seed, outputs), files[GRAPH])
        if graph and not binary:
            files[REFERENCE] = work / "reference.npz"
            write_reference(files[REFERENCE], tiny_reference())
        card = Card(
            name=name,
            version="1",
            purpose="A test model that knows nothing of lesions.",
            input_size=SIZE,
            taxonomy=taxonomy,
            classes=BINARY if binary else taxonomy.codes,
            calibrations={"dermoscopic": Calibration(1.3)},
            operating_points=POINTS,
            operating_point="sensitivity-95",
            training={
                "recipe": "tiny",
                "data": "drawn",
                "split_sha256": "0" * 64,
                "seed": seed,
                "best_epoch": 5,
            },
            results={},
            licence="MIT",
            created="2026-01-01T00:00:00+00:00",
            synthetic=True,
            guard={"quality": {"sharpness": 0.2, "brightness": 40.0, "contrast": 5.0}},
        )
        return write_bundle(root / name, card, files)


def signed_again(path: Path, **fields: object) -> Bundle:
    """The bundle in a folder after its files were changed: its card names them as they are now, and says `fields`."""
    card = json.loads((path / CARD).read_text())
    card |= {"files": {name: file_digest(path / name) for name in card["files"]}} | fields
    (path / CARD).write_text(json.dumps(card))
    return open_bundle(path)


@cache
def tiny_reference() -> Reference:
    """Twelve drawn lesions, two images of each, as the graph sees them; drawings are familiar, all else is not."""
    lesions = [(number, number % 2 == 0) for number in range(12)]
    images = [
        draw_lesion(number, malignant, (SIZE, SIZE), view) for number, malignant in lesions for view in (0, 1)
    ]
    embeddings = np.stack([image.mean(axis=(0, 1)) / 64 for image in images]).astype(np.float32)
    appearances = np.stack([appearance(image) for image in images])
    centre, basis = embeddings.mean(axis=0), np.eye(3, 2, dtype=np.float32)
    typical, whitening = appearances.mean(axis=0), np.diag(1 / appearances.std(axis=0))
    nowhere = np.zeros(3 + len(typical), np.float32)
    familiar = Familiar(centre, basis, 1.0, typical, whitening, 12.0, nowhere)
    names = [
        (f"DRAWN_L{number:07d}", "mel" if malignant else "nv")
        for number, malignant in lesions
        for _ in (0, 1)
    ]
    return Reference(
        familiar,
        directions(embeddings, familiar, 2),
        np.array([f"DRAWN_{number:07d}" for number in range(len(images))]),
        np.array([lesion for lesion, _ in names]),
        np.array([label for _, label in names]),
    )


def tiny_graph(seed: int, outputs: int = len(HAM10000)) -> onnx.ModelProto:
    """uint8 (n, 64, 64, 3) -> probabilities (n, k), embedding (n, 3), and maps (n, 4, 4, k) where k is above 1."""
    weights = np.random.default_rng(seed).normal(0, 1.5, (3, outputs)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "scale"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["channels"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool",
            ["channels"],
            ["patches"],
            kernel_shape=[SIZE // GRID] * 2,
            strides=[SIZE // GRID] * 2,
        ),
        helper.make_node("Transpose", ["patches"], ["features"], perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["features", "weights"], ["maps"]),
        helper.make_node("ReduceMean", ["features", "axes"], ["embedding"], keepdims=0),
        helper.make_node("MatMul", ["embedding", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1)
        if outputs > 1
        else helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", GRID, GRID, outputs])
    constants = {"scale": np.float32(64), "weights": weights, "axes": np.array([1, 2], np.int64)}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", outputs]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3]),
            *([maps] if outputs > 1 else []),
        ],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def tiny_scores(cases: int, seed: int, taxonomy: Taxonomy = HAM10000, binary: bool = False) -> pd.DataFrame:
    """Scores that are right more often than not, in the stored format: raw probabilities by class."""
    rng = np.random.default_rng(seed)
    codes = taxonomy.codes
    shares = np.array([SHARES.get(code, 0.04) for code in codes])
    labels = rng.choice(codes, cases, p=shares / shares.sum())
    logits = rng.normal(0, 1, (cases, len(codes))) + 2.0 * (labels[:, None] == np.array(codes))
    raw = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "split": np.where(np.arange(cases) % 2 == 0, "validation", "test"),
            "image_id": [f"DRAWN_{index:07d}" for index in range(cases)],
            "lesion_id": [f"LESION_{index // 4:07d}" for index in range(cases)],
            "label": labels,
            "age": np.where(rng.random(cases) < 0.05, np.nan, rng.integers(1, 18, cases) * 5.0),
            "sex": rng.choice(["male", "female", "unknown"], cases),
            "site": rng.choice(["back", "face", "trunk"], cases),
            "confirmation": np.where(np.isin(labels, list(taxonomy.malignant)), "histo", "follow_up"),
        }
        | (
            {"raw_malignant": taxonomy.malignancy(raw)}
            if binary
            else {f"raw_{code}": raw[:, index] for index, code in enumerate(codes)}
        )
    )


def tiny_history() -> list[dict[str, float]]:
    """Six epochs whose validation AUC peaks at the fifth."""
    return [
        {
            "epoch": epoch,
            "learning_rate": 1e-3 * (1 - epoch / 7),
            "loss": 1.6 - 0.18 * epoch,
            "val_loss": 1.65 - 0.16 * epoch + 0.02 * epoch**2,
            "auc": 0.7 + 0.04 * epoch,
            "val_auc": 0.7 + 0.06 * epoch - 0.006 * epoch**2,
            "sensitivity": 0.95,
            "specificity": 0.2 + 0.06 * epoch,
            "val_sensitivity": 0.95,
            "val_specificity": 0.2 + 0.05 * epoch,
            "seconds": 3.0,
        }
        for epoch in range(1, 7)
    ]
