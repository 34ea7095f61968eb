"""Where the pictures of a prediction are, and how they lie on a page."""

from typing import Any

from dashboard.addresses import local_address


def prediction_url(record_id: str, part: str = "") -> str:
    """Where the API keeps a prediction, or one of its images."""
    return local_address(f"/api/v1/predictions/{record_id}" + (f"/{part}" if part else ""))


def image_frame(width: int, height: int) -> dict[str, Any]:
    """The room for an image of that size, as a style."""
    return {"aspectRatio": f"{width} / {height}", "--ratio": width / height}


def centred_square(width: int, height: int) -> dict[str, str]:
    """Where the centred square lies in an image of that size, as a style."""
    side = min(width, height)
    return {
        "width": f"{100 * side / width:.4f}%",
        "height": f"{100 * side / height:.4f}%",
        "left": f"{50 * (width - side) / width:.4f}%",
        "top": f"{50 * (height - side) / height:.4f}%",
    }
