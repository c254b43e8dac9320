"""What runs is what was hashed: no bytecode from anywhere, whatever its age, and nothing read twice."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path
from pkgutil import get_data

import pytest
from procedure_package import package
from shipped import SHORT
from tiny import PROCEDURE

from remotecal import source
from remotecal.bench import Bench
from remotecal.errors import BenchError, EvidenceError, OrderError
from remotecal.procedures.library.evaluation import tables
from remotecal.runs import catalogue
from remotecal.runs.catalogue import find, find_followed, hash_of, read_files

ELSEWHERE = "raise SystemExit('bytecode ran')\n"


def plant(file: Path, text: str = ELSEWHERE, cache: str | None = None) -> None:
    """Put bytecode of another text where Python looks for that of a file, by the file's time and length."""
    there = Path(cache or importlib.util.cache_from_source(str(file)))
    there.parent.mkdir(parents=True, exist_ok=True)
    other = there.with_suffix(".py")
    other.write_text(text)
    py_compile.compile(str(other), str(there), dfile=str(file), doraise=True)
    other.unlink()
    told = there.read_bytes()
    status = file.stat()
    stamp = int(status.st_mtime).to_bytes(4, "little") + (status.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    there.write_bytes(told[:8] + stamp + told[16:])


def as_users_have_it(script: str, *arguments: object, **environment: str) -> str:
    """Run a script where Python writes bytecode, and return what it prints."""
    here = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    root = str(Path(source.__file__).parent.parent)
    path = os.pathsep.join([str(Path(__file__).parent), root])
    done = subprocess.run(
        command, env=here | {"PYTHONPATH": path} | environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_procedure_changed_within_a_second_at_the_same_length_runs_as_changed(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from remotecal.runs.catalogue import find
assert not sys.dont_write_bytecode
for file, changed in ((Path(sys.argv[1]), None), (Path(sys.argv[2]), Path(sys.argv[3]))):
    changed = changed or file
    before = find(str(file))
    then = changed.stat()
    changed.write_text(changed.read_text().replace("Comparison", "Difference").replace("'data'", "'atad'"))
    os.utime(changed, ns=(then.st_atime_ns, then.st_mtime_ns))
    after = find(str(file))
    print(before.sha256 != after.sha256, after.procedure.title.get("en"))
"""
    file = tmp_path / "mine.py"
    file.write_text(PROCEDURE.read_text())
    folder = package(tmp_path / "levels").parent
    (folder / "atad").mkdir()
    (folder / "atad" / "title.txt").write_text("atad")
    said = as_users_have_it(script, file, folder / "compare.py", folder / "names.py")
    assert said.split() == ["True", "Difference", "True", "atad"]
    assert not list(tmp_path.rglob("__pycache__")), "nothing is written either"


def test_bytecode_planted_beside_a_procedure_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PROCEDURE.read_text())
    compare = package(tmp_path / "levels")
    for planted in (file, compare, compare.with_name("names.py"), compare.with_name("__init__.py")):
        plant(planted)
    assert find(str(file)).procedure.title.get("en") == "Comparison"
    assert find(str(compare)).procedure.title.get("en") == "levels"


@pytest.mark.parametrize("name", ["secret.py", "secret.pyc", "__pycache__/names.cpython-311.pyc"])
def test_what_was_added_after_the_hash_is_not_found(tmp_path: Path, name: str) -> None:
    compare = package(tmp_path / "levels")
    compare.write_text(
        compare.read_text().replace(
            "def points", "def late(self):\n        from . import secret\n\n    def points"
        )
    )
    procedure = find(str(compare)).procedure
    added = compare.parent / name
    if name.endswith(".py"):
        added.write_text(ELSEWHERE)
    else:
        plant(compare, cache=str(added))
    with pytest.raises(ImportError, match="secret"):
        procedure.late(None)  # type: ignore[attr-defined]


def test_a_module_imported_late_is_the_one_that_was_hashed(tmp_path: Path) -> None:
    compare = package(tmp_path / "levels")
    late = compare.with_name("late.py")
    late.write_text("WORD = 'hashed'\n")
    text = compare.read_text().replace(
        "def points", "def word(self):\n        from .late import WORD\n        return WORD\n\n    def points"
    )
    compare.write_text(text)
    found = find(str(compare))
    late.write_text("WORD = 'swapped'\n")
    assert found.procedure.word(None) == "hashed"  # type: ignore[attr-defined]


def test_data_is_handed_out_as_it_was_hashed(tmp_path: Path) -> None:
    compare = package(tmp_path / "levels")
    module = find(str(compare)).procedure.__module__
    (compare.parent / "data" / "title.txt").write_text("another")
    root = module.rpartition(".")[0]
    assert get_data(root, "data/title.txt") == b"levels"
    assert files(import_module(root)).joinpath("data/title.txt").read_text() == "levels"
    with pytest.raises(FileNotFoundError, match="not among the files"):
        get_data(root, "data/new.txt")


def test_a_file_of_another_hash_is_not_imported(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ELSEWHERE)
    with pytest.raises(EvidenceError, match="it was changed since"):
        find(str(file), sha256="ab" * 32)
    with pytest.raises(EvidenceError, match="it was changed since"):
        find_followed("mine.py", "ab" * 32, file)
    with pytest.raises(EvidenceError, match="it was changed since"):
        find_followed(SHORT[0], "ab" * 32)


@pytest.mark.parametrize(
    "name", ["mine.py", "./mine.py", "../mine.py", f"{SHORT[0]}.py", "json:tool", "json"]
)
def test_a_name_in_evidence_is_never_a_path_or_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ELSEWHERE)
    monkeypatch.chdir(tmp_path)
    for said in (name, str(tmp_path / name)):
        with pytest.raises(
            OrderError, match="not installed here: give the procedure's file with --procedure"
        ):
            find_followed(said, hash_of(read_files(file)))


def test_the_library_runs_from_source_and_is_hashed_by_what_runs(tmp_path: Path) -> None:
    shipped = import_module(find(SHORT[0]).procedure.__module__)
    for module in (tables, shipped):
        file = Path(module.__file__ or "")
        plant(
            file,
            cache=str(tmp_path / str(file.with_suffix("")).lstrip("/"))
            + f".{sys.implementation.cache_tag}.pyc",
        )
    script = """
import importlib.util, sys
from pathlib import Path
from remotecal.runs.catalogue import find, hashes
print(*(told for name, told in hashes().items() if name.endswith(f".{sys.argv[1]}")))
import remotecal.procedures.library.evaluation.tables as tables
print(find(sys.argv[1]).sha256)
cached = Path(importlib.util.cache_from_source(tables.__file__))
assert cached.exists(), cached
assert not cached.with_name("finding.cpython-311.pyc").exists()
"""
    said = as_users_have_it(script, SHORT[0], PYTHONPYCACHEPREFIX=str(tmp_path))
    assert said.split() == [find(SHORT[0]).sha256] * 2
    assert source.running("remotecal.procedures.library") is not None


def test_an_installed_package_runs_from_source_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rain_laboratory"
    folder.mkdir()
    texts = {
        "__init__": "",
        "own": "from .model import Base\nclass Own(Base):\n    def points(self): ...\n",
        "model": "from remotecal.procedures import Procedure\nclass Base(Procedure):\n    pass\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
        plant(folder / f"{name}.py")
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("own", "rain_laboratory.own:Own", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: [entry])
    assert find("own").sha256 == hash_of(
        {f"{name}.py": (folder / f"{name}.py").read_bytes() for name in ("__init__", "model", "own")}
    )


def test_what_somebody_else_imported_is_not_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from remotecal.procedures import Procedure\nclass Own(Procedure):\n    def points(self): ...\n"
    (tmp_path / "snow_laboratory.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import_module("snow_laboratory")
    entry = EntryPoint("own", "snow_laboratory:Own", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: [entry])
    with pytest.raises(OrderError, match="nobody knows what runs"):
        find("own")


def test_a_driver_of_ones_own_runs_from_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "hail_drivers.py"
    module.write_text("from tiny import TinyMeter\nclass Hail(TinyMeter):\n    pass\n")
    plant(module)
    monkeypatch.syspath_prepend(tmp_path)
    bench = tmp_path / "bench.toml"
    bench.write_text(
        '[bench]\nname = "B"\n[instruments.gauge]\ndriver = "hail_drivers:Hail"\n'
        'address = "TCPIP::127.0.0.1::5025::SOCKET"\n'
    )
    with pytest.raises(BenchError, match="not an installed one: give the bench file with --bench"):
        Bench.load(bench, installed=True)
    assert Bench.load(bench).drivers["gauge"].__name__ == "Hail"
    assert source.running("hail_drivers") is not None


def test_a_compiled_module_in_the_place_of_source_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fog_drivers.py").write_text("")
    plant(tmp_path / "fog_drivers.py", cache=str(tmp_path / "mist_drivers.pyc"))
    (tmp_path / f"fog_drivers.{sys.implementation.cache_tag}-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    (tmp_path / "fog_drivers.abi3.so").write_bytes(b"\x7fELF")
    for name in ("mist_drivers", "fog_drivers"):
        with pytest.raises(ImportError, match="was compiled and stands where source should be"):
            source.load(name)


def test_what_pytest_would_rewrite_runs_from_source_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that has a plugin for pytest, as remotecal has, is loaded by pytest whole."""
    (tmp_path / "sleet_drivers.py").write_text("assert True\n")
    monkeypatch.syspath_prepend(tmp_path)
    pytest.register_assert_rewrite("sleet_drivers")
    source.load("sleet_drivers")
    running = source.running("sleet_drivers")
    assert running is not None
    assert running.content == b"assert True\n"


def test_what_was_read_before_is_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A station tells hashes at its start; whatever its library becomes meanwhile, that is what it runs."""
    folder = tmp_path / "frost_laboratory"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "own.py").write_text("WORD = 'told'\n")
    monkeypatch.syspath_prepend(tmp_path)
    read = source.read("frost_laboratory.own")
    assert "frost_laboratory.own" not in sys.modules
    (folder / "own.py").write_text("WORD = 'swapped'\n")
    assert source.load("frost_laboratory.own").WORD == "told"
    assert source.running("frost_laboratory.own") is source.read("frost_laboratory.own") is read


def test_what_nobody_read_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rime_laboratory.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import_module("rime_laboratory")
    for name in ("rime_laboratory", "dew_laboratory"):
        with pytest.raises(ImportError, match="has no source, or was imported before it was read"):
            source.read(name)
