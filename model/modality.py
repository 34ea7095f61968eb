"""What a photograph was taken with, as far as it shows."""

from enum import StrEnum


class Modality(StrEnum):
    """Through a dermatoscope, without one, or nothing that the model knows."""

    DERMOSCOPIC = "dermoscopic"
    CLOSE_UP = "close-up"
    NEITHER = "neither"
