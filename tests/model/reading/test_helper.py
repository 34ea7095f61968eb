"""Decoding in processes of their own: what is dangerous, slow or large ends a helper and nothing else."""

import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.images import ImageError, Limits, decode
from model.reading import helper, worker
from model.reading.helper import Helpers
from tests.files import chunk, lesion, saved

WEBP = saved(lesion(), "WEBP", lossless=True)


@pytest.fixture
def helpers() -> Iterator[Helpers]:
    """One helper of this test's own."""
    found = Helpers(1)
    yield found
    found.close()


def code(data: bytes, helpers: Helpers | None = None) -> str:
    with pytest.raises(ImageError) as caught:
        if helpers is None:
            decode(data)
        else:
            helpers.read(data, Limits(), None)
    return caught.value.code


def scans(count: int, side: int = 6000) -> bytes:
    """A progressive JPEG that goes over a large picture many times."""
    data = saved(Image.new("L", (side, side)), progressive=True)
    last = data[data.rfind(b"\xff\xda") : -2]
    return data[:-2] + last * count + b"\xff\xd9"


def wide_png(width: int, height: int) -> bytes:
    """A small PNG file of many pixels of 16 bits."""
    rows = zlib.compress((b"\0" + bytes(2 * width)) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_helper_is_used_again_and_says_what_is_wrong(helpers: Helpers) -> None:
    found = helpers.read(WEBP, Limits(), None)
    np.testing.assert_array_equal(found.pixels, np.asarray(lesion()))
    (first,) = helpers._free
    assert code(WEBP[:2000], helpers) == "truncated"
    assert code(saved(Image.new("RGB", (8, 8)), "BMP"), helpers) == "too_small"
    helpers.read(WEBP, Limits(), None)
    assert helpers._free == [first]


def test_a_helper_that_has_ended_is_replaced(helpers: Helpers) -> None:
    helpers.read(WEBP, Limits(), None)
    helpers._free[0]._process.kill()
    helpers._free[0]._process.wait()
    helpers.read(WEBP, Limits(), None)


def test_what_takes_too_long_ends_the_helper_only(helpers: Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.read(WEBP, Limits(), None)
    monkeypatch.setattr(helper, "PATIENCE", 0.05)
    assert code(scans(80, 4000), helpers) == "too_complex"
    monkeypatch.undo()
    helpers.read(WEBP, Limits(), None)


def test_bombs_of_a_few_bytes_are_stopped_or_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, side in ((2000, 6000), (90, 6000), (2000, 500)):
        with monkeypatch.context() as without:
            without.setattr(helper, "_helpers", Helpers(0))
            assert code(scans(count, side)) == "too_complex"
    assert decode(scans(60, 500)).format == "JPEG"
    assert code(saved(Image.new("L", (200_000, 32)), "PNG")) == "too_many_pixels"
    data = wide_png(6900, 6900)
    assert len(data) < 150_000 and decode(data).pixels.shape == (1725, 1725, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process writes to")
def test_memory_beyond_the_limit_is_refused_in_the_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = (
        "import sys; sys.path.insert(0, '.')\n"
        "from model.reading import worker\n"
        "worker.MEMORY = 100 << 20\n"
        "worker.limit_memory()\n"
        "from model.reading.limits import ImageError, Limits\n"
        "from model.reading.picture import read_picture\n"
        "try: read_picture(sys.stdin.buffer.read(), Limits())\n"
        "except ImageError as error: print(error.code)\n"
    )
    big = saved(Image.new("RGB", (7000, 7000)), "PNG")
    done = subprocess.run(
        [sys.executable, "-c", ask], input=big, capture_output=True, cwd=helper.ROOT, timeout=120
    )
    assert done.stdout.split() == [b"too_complex"], done.stderr


def test_whoever_has_no_patience_is_told_that_all_are_busy(helpers: Helpers) -> None:
    with helpers._places, pytest.raises(ImageError) as caught:
        helpers.read(WEBP, Limits(), 0.01)
    assert caught.value.code == "busy"


def test_many_threads_share_the_helpers(helpers: Helpers) -> None:
    found: list[tuple[int, ...]] = []
    threads = [
        threading.Thread(target=lambda: found.append(helpers.read(WEBP, Limits(), None).pixels.shape))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(450, 600, 3)] * 6


@pytest.mark.parametrize(
    "head",
    [
        {"height": 10, "width": -10, "format": "JPEG", "orientation": None, "srgb": False},
        {"height": 10, "width": 10, "format": "EXE", "orientation": None, "srgb": False},
        {"height": 10, "width": 10, "format": "JPEG", "orientation": 77, "srgb": False},
        {"height": 99, "width": 10, "format": "JPEG", "orientation": 1, "srgb": False},
        {"code": "no such", "sentence": "x"},
    ],
)
def test_an_answer_without_sense_is_not_believed(head: dict[str, object]) -> None:
    pipe = io.BytesIO()
    worker.send_message(pipe, head, bytes(300))
    pipe.seek(0)
    with pytest.raises(ValueError) as caught:
        helper.receive_picture(pipe, Limits())
    assert not isinstance(caught.value, ImageError)


def test_a_helper_loads_no_network_and_runs_from_anywhere(tmp_path: Path) -> None:
    """From another folder, which has a package of the same name, in a program that multiprocessing could not start."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "x.webp").write_bytes(WEBP)
    program = (
        f"import sys; sys.path.insert(0, {str(helper.ROOT)!r})\n"
        "from model.images import decode\n"
        "print(decode(open('x.webp', 'rb').read()).format)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-"], input=program, capture_output=True, cwd=tmp_path, timeout=120, text=True
    )
    assert done.stdout == "WEBP\n", done.stderr
    names = (
        "import sys, model.reading.worker, model.reading.picture; "
        "print({'onnxruntime', 'tensorflow', 'dash'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", names], capture_output=True, cwd=helper.ROOT, timeout=120, text=True
    )
    assert done.stdout == "set()\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    decode(WEBP)
    program = (
        "import os, sys\n"
        "from model.images import decode\n"
        "data = sys.stdin.buffer.read()\n"
        "decode(data)\n"
        "child = os.fork()\n"
        "found = decode(data).format\n"
        "if child == 0: os._exit(0 if found == 'WEBP' else 1)\n"
        "print(found, os.waitpid(child, 0)[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=WEBP, capture_output=True, cwd=helper.ROOT, timeout=120
    )
    assert done.stdout == b"WEBP 0\n", done.stderr
