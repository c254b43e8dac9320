"""What a person is asked to do with their hands, and what may be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from remotecal.errors import RunError
from remotecal.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.procedures import Run

DONE: Final = "done"
CANT: Final = "it can't be done"
"""What may be answered."""
GO_ON: Final = "resume the run, or order it anew where the laboratory ordered it"
"""What can be done once a run has ended for what somebody did: a laboratory far away resumes none."""
ASKED: Final = 3
"""How often something is asked for that was not done as it should be."""
Found = TypeVar("Found")


def have_done(run: Run, what: Text) -> None:
    """Let the person on site do something, and wait until they confirm it.

    Raises:
        RunError: they say that it can't be done, or nobody answers.
    """
    if run.ask(what, (DONE, CANT)) == CANT:
        raise RunError(f"what was asked for can't be done: {what.get('en')}")


def have_right(run: Run, what: Text, look: Callable[[float], tuple[Found, Text | None]]) -> Found:
    """Let the person on site do something, and again where it was not done as it should be.

    Args:
        run: asks them.
        what: is asked for.
        look: takes how many seconds they took; returns what is there then, and what is wrong with it, which
            they are told.

    Raises:
        RunError: as `have_done`; or it is still wrong after a few times.
    """
    asked = fault = what
    for _ in range(ASKED):
        begun = run.clock.now()
        have_done(run, asked)
        found, wrong = look(run.clock.now() - begun)
        if wrong is None:
            return found
        fault = wrong
        asked = Text(zh=f"{what.get('zh')}{wrong.get('zh')}", en=f"{what.get('en')} {wrong.get('en')}")
    raise RunError(
        f"{fault.get('en')} It was asked for {ASKED} times: mend what keeps it from being right, then {GO_ON}"
    )
