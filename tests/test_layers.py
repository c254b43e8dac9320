"""The house: every module has a room, imports point downwards, no files import each other in a circle."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent

LAYERS = [
    {"canonical", "errors", "html", "numerals", "sayings", "source"},
    {"locks", "opening", "private_files", "signals", "spreadsheets"},
    {"clock", "configuration", "editions", "toml_entries", "unit_factors", "unit_names", "units"},
    {"model"},
    {"drivers", "uncertainty", "fluids", "scales", "statistics"},
    {
        "certificates",
        "register_entries",
        "registers",
        "bench",
        "bench_file",
        "made_safe",
        "open_bench",
        "lot",
        "order",
    },
    {"journal"},
    {"procedures"},
    {"runs"},
    {"verify"},
    {"pages", "store", "transport"},
    {"station"},
    {"hub"},
    {"sim"},
    {"rehearsal", "testing"},
    {"cli", "web"},
]
"""From the bottom up; a layer may import from its own and from those above it in this list."""

STRANGERS = {
    "pages": {"store"},
    "store": {"pages", "transport"},
    "transport": {"pages", "store"},
    "hub": {"pages", "station"},
    "sim": {"hub", "pages", "station", "store", "transport", "runs", "verify"},
    "testing": {"hub", "pages", "station", "store", "transport", "verify"},
    "web": {"station", "cli", "sim", "testing"},
    "cli": {"sim", "testing"},
}
"""Rooms that a room does not know, though it stands higher or beside them; see `MAY`."""
MAY = {
    "remotecal.cli.demo": {"sim"},
    "remotecal.cli.sim": {"sim"},
    "remotecal.cli.demo_console": {"sim"},
    "remotecal.cli.demo_people": {"sim"},
    "remotecal.cli.demo_remote": {"sim"},
    "remotecal.cli.demo_year": {"sim"},
    "remotecal.cli.record": {"testing"},
}
"""The demonstration's commands put up simulated rigs; what is recorded is for tests."""

FOLDERS = {
    "remotecal": ROOT / "remotecal",
    "remotecal.procedures.library": ROOT / "procedures",
    "remotecal.sim": ROOT / "sim",
}
NOWHERE = {"remotecal", "remotecal.__main__"}
"""The package itself and its door."""


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join([package, *(part for part in parts if part != "__init__")])] = path
    return found


MODULES = modules()


FROZEN = {"remotecal.model.identifiers", "remotecal.store.chained"}
"""What migrations may use of today's code: it can't change, for what is kept is chained by it."""


def test_what_a_migration_needs_of_the_program_stands_in_itself() -> None:
    """A database of long ago is brought to today by what its versions meant, not by what became of it."""
    for path in (ROOT / "remotecal/store/migrations/versions").glob("v*.py"):
        modules = {
            node.module or ""
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        used = {name for name in modules if name.startswith("remotecal")} - FROZEN
        assert not used, f"{path.name} calls {', '.join(used)}, which may change"


def room(module: str) -> str:
    """Return the first name below the package: a room, or a file of its own."""
    return module.split(".")[1] if "." in module else ""


def layer(module: str) -> int | None:
    return next((height for height, rooms in enumerate(LAYERS) if room(module) in rooms), None)


def imported(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports, for type checking included."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inside if name in MODULES)
            if node.module in MODULES and not all(name in MODULES for name in inside):
                yield node.module


@cache
def imports() -> dict[str, set[str]]:
    """Return what each module imports; read when a test asks, for every worker collects this file."""
    return {module: set(imported(module)) - {module} for module in MODULES}


def test_every_module_stands_in_a_layer() -> None:
    assert {module for module in MODULES if layer(module) is None} == NOWHERE


def test_every_room_of_the_layers_is_there() -> None:
    """A room that was renamed must not leave its name behind."""
    assert set().union(*LAYERS) == {room(module) for module in MODULES if module not in NOWHERE}


def from_above(module: str, other: str) -> bool:
    """Tell whether a module imports another that stands higher, or in no layer."""
    height, below = layer(module), layer(other)
    return height is None or below is None or below > height


def test_a_module_imports_only_from_below() -> None:
    """In one test for all of them: a test for each was a tenth of the suite."""
    above, known = [], []
    for module in MODULES.keys() - NOWHERE:
        strangers = STRANGERS.get(room(module), set()) - MAY.get(module, set())
        above += [(module, other) for other in imports()[module] if from_above(module, other)]
        known += [(module, other) for other in imports()[module] if room(other) in strangers]
    assert sorted(above) == []
    assert sorted(known) == []


def circles() -> list[list[str]]:
    """Return the groups of files that import each other, directly or not."""
    left = dict(imports())
    while True:  # take away what imports nothing that is left, and what nothing that is left imports
        wanted = set().union(*left.values()) if left else set()
        free = {one for one, others in left.items() if not others & left.keys() or one not in wanted}
        if not free:
            return [sorted(left)] if left else []
        left = {one: others for one, others in left.items() if one not in free}


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles() == []


LONGEST = 400
"""Lines of a file."""


def test_no_file_is_longer_than_one_reads() -> None:
    long = {module: path.read_text(encoding="utf-8").count("\n") for module, path in MODULES.items()}
    assert {module: lines for module, lines in long.items() if lines > LONGEST} == {}


def test_a_class_has_a_name_of_its_own() -> None:
    """But for the words of a maker's manual, which stand in the maker's folder."""
    named: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        if module.startswith("remotecal.drivers.") and module.split(".")[2] in makers():
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                named.setdefault(node.name, []).append(module)
    assert {name: modules for name, modules in named.items() if len(modules) > 1} == {}


def makers() -> set[str]:
    """Return the folders of makers: those among the drivers that are not families of something else."""
    shared = {"capabilities", "links"}
    return {path.name for path in (ROOT / "remotecal" / "drivers").iterdir() if path.is_dir()} - shared
