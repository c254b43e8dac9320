"""A procedure in a folder of its own: found, hashed with all that is in it, never half new."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from procedure_package import package
from shipped import SHORT
from tiny import PROCEDURE

from remotecal.errors import OrderError
from remotecal.runs import catalogue
from remotecal.runs.catalogue import find, hash_of, read_files


def test_a_package_runs_and_is_hashed_whole(tmp_path: Path) -> None:
    file = package(tmp_path / "levels")
    found = find("levels/compare.py", tmp_path)
    assert (found.name, found.procedure.title.get("en")) == (str(file), "levels")
    names = ["levels/__init__.py", "levels/compare.py", "levels/data/title.txt", "levels/names.py"]
    sums = "".join(f"{sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    assert found.sha256 == sha256(sums.encode()).hexdigest()


@pytest.mark.parametrize("changed", ["names.py", "data/title.txt", "data/new.txt"])
def test_whatever_changes_changes_the_hash(tmp_path: Path, changed: str) -> None:
    file = package(tmp_path / "levels")
    before = find(str(file))
    with (file.parent / changed).open("a") as out:
        out.write("\n")
    assert find(str(file)).sha256 != before.sha256


def test_a_changed_module_is_loaded_anew(tmp_path: Path) -> None:
    file = package(tmp_path / "levels")
    find(str(file))
    (file.parent / "names.py").write_text("TITLE = 'another'\n")
    assert find(str(file)).procedure.title.get("en") == "another"


def test_what_python_compiled_and_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    file = package(tmp_path / "levels")
    before = find(str(file)).sha256
    (file.parent / "__pycache__").mkdir(exist_ok=True)
    (file.parent / "__pycache__" / "names.cpython-311.pyc").write_bytes(b"whatever")
    (file.parent / ".names.py.swp").write_text("an editor's")
    assert find(str(file)).sha256 == before


def test_what_can_not_be_sent_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = package(tmp_path / "levels")
    link = file.parent / "data" / "link.txt"
    link.symlink_to("/etc/hostname")
    with pytest.raises(OrderError, match="no plain file"):
        find(str(file))
    link.unlink()
    monkeypatch.setattr(catalogue, "MOST_FILES", 3)
    with pytest.raises(OrderError, match="too large"):
        find(str(file))
    monkeypatch.undo()
    (file.parent / "data" / "large.bin").write_bytes(bytes(catalogue.MOST_BYTES))
    with pytest.raises(OrderError, match="too large"):
        find(str(file))


def test_a_fault_in_a_module_names_the_procedure(tmp_path: Path) -> None:
    file = package(tmp_path / "levels")
    (file.parent / "names.py").write_text("1 / 0\n")
    with pytest.raises(OrderError, match=r"compare\.py can't be loaded: ZeroDivisionError"):
        find(str(file))


def test_many_threads_find_procedures(tmp_path: Path) -> None:
    """CPython 3.11 loses count in `ast.parse` if two threads are in it."""
    file = package(tmp_path / "levels")
    names = [SHORT[0], str(file), SHORT[1], str(PROCEDURE)]
    expected = [find(name).sha256 for name in names]
    assert expected[1] == hash_of(read_files(file))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda name: find(name).sha256, names * 6)) == expected * 6
