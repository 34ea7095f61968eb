"""The evaluated images, where the reader has them in a folder: found by image id, shown small and clean."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from dashboard.services import ModelUnavailable, Services
from dashboard.shell.known_cases import ROOT, images_by_id
from dashboard.shell.outline import NOTHING_STANDS_OUT, outline_png
from dashboard.shell.text import NO_HEATMAP
from model.images import ImageError, decode, encode

SIDES: dict[str, int] = {"thumbnail": 288, "image": 1024}
# Outlines that are remembered.
OUTLINES = 256
UNREADABLE = "This image cannot be read."
WITHOUT_WEIGHTS = "What the model looked at cannot be shown:"


def known_images(folder: Path | None) -> Collection[str] | None:
    """The ids whose image can be shown; None where no folder is set."""
    return None if folder is None else images_by_id(folder).keys()


def image_outline(image_id: str, model: str) -> tuple[bytes, str]:
    """What a model looked at in an image, as PNG over its centred square, and why there is none; one is empty."""
    folder = Services.current().settings.images
    path = None if folder is None else images_by_id(folder).get(image_id)
    if path is None:
        return b"", UNREADABLE
    try:
        return drawn_outline(path, path.stat().st_mtime_ns, model)
    except (ImageError, OSError):
        return b"", UNREADABLE


@lru_cache(maxsize=OUTLINES)
def drawn_outline(path: Path, _changed: int, model: str) -> tuple[bytes, str]:
    """See `image_outline`."""
    try:
        heatmap = Services.current().heatmap(decode(path.read_bytes()), model)
    except ModelUnavailable as error:
        return (
            b"",
            NO_HEATMAP if error.code == "no_heatmap" else f"{WITHOUT_WEIGHTS} {model} cannot run here.",
        )
    outline = outline_png(heatmap)
    return (outline, "") if outline else (b"", NOTHING_STANDS_OUT)


def blueprint(folder: Path | None) -> Blueprint:
    """`/evaluated/<image id>/thumbnail`, `/image` and `/outline?model=NAME`; all unknown where no folder is set."""
    routes = Blueprint("photographs", __name__, url_prefix=ROOT)

    def path_of(image_id: str) -> Path:
        # An id is only looked up, never made a path of.
        path = images_by_id(folder).get(image_id) if folder is not None else None
        if path is None:
            abort(404)
        return path

    @routes.get("/<image_id>/outline")
    def explained(image_id: str) -> Response:
        path_of(image_id)
        png, missing = image_outline(image_id, request.args.get("model", ""))
        if missing:
            abort(404)
        return cached_image(png, "image/png")

    @routes.get("/<image_id>/<size>")
    def picture(image_id: str, size: str) -> Response:
        path = path_of(image_id)
        if size not in SIDES:
            abort(404)
        try:
            pixels = decode(path.read_bytes()).pixels
        except (ImageError, OSError):
            abort(404)
        return cached_image(encode(pixels, max_side=SIDES[size]), "image/jpeg")

    return routes


def cached_image(data: bytes, mimetype: str) -> Response:
    """An image that this browser may keep for an hour."""
    answer = Response(data, mimetype=mimetype)
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
