"""A bench that is in no catalogue is named by its file, as a procedure is."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from remotecal import source
from remotecal.errors import ConfigurationError
from remotecal.sim import catalogue

BENCH = '''
from remotecal.sim.assembly import Assembly
from remotecal.sim.paper import Job, Paper
from {beside} import WIRED


class {name}(Assembly):
    """Nothing on a table."""

    wired = WIRED

    def paper(self, today):
        return Paper("table", Job("none", "T", {{}}, {{"name": "Thing", "serial": "1"}}))
'''


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    path, modules, finders = list(sys.path), set(sys.modules), list(sys.meta_path)
    yield
    sys.path[:], sys.meta_path[:] = path, finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(folder: Path, name: str, *classes: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"beside_{name}.py").write_text("WIRED = {}\n")
    path = folder / f"{name}.py"
    path.write_text("".join(BENCH.format(beside=f"beside_{name}", name=one) for one in classes))
    return path


def test_a_file_is_put_up_with_what_it_imports_from_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path, "gale_table", "Table")
    kind = catalogue.bench(str(path))
    assert kind.about() == "Nothing on a table."
    with kind.up() as up:
        assert up.connect() == {}
    assert source.running("gale_table") is not None
    assert catalogue.bench(str(path)) is kind


@pytest.mark.parametrize("classes", [(), ("One", "Two")])
def test_a_file_without_a_bench_or_with_several_is_refused(classes: tuple[str, ...], tmp_path: Path) -> None:
    path = write(tmp_path, f"breeze_table_{len(classes)}", *classes)
    with pytest.raises(ConfigurationError, match=f"must declare one, .* has {', '.join(classes) or 'none'}"):
        catalogue.bench(str(path))


def test_what_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file does not exist"):
        catalogue.bench(str(tmp_path / "no_table.py"))
    (tmp_path / "squall_table.py").write_text("1 / 0\n")
    with pytest.raises(ConfigurationError, match=r"squall_table\.py can't be loaded: ZeroDivisionError"):
        catalogue.bench(str(tmp_path / "squall_table.py"))


def test_a_file_called_as_another_module_is_not_taken_for_it(tmp_path: Path) -> None:
    first, second = (write(tmp_path / folder, "storm_table", "Table") for folder in ("one", "two"))
    catalogue.bench(str(first))
    with pytest.raises(ConfigurationError, match=r"is called as .*one.storm_table\.py is: give it"):
        catalogue.bench(str(second))
