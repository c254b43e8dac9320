"""The pipework: pump, valves and the flow they let through.

The flow relaxes to what pump and valves ask for with one time constant (a shut valve stops it much
faster), and fluctuates about it by an Ornstein–Uhlenbeck process. Within one step the fluctuation
and the asked flow are held, so the volume of any part of a step follows analytically and does not
depend on how often one looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from remotecal.sim.ramp import Ramp


@dataclass(frozen=True, slots=True)
class PipeworkSpec:
    """What the pipework is."""

    highest: float
    """Flow at full speed with every valve open, in m³/s."""
    head: float = 4.0e5
    """Pressure the pump makes at full speed against closed valves, in Pa (gauge)."""
    response: float = 0.6
    """Time constant of the flow, in s."""
    fluctuation: float = 0.003
    """Standard deviation of the flow about its mean, relative (1)."""
    correlation: float = 2.0
    """Correlation time of the fluctuation, in s."""


class Pipework:
    """Pump, valves, mean flow, fluctuation and pressure."""

    QUICK = 0.1
    """Step in s while something moves."""
    STEADY = 0.5
    """Step in s while everything stands."""
    STOP = 0.03
    """Time constant in s with which a shut valve stops the water."""

    def __init__(self, spec: PipeworkSpec, rng: Random) -> None:
        self.spec = spec
        self.speed = Ramp(0.1)
        """Share of the pump's full speed; up in 10 s."""
        self.valves = {"inlet": Ramp(0.5), "regulator": Ramp(0.2), "outlet": Ramp(1.25)}
        """Openings, 0 to 1; all shut when the rig is switched on."""
        self.mean = 0.0
        """Flow without its fluctuation, in m³/s at the meter under test."""
        self.pressure = 0.0
        """Gauge pressure at the meter under test, in Pa."""
        self._rng = rng
        self._asked = 0.0
        self._asked_pressure = 0.0
        self._ripple = 0.0
        self._looked = 0.0

    @property
    def flow(self) -> float:
        """The flow of this moment in m³/s."""
        return self.mean * (1.0 + self._ripple)

    def moving(self, time: float) -> bool:
        """Tell whether pump, valves or flow are still on their way."""
        if abs(self.mean - self._asked) > 1e-5 * self.spec.highest:
            return True
        return self.speed.moving(time) or any(valve.moving(time) for valve in self.valves.values())

    def ripple(self, time: float) -> None:
        """Draw the fluctuation of the step that begins at `time`."""
        kept = math.exp((self._looked - time) / self.spec.correlation)
        self._looked = time
        spread = self.spec.fluctuation * math.sqrt(1.0 - kept * kept)
        self._ripple = self._ripple * kept + spread * self._rng.gauss(0.0, 1.0)

    def ask(self, time: float) -> None:
        """Take the flow and pressure that pump and valves ask for at `time`."""
        speed = self.speed.at(time)
        resistance = 1.0
        for valve in self.valves.values():
            opening = valve.at(time)
            if opening <= 0.0:
                speed_through = 0.0
                break
            resistance += 0.5 * (1.0 / (opening * opening) - 1.0)
        else:
            speed_through = speed / math.sqrt(resistance)
        self._asked = self.spec.highest * speed_through
        self._asked_pressure = self.spec.head * (speed * speed - 0.4 * speed_through * speed_through)

    def expected(self, step: float) -> float:
        """Return the mean flow of a step of `step` s that begins now, without fluctuation, in m³/s."""
        share = step / self._response
        return self._asked + (self.mean - self._asked) * (1.0 - math.exp(-share)) / share

    @property
    def _response(self) -> float:
        return self.spec.response if self._asked > 0.0 else self.STOP

    def advance(self, duration: float) -> float:
        """Let `duration` s pass within a step; return the volume that flowed, in m³."""
        response = self._response
        kept = math.exp(-duration / response)
        gap = self.mean - self._asked
        volume = self._asked * duration + gap * response * (1.0 - kept)
        self.mean = self._asked + gap * kept
        self.pressure = self._asked_pressure + (self.pressure - self._asked_pressure) * kept
        return volume * (1.0 + self._ripple)


class LinePack:
    """The mass that a stretch of pipe holds; it changes with temperature and pressure.

    m = ρ(T)·V·(1 + 3α(T − 20 °C))·(1 + βp): the pipe stretches with temperature and pressure, the
    water is compressed.
    """

    EXPANSION = 16.0e-6
    """Linear thermal expansion of stainless steel in 1/K."""
    STIFFNESS = 4.6e-10 + 1.1e-10
    """Compressibility of water, and that of the pipe D/(E·e) for D/e = 22, in 1/Pa."""

    def __init__(self, volume: float) -> None:
        self.volume = volume
        """Volume at 20 °C and no pressure, in m³."""
        self.mass = 0.0
        """Mass held, in kg."""
        self._unpressed = 0.0
        self._rate = 0.0

    def settle(self, density: float, temperature: float) -> None:
        """Start from water of this state, at no pressure."""
        self._unpressed = self._at_rest(density, temperature)
        self.mass = self._unpressed

    def drift(self, density: float, temperature: float, duration: float) -> None:
        """Head for the state that holds `duration` s from now."""
        self._rate = (self._at_rest(density, temperature) - self._unpressed) / duration

    def advance(self, duration: float, pressure: float) -> float:
        """Let `duration` s pass, ending at `pressure`; return the growth of the mass in kg."""
        self._unpressed += self._rate * duration
        before = self.mass
        self.mass = self._unpressed * (1.0 + self.STIFFNESS * pressure)
        return self.mass - before

    def _at_rest(self, density: float, temperature: float) -> float:
        return self.volume * density * (1.0 + 3.0 * self.EXPANSION * (temperature - 20.0))
