"""`remotecal run` and `remotecal resume`."""

from __future__ import annotations

import getpass
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


def run(
    order: Path,
    bench: Path | None,
    out: Path,
    *,
    answers: Sequence[str] = (),
    yes: bool = False,
    files: Sequence[Path] = (),
) -> None:
    """Carry out a work order and issue its certificate.

    Args:
        order: the work order's file.
        bench: the bench file, where the order names none.
        out: a new directory for the journal and the certificate.
        answers: to the procedure's questions, in turn.
        yes: take the first option of every question that is left.
        files: photos and other files to add to the evidence.
    """
    asked = Order.load(order)
    if bench is None:
        if asked.order.bench is None:
            raise OrderError(f"{order} names no bench: give one with --bench")
        bench = order.parent / asked.order.bench
    found = find(asked.order.procedure, order.parent)
    with ProgressLine() as line:
        company = _company(line, answers, files, yes=yes)
        evidence = execute(asked, found, Bench.load(bench), out, company)
    issue(evidence, found, out)


def take_up(
    directory: Path,
    bench: Path | None,
    *,
    answers: Sequence[str] = (),
    yes: bool = False,
    files: Sequence[Path] = (),
) -> None:
    """Take up a run where it was cut off, and issue its certificate; arguments as `run`."""
    with ProgressLine() as line:
        company = _company(line, answers, files, yes=yes)
        evidence = resume(directory, company, bench=Bench.load(bench) if bench else None)
    issue(evidence, find(evidence.procedure.name), directory)


def _company(line: ProgressLine, answers: Sequence[str], files: Sequence[Path], *, yes: bool) -> Company:
    by = getpass.getuser()
    scripted = answers or yes
    answerer = Scripted(answers, first_option=yes, by=by) if scripted else Terminal(by=by)
    return Company(answerer, (line,), by=by, files=files)
