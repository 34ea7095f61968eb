"""Drawn pictures without a lesion."""

import numpy as np
import pytest

from training.drawings.negatives import NEGATIVES, draw_negative


@pytest.mark.parametrize("kind", sorted(NEGATIVES))
@pytest.mark.parametrize("size", [64, 224])
def test_each_kind_is_a_picture_of_its_seed(kind: str, size: int) -> None:
    image = draw_negative(kind, 3, size)
    assert image.shape == (size, size, 3) and image.dtype == np.uint8
    assert (image == draw_negative(kind, 3, size)).all()
    assert any((image != draw_negative(kind, seed, size)).any() for seed in (4, 5))
