"""What a person is asked to do who puts bodies on a balance and into a liquid, and what may be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.errors import RunError
from remotecal.model import Text

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
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


def see_steady(place: str, before: Measured, after: Measured, allowed: float) -> None:
    """Raise `RunError` if a liquid's temperature changed by more than `allowed` K within a repeat."""
    change = after.to("°C").value - before.to("°C").value
    if abs(change) > allowed:
        raise RunError(
            f"{place}: the liquid's temperature changed by {1000 * change:.0f} mK, and "
            f"{1000 * allowed:.0f} mK are allowed: let it come to rest, keep hands and lamps away, "
            "and resume the run"
        )
