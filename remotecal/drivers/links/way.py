"""How an address is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.drivers.links.channel import Channel, Destination
    from remotecal.drivers.links.framing import Framing


@dataclass(frozen=True, slots=True)
class Way:
    """How an address is reached, and how one talks there."""

    locate: Callable[[], Destination]
    """Finds out which place the address means now; asked at each opening."""
    manner: str
    """What all who share the place must have in common."""
    framing: Callable[[Channel], Framing]
    pause: float
