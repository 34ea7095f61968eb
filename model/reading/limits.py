"""What a photograph's file may be, and the one error for a file that cannot be used."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a file may be.

    Attributes:
        max_bytes: length of the file.
        max_pixels: width times height.
        min_side, max_side: of the shorter and of the longer side in pixels. WebP, in which pictures are kept, has no
            longer ones.
    """

    max_bytes: int = 25_000_000
    max_pixels: int = 50_000_000
    min_side: int = 32
    max_side: int = 16_383

    def check_size(self, width: int, height: int) -> None:
        """Raise ImageError for a picture outside of these limits."""
        if width * height > self.max_pixels:
            raise too_many_pixels(self)
        if max(width, height) > self.max_side:
            raise ImageError(
                "too_many_pixels",
                f"The image has {width} x {height} pixels; it takes at most {self.max_side:,} on each side.",
            )
        if min(width, height) < self.min_side:
            raise ImageError(
                "too_small",
                f"The image has {width} x {height} pixels; it takes at least {self.min_side} on each side.",
            )


class ImageError(ValueError):
    """A file that cannot be used. `str()` is a sentence for the user; `code` names the reason for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def too_many_pixels(limits: Limits) -> ImageError:
    """The error for an image that would not fit into memory limits once decoded."""
    return ImageError(
        "too_many_pixels",
        f"The image has more than {limits.max_pixels / 1e6:.0f} megapixels. Make it smaller.",
    )


def too_complex() -> ImageError:
    """The error for a file whose decoding took too long or too much memory, or broke the decoder."""
    return ImageError(
        "too_complex",
        "Reading the image takes too much time or memory. Save it again as an ordinary JPEG or PNG file.",
    )


def unsupported(why: str, what: str = "image") -> ImageError:
    """The error for a whole file of a kind that is not read."""
    return ImageError("unsupported", f"The {what} cannot be used. {why}")


def several_pictures() -> ImageError:
    """The error for a file with pictures of different things."""
    return ImageError("animated", "The file holds more than one picture. Save the one that shows the lesion.")
