"""`remotecal procedures`: which procedures there are, and what each needs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from remotecal.cli.tables import terminal
from remotecal.cli.terminal import language, say
from remotecal.errors import OrderError
from remotecal.procedures.described import descriptions
from remotecal.procedures.parameters import In, Parameters
from remotecal.runs.catalogue import find, names


def list_procedures() -> None:
    """Print every procedure in the catalogue with its title and the documents it follows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in (say("Procedure", "程序"), say("Title", "名称"), say("Follows", "依据")):
        table.add_column(heading)
    for name in names():
        try:
            procedure = find(name).procedure
            title = f"{procedure.title.get('en')}\n{procedure.title.get('zh')}"
            table.add_row(name, Text(title), ", ".join(procedure.norms))
        except OrderError as error:
            table.add_row(name, Text(str(error), "red"), "")
    terminal().print(table)


def show_procedure(name: str) -> None:
    """Print what a procedure is, its roles and its parameters.

    Raises:
        OrderError: there is no such procedure.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = find(name, Path())
    procedure, console = found.procedure, terminal()
    console.print(Text.assemble((procedure.title.get("en"), "bold"), f"  {procedure.title.get('zh')}"))
    console.print(Text("\n".join((*procedure.norms, f"SHA-256 {found.sha256}", ""))))
    console.print(Text(inspect.getdoc(procedure) or ""), "")
    console.print(Text("\n".join([say("Roles", "角色"), *(f"  {role}" for role in procedure.roles()), ""])))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (
        say("Parameter", "参数"),
        say("Unit and limits", "单位与限值"),
        say("Default", "默认值"),
        say("What it is", "说明"),
    ):
        table.add_column(heading, overflow="fold")
    for row in parameter_rows(procedure.accepts()):
        table.add_row(*map(Text, row))
    console.print(table)


def parameter_rows(kind: type[Parameters]) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each parameter its name, its unit and limits, its default and what it is."""
    told, spoken = descriptions(kind), language()
    for key, field in kind.model_fields.items():
        limits = [str(entry) for entry in field.metadata if isinstance(entry, In)]
        if get_origin(field.annotation) is Literal:
            limits.append(", ".join(map(str, get_args(field.annotation))))
        usual = field.get_default(call_default_factory=True)
        default = say("required", "必填") if field.is_required() else _default(usual)
        about = told.get(key, {})
        yield key, ": ".join(filter(None, limits)), default, about.get(spoken, about.get("en", ""))


def _default(value: object) -> str:
    """Return a default as it is shown: a share such as 1/3 with a few digits, a switch as orders write it."""
    if value is None:
        return say("none", "无")
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) and value != round(value, 9) else str(value)
