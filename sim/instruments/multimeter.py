"""The multimeter, with a current output at its input."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import Reply, ScpiSimulated

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.world import World


class Multimeter(ScpiSimulated):
    """A 34461A reading a 4–20 mA output, or the voltage it makes across 250 Ω.

    A reading takes two integration times (unverified), 10 power-line cycles unless set otherwise.
    """

    LINE_PERIOD = 0.02
    """Period of the power line in s."""
    BURDEN = 250.0
    """Resistance in ohms across which the voltage is taken."""
    NOISE = 2.0e-8
    """Standard deviation of one reading of current, in A."""

    def __init__(
        self,
        world: World,
        current: Callable[[], float],
        ammeter: Calibrated,
        *,
        serial: str = "MY60012345",
        name: str = "multimeter",
    ) -> None:
        """`current` tells the true current in A; `ammeter` holds the corrections in mA."""
        self._current = current
        self._ammeter = ammeter
        self._rng = world.random(name)
        self._cycles = 10.0
        self._count = 1
        self._function = "VOLT"
        super().__init__(
            Keysight34461A,
            world,
            name,
            f"Keysight Technologies,34461A,{serial},A.03.03-02.40-03.03-00.52-04-02",
            commands={
                r":?(?:SENS(?:e)?:)?(?:CURR(?:ent)?|VOLT(?:age)?):DC:NPLC ([0-9.]+)": self._integrate,
                r":?SAMP(?:le)?:COUN(?:t)? (\d+)": self._sample,
                r":?CONF(?:igure)?:(CURR|VOLT)(?:ent|age)?:DC(?: .*)?": self._configure,
                r":?MEAS(?:ure)?:(CURR|VOLT)(?:ent|age)?:DC\?.*": self._measure,
                r":?READ\?": lambda _: self._read(),
            },
        )

    def _integrate(self, cycles: str) -> Reply:
        if float(cycles) not in {0.02, 0.2, 1.0, 10.0, 100.0}:
            raise Refused(3, '-222,"Data out of range"')
        self._cycles = float(cycles)
        return None

    def _sample(self, count: str) -> Reply:
        self._count = int(count)
        return None

    def _configure(self, function: str) -> Reply:
        self._function, self._cycles, self._count = function.upper(), 10.0, 1
        return None

    def _measure(self, function: str) -> Reply:
        self._configure(function)
        return self._read()

    def _read(self, taken: tuple[str, ...] = ()) -> Reply:
        def sampled() -> Reply:
            readings = (*taken, f"{self._indicated():+.8E}")
            return ",".join(readings) if len(readings) == self._count else self._read(readings)

        return self.after(2.0 * self._cycles * self.LINE_PERIOD, sampled)

    def _indicated(self) -> float:
        current = self._ammeter.indicated(1000.0 * self._current()) / 1000.0
        current += self._rng.gauss(0.0, self.NOISE)
        if self._function == "VOLT":
            return self.faults.distort("voltage", current * self.BURDEN)
        return self.faults.distort("current", current)

    def _reset(self) -> None:
        self._configure("VOLT")
