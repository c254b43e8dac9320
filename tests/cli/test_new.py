"""`remotecal new` writes starts that work as they are: linted, typed, tested, by these very tools."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from remotecal.cli import main
from remotecal.cli.new import LONGEST, Offer, with_entries
from remotecal.errors import ConfigurationError

ROOT = Path(__file__).parent.parent.parent
SHORT, LONG = "q", "a_name_as_long_as_is"
PACKAGE = "as_long_as_may_be_so"
STARTS = (
    ("driver", "sable540"), ("driver", "orrin7", "--modbus"), ("driver", LONG), ("driver", SHORT, "--modbus"),
    ("procedure", "comparison"), ("procedure", f"b{LONG[1:]}"), ("procedure", "p"),
    ("bench", "stirred_bath"), ("bench", f"c{LONG[1:]}"), ("bench", "z"),
)  # fmt: skip
"""Names as short and as long as they may be, so that no line is written that only fits some."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with all starts, and a package that has them, too."""
    assert len(LONG) == len(PACKAGE) == LONGEST
    here = tmp_path_factory.mktemp("new")
    for start in STARTS:
        assert main(["new", *start, "--out", str(here / "plain")]) == 0
        assert main(["new", *start, "--out", str(here), "--package", PACKAGE]) == 0
    return here


