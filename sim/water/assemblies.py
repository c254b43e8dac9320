"""Whole simulated rigs: instruments on their ports, a bench file, certificates, a work order.

```python
with water_rig(Path("rig"), seed=7) as up:
    print(up.bench, up.order, up.truth.error(20.0))
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from remotecal.clock import Clock, RealClock, SharedClock, VirtualClock
from remotecal.errors import ConfigurationError
from remotecal.sim.memory import MemoryLink
from remotecal.sim.water import wiring
from remotecal.sim.water.outfit import Outfit, outfit
from remotecal.sim.water.paper import write_paper
from remotecal.sim.water.rig import Rig
from remotecal.sim.water.truth import Truth
from remotecal.sim.world import World

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.sim.instruments.meter import MeterSpec
    from remotecal.sim.simulated import Simulated

Output = Literal["pulses", "current", "mag6000", "promag53", "promass83", "tuf2000m"]
"""How the meter under test is read: counted pulses, its 4–20 mA, or its total over Modbus."""


CLOCK = "clock"
"""File beside the bench file in which a rig keeps its virtual time."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """A simulated rig that is up."""

    rig: Rig
    truth: Truth
    """What a perfect calibration would find."""
    outfit: Outfit
    clock: Clock
    stations: dict[str, wiring.Place]
    """The instruments by their names on the bench."""
    addresses: dict[str, str]
    """Where each is served; empty for a rig without wires."""
    paper: Path | None = None
    """Folder of bench file, certificates and order; None for a rig without paper."""

    @property
    def bench(self) -> Path:
        """The bench file, beside the certificates it names."""
        return self._paper("bench.toml")

    @property
    def order(self) -> Path:
        """A work order for this rig."""
        return self._paper("order.toml")

    def _paper(self, name: str) -> Path:
        if self.paper is None:
            raise ConfigurationError("this rig was put up without a directory, so it has no paper")
        return self.paper / name

    def instrument(self, name: str) -> Simulated:
        """Return a simulated instrument, such as to give it a fault."""
        return self.stations[name].simulated

    def connect(self) -> dict[str, Instrument]:
        """Open every instrument by its driver without a wire, for many runs in little time."""
        opened: dict[str, Instrument] = {}
        for name, place in self.stations.items():
            make = cast("Callable[..., Instrument]", place.simulated.driver)
            link = MemoryLink(place.simulated, name, f"memory:{name}")
            opened[name] = make(link, name=name, clock=self.clock, **place.settings)
            opened[name].check()
        return opened


@contextmanager
def water_rig(
    directory: Path | None = None,
    *,
    seed: int = 1,
    dn: int = 50,
    output: Output = "pulses",
    clock: Clock | None = None,
    dut: MeterSpec | None = None,
) -> Iterator[Assembly]:
    """Put up a gravimetric water rig.

    Args:
        directory: where bench file, certificates and order are written and for which the
            instruments are served; without it the rig has no wires and no paper.
        seed: the same seed gives the same rig.
        dn: nominal diameter in mm.
        output: how the meter under test is read.
        clock: the rig's time; a virtual clock if not given, shared with other processes by a file
            in the directory.
        dut: the meter under test; drawn if not given.

    Raises:
        ConfigurationError: there is no such line or output.
    """
    drawn = outfit(seed, dn, dut=dut)
    with _up(drawn, directory, seed, output, clock, wiring.gravimetric) as assembly:
        yield assembly


@contextmanager
def master_line(
    directory: Path | None = None,
    *,
    seed: int = 1,
    dn: int = 50,
    output: Output = "mag6000",
    clock: Clock | None = None,
    dut: MeterSpec | None = None,
) -> Iterator[Assembly]:
    """Put up a line with a Coriolis reference meter ahead of the meter under test; see `water_rig`."""
    drawn = outfit(seed, dn, gravimetric=False, dut=dut)
    with _up(drawn, directory, seed, output, clock, wiring.master) as assembly:
        yield assembly


@contextmanager
def _up(
    drawn: Outfit,
    directory: Path | None,
    seed: int,
    output: Output,
    clock: Clock | None,
    wire_up: wiring.WireUp,
) -> Iterator[Assembly]:
    if clock is None:
        clock = SharedClock.begin(directory / CLOCK) if directory else VirtualClock()
    rig = Rig(drawn.spec, World(clock, seed))
    truth = Truth(rig)
    if output not in wiring.OUTPUTS:
        raise ConfigurationError(f"a meter can't be read by {output!r}, but by {', '.join(wiring.OUTPUTS)}")
    places = wire_up(rig, drawn, output)
    if output == "current":
        truth.output_error = drawn.spec.dut.output_error
    if directory is None:
        yield Assembly(rig, truth, drawn, clock, places, {})
        return
    with ExitStack() as servers:
        addresses = {name: place.serve(servers) for name, place in places.items()}
        today = datetime.fromtimestamp(clock.now(), UTC).date()
        write_paper(directory, drawn, places, addresses, output, _told(clock), today)
        yield Assembly(rig, truth, drawn, clock, places, addresses, directory)


def _told(clock: Clock) -> str:
    """Return what a bench file says of a clock."""
    if isinstance(clock, RealClock):
        return "real"
    return f"virtual:{clock.path.name}" if isinstance(clock, SharedClock) else "virtual"
