"""Every shipped driver has a simulated twin, and both understand each other."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import ClassVar

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.catalogue import SHIPPED, driver
from remotecal.drivers.codecs import Phrase
from remotecal.drivers.declarations import named
from remotecal.drivers.keysight.daq970a import KeysightDaq970A
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import ByHand
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Action, Reading, Setting
from remotecal.sim.instruments.daq970a import DataAcquisition
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.fluke_pressure import Controller6270A
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.instruments.thermometers import HartReadout
from remotecal.sim.simulated import Refused, Simulated
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.water.assemblies import master_line, water_rig
from remotecal.sim.world import World
from remotecal.testing import check_twin

UNREADY: Mapping[str, frozenset[str]] = {
    "AbbAcs580": frozenset({"control"}),  # it was told nothing yet
    "DruckPace": frozenset({"setpoint"}),  # the one it stands for has a smaller range
    "Fluke6270A": frozenset({"setpoint"}),
    "Keysight53230A": frozenset({"gated_pulses", "running_pulses"}),  # nothing was counted yet
    "KeysightDaq970A": frozenset(named(KeysightDaq970A)) - {"temperature[101]"},  # all that is connected
    "SiemensMag6000": frozenset({"direction"}),  # that of the flow
}
"""What has no value at rest, or can't be set at will."""


def twins() -> Iterator[tuple[Simulated, Mapping[str, int]]]:
    """Yield a twin of every driver that has one, and what its driver is told."""
    world = World(VirtualClock(), 1)
    yield HartReadout(world, {1: lambda: 20.0}), {"channel": 1}
    yield keller(world, lambda: 1.0), {}
    yield Pace(world, Regulator(world.clock.now)), {}
    yield Controller6270A(world, Regulator(world.clock.now)), {}
    yield DataAcquisition(world, {101: ("C", lambda: 20.0)}), {}
    with ExitStack() as up:
        outputs = ("current", "mag6000", "promag53", "promass83", "tuf2000m")
        benches = [up.enter_context(master_line(output=output)) for output in outputs]
        benches.append(up.enter_context(water_rig()))
        for bench in benches:
            yield from ((place.simulated, place.settings) for place in bench.wired.values())


TWINS = {simulated.driver.__name__: (simulated, settings) for simulated, settings in twins()}


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_and_its_driver_understand_each_other(name: str) -> None:
    simulated, settings = TWINS[name]
    check_twin(simulated, unready=UNREADY.get(name, ()), **settings)


def test_every_driver_has_a_twin() -> None:
    on_a_wire = {name for name in SHIPPED if not isinstance(driver(name).wire, ByHand)}
    assert on_a_wire - TWINS.keys() == {"DruckPace1000"}  # a PACE5000 that only indicates


class Kettle(LineInstrument):
    """Heats water."""

    wire: ClassVar[Line] = Line()
    temperature = Reading(Phrase("T?"), "°C", span=(0, 100), accuracy=UNSTATED)
    """Of the water."""
    target = Setting(Phrase("S?", order="S={value}", decimals=1), "°C", span=(20, 95))
    """Where it goes."""
    boil = Action(Phrase(None, order="BOIL"))
    """Go to the boil."""
    safe = (target.to(20),)


def refuse(_: object) -> None:
    raise Refused


WRONG = [
    ({"reads": {"temperature": lambda: "hot"}}, r"Kettle.temperature is asked: GarbledReply: .*hot"),
    ({"commands": {r"T\?": lambda _: None}}, r"Kettle.temperature is asked: NoReply"),
    ({"reads": {"target": lambda: 42.0}}, "Kettle.target was set to 20 °C, is 42 °C"),
]


@pytest.mark.parametrize(("twin", "said"), WRONG)
def test_a_twin_that_speaks_otherwise_is_told(twin: dict, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_twin(LineSimulated(Kettle, World(VirtualClock(), 1), "kettle", **twin))


def test_what_is_not_ready_is_left_alone() -> None:
    twin = LineSimulated(
        Kettle,
        World(VirtualClock(), 1),
        "kettle",
        reads={"temperature": lambda: "hot", "target": lambda: 20.0},
    )
    check_twin(twin, unready=["temperature", "target"])