def tool(*line: object, cwd: Path, **environment: str) -> str:
    """Run a tool of Python's, and return what it says; it must be content."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, line)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("folder", ["plain", PACKAGE])
def test_what_is_written_is_linted_and_formatted(folder: str, written: Path) -> None:
    alone = ["--isolated"] if folder == "plain" else []
    tool("ruff", "check", *alone, ".", cwd=written / folder)
    tool("ruff", "format", "--check", *alone, ".", cwd=written / folder)


def test_what_is_written_is_typed(written: Path, pytestconfig: pytest.Config) -> None:
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-new")
    strict = ("--strict", "--follow-imports=silent", f"--cache-dir={cache}", "--config-file=")
    path = os.pathsep.join(map(str, (ROOT, written / PACKAGE / "src", written / "plain")))
    files = [*written.glob("plain/*.py"), *written.glob(f"{PACKAGE}/src/*/*.py")]
    tool("mypy", *strict, *files, cwd=written, MYPYPATH=path)
    # Apart, for the tests of both folders have the same names.
    tool("mypy", *strict, *written.glob(f"{PACKAGE}/tests/*.py"), cwd=written, MYPYPATH=path)


@pytest.mark.parametrize("folder", ["plain", PACKAGE])
def test_what_is_written_passes_its_own_tests(folder: str, written: Path) -> None:
    plugin = ("-W", "error", "-p", "remotecal.testing.plugin")
    said = tool("pytest", "-q", *plugin, cwd=written / folder, PYTHONPATH=str(ROOT))
    assert said.count("\n") < 8
    assert "failed" not in said


def test_a_package_offers_what_was_written_into_it(written: Path) -> None:
    project = tomllib.loads((written / PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    offered = project["project"]["entry-points"]
    assert offered["remotecal.drivers"]["Orrin7"] == f"{PACKAGE}.orrin7:Orrin7"
    assert offered["remotecal.procedures"]["comparison"] == f"{PACKAGE}.comparison:Comparison"
    assert offered["remotecal.benches"]["stirred-bath"] == f"{PACKAGE}.stirred_bath:StirredBath"
    assert {len(entries) for entries in offered.values()} == {3, 4, 6}
    assert project["project"]["name"] == "as-long-as-may-be-so"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (("driver", "Sable540"), "'Sable540' can't be a name: .*, such as sable540"),
        (("bench", "StirredBath"), "such as stirred_bath"),
        (("bench", "stirred-bath"), "such as stirred_bath"),
        (("driver", "540"), "'540' can't be a name: .*, such as stirred_bath"),
        (("driver", "../sable"), "can't be a name"),
        (("procedure", ""), "'' can't be a name: .*, such as stirred_bath"),
        (("driver", "sable_"), "such as sable"),
        (("driver", "class"), "class is a name that Python or remotecal has already"),
        (("procedure", "statistics"), "statistics is a name that Python"),
        (("procedure", "remotecal"), "remotecal is a name that Python or remotecal has"),
        (("driver", "numpy"), "numpy is what numpy is imported by: choose another name"),
        (("bench", "bath", "--package", "lxml"), "lxml is what .*lxml.* is imported by"),
        (("driver", "a" * (LONGEST + 1)), "is too long for a name: 20 characters at most"),
        (("driver", "sable", "--package", "My-Package"), "such as my_package"),
        (("bench", "bath", "--procedure", "my procedure"), "such as my_procedure"),
    ],
)
def test_what_can_not_be_a_name_is_refused(
    start: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", *start, "--out", str(tmp_path)]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert contents(tmp_path) == {}


def test_what_a_driver_says_to_try_works_where_it_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "driver", "sable540", "--out", str(tmp_path)]) == 0
    tried = capsys.readouterr().out
    assert "\n  PYTHONPATH=. remotecal drivers show sable540:Sable540\n  pytest" in tried
    shown = tool(
        "remotecal", "drivers", "show", "sable540:Sable540", cwd=tmp_path, PYTHONPATH=f".{os.pathsep}{ROOT}"
    )
    assert "Sable540" in shown


@pytest.mark.parametrize("there", ["sable540.py", "sable540_twin.py", "test_sable540.py"])
def test_nothing_is_overwritten(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / there).write_text("mine")
    assert main(["new", "driver", "sable540", "--out", str(tmp_path)]) == 2
    assert f"{there} is there already, and nothing is overwritten" in capsys.readouterr().err
    assert contents(tmp_path) == {str(tmp_path / there): b"mine"}


def test_a_package_is_not_overwritten_and_offers_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--package", "sable", "--out", str(tmp_path)]
    assert main(["new", "driver", "sable540", *line]) == 0
    project = tmp_path / "sable" / "pyproject.toml"
    project.write_text(project.read_text().replace("0.1.0", "7.0.0") + '\n[tool.other]\nof = "mine"\n')
    before = contents(tmp_path)
    assert main(["new", "driver", "sable540", *line]) == 2
    assert "offers Sable540 already, as sable.sable540:Sable540" in capsys.readouterr().err
    assert contents(tmp_path) == before
    assert main(["new", "bench", "bath", *line]) == 0
    after = tomllib.loads(project.read_text())
    assert after["project"].pop("entry-points") == {
        "remotecal.drivers": {"Sable540": "sable.sable540:Sable540"},
        "remotecal.benches": {"bath": "sable.bath:Bath"},
    }
    assert (after["project"]["version"], after["tool"]["other"]) == ("7.0.0", {"of": "mine"})


def test_somebody_elses_project_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sable").mkdir()
    (tmp_path / "sable" / "pyproject.toml").write_text('[project]\nname = "sable"\n')
    assert main(["new", "driver", "sable540", "--package", "sable", "--out", str(tmp_path)]) == 2
    assert "is a project already, which has no" in capsys.readouterr().err
    assert list(contents(tmp_path)) == [str(tmp_path / "sable" / "pyproject.toml")]


@pytest.mark.parametrize(
    "written",
    [
        '[project]\nentry-points = { "remotecal.drivers" = { A = "a:A" } }\n',
        '[project]\nname = "sable"\n[project.entry-points]\n"remotecal.drivers" = { A = "a:A" }\n',
        "[project\n",
    ],
)
def test_what_can_not_be_added_to_is_told(written: str) -> None:
    entry = Offer("remotecal.drivers", "B", "b:B")
    with pytest.raises(ConfigurationError, match=r"yourself|can't be read"):
        with_entries(written, (entry,), Path("pyproject.toml"))


def test_entries_are_added_under_headings_that_are_there() -> None:
    written = (
        '[project]\nname = "s"\n\n[project.entry-points."remotecal.drivers"]\nA = "a:A"\n\n[tool.x]\ny = 1\n'
    )
    added = with_entries(written, (Offer("remotecal.drivers", "B", "b:B"),), Path("pyproject.toml"))
    assert added == written.replace('A = "a:A"', 'B = "b:B"\nA = "a:A"')


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["new", "driver", "sable540", "--out", str(tmp_path / "file")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_bench_alone_says_which_procedure_it_waits_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "bench", "bath", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"asks for the procedure in {tmp_path / 'comparison.py'}, which is not there" in said
    assert "remotecal new procedure comparison" in said
