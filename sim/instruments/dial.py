"""A scale or a display without an interface, which somebody beside the bench reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from remotecal import units
from remotecal.drivers.declarations import declared
from remotecal.drivers.hand_instrument import SERIAL, HandInstrument
from remotecal.drivers.quantities import Reading
from remotecal.errors import RunError
from remotecal.sim.simulated_lines import LineSimulated

if TYPE_CHECKING:
    from remotecal.drivers.shown import Shown
    from remotecal.sim.world import World


class Dial(LineSimulated):
    """What a driver of instruments read by hand declares, each quantity shown to a step.

    Args:
        driver: as it is shipped.
        world: where it stands.
        name: what the bench calls it.
        shows: quantity → its source, in the unit of the dial.
        settings: what the bench file states of the dial: unit, high, step and so on.
        serial: the number that stands on it.
    """

    def __init__(
        self,
        driver: type[HandInstrument],
        world: World,
        name: str,
        shows: Mapping[str, Callable[[], float]],
        settings: Mapping[str, object],
        *,
        serial: str = "0",
    ) -> None:
        stated = driver.as_stated(settings)
        self.serial = serial
        self._shows = {
            cast("Shown", item.wire).en: (item, shows[item.name])
            for item in declared(stated)
            if isinstance(item, Reading) and item.name in shows
        }
        step = settings.get("step")
        self._step = float(step) if isinstance(step, int | float) else None
        super().__init__(
            driver,
            world,
            name,
            commands={SERIAL: lambda _: serial, "read (.+)": lambda what: self._told(what, dsi=True)},
        )

    def shown(self, what: str) -> str:
        """Return what can be read there, with its unit, by what the dial is called in English."""
        return self._told(what, dsi=False)

    def _told(self, what: str, *, dsi: bool) -> str:
        if what not in self._shows:
            raise RunError(f"{self.name} shows no {what}")
        item, source = self._shows[what]
        value = self.faults.distort(item.name, source())
        step = self._step
        places = 9 if step is None else len(f"{step:.9f}".rstrip("0").partition(".")[2])
        near = value if step is None else round(value / step) * step
        return f"{near:.{places}f} {units.marked(item.unit) if dsi else item.unit}"
