"""What a trained model is, and how the bytes of an image become a prediction."""

import os

# ONNX Runtime reports its use from the moment it is imported, unless this stands in the environment before; child
# processes inherit it. Whoever imports it comes through this package first (tests/test_architecture.py).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# NumPy's matrices here are small: with more threads they take longer, and the threads then turn idly for several times
# as long as a prediction. It has to stand before the first import of NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
