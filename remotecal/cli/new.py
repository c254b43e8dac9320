"""`remotecal new`: a small working start of a driver, a procedure or a bench, with its test."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from importlib.metadata import packages_distributions
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.cli.commands import command
from remotecal.cli.terminal import say
from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST: Final = 20
"""Characters of a name; what is written stays within its lines."""

ORDERED: Final = "comparison"
"""The procedure a bench's work order names, where nobody says which."""


class Offer(NamedTuple):
    """An entry point by which a package offers something."""

    group: str
    name: str
    value: str


class Draft(NamedTuple):
    """What is to be written."""

    files: Mapping[Path, str]
    """Path → content."""
    entries: tuple[Offer, ...]
    """What the package then offers."""


class Where(NamedTuple):
    """Where a start goes: into a folder, or into a package in it."""

    folder: Path
    """The folder; of a package the one that has its `pyproject.toml`."""
    package: str
    """The package; "" for none."""

    def module(self, name: str) -> str:
        """Return how a module is imported."""
        return f"{self.package}.{name}" if self.package else name

    def path(self, name: str) -> Path:
        """Return where a module stands."""
        inside = self.folder / "src" / self.package if self.package else self.folder
        return inside / f"{name}.py"

    def test(self, name: str) -> Path:
        """Return where the test of a module stands."""
        return (self.folder / "tests" if self.package else self.folder) / f"test_{name}.py"


def add_arguments(new: argparse.ArgumentParser) -> None:
    """Declare the command's kinds."""
    kinds = new.add_subparsers(metavar="KIND", required=True)
    for kind, about in (
        ("driver", "write a driver, its simulated twin and their test"),
        ("procedure", "write a procedure, a simulated bench to try it on, and its test"),
        ("bench", "write a simulated bench and its test"),
    ):
        one = command(kinds, kind, about, main)
        one.set_defaults(kind=kind)
        one.add_argument("name", metavar="NAME", help="its name, such as stirred_bath")
        one.add_argument(
            "--package",
            metavar="PACKAGE",
            default="",
            help="inside a package, which offers it by an entry point",
        )
        one.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where; here by default")
        if kind == "driver":
            one.add_argument("--modbus", action="store_true", help="of an instrument on Modbus, not SCPI")
        if kind == "bench":
            one.add_argument(
                "--procedure", metavar="NAME", default=ORDERED, help="what its work order asks for"
            )


def main(asked: argparse.Namespace) -> None:
    """Write a start, and say what to do next; nothing that is there is overwritten.

    Raises:
        ConfigurationError: a name can't be one, or something is there already; nothing was written.
    """
    check_name(asked.name)
    if asked.package:
        check_name(asked.package)
    if not asked.package or not (asked.out / asked.package).exists():
        check_free(asked.package or asked.name)
    place = Where(asked.out / asked.package if asked.package else asked.out, asked.package)
    start = STARTS[asked.kind](place, asked)
    written = write(place, start)
    print("\n".join(str(path) for path in written))
    if asked.kind == "bench" and not place.package and not place.path(asked.procedure).exists():
        wanted = place.path(asked.procedure)
        print(
            say(
                f"\nIts work order asks for the procedure in {wanted}, which is not there: "
                f"write it (remotecal new procedure {asked.procedure}), or choose one by --procedure",
                f"\n其委托单要用 {wanted} 中的程序，而该文件尚不存在："
                f"请编写（remotecal new procedure {asked.procedure}），或用 --procedure 另选",
            )
        )
    print(f"\n{say('Try it:', '试一试：')}\n  {_next(place, asked)}")


def check_name(name: str) -> None:
    """Raise `ConfigurationError` if a module can't have this name, or had better not."""
    if not NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
        hint = f", such as {plain}" if NAME.fullmatch(plain) else ", such as stirred_bath"
        raise ConfigurationError(f"{name!r} can't be a name: it is of small letters, digits and _{hint}")
    if len(name) > LONGEST:
        raise ConfigurationError(f"{name} is too long for a name: {LONGEST} characters at most")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in {"remotecal", "test", "tests"}:
        raise ConfigurationError(f"{name} is a name that Python or remotecal has already: choose another")


def check_free(name: str) -> None:
    """Raise `ConfigurationError` if something that is installed is imported by this name."""
    if find_spec(name) is None:
        return  # who is imported by what is looked up in every package's list of files, and that takes long
    if owners := packages_distributions().get(name):
        raise ConfigurationError(f"{name} is what {', '.join(owners)} is imported by: choose another name")


def driver(place: Where, asked: argparse.Namespace) -> Draft:
    """Return the start of a driver."""
    language = "modbus" if asked.modbus else "scpi"
    name, cls = asked.name, class_name(asked.name)
    said = {"Class": cls, "name": name, "module": place.module(name)}
    return Draft(
        {
            place.path(name): fill(f"driver_{language}", said),
            place.path(f"{name}_twin"): fill(f"twin_{language}", said),
            place.test(name): fill(f"test_driver_{language}", said),
        },
        (Offer("remotecal.drivers", cls, f"{place.module(name)}:{cls}"),),
    )


def procedure(place: Where, asked: argparse.Namespace) -> Draft:
    """Return the start of a procedure, with a bench to try it on."""
    name, cls = asked.name, class_name(asked.name)
    said = {"Class": cls, "module": place.module(name)}
    benched = f"{name}_bench"
    return Draft(
        {
            place.path(name): fill("procedure", said),
            place.path(benched): fill("bench", {"Class": f"{cls}Bench", **ordering(place, name)}),
            place.test(name): fill("test_procedure", said),
        },
        (
            Offer("remotecal.procedures", name, f"{place.module(name)}:{cls}"),
            Offer("remotecal.benches", dashed(benched), f"{place.module(benched)}:{cls}Bench"),
        ),
    )


