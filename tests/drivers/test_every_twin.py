"""Every shipped driver has a simulated twin, and both understand each other."""

from collections.abc import Mapping
from typing import ClassVar

import pytest
from twins import TWINS, twin

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
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.world import World
from remotecal.testing import check_twin

UNREADY: Mapping[str, frozenset[str]] = {
    "AbbAcs580": frozenset({"control"}),  # it was told nothing yet
    "DanfossVlt": frozenset({"control"}),
    "DruckPace": frozenset({"setpoint"}),  # the one it stands for has a smaller range
    "Fluke6270A": frozenset({"setpoint"}),
    "FlukeWell": frozenset({"setpoint"}),  # the driver is for all of them together
    "Keysight53230A": frozenset({"gated_pulses", "running_pulses"}),  # nothing was counted yet
    "KeysightDaq970A": frozenset(named(KeysightDaq970A)) - {"temperature[101]"},  # all that is connected
    "VaisalaDmt340": frozenset(
        {"dew_point_over_water", "dew_point_at_1_atm", "water_content", "vapour_pressure"}
    ),  # it has them not
    "SiemensMag6000": frozenset({"direction"}),  # that of the flow
    "SiemensMass6000": frozenset({"direction"}),
}
"""What has no value at rest, or can't be set at will."""


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_and_its_driver_understand_each_other(name: str) -> None:
    simulated, settings = twin(name)
    check_twin(simulated, unready=UNREADY.get(name, ()), **settings)


def test_every_driver_has_a_twin() -> None:
    on_a_wire = {name for name in SHIPPED if not isinstance(driver(name).wire, ByHand)}
    without = {
        "DruckPace1000",
        "LineMap",
        "RegisterMap",
    }  # a PACE5000 that only indicates; nothing without a table
    assert on_a_wire - set(TWINS) == without


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


@pytest.mark.parametrize(("speaks", "said"), WRONG)
def test_a_twin_that_speaks_otherwise_is_told(speaks: dict, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_twin(LineSimulated(Kettle, World(VirtualClock(), 1), "kettle", **speaks))


def test_what_is_not_ready_is_left_alone() -> None:
    kettle = LineSimulated(
        Kettle,
        World(VirtualClock(), 1),
        "kettle",
        reads={"temperature": lambda: "hot", "target": lambda: 20.0},
    )
    check_twin(kettle, unready=["temperature", "target"])
