"""`remotecal run` and `remotecal resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.cli.evaluate import issue
from remotecal.cli.progress import ProgressLine
from remotecal.errors import OrderError
from remotecal.procedures.catalogue import find
from remotecal.procedures.execute import Company, execute, resume
from remotecal.procedures.order import Order
from remotecal.procedures.prompts import Scripted, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remotecal.procedures.prompts import Answerer


def run(
    order: Path, bench: Path | None, out: Path, *, answers: Sequence[str] = (), yes: bool = False
) -> None:
    """Carry out a work order and issue its certificate.

    Args:
        order: the work order's file.
        bench: the bench file, where the order names none.
        out: a new directory for the journal and the certificate.
        answers: to the procedure's questions, in turn.
        yes: take the first option of every question that is left.
    """
    asked = Order.load(order)
    if bench is None:
        if asked.order.bench is None:
            raise OrderError(f"{order} names no bench: give one with --bench")
        bench = order.parent / asked.order.bench
    found = find(asked.order.procedure, order.parent)
    with ProgressLine() as line:
        evidence = execute(
            asked, found, Bench.load(bench), out, Company(_answerer(answers, yes=yes), (line,))
        )
    issue(evidence, found, out)


def take_up(directory: Path, bench: Path | None, *, answers: Sequence[str] = (), yes: bool = False) -> None:
    """Take up a run where it was cut off, and issue its certificate; arguments as `run`."""
    with ProgressLine() as line:
        company = Company(_answerer(answers, yes=yes), (line,))
        evidence = resume(directory, company, bench=Bench.load(bench) if bench else None)
    issue(evidence, find(evidence.procedure.name), directory)


def _answerer(answers: Sequence[str], *, yes: bool) -> Answerer:
    return Scripted(answers, first_option=yes) if answers or yes else Terminal()
