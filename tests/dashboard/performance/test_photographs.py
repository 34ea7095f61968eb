"""Which files of a folder are photographs: the same for the command line and for the evaluated images."""

from pathlib import Path

from dashboard.performance.photographs import images_by_id
from model.scoring import files_below


def test_what_systems_hide_is_no_photograph(tmp_path: Path) -> None:
    for name in ("b.jpg", "._b.jpg", ".hidden.png", ".thumbnails/c.jpg", "__MACOSX/._b.jpg", "in/d.JPG"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
    assert [path.name for path in files_below([tmp_path])] == ["b.jpg", "d.JPG"]
    named = tmp_path / "._b.jpg"
    assert list(files_below([named])) == [named]
    assert set(images_by_id(tmp_path)) == {"b", "d"}
