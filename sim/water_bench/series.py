"""Water meters in series: the same water, at each of them as warm and under the pressure that it is there.

The last meter is the rig's meter under test, to which flow, temperature and pressure of the rig refer. The
others stand upstream of it. Water gives heat to the hall, or takes it, along the line; each meter takes some
pressure away; and what is between two of them stores water when it becomes colder or warmer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.water.line import LinePack
from remotecal.sim.water.rig import Rig, RigSpec

if TYPE_CHECKING:
    from remotecal.sim.world import World

HEAT = 4186.0
"""Heat capacity of water in J/(kg·K)."""


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """What a line of meters is; its last meter is the rig's own."""

    rig: RigSpec
    upstream: tuple[MeterSpec, ...]
    """The meters ahead of the last one, in the direction of the flow."""
    spacing: float
    """Volume of the pipe from one meter to the next, in m³."""
    exchange: float
    """Heat that the line gives to the hall from one meter to the next, in W/K."""
    loss: float
    """Pressure that a meter takes away at `rated`, in Pa."""
    rated: float
    """Permanent flow Q3 of the meters, in m³/s."""
    slowest: float
    """Flow in m³/s below which the line gives no more heat than at it."""


class SeriesRig(Rig):
    """The rig, with meters ahead of its meter under test."""

    FOLLOWS = 0.3
    """Share by which the line's warmth follows the flow between two looks at the slow temperatures."""

    def __init__(self, series: SeriesSpec, world: World) -> None:
        self.series = series
        self.upstream = [Meter(spec, world.random(f"meter {n}")) for n, spec in enumerate(series.upstream, 1)]
        self.packs = [LinePack(series.spacing) for _ in series.upstream]
        """What is between each of them and the next."""
        self._through = series.rated
        super().__init__(series.rig, world)

    @property
    def meters(self) -> tuple[Meter, ...]:
        """All meters, in the direction of the flow."""
        return (*self.upstream, self.dut)

    def temperature_at(self, place: float) -> float:
        """Return the water's temperature in °C at a place: 0 is the beginning of the line, 1 its end.

        The meters stand in the middles of as many equal parts.
        """
        count = len(self.upstream) + 1
        last = 1.0 - 0.5 / count
        loss = count * self.series.exchange / (HEAT * 1000.0 * max(self._through, self.series.slowest))
        hall = self.air.temperature(self.world.time)
        return hall + (self.temperature - hall) * math.exp(loss * (last - place))

    def temperature_of(self, number: int) -> float:
        """Return the water's temperature in °C at the meter of a number, counted from 0."""
        return self.temperature_at((number + 0.5) / (len(self.upstream) + 1))

    def respond(self, flow: float) -> None:
        super().respond(flow)
        for meter, temperature in zip(self.upstream, self._temperatures, strict=True):
            meter.respond(flow, temperature)

    def begin_step(self, flow: float, step: float) -> None:
        super().begin_step(flow, step)
        for meter, temperature in zip(self.upstream, self._temperatures, strict=True):
            meter.prepare(flow, temperature, step)

    def pass_meters(self, volume: float, mass: float, between: float, duration: float) -> float:
        self.dut.take(volume, duration, self.density)
        through, share = mass, (volume / duration / self.series.rated) ** 2
        pressure = self.line.pressure
        for place in reversed(range(len(self.upstream))):
            pressure += self.series.loss * share
            through += self.packs[place].advance(duration, pressure)
            density = self._dense[place] + self._per_pascal * pressure
            self.upstream[place].take(through / density, duration, density)
        through += between
        self.reference.take(through / self.density, duration, self.density)
        return through

    def warm(self, *, first: bool = False) -> None:
        if not first and self.line.mean > 0.5 * self.series.slowest:  # standing water stays as it is
            self._through += self.FOLLOWS * (self.line.mean - self._through)
        super().warm(first=first)
        self._temperatures = [self.temperature_of(number) for number in range(len(self.upstream))]
        self._dense = [self.water.density(temperature) for temperature in self._temperatures]
        for meter, pack, density, temperature in zip(
            self.upstream, self.packs, self._dense, self._temperatures, strict=True
        ):
            if first:
                meter.fill(density, temperature)
                pack.settle(density, temperature)
            else:
                pack.drift(density, temperature, self.THERMAL)
        if first:
            self.ledger.settle(self.packed)

    @property
    def packed(self) -> float:
        """Mass of the water between the reference meter and the diverter, in kg."""
        return self.spacing.mass + self.connection.mass + sum(pack.mass for pack in self.packs)
