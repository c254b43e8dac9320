"""`remotecal drivers`: which drivers there are, and what each says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.tables import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from remotecal.drivers.catalogue import Described
    from remotecal.drivers.instrument import Instrument


def list_drivers(console: Console | None = None) -> None:
    """Print every driver with the instrument it serves and the roles it can fill."""
    from remotecal.drivers.catalogue import broken, describe, drivers

    out = console or terminal()
    table = _table("Driver", "Instrument", "Can fill a role as")
    for name, cls in drivers().items():
        description = describe(cls)
        table.add_row(name, description.instrument, ", ".join(description.capabilities))
    out.print(table)
    for name, reason in broken().items():
        out.print(f"{name} can't be used: {reason}", style="red", highlight=False, markup=False)
    out.print("remotecal drivers show NAME tells the rest.", style="dim", highlight=False)


def show_driver(name: str, console: Console | None = None) -> None:
    """Print what a driver says of itself; one by a table is named by its file, one's own by `module:Class`.

    Raises:
        BenchError: there is no such driver, or none can be by the table.
    """
    from rich.text import Text

    from remotecal.drivers.catalogue import describe, driver

    description = describe(_by_table(Path(name)) if name.endswith(".toml") else driver(name, {name}))
    out = console or terminal()
    out.print(Text.assemble((description.name, "bold"), f"  {description.instrument}\n"))
    out.print(Text(_flowing(description.doc)), "")
    facts = _facts()
    for label, lines in {
        "Roles": [", ".join(description.capabilities)],
        "Wire": [description.wire],
        "Options": [f"{item.name} = {item.default}: {item.doc}" for item in description.options],
        "Expects": description.expects,
        "Safe state": description.safe,
        "Never sent": description.forbidden,
    }.items():
        if lines:
            facts.add_row(Text(label, "dim"), Text("\n".join(lines)))
    out.print(facts, "")
    table = _table("Quantity", "What it is", "On the wire")
    for item in description.quantities:
        about = Text.assemble(_flowing(item.doc), *((f"\n{line}", "dim") for line in _details(item)))
        table.add_row(Text(item.name, "bold"), about, Text(item.place.replace(";", ";\n")))
    out.print(table)


def _by_table(path: Path) -> type[Instrument]:
    """Return the driver a table describes (BenchError: it can't be read, or can't be so)."""
    from remotecal.bench_file import read_text
    from remotecal.configuration import parse_toml
    from remotecal.drivers.catalogue import driver
    from remotecal.errors import BenchError

    text = read_text(path)
    kind = "LineMap" if "line" in parse_toml(text.encode(), path, BenchError) else "RegisterMap"
    try:
        stated = driver(kind).as_stated({"table": text})
        stated.refuse_unsafe()
    except BenchError as error:
        raise BenchError(f"{path}: {error}") from None
    return stated


def _flowing(text: str) -> str:
    """Return a docstring with its paragraphs in one line each."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _details(item: Described) -> Iterator[str]:
    if item.span is not None:
        low, high = (f"{end:,.12g}".translate(_DIGITS) for end in item.span)
        yield f"{low} to {high}" + ("" if item.unit == "1" else f" {item.unit}")
    if item.accuracy and item.kind == "Reading":
        source = f" ({item.source})" if item.source else ""
        yield f"limit of error: {item.accuracy}{source}"
    yield from item.ranges
    yield from (f"refused while {reported}" for reported in item.unless)
    if item.states:
        yield ", ".join(item.states)
    if item.settable:
        yield "can be set"
    if item.kind == "Action":
        yield "an action"


_DIGITS = str.maketrans({",": "\N{NARROW NO-BREAK SPACE}", "-": "−"})
"""Groups of three digits stand apart by a space (ISO 80000-1, 7.3.1)."""


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    table.columns[0].no_wrap = True
    return table


def _facts() -> Table:
    from rich.table import Table

    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    return facts
