"""`python -m model score` on a folder: its speed beside its parts alone, and its memory as the folder grows."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from model.engine import Engine
from model.images import decode, square
from model.predictor import Predictor
from model.scoring import score_files
from tests.benchmarks.measure import Measure
from tests.benchmarks.subjects import NAME, ROOT, bundle
from training.drawings.synthetic import draw_lesion

DRAWN, FEW, MANY = 40, 1000, 5000
BATCH = 16


def scoring() -> list[Measure]:
    """Images a second on MANY files, and resident memory at FEW and at MANY."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_folder(Path(folder), MANY)
        ours, decoding, engine = rate(ours_on, files), rate(decoding_on, files), rate(engine_on, files)
        # Both take from the same cores, so that no program could do better than this.
        limit = 1 / (1 / decoding + 1 / engine)
        against = f"decode {decoding:.0f}/s, engine {engine:.0f}/s, in turns {limit:.0f}/s; ours {ours:.0f}/s"
        little, much = peak_memory(Path(folder), FEW), peak_memory(Path(folder), MANY)
    return [
        Measure(
            "score 5,000 JPEGs of 600x450: share of decoding and graph in turns",
            ours / limit,
            "x",
            against,
            0.95,
            "higher",
        ),
        Measure(
            "score: peak memory at 5,000 images beside 1,000",
            much / little,
            "x",
            f"{little / 1e6:.0f} MB and {much / 1e6:.0f} MB",
            1.05,
        ),
    ]


def write_folder(folder: Path, count: int) -> list[Path]:
    """So many JPEG files of a few drawn lesions, FEW of them in a subfolder of their own."""
    contents = []
    for seed in range(DRAWN):
        buffer = io.BytesIO()
        Image.fromarray(draw_lesion(seed, seed % 2 == 0)).save(buffer, "JPEG", quality=90)
        contents.append(buffer.getvalue())
    files = [folder / ("few" if number < FEW else "rest") / f"{number:05}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(contents[number % DRAWN])
    return files


def rate(work: Callable[[Sequence[Path]], object], files: Sequence[Path]) -> float:
    """Images a second, after a warm-up."""
    work(files[:64])
    began = time.perf_counter()
    work(files)
    return len(files) / (time.perf_counter() - began)


def ours_on(files: Sequence[Path]) -> None:
    """The library call behind the command."""
    for _ in score_files(Predictor(bundle(), threads=1), files):
        pass


def decoding_on(files: Sequence[Path]) -> None:
    """Read, decode and bring to the input's size, on all cores."""
    side = bundle().card.input_size
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda file: square(decode(file.read_bytes()).pixels, side).sum(), files):
            pass


def engine_on(files: Sequence[Path]) -> None:
    """The graph alone, on all cores, as many images as there are files."""
    engine = Engine(bundle())
    batch = np.zeros((BATCH, engine.size, engine.size, 3), np.uint8)
    for _ in range(0, len(files), BATCH):
        engine.run(batch)


def peak_memory(folder: Path, count: int) -> int:
    """Largest resident memory in bytes of the command on so many files."""
    place = folder / "few" if count == FEW else folder
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "model", "score", str(place), "--out", f"{out}/scores.csv"]
        command += ["--model", NAME, "--bundles", str(bundle().path.parent)]
        process = psutil.Popen(command, cwd=ROOT, stderr=-3)
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.05)
    return peak
