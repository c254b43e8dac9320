"""`remotecal run` and `remotecal resume`."""

from __future__ import annotations

import getpass
import shlex
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.cli.evaluate import issue
from remotecal.cli.listing import named
from remotecal.cli.progress import ProgressLine
from remotecal.cli.terminal import language
from remotecal.errors import OrderError, RemotecalError, RunAborted
from remotecal.journal.events import JournalReader
from remotecal.order import Order
from remotecal.runs.catalogue import find, find_followed
from remotecal.runs.company import Company
from remotecal.runs.execute import begun, bench_left, execute, resume
from remotecal.runs.left import safe_where_refused
from remotecal.runs.numbers import check_unused
from remotecal.runs.prompts import Scripted, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
    check_unused(asked, out)
    if bench is None:
        if asked.order.bench is None:
            raise OrderError(f"{order} names no bench: give one with --bench")
        bench = order.parent / asked.order.bench
    found = find(asked.order.procedure, order.parent)
    with resumable(out), ProgressLine() as line:
        company = _company(line, answers, files, yes=yes)
        evidence = execute(asked, found, Bench.load(bench), out, company)
    issue(evidence, found, out)


def take_up(
    directory: Path,
    bench: Path | None,
    *,
    procedure: Path | None = None,
    answers: Sequence[str] = (),
    yes: bool = False,
    files: Sequence[Path] = (),
) -> None:
    """Take up a run where it was cut off, and issue its certificate.

    Args:
        directory: the run's.
        bench: the bench file, if it has moved, or names drivers that are not installed.
        procedure: file of the procedure, where that is not an installed one.
        answers: as of `run`.
        yes: as of `run`.
        files: as of `run`.
    """

    def there() -> Bench:
        return Bench.load(bench) if bench else bench_left(begun(directory))

    with resumable(directory), ProgressLine() as line:
        with safe_where_refused(directory, there):
            used = begun(directory).procedure
            found, loaded = find_followed(used.name, used.sha256, procedure), there()
        company = _company(line, answers, files, yes=yes)
        evidence = resume(directory, company, found=found, bench=loaded)
    issue(evidence, found, directory)


@contextmanager
def resumable(directory: Path) -> Iterator[None]:
    """Add to whatever ends a run that has begun how it is taken up again.

    Raises:
        RunAborted: somebody pressed Ctrl-C once more, while a run that was stopped and made safe was ending.
    """
    try:
        yield
    except RemotecalError as error:
        if _is_open(directory):
            error.add_note(_taken_up(directory))
        raise
    except KeyboardInterrupt:
        if not _is_open(directory):
            raise
        raise RunAborted(f"the run was interrupted; {_taken_up(directory)}") from None


def _is_open(directory: Path) -> bool:
    """Tell whether a run has begun there and not come to its end."""
    try:
        kinds = {event.kind for event in JournalReader.at(directory, torn=True)}
    except RemotecalError:
        return False
    return "start" in kinds and "finish" not in kinds


def _taken_up(directory: Path) -> str:
    return f"`{shlex.join(['remotecal', 'resume', str(directory)])}` takes the run up again"


def _company(line: ProgressLine, answers: Sequence[str], files: Sequence[Path], *, yes: bool) -> Company:
    by = getpass.getuser()
    scripted = answers or yes
    answerer = (
        Scripted(answers, first_option=yes, by=by)
        if scripted
        else Terminal(language(), by, partial(named, "answer"))
    )
    return Company(answerer, (line,), by=by, files=files)
