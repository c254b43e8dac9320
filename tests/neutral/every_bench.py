"""Every shipped bench that has a demonstration, and how its domain says that a run of it is short.

A domain's tests say so in `short.toml`: a table a bench, of what is chosen of it (`options`), what its order
is told beside (`parameters`), whether anything is measured there (`measures`), and by which tables its
instruments are served too (`tables`). A bench that is in no such
table is walked over by its own order.
"""

from __future__ import annotations

from dataclasses import replace

from shipped import BENCHES
from tabled import KINDS, TOLD, plain

DEMONSTRATED = [name for name, kind in BENCHES.items() if kind.scope]
"""The benches that have a demonstration, by name."""

MEASURING = [name for name in DEMONSTRATED if TOLD.get(name, {}).get("measures", True)]
"""Those on which something is measured: a journey is closed by paper, at once, and can't be cut short."""

LEADING = [
    next(name for name in DEMONSTRATED if BENCHES[name].__module__.startswith(folder))
    for folder in dict.fromkeys(kind.__module__.rpartition(".")[0] + "." for kind in BENCHES.values())
]
"""The first of each folder of benches: the demonstrations a domain is shown by."""


def options(name):
    """Return what is chosen of a bench so that a run of it is short."""
    return TOLD.get(plain(name), {}).get("options", {})


class Short:
    """A bench whose order asks for little; to be inherited from before the bench."""

    name: str

    def paper(self, today):
        made = super().paper(today)
        parameters = {**made.job.parameters, **TOLD.get(plain(self.name), {}).get("parameters", {})}
        return replace(made, job=replace(made.job, parameters=parameters))


def short(name):
    """Return a bench of the catalogue, with a short order."""
    return type(f"Short{KINDS[name].__name__}", (Short, KINDS[name]), {"name": name})


FILE = """
from every_bench import Short
from shipped import BENCHES

class Bench(Short, BENCHES[{name!r}]):
    __doc__ = BENCHES[{name!r}].__doc__
    name = {name!r}
"""


def short_in_file(name, folder):
    """Write a bench with a short order as the file somebody names on the command line; returns its path.

    Within a process a module's name is one file's; so each folder's file has a name of its own.
    """
    path = folder / f"short_{name.replace('-', '_')}_{folder.name}.py"
    path.write_text(FILE.format(name=name), encoding="utf-8")
    return path
