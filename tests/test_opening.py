"""What is done with files and folders, where systems or disks get in the way."""

import os
import resource
from pathlib import Path

import pytest
from little_room import files_up_to

from remotecal.bench_file import read_text
from remotecal.certificates.signing.keys import read_certificate
from remotecal.cli.keys import _read
from remotecal.errors import ConfigurationError, RemotecalError
from remotecal.opening import copy_folder, folders
from remotecal.private_files import read_private, write_private
from remotecal.toml_entries import document

SMALL = 2000
"""Bytes a file may have where the disk is said to be full."""


def test_a_folder_that_can_not_be_copied_is_told_by_its_first_file(tmp_path):
    folder, to = tmp_path / "papers", tmp_path / "copy"
    folder.mkdir()
    for name in ("a.xml", "b.xml", "clock"):
        (folder / name).write_bytes(bytes(2 * SMALL))
    said = rf"^{to}/[ab]\.xml can't be written: \[Errno 27\] [^\[]*$"
    with files_up_to(SMALL), pytest.raises(OSError, match=said):
        copy_folder(folder, to, leave_out="clock")
    copy_folder(folder, tmp_path / "whole", leave_out="clock")
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == ["a.xml", "b.xml"]


def test_part_of_a_secret_does_not_keep_a_full_disk_full(tmp_path):
    write_private(key := tmp_path / "key.pem", b"old")
    with files_up_to(SMALL), pytest.raises(ConfigurationError, match=r"key\.pem can't be written"):
        write_private(key, bytes(2 * SMALL))
    assert (list(tmp_path.iterdir()), key.read_bytes()) == ([key], b"old")


def test_folders_are_gone_through_to_any_depth_and_along_no_link(tmp_path):
    deep = tmp_path
    made = [deep := deep / "d" for _ in range(1100)]
    try:
        for folder in made:
            folder.mkdir()
        (deep / "up").symlink_to(tmp_path)
        assert [(folder, sorted(names)) for folder, names in folders(tmp_path)][-2:] == [
            (made[-2], ["d"]),
            (made[-1], ["up"]),
        ]
    finally:  # one by one: nothing that calls itself comes so deep
        (deep / "up").unlink(missing_ok=True)
        for folder in filter(Path.exists, reversed(made)):
            folder.rmdir()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no devices in folders")
def test_what_has_no_end_is_not_read_to_it_whoever_names_it(tmp_path):
    endless = tmp_path / "endless"
    endless.symlink_to("/dev/zero")
    os.mkfifo(pipe := tmp_path / "pipe")
    other_end = os.open(pipe, os.O_RDWR)  # so that nothing waits without end where it is opened after all
    os.write(other_end, b"\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, hard))
    try:
        for path in (endless, pipe):
            for read in (read_private, read_certificate, read_text, document, _read):
                with pytest.raises(RemotecalError, match=r"there is more in it|a pipe would be"):
                    read(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        os.close(other_end)
