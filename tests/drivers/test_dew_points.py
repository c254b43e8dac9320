"""A dew-point transmitter that says who it is and whether it is read as it sends, frame by frame."""

import contextlib
import math
import struct
from collections.abc import Iterator

import pytest
from shipped_tables import asked, rtu

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import DewPointMeter
from remotecal.drivers.links import identification, modbus
from remotecal.drivers.vaisala.dmt340 import VaisalaDmt340
from remotecal.errors import InstrumentError, WrongInstrument
from remotecal.sim.instruments.dew_point import dmt340
from remotecal.sim.memory import MemoryLink
from remotecal.sim.world import World
from remotecal.testing.transcripts import Exchange, on_serial_port


def words(*values: float) -> tuple[int, ...]:
    """Return floats in registers, the low word of each first."""
    packed = [struct.unpack(">2H", struct.pack(">f", value)) for value in values]
    return tuple(word for high, low in packed for word in (low, high))


def who(product: str = "DMT340", serial: str = "D0710040") -> tuple[Exchange, Exchange]:
    told = {0: "Vaisala", 1: product, 2: "5.10"}
    one = identification.question(0x80, identification.INDIVIDUAL)
    return (
        (rtu(identification.question()), rtu(identification.answer(told))),
        (rtu(one), rtu(identification.answer({0x80: serial}, identification.INDIVIDUAL))),
    )


MEASURES = asked(512, 1), asked(513, 1)
TEST = asked(7937, *words(-123.45))


@contextlib.contextmanager
def transmitter(*exchanges: Exchange, serial: str | None = None, **told: int) -> Iterator[VaisalaDmt340]:
    with (
        on_serial_port(*exchanges) as device,
        VaisalaDmt340.open(
            f"modbus+rtu://{device}", name="dew", serial=serial, clock=VirtualClock(0.0), **told
        ) as instrument,
    ):
        yield instrument


def test_dmt340_says_who_it_is_and_gives_what_it_measures_in_one_request() -> None:
    values = asked(2, *words(21.5, math.nan, -38.25, -36.5))
    with transmitter(*who(), *MEASURES, TEST, values, asked(512, 1, 1), serial="D0710040") as dew:
        found = dew.read(dew.temperature, dew.dew_point)
        assert dew.met == ("Vaisala", "DMT340", "D0710040", "5.10")
    assert [one[:2] for one in found] == [(21.5, "°C"), (-36.5, "°C")]
    assert isinstance(dew, DewPointMeter)


def test_what_a_dmt340_gives_while_its_sensor_is_purged_is_no_value() -> None:
    values = asked(2, *words(21.5, math.nan, -38.25, -36.5))
    with (
        transmitter(*who(), *MEASURES, TEST, values, asked(512, 1, 0), serial="D0710040") as dew,
        pytest.raises(InstrumentError, match="no valid value: online says NOT_AVAILABLE"),
    ):
        dew.read(dew.temperature, dew.dew_point)


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        (who(serial="D0710041"), "D0710040 is expected"),
        (who(product="HMT330"), "HMT330"),
        ((*who(), asked(512, 0)), "fault is ANY, this driver needs NONE"),
        ((*who(), asked(512, 1), asked(513, 0)), "online is NOT_AVAILABLE"),
        ((*who(), *MEASURES, asked(7937, *words(-123.45)[::-1])), r"test register|no valid value"),
        ((*who(), *MEASURES, asked(7937, *words(math.nan))), "sends floats in another order"),
    ],
    ids=["another one", "another kind", "faulty", "without data", "other order", "no number"],
)
def test_dmt340_that_is_another_or_not_ready_is_refused(exchanges: tuple[Exchange, ...], why: str) -> None:
    with pytest.raises(WrongInstrument, match=why), transmitter(*exchanges, serial="D0710040"):
        pass


def test_what_a_dmt340_has_not_is_no_value() -> None:
    twin = dmt340(World(VirtualClock(), 1), lambda: -40.0)
    dew = VaisalaDmt340.over(MemoryLink(twin, "dew"), name="dew", serial="D0710040", clock=twin.world.clock)
    assert dew.dew_point.read().value == -40.0
    with pytest.raises(InstrumentError, match="no valid value"):
        dew.water_content.read()


def test_a_twin_refuses_an_object_that_it_lacks() -> None:
    twin = dmt340(World(VirtualClock(), 1), lambda: -40.0)
    asked_for = identification.question(0x81, identification.INDIVIDUAL)
    assert twin.answer(b"\x01" + asked_for) == b"\x01" + modbus.exception(identification.FUNCTION, 2)
