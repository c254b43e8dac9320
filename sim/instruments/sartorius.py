"""A balance that speaks Sartorius SBI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.sartorius.sbi import MOVING, SartoriusSbi, SartoriusSbiKilogram
from remotecal.drivers.weights import POWERS_OF_TEN
from remotecal.sim.simulated_lines import LineSimulated

if TYPE_CHECKING:
    from remotecal.sim.instruments.weighing import Platform
    from remotecal.sim.world import World

SERIAL = "0027561234"


class SbiBalance(LineSimulated):
    """A balance with a weighing platform, set to grams or kilograms, that prints the long lines."""

    def __init__(
        self,
        world: World,
        platform: Platform,
        name: str = "balance",
        *,
        unit: str = "g",
        serial: str = SERIAL,
    ) -> None:
        self._platform = platform
        self._unit = unit
        step = f"{platform.spec.resolution * 10 ** -POWERS_OF_TEN[unit]:.9f}".rstrip("0")
        self._decimals = len(step.partition(".")[2])
        super().__init__(
            SartoriusSbi if unit == "g" else SartoriusSbiKilogram,
            world,
            name,
            writes={"zero": lambda _: self._take_off(), "tare": lambda _: self._take_off()},
            commands={
                "\x1bP": lambda _: self._printed(),
                "\x1bx1_": lambda _: "  SIMULATED  ",
                "\x1bx2_": lambda _: f"  {serial}  ",
            },
        )

    def _take_off(self) -> None:
        self._platform.tare = self._platform.gross(self.world.time)

    def _printed(self) -> str:
        """Return a line of 20 characters; words stand in place of a weight on overload."""
        time = self.world.time
        if self._platform.overloaded(time):
            return f"{'Stat':6}{'High':^14}"
        net = self.faults.distort("mass", self._platform.net(time)) * 10 ** -POWERS_OF_TEN[self._unit]
        unit = f"{self._unit:3}" if self._platform.stable(time) else MOVING
        return f"{'N':6}{'-' if net < 0 else '+'} {abs(net):8.{self._decimals}f} {unit}"
