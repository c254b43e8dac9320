"""A rig that a run left when it was cut off, and which can't be taken up: it is made safe all the same."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from remotecal.errors import BenchError, BenchInUse, JournalBroken, RemotecalError, SafeStateNotReached
from remotecal.journal.events import JournalReader, found_in
from remotecal.journal.writing import Journal
from remotecal.runs.control import Control, signals
from remotecal.runs.safety import NOTHING, make_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remotecal.bench import Bench
    from remotecal.clock import Clock
    from remotecal.runs.safety import Safety

ENDS: Final = frozenset({"abort", "suspend", "interlock", "failure"})
"""Events behind which the safe state that is told is the one in which a run left its rig."""


@contextmanager
def safe_where_refused(
    directory: Path, bench: Callable[[], Bench], clock: Clock | None = None
) -> Iterator[None]:
    """Bring a rig to its safe state where the run that was cut off on it is refused within this context.

    Since it began a certificate may have ended, or its procedure been changed; its pump may be on all the
    same, and nobody else will see to that. What was not begun, or ended safe, is left alone, and so is a
    bench of another name. Where the journal is broken nobody knows how the rig was left: it is made safe.
    Once it is safe the journal says so, where it can be written, so that nobody does it again.

    Args:
        directory: the run's.
        bench: returns where it was, by whoever takes the run up; asked only where it matters.
        clock: what its instruments live by; the bench's own by default.

    Raises:
        SafeStateNotReached: it was refused, and the rig is not safe, or nobody knows.
        RemotecalError: why it was refused, with a note how the rig is.
    """
    try:
        yield
    except RemotecalError as refusal:
        left_on = _left_on(directory)
        if left_on is None:
            raise
        control = Control()
        with signals(control):
            control.notice()  # no signal gets in between
            refusal.add_note(_made_safe(directory, left_on, bench, clock, refusal))
        raise


def _made_safe(
    directory: Path, left_on: str, bench: Callable[[], Bench], clock: Clock | None, refusal: RemotecalError
) -> str:
    """Make a rig safe, and return what is to be said of it."""
    try:
        there = bench()
        if left_on not in {"", there.name}:
            raise BenchError(f"{left_on} was left as it was, for {there.path} is {there.name}")
        opened = there.connect(clock, what=f"making safe what run {directory.resolve()} left")
    except BenchInUse as busy:
        return f"its rig was left as it is: {busy}"
    except RemotecalError as failure:
        raise SafeStateNotReached(
            f"go and look at the rig: {failure}; the run can't be taken up: {refusal}"
        ) from refusal
    try:
        found = make_safe(opened, None, None)
        failed = opened.failed() if opened.failures else ""
        if found.unsafe is None:  # else it is tried again the next time
            _note_suspended(directory, found, opened.clock, refusal)
    finally:
        opened.close()
    if found.unsafe is not None:
        raise SafeStateNotReached(
            "; ".join(filter(None, [str(found.unsafe), failed, f"the run can't be taken up: {refusal}"]))
        ) from refusal
    # Its procedure may not be at hand, and so nor what a person must do besides.
    return NOTHING if found.nothing else "the instruments of its rig were brought to their safe states"


def _note_suspended(directory: Path, found: Safety, clock: Clock, refusal: RemotecalError) -> None:
    """Write that the run stands still, its rig safe, until what keeps it from going on is mended.

    Nothing is written into a journal that is broken, or of a time to come.
    """
    with suppress(RemotecalError), Journal.open(directory, clock) as journal:
        text = f"the run can't be taken up: {refusal}"
        journal.append("suspend", {"error": type(refusal).__name__, "text": text})
        journal.append("safe", found.written())


def _left_on(directory: Path) -> str | None:
    """Return the bench a run began on unless something says that it was safe since; None if all is well.

    Where the name is not told, it is "".
    """
    name, left, over = "", False, False
    if found_in(directory).exists():
        try:
            for event in JournalReader.at(directory, torn=True):
                if event.kind == "start":
                    name = str(event.data.get("bench_name", ""))
                if event.kind in {"start", "resume"}:
                    left, over = True, False
                elif event.kind in ENDS:
                    over = True
                elif event.kind == "safe" and over:  # not the one it begins with
                    left = event.data["reached"] is not True
                elif event.kind == "finish":
                    left = False
        except JournalBroken:
            left = True
    return name if left else None
