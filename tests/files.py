"""Files that people and attackers send, drawn and written here, for tests of the API, pages and command line."""

import io
import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from model.evidence import heatmap_png
from training.drawings.synthetic import draw_lesion

SCRIPT = b"<script>alert('Dermaboard')</script>"
SERIAL = "CAMERA-SERIAL-12345"
ORIENTATION, GPS, MAKER, BODY_SERIAL = 0x0112, 0x8825, 0x010F, 0xA431
# How to turn an image so that its EXIF orientation turns it back.
TURNS: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def lesion(seed: int = 7) -> Image.Image:
    """A drawn lesion, 600 x 450."""
    return Image.fromarray(draw_lesion(seed, True))


def saved(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@cache
def jpeg() -> bytes:
    """A plain photograph."""
    return saved(lesion(), quality=90)


REGION = np.pad(np.ones((3, 2), np.float32), ((1, 3), (3, 2)))


def heatmap() -> bytes:
    """A heatmap in which one region stands out."""
    return heatmap_png(REGION)


def let_region_stand_out(data_dir: Path, record_id: str) -> None:
    """Change a prediction that is stored in SQLite; the tiny model finds no region."""
    evidence = json.dumps((255 * REGION).astype(int).tolist())
    with closing(sqlite3.connect(data_dir / "dermaboard.db")) as connection, connection:
        connection.execute("UPDATE predictions SET evidence = ? WHERE id = ?", (evidence, record_id))


def animation(format: str) -> bytes:
    """Two frames: GIF, APNG ("PNG") or WebP."""
    frames = [lesion(seed).resize((80, 60)) for seed in (1, 2)]
    return saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100, loop=0)


def archive() -> bytes:
    """A ZIP file with a script."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("run.js", SCRIPT)
    return buffer.getvalue()


def polyglot() -> bytes:
    """A JPEG that is a ZIP file and a web page as well."""
    return jpeg() + SCRIPT + archive()


def oriented(orientation: int) -> bytes:
    """The plain photograph, lying on its side and saying so. Lossless, so that all eight are the same pixels."""
    turn = TURNS[orientation]
    image = lesion() if turn is None else lesion().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return saved(image, "PNG", exif=exif)


def located() -> bytes:
    """A JPEG that tells where it was taken, with which camera, and has a comment."""
    exif = Image.Exif()
    exif[MAKER] = SERIAL
    exif.get_ifd(0x8769)[BODY_SERIAL] = SERIAL
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 23.0)})
    return saved(lesion(), exif=exif, comment=SERIAL.encode(), icc_profile=SERIAL.encode() * 20)


def png_bomb(side: int = 20_000) -> bytes:
    """A few bytes that say they are an enormous PNG."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def webp_bomb() -> bytes:
    """A small lossless WebP whose header says the most there can be, 16,384 x 16,384."""
    data = bytearray(saved(Image.new("RGB", (64, 64)), "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", data, at)
    struct.pack_into("<I", data, at, bits | (1 << 28) - 1)
    return bytes(data)


def tiff_bomb(side: int = 60_000) -> bytes:
    """A TIFF file whose header says 3.6 gigapixels."""
    data = bytearray(saved(Image.new("RGB", (64, 64)), "TIFF"))
    (offset,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, offset)
    for entry in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from("<HH", data, entry)
        if tag in (256, 257):
            struct.pack_into("<H" if kind == 3 else "<I", data, entry + 8, side)
    return bytes(data)


def heic_bomb() -> bytes:
    """A HEIC file whose header says more pixels than it has."""
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(buffer)
    data = bytearray(buffer.getvalue())
    at = data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", data, at + 8, 30_000, 30_000)
        at = data.find(b"ispe", at + 1)
    return bytes(data)


def greyscale_16() -> bytes:
    """Sixteen bits of grey."""
    values = np.asarray(lesion().convert("L")).astype(np.uint16) * 257
    return saved(Image.fromarray(values), "PNG")


def palette_with_alpha() -> bytes:
    """Colours from a palette, one of them transparent."""
    image = lesion().quantize(64)
    return saved(image, "PNG", transparency=3)


# What is no photograph, or one that cannot be used: the file, and the code of its error.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "one byte": (lambda: b"\xff", "not_an_image"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not_an_image"),
    "HTML": (lambda: b"<!DOCTYPE html>" + SCRIPT, "not_an_image"),
    "PDF": (lambda: b"%PDF-1.7\n%%EOF", "not_an_image"),
    "ZIP": (archive, "not_an_image"),
    "GIF animation": (lambda: animation("GIF"), "not_an_image"),
    "APNG animation": (lambda: animation("PNG"), "animated"),
    "WebP animation": (lambda: animation("WEBP"), "animated"),
    "PNG bomb": (png_bomb, "too_many_pixels"),
    "WebP bomb": (webp_bomb, "too_many_pixels"),
    "TIFF bomb": (tiff_bomb, "too_many_pixels"),
    "HEIC bomb": (heic_bomb, "too_many_pixels"),
    "1 x 500": (lambda: saved(Image.new("RGB", (1, 500))), "too_small"),
    "500 x 1": (lambda: saved(Image.new("RGB", (500, 1))), "too_small"),
    "26 MB": (lambda: bytes(26_000_000), "too_large"),
}
# Unusual photographs that are read all the same.
ACCEPTED: dict[str, Callable[[], bytes]] = {
    "wrong extension": lambda: saved(lesion(), "PNG"),
    "polyglot": polyglot,
    "16 bits": greyscale_16,
    "CMYK": lambda: saved(lesion().convert("CMYK")),
    "palette with alpha": palette_with_alpha,
    "greyscale": lambda: saved(lesion().convert("L")),
    "GPS and serial numbers": located,
}
# What somebody calls a file.
NAMES = {
    "path": "../../etc/passwd",
    "backslashes": "..\\..\\windows\\system32",
    "NUL": "a\0b.jpg",
    "long": "ü" * 4000,
    "right to left": "\u202egpj.exe",
    "markup": "<img src=x onerror=alert(1)>.jpg",
    "formula": "=1+1.jpg",
    "escape": "a\x1b[31m.jpg",
    "none": "",
}
