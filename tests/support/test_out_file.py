"""The file that `--out` names is checked before the work, and written as a whole."""

import os
import sys
from pathlib import Path

import pytest
from helpers.faults import full_disk

from jnl.support.errors import UserError
from jnl.support.out_file import check_out_file, write_out_file

not_windows = pytest.mark.skipif(sys.platform == "win32", reason="it has no such limits, links and devices")


def check(file):
    check_out_file(file, lambda before: before.read(4) == b"mine", "table")


@not_windows
def test_a_full_disk_leaves_the_earlier_file_whole(tmp_path):
    file = tmp_path / "out.csv"
    write_out_file(file, b"mine, earlier")
    with full_disk(100), pytest.raises(UserError, match=r"--out: cannot write .*out.csv \(File too large\); give"):
        write_out_file(file, bytes(101))
    assert file.read_bytes() == b"mine, earlier" and os.listdir(tmp_path) == ["out.csv"]


def test_only_earlier_and_empty_files_are_replaced_and_none_is_made(tmp_path):
    for name, content in (("new", None), ("empty", b""), ("earlier", b"mine, earlier")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        check(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["earlier", "empty"]
    (tmp_path / "other").write_bytes(b"yours")
    with pytest.raises(UserError, match="--out: .*other exists and holds no table of jnl; give another file, or"):
        check(tmp_path / "other")
    with pytest.raises(UserError, match="--out: .* is a folder; give a file"):
        check(tmp_path)
    with pytest.raises(UserError, match=r"--out: cannot write .*file \(No such file or directory\); give another file"):
        check(tmp_path / "no_folder" / "file")


@not_windows
def test_a_new_file_keeps_the_rights_of_the_earlier_one_and_files_beside_it_stay(tmp_path):
    file, beside = tmp_path / ("long" * 60), tmp_path / ".out.csv.part"
    beside.write_bytes(b"yours")
    write_out_file(file, b"mine, earlier")
    file.chmod(0o640)
    check(file)
    write_out_file(file, b"mine")
    assert (file.read_bytes(), file.stat().st_mode & 0o777, beside.read_bytes()) == (b"mine", 0o640, b"yours")


@not_windows
def test_a_link_stays_and_a_device_is_written(tmp_path):
    link, linked = tmp_path / "link", tmp_path / "file"
    link.symlink_to(linked)
    for file in (link, Path("/dev/null")):
        check(file)
        write_out_file(file, b"mine")
    assert link.is_symlink() and linked.read_bytes() == b"mine"
