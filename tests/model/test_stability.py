"""The eight views, and when their spread is worth a word."""

import numpy as np

from model.stability import VIEWS, spread_of, unstable, views


def test_the_views_are_the_eight_of_a_square() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    found = views(image)
    assert found.shape == (VIEWS, 4, 4, 3) and found.flags.c_contiguous
    assert (found[0] == image).all()
    assert len({view.tobytes() for view in found}) == VIEWS
    for view in found:
        assert sorted(map(tuple, view.reshape(-1, 3))) == sorted(map(tuple, image.reshape(-1, 3)))


def test_a_wide_spread_or_a_change_of_mind_is_unstable() -> None:
    spread = spread_of(np.array([0.2, 0.35, 0.25]))
    assert spread == (0.2, 0.35)
    assert unstable(spread, changes=False, limit=0.2) == ()
    assert unstable(spread, changes=False, limit=None) == ()
    (wide,) = unstable(spread, changes=False, limit=0.1)
    (changing,) = unstable(spread, changes=True, limit=None)
    assert wide.code == changing.code == "unstable"
    assert "20 to 35 %" in wide.text and "decision" in changing.text
