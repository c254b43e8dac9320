"""What a safe state has to name, by what the instrument can do: what stands open or goes on otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities.flow import (
    BellProver,
    BranchedRig,
    CollectingRig,
    FlowSource,
    GasCollector,
    GasLoop,
    NozzleBank,
    WaterRig,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMED: Final[Mapping[type, tuple[str, ...]]] = {
    FlowSource: ("stop",),
    WaterRig: ("inlet", "outlet", "regulator"),
    CollectingRig: ("diverter", "drain"),
    BranchedRig: ("opened",),
    NozzleBank: ("opened", "vent"),
    GasLoop: ("opened", "mode"),
    GasCollector: ("supply", "diverter", "evacuation"),
    BellProver: ("filling", "outlet", "regulator"),
}
"""Capability → settings, states and actions of which its safe state says what becomes of them."""
UNDER_PRESSURE: Final[Mapping[type, str]] = {GasLoop: "pressure"}
"""Capability → the reading that tells how much pressure is left: it is safe once that has come down."""


def to_name(capability: type) -> Iterator[str]:
    """Yield what the safe state of an instrument with a capability has to name."""
    for base in reversed(capability.__mro__):
        yield from NAMED.get(base, ())
