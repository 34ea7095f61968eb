"""The evaluated images, where the reader has them in a folder: found by image id, shown small and clean."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from model.bundle import BundleError
from model.images import ImageError, Photograph, decode, encode

ROOT = "/evaluated"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
SIDES: dict[str, int] = {"thumbnail": 288, "image": 1024}
# Heatmaps that are remembered; each has about 30 KB.
HEATMAPS = 256

Heatmap = Callable[[Photograph, str], bytes]


@lru_cache(maxsize=4)
def images_by_id(folder: Path) -> Mapping[str, Path]:
    """Every image below a folder by its name without the ending, but hidden ones (`._x.jpg`); looked up once."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)
    return {path.stem: path for path in paths if not is_hidden(path.relative_to(folder))}


def known_images(folder: Path | None) -> Collection[str] | None:
    """The ids whose image can be shown; None where no folder is set."""
    return None if folder is None else images_by_id(folder).keys()


def is_hidden(path: Path) -> bool:
    """Whether a name in a path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def blueprint(folder: Path | None, heatmap: Heatmap | None = None) -> Blueprint:
    """`/evaluated/<image id>/thumbnail`, `/image` and `/heatmap?model=NAME`; all unknown where no folder is set.

    Args:
        heatmap: computes one from an image and the name of a model; raises LookupError where that cannot run.
    """
    routes = Blueprint("photographs", __name__, url_prefix=ROOT)

    def path_of(image_id: str) -> Path:
        # An id is only looked up, never made a path of.
        path = images_by_id(folder).get(image_id) if folder is not None else None
        if path is None:
            abort(404)
        return path

    @lru_cache(maxsize=HEATMAPS)
    def remembered(path: Path, changed: int, model: str) -> bytes:
        if heatmap is None:
            raise LookupError("no heatmaps")
        return heatmap(decode(path.read_bytes()), model)

    @routes.get("/<image_id>/heatmap")
    def explained(image_id: str) -> Response:
        path = path_of(image_id)
        try:
            png = remembered(path, path.stat().st_mtime_ns, request.args.get("model", ""))
        except (ImageError, BundleError, LookupError, OSError):
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
