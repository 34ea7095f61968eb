"""The engines that could serve the graph, on one image and on sixteen; OpenVINO and LiteRT only where installed."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import GRAPH, write_bundle
from model.engine import Engine
from model.images import decode, square
from tests.benchmarks.measure import Measure, medians
from tests.benchmarks.subjects import bundle, keras_model, photograph

Runner = Callable[[NDArray[np.uint8]], object]
THREADS = os.cpu_count() or 1
REPEAT = 30


def engines() -> list[Measure]:
    """Milliseconds of each engine on the shipped graph, beside Keras without its `predict` loop."""
    one = square(decode(photograph()).pixels, bundle().card.input_size)[None]
    network = keras_model()
    found: list[Measure] = []
    for batch in (one, np.repeat(one, 16, axis=0)):
        runners: dict[str, Runner] = {"onnxruntime": Engine(bundle()).run, **openvino(batch), **litert(batch)}
        runners["keras predict_on_batch"] = network.predict_on_batch
        calls = [lambda run=run, batch=batch: run(batch) for run in runners.values()]
        *times, keras = medians(calls, REPEAT)
        for name, seconds in zip(runners, times, strict=False):
            what = f"engine {name}, {len(batch)} image{'s' * (len(batch) > 1)}"
            found.append(Measure(what, seconds * 1000, "ms", f"keras predict_on_batch {keras * 1000:.1f} ms"))
    return [*found, beside_plain(one)]


def beside_plain(image: NDArray[np.uint8]) -> Measure:
    """What the shipped graph takes for one image, as a multiple of MobileNetV2 as Keras has it at the same size."""
    import keras

    size = image.shape[1]
    pixels = keras.Input((size, size, 3), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    backbone = keras.applications.MobileNetV2(weights=None, input_shape=(size, size, 3))
    plain = keras.Model(pixels, {"probabilities": backbone(scaled)})
    plain.predict_on_batch(image)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "plain.onnx"
        plain.export(graph, format="onnx", verbose=False)
        both = [Engine(bundle()), Engine(write_bundle(Path(folder) / "plain", bundle().card, {GRAPH: graph}))]
        calls = [lambda engine=engine: engine.session.run(None, {engine.input: image}) for engine in both]
        ours, theirs = medians(calls, 10 * REPEAT)
    return Measure(
        "one image, beside plain MobileNetV2",
        ours / theirs,
        "x",
        f"{ours * 1000:.1f} ms, {theirs * 1000:.1f} ms at {size} px",
        1.5,
    )


def openvino(batch: NDArray[np.uint8]) -> dict[str, Runner]:
    """OpenVINO reads the ONNX graph as it is."""
    if importlib.util.find_spec("openvino") is None:
        return {}
    import openvino as ov

    options = {
        "INFERENCE_NUM_THREADS": str(THREADS),
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = ov.Core().compile_model(bundle().path / GRAPH, "CPU", options).create_infer_request()
    return {"openvino": lambda images: request.infer([images])}


def litert(batch: NDArray[np.uint8]) -> dict[str, Runner]:
    """LiteRT wants its own export."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        return {}
    from ai_edge_litert.interpreter import Interpreter

    from training.networks import serving_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.tflite"
        serving_model(keras_model()).export(path, format="litert", verbose=False)
        interpreter: Any = Interpreter(model_content=path.read_bytes(), num_threads=THREADS)
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, batch.shape)
    interpreter.allocate_tensors()
    outputs = [detail["index"] for detail in interpreter.get_output_details()]

    def run(images: NDArray[np.uint8]) -> object:
        interpreter.set_tensor(entry, images)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in outputs]

    return {"litert": run}
