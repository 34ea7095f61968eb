"""Thumbnails: made when somebody first looks at one, and kept from then on."""

from contextlib import suppress

from dashboard.store.errors import MissingFile, StoreError
from dashboard.store.files import STORED_LIMITS, referenced_digests
from dashboard.store.transactions import Transactions
from model.images import ImageError, decode, encode

THUMBNAIL_SIDE = 240


def make_thumbnail(store: Transactions, sha256: str, picture: bytes) -> bytes:
    """The thumbnail of an image, which is kept where something can be kept.

    Raises:
        MissingFile: the image is damaged.
    """
    try:
        pixels = decode(picture, STORED_LIMITS).pixels
    except ImageError as error:
        raise MissingFile("The photograph in the data folder is damaged.") from error
    small = encode(pixels, max_side=THUMBNAIL_SIDE)
    with suppress(StoreError):
        keep_thumbnail(store, sha256, small)
    return small


def keep_thumbnail(store: Transactions, sha256: str, small: bytes) -> None:
    """Keep a thumbnail, unless its image was deleted meanwhile. Raises StoreError."""
    with store.disk():
        staged = store.files.place.stage({store.files.thumbnail(sha256): small})
    try:
        with store.writing(quiet=True) as connection:
            if referenced_digests(connection, [sha256]):
                staged.commit()
    finally:
        staged.discard()
