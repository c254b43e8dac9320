"""What is seen of a liquid while a person puts bodies into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import RunError
from remotecal.procedures.library.measuring.asking import GO_ON

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured


def see_steady(place: str, before: Measured, after: Measured, allowed: float) -> None:
    """Raise `RunError` if a liquid's temperature changed by more than `allowed` K within a repeat."""
    change = after.to("°C").value - before.to("°C").value
    if abs(change) > allowed:
        raise RunError(
            f"{place}: the liquid's temperature changed by {1000 * change:.0f} mK, and "
            f"{1000 * allowed:.0f} mK are allowed: let it come to rest, keep hands and lamps away, "
            f"and {GO_ON}"
        )
