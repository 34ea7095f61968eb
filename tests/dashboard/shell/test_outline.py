"""What the model looked at, as a thin line: where it lies, and where there is none."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import update

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.shell.outline import NOTHING_STANDS_OUT, SIDE, outline_of, outline_png
from dashboard.store.schema import predictions
from model.evidence import heatmap_png


def evidence(*, rows: slice, columns: slice) -> NDArray[np.float32]:
    """Evidence in one rectangle of a map of 7 x 7."""
    found = np.zeros((7, 7), np.float32)
    found[rows, columns] = 1
    return found


def test_outline_is_a_thin_white_line_around_the_region_and_no_fill() -> None:
    outline = outline_png(heatmap_png(evidence(rows=slice(1, 4), columns=slice(2, 6))))
    assert outline is not None
    pixels = np.asarray(Image.open(BytesIO(outline)))
    assert pixels.shape == (SIDE, SIDE, 2)
    light, opacity = pixels[..., 0], pixels[..., 1]
    # Middle of the region, and far outside.
    assert opacity[2 * SIDE // 7, 4 * SIDE // 7] == 0 == opacity[-1, 0]
    rows, columns = np.nonzero(opacity == 255)
    assert (light[rows, columns] == 255).all()
    # In sevenths of a side: the line lies where half of the evidence is reached.
    assert [7 * rows.min() / SIDE, 7 * columns.max() / SIDE] == pytest.approx([1, 6], abs=0.3)
    assert 0.002 < (opacity > 0).mean() < 0.05
    # Dark beside the line, or it would not be seen on light skin.
    assert ((opacity > 100) & (light < 50)).any()


@pytest.mark.parametrize(
    "heatmap",
    [np.zeros((7, 7), np.float32), np.ones((7, 7), np.float32)],
    ids=["nothing speaks for it", "everything does"],
)
def test_there_is_none_where_no_region_stands_out(heatmap: NDArray[np.float32]) -> None:
    assert outline_png(heatmap_png(heatmap)) is None


def test_a_lost_heatmap_leaves_a_sentence(services: Services, lesion_jpeg: bytes) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    assert all(bool(found) != bool(missing) for found, missing in [outline_of(services, record)])
    # As an earlier version has it, and the file is gone.
    with services.store.writing() as connection:
        connection.execute(update(predictions).values(evidence=None))
    assert outline_of(services, record) == (b"", NOTHING_STANDS_OUT)
