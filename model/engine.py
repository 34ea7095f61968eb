"""Runs a bundle's exported graph with ONNX Runtime; no TensorFlow."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from model.bundle import GRAPH, Bundle, BundleError
from model.cores import usable_cores


def open_session(graph: Path | bytes, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Load a graph; the one way to ONNX Runtime. Raises what that raises for one that does not load."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or usable_cores()
    # Idle threads that spin would take the processor from the web server beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    # For builds for Windows; elsewhere the environment variable that `model` sets does it.
    onnxruntime.disable_telemetry_events()
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Output:
    """What one call of the graph gives for n images.

    Attributes:
        probabilities: float32 (n, k), before calibration.
        embeddings: float32 (n, d), the pooled features.
        maps: float32 (n, h, w, k), class activation maps in logits (Zhou et al. 2016); None for a flattened head.
    """

    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    maps: NDArray[np.float32] | None


class Engine:
    """One graph, loaded; may be shared by threads."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load the graph.

        Args:
            threads: of one call; all usable cores by default.

        Raises:
            BundleError: the bundle ships no graph, or one that has changed or does not load.
        """
        if not bundle.runnable:
            raise BundleError(f"{bundle.name} ships no weights. Its card says how to train them.")
        try:
            # From the bytes that were verified: the file may be another one a moment later.
            self.session = open_session(bundle.read(GRAPH), threads)
        except BundleError:
            raise
        except Exception as error:
            raise BundleError(f"{bundle.name}: the graph does not load ({error}).") from error
        self.size = bundle.card.input_size
        self.input = self.session.get_inputs()[0].name
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, batch: NDArray[np.uint8]) -> Output:
        """Run the graph on uint8 images (n, size, size, 3).

        Raises:
            ValueError: another shape or dtype.
        """
        if batch.dtype != np.uint8 or batch.shape[1:] != (self.size, self.size, 3):
            raise ValueError(
                f"expected uint8 (n, {self.size}, {self.size}, 3), got {batch.dtype} {batch.shape}"
            )
        outputs = dict(zip(self.outputs, self.session.run(self.outputs, {self.input: batch}), strict=True))
        return Output(outputs["probabilities"], outputs["embedding"], outputs.get("maps"))
