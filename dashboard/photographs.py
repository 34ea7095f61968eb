"""The evaluated images, where the reader has them in a folder: found by image id, shown small and clean."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort

from model.images import ImageError, decode, encode

ROOT = "/evaluated"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
SIDES: dict[str, int] = {"thumbnail": 144, "image": 1024}


@lru_cache(maxsize=4)
def found(folder: Path) -> Mapping[str, Path]:
    """Every image below a folder by its name without the ending; looked up once."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)
    return {path.stem: path for path in paths}


def blueprint(folder: Path | None) -> Blueprint:
    """`/evaluated/<image id>/thumbnail` and `/image`; everything is unknown where no folder is set."""
    routes = Blueprint("photographs", __name__, url_prefix=ROOT)

    @routes.get("/<image_id>/<size>")
    def _(image_id: str, size: str) -> Response:
        # An id is only looked up, never made a path of.
        path = found(folder).get(image_id) if folder is not None else None
        if path is None or size not in SIDES:
            abort(404)
        try:
            pixels = decode(path.read_bytes()).pixels
        except (ImageError, OSError):
            abort(404)
        answer = Response(encode(pixels, max_side=SIDES[size]), mimetype="image/jpeg")
        answer.headers["Cache-Control"] = "private, max-age=3600"
        return answer

    return routes