def bench(place: Where, asked: argparse.Namespace) -> Draft:
    """Return the start of a simulated bench."""
    name, cls = asked.name, class_name(asked.name)
    check_name(asked.procedure)
    return Draft(
        {
            place.path(name): fill("bench", {"Class": cls, **ordering(place, asked.procedure)}),
            place.test(name): fill("test_bench", {"Class": cls, "module": place.module(name)}),
        },
        (Offer("remotecal.benches", dashed(name), f"{place.module(name)}:{cls}"),),
    )


STARTS: Final[Mapping[str, Callable[[Where, argparse.Namespace], Draft]]] = {
    "driver": driver,
    "procedure": procedure,
    "bench": bench,
}


def ordering(place: Where, name: str) -> dict[str, str]:
    """Return how a bench names the procedure of its work order: by name, or by the file beside it."""
    if place.package:
        return {"pathlib": "", "procedure": f'"{name}"'}
    return {
        "pathlib": "from pathlib import Path\n",
        "procedure": f'str(Path(__file__).with_name("{name}.py"))',
    }


def class_name(name: str) -> str:
    """Return the name of a class: `stirred_bath` is `StirredBath`."""
    return "".join(part.capitalize() for part in name.split("_"))


def dashed(name: str) -> str:
    """Return the name of a bench in the catalogue: `stirred_bath` is `stirred-bath`."""
    return name.replace("_", "-")


def fill(template: str, said: Mapping[str, str]) -> str:
    """Return a start's text."""
    text = files("remotecal.cli").joinpath("starts", f"{template}.template").read_text(encoding="utf-8")
    return Template(text).substitute(said)


def write(place: Where, start: Draft) -> list[Path]:
    """Write a start, and what its package needs beside it; return the files that are new or have more.

    Raises:
        ConfigurationError: something is there already, or can't be written.
    """
    new = dict(start.files)
    project = place.folder / "pyproject.toml"
    changed: dict[Path, str] = {}
    if place.package:
        inside = place.folder / "src" / place.package / "__init__.py"
        if project.exists() and not inside.exists():
            raise ConfigurationError(f"{place.folder} is a project already, which has no {inside}")
        new |= {path: text for path, text in _skeleton(place) if not path.exists()}
        text = new.pop(project, None) or project.read_text(encoding="utf-8")
        changed[project] = with_entries(text, start.entries, project)
    for path in start.files:
        if path.exists():
            raise ConfigurationError(
                f"{path} is there already, and nothing is overwritten: choose another name"
            )
    try:
        for path, text in new.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        for path, text in changed.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigurationError(f"{error.filename} can't be written: {error.strerror}") from error
    return [*new, *changed]


def _skeleton(place: Where) -> Iterator[tuple[Path, str]]:
    """Yield what every package has."""
    inside = place.folder / "src" / place.package
    said = {"package": place.package, "distribution": dashed(place.package)}
    yield place.folder / "pyproject.toml", fill("pyproject", said)
    yield inside / "__init__.py", f'"""Drivers, procedures and simulated benches of {place.package}."""\n'
    yield inside / "py.typed", ""


def with_entries(project: str, entries: tuple[Offer, ...], path: Path) -> str:
    """Return a `pyproject.toml` with more entry points, and otherwise as it was.

    Raises:
        ConfigurationError: it can't be read, offers something under such a name already, or is written in
            a way in which nothing can be added.
    """
    import tomllib

    for entry in entries:
        try:
            before = tomllib.loads(project)
        except ValueError as error:
            raise ConfigurationError(f"{path} can't be read: {error}") from error
        offered = before.setdefault("project", {}).setdefault("entry-points", {}).setdefault(entry.group, {})
        if entry.name in offered:
            raise ConfigurationError(
                f"{path} offers {entry.name} already, as {offered[entry.name]}: choose another name"
            )
        offered[entry.name] = entry.value
        heading = f'[project.entry-points."{entry.group}"]\n'
        line = f'{entry.name} = "{entry.value}"\n'
        if heading in project:
            project = project.replace(heading, heading + line)
        else:
            project = f"{project.rstrip()}\n\n{heading}{line}"
        if _read(project) != before:
            raise ConfigurationError(f"{path}: write {line.strip()} under {heading.strip()} yourself")
    return project


def _read(project: str) -> object:
    import tomllib

    try:
        return tomllib.loads(project)
    except ValueError:
        return None


def _next(place: Where, asked: argparse.Namespace) -> str:
    """Return what to type next."""
    steps = [f"cd {place.folder}"] if place.folder != Path() else []
    if place.package:
        steps.append("pip install --editable .")
    if asked.kind == "procedure":
        up = dashed(f"{asked.name}_bench") if place.package else f"{asked.name}_bench.py"
        steps.append(f"remotecal sim up {up} --out bench")
    elif asked.kind == "bench" and place.package:
        steps.append(f"remotecal sim up {dashed(asked.name)}")
    elif asked.kind == "bench":
        steps.append(f"remotecal sim up {asked.name}.py")
    elif place.package:
        steps.append(f"remotecal drivers show {class_name(asked.name)}")
    else:
        steps.append(f"PYTHONPATH=. remotecal drivers show {asked.name}:{class_name(asked.name)}")
    return "\n  ".join((*steps, "pytest"))
