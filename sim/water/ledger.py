"""What truly happened on the rig: where the water went, and every collection."""

from __future__ import annotations

from dataclasses import dataclass, field

Passed = tuple[float, float, float, float]
"""Volumes in m³: passed and indicated at the meter under test, passed and indicated at the reference."""


@dataclass(slots=True)
class Collection:
    """What truly passed the meters while the gate was open."""

    opened: float
    """When the gate opened, in s of world time."""
    _begin: Passed
    temperature: float
    """Water temperature at the meter under test when it opened, in °C."""
    flow: float
    """Mean flow when it opened, in m³/s."""
    closed: float | None = None
    """When it closed."""
    volume: float = 0.0
    """Volume that passed the meter under test, in m³."""
    indicated: float = 0.0
    """Volume the meter under test counted, in m³."""
    reference_volume: float = 0.0
    """Volume that passed the reference meter, in m³."""
    reference_indicated: float = 0.0
    """Volume the reference meter counted, in m³."""

    def close(self, time: float, end: Passed) -> None:
        """Note what had passed when the gate closed."""
        self.closed = time
        parts = (after - before for after, before in zip(end, self._begin, strict=True))
        self.volume, self.indicated, self.reference_volume, self.reference_indicated = parts


@dataclass(slots=True)
class Ledger:
    """Masses in kg since the rig was switched on."""

    pumped: float = 0.0
    """Past the reference meter."""
    collected: float = 0.0
    """Into the weigh tank."""
    bypassed: float = 0.0
    """Past the tank."""
    splashed: float = 0.0
    """Past the tank, as water came into it."""
    leaked: float = 0.0
    collections: list[Collection] = field(default_factory=list)
    _packed: float = 0.0

    def settle(self, packed: float) -> None:
        """Start with `packed` kg in the pipes."""
        self._packed = packed

    def imbalance(self, packed: float) -> float:
        """Return what is missing when the pipes now hold `packed` kg; 0 but for rounding."""
        gone = self.collected + self.bypassed + self.splashed + self.leaked
        return self.pumped - gone - (packed - self._packed)
