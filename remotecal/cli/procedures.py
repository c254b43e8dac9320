"""`remotecal procedures`: which procedures there are, and what each needs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from remotecal.errors import OrderError
from remotecal.procedures.parameters import In, Parameters
from remotecal.runs.catalogue import find, names
from remotecal.source import docstrings


def list_procedures() -> None:
    """Print every procedure in the catalogue with its title and the documents it follows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Procedure", "Title", "Follows"):
        table.add_column(heading)
    for name in names():
        try:
            procedure = find(name).procedure
            title = f"{procedure.title.get('en')}\n{procedure.title.get('zh')}"
            table.add_row(name, Text(title), ", ".join(procedure.norms))
        except OrderError as error:
            table.add_row(name, Text(str(error), "red"), "")
    Console().print(table)


def show_procedure(name: str) -> None:
    """Print what a procedure is, its roles and its parameters.

    Raises:
        OrderError: there is no such procedure.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    found = find(name, Path())
    procedure, console = found.procedure, Console()
    console.print(Text.assemble((procedure.title.get("en"), "bold"), f"  {procedure.title.get('zh')}"))
    console.print(Text("\n".join((*procedure.norms, f"SHA-256 {found.sha256}", ""))))
    console.print(Text(inspect.getdoc(procedure) or ""), "")
    console.print(Text("\n".join(["Roles", *(f"  {role}" for role in procedure.roles()), ""])))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Parameter", "Unit and limits", "Default", "What it is"):
        table.add_column(heading)
    for row in parameter_rows(procedure.accepts()):
        table.add_row(*map(Text, row))
    console.print(table)


def parameter_rows(kind: type[Parameters]) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each parameter its name, its unit and limits, its default and what it is."""
    docs = docstrings(kind)
    for key, field in kind.model_fields.items():
        limits = [str(entry) for entry in field.metadata if isinstance(entry, In)]
        if get_origin(field.annotation) is Literal:
            limits.append(", ".join(map(str, get_args(field.annotation))))
        default = "required" if field.is_required() else str(field.get_default(call_default_factory=True))
        yield key, ": ".join(filter(None, limits)), default, docs.get(key, "")
