"""What a person is asked to do with their hands, and what may be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.errors import RunError

if TYPE_CHECKING:
    from remotecal.model import Text
    from remotecal.procedures import Run

DONE: Final = "done"
CANT: Final = "it can't be done"
"""What may be answered."""


def have_done(run: Run, what: Text) -> None:
    """Let the person on site do something, and wait until they confirm it.

    Raises:
        RunError: they say that it can't be done, or nobody answers.
    """
    if run.ask(what, (DONE, CANT)) == CANT:
        raise RunError(f"what was asked for can't be done: {what.get('en')}")
