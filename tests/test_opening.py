"""What is done with files and folders, where systems or disks get in the way."""

import resource

import pytest

from remotecal.opening import copy_folder

SMALL = 2000
"""Bytes a file may have where the disk is said to be full."""


def test_a_folder_that_can_not_be_copied_is_told_by_its_first_file(tmp_path):
    folder, to = tmp_path / "papers", tmp_path / "copy"
    folder.mkdir()
    for name in ("a.xml", "b.xml", "clock"):
        (folder / name).write_bytes(bytes(2 * SMALL))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))
    try:
        with pytest.raises(OSError, match=rf"^{to}/[ab]\.xml can't be written: \[Errno 27\] [^\[]*$"):
            copy_folder(folder, to, leave_out="clock")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    copy_folder(folder, tmp_path / "whole", leave_out="clock")
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == ["a.xml", "b.xml"]
