"""Checkpoints on disk: what is damaged is noticed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from jnl.results.checkpoint import Checkpoint, Checkpoints
from jnl.support.errors import UserError

ARRAYS = {"state/a": np.arange(12, dtype=np.float32).reshape(3, 4), "curves/b": np.array([True, False])}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two checkpoints of three that were saved."""
    folder = tmp_path_factory.mktemp("two")
    files = Checkpoints(folder, 2)
    for number in (3, 5, 7):
        files.save(number, Checkpoint(ARRAYS, {"epoch": number}))
    files.wait()
    files.close()
    assert sorted(path.name for path in folder.iterdir()) == ["5", "7"]
    return folder


class TestCheckpoints:
    """What is damaged is noticed, named and set aside; what is older is there instead."""

    def newest(self, folder):
        files = Checkpoints(folder, 2)
        try:
            return files.newest()
        finally:
            files.close()

    @pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "delete"])
    def test_every_file_damaged(self, damage, two, tmp_path, caplog):
        inside = [file.relative_to(two / "7") for file in sorted((two / "7").rglob("*")) if file.is_file()]
        assert len(inside) > 5
        for name in inside:
            folder = Path(shutil.copytree(two, tmp_path / str(name).replace("/", "-")))
            file = folder / "7" / name
            held = bytearray(file.read_bytes())
            for position in (len(held) // 2, len(held) - 1) if damage == "flip" else (0,):
                if damage == "delete":
                    file.unlink()
                else:
                    changed = {"truncate": held[: len(held) // 2], "empty": b"", "flip": bytearray(held)}[damage]
                    if damage == "flip":
                        changed[position] ^= 16
                    file.write_bytes(changed)
                caplog.clear()
                found = self.newest(folder)
                # Either the file does not matter, or the one before is there: never other values.
                assert found.record == {"epoch": 5 if (folder / "7.damaged").exists() else 7}, name
                assert ("damaged" in caplog.text) == (folder / "7.damaged").exists()
                for key, array in ARRAYS.items():
                    np.testing.assert_array_equal(found.arrays[key], array)
                if (folder / "7.damaged").exists():
                    (folder / "7.damaged").rename(folder / "7")

    def test_what_is_whole_but_cannot_be_read_stays(self, two, tmp_path, monkeypatch):
        """No memory, no files left to open: a real one would take the tests with it."""
        folder = Path(shutil.copytree(two, tmp_path / "copy"))

        def fails(*arguments):
            raise MemoryError("no room")

        with monkeypatch.context() as patch:
            patch.setattr("orbax.checkpoint.Checkpointer.restore", fails)
            with pytest.raises(UserError, match="cannot read the checkpoint .*7 now .MemoryError: no room"):
                self.newest(folder)
        assert self.newest(folder).record == {"epoch": 7}

    def test_if_all_are_damaged_an_error_says_so_each_time_and_nothing_changes(self, two, tmp_path):
        folder = Path(shutil.copytree(two, tmp_path / "copy"))
        for number in ("5", "7"):
            (folder / number / "manifest.ocdbt").write_bytes(b"")
        for _ in range(2):
            with pytest.raises(UserError, match="all checkpoints in .*copy are damaged .7: the file manifest.ocdbt"):
                self.newest(folder)
        assert sorted(path.name for path in folder.iterdir()) == ["5", "7"]

    def test_files_of_the_system_do_no_harm(self, two, tmp_path, caplog):
        folder = Path(shutil.copytree(two, tmp_path / "copy"))
        for place in (folder, folder / "7", folder / "7" / "d"):
            (place / ".DS_Store").write_bytes(b"\0")
        assert self.newest(folder).record == {"epoch": 7}
        assert not caplog.text

    def test_what_a_killed_save_left_is_removed(self, two, tmp_path):
        folder = Path(shutil.copytree(two, tmp_path / "copy"))
        shutil.copytree(folder / "7", folder / "9.part.orbax-checkpoint-tmp")
        shutil.copytree(folder / "7", folder / "8.part")
        assert self.newest(folder).record == {"epoch": 7}
        assert sorted(path.name for path in folder.iterdir()) == ["5", "7"]
