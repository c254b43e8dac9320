"""What a safe state has to name, by what the instrument can do: what stands open or goes on otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from remotecal.drivers.capabilities.flow import (
    BellProver,
    BranchedRig,
    CollectingRig,
    FlowSource,
    GasCollector,
    GasLoop,
    LoopMode,
    NozzleBank,
    Valve,
    WaterRig,
)

Safe = bool | float | str | None
"""What becomes of something in the safe state, as a table says it; None: whatever is right on that rig."""

NAMED: Final[Mapping[type, Mapping[str, Safe]]] = {
    FlowSource: {"stop": True},
    WaterRig: {"inlet": None, "outlet": None, "regulator": None},
    CollectingRig: {"diverter": None, "drain": None},
    BranchedRig: {"opened": 0},
    NozzleBank: {"opened": 0, "vent": None},
    GasLoop: {"opened": 0, "mode": LoopMode.VENT.name},
    GasCollector: {"supply": 0, "diverter": None, "evacuation": Valve.SHUT.name},
    BellProver: {"filling": Valve.SHUT.name, "outlet": Valve.SHUT.name, "regulator": None},
}
"""Capability → settings, states and actions of which its safe state says what becomes of them."""
UNDER_PRESSURE: Final[Mapping[type, str]] = {GasLoop: "pressure"}
"""Capability → the reading that tells how much pressure is left: it is safe once that has come down."""
HIGHEST_AIR: Final = 110.0
"""Absolute pressure in kPa up to which something counts as relieved, wherever it stands."""
LOWEST_AIR: Final = 50.0
"""Absolute pressure in kPa that air has at least, wherever it is: a dead transmitter tells less."""


def to_name(capability: type) -> Mapping[str, Safe]:
    """Return what the safe state of an instrument with a capability has to name, and what it must be."""
    return {
        name: value for base in reversed(capability.__mro__) for name, value in NAMED.get(base, {}).items()
    }
