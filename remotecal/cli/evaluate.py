"""`remotecal evaluate`: from a journal to the certificate, and a summary of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.procedures.catalogue import find
from remotecal.procedures.evidence import read_evidence
from remotecal.procedures.record import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remotecal.model import Quantity, Record
    from remotecal.procedures.catalogue import Found
    from remotecal.procedures.evidence import Evidence


def evaluate_run(directory: Path, out: Path, *, new_evaluation: bool = False) -> None:
    """Compute the certificate of the run in `directory` and write it to `out`."""
    evidence = read_evidence(directory)
    issue(evidence, find(evidence.procedure.name), out, new_evaluation=new_evaluation)


def issue(evidence: Evidence, found: Found, out: Path, *, new_evaluation: bool = False) -> None:
    """Evaluate, write the certificate to a directory and print a summary."""
    from remotecal.certificates import write_certificate

    record = evaluate(evidence, found, new_evaluation=new_evaluation)
    out.mkdir(parents=True, exist_ok=True)
    write_certificate(record, out)
    summarise(record)
    print(f"{len(evidence.observations)} observations; everything is in {out}")


def summarise(record: Record) -> None:
    """Print the tables of a record's results, in English where there is a choice."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    console = Console()
    for table in record.tables:
        title = table.name.get("en") if table.name else f"Certificate {record.number}"
        printed = Printed(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
        columns = [column for quantity in table.columns for column in _columns(quantity)]
        for heading, _ in columns:
            printed.add_column(heading, justify="right")
        for row in range(table.rows):
            printed.add_row(*(cells[row if len(cells) > 1 else 0] for _, cells in columns))
        console.print(printed)


def _columns(quantity: Quantity) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the columns a quantity is printed in: heading and cells."""
    from remotecal import units
    from remotecal.model import Column, Words

    name = quantity.name.get("en") if quantity.name else ""
    if not isinstance(quantity, Column):
        yield name, quantity.words if isinstance(quantity, Words) else (quantity.text.get("en"),)
        return
    unit = "" if quantity.unit == "1" else f"\n{units.symbol(quantity.unit)}"
    yield f"{name}{unit}", quantity.values
    if quantity.uncertainty is not None:
        yield f"U{unit}", quantity.uncertainty.expanded
        yield "k", quantity.uncertainty.k
    if quantity.conformity is not None:
        yield "conforms", quantity.conformity.verdicts
