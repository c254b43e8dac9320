"""A rig of no domain that is shipped: its conditions are its driver's own, and what may be reset too."""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

import pytest
from tiny import Server

from remotecal.bench import Bench
from remotecal.drivers.capabilities import RigController
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Action, Flags, Setting
from remotecal.errors import InterlockTripped
from remotecal.journal.writing import Journal
from remotecal.runs.control import Control
from remotecal.runs.watch import Watch

BENCH = """
[bench]
name = "Oven"
clock = "virtual"
[instruments.oven]
driver = "test_any_rig:{driver}"
address = "TCPIP::127.0.0.1::{port}::SOCKET"
[heartbeat]
quantity = "oven.heartbeat"
every = 2.0
"""


class Cut(IntFlag):
    """Why the oven cut its heater off."""

    DOOR_OPEN = 1
    TOO_HOT = 2
    NOBODY_THERE = 64
    FUSE = 128


class Oven(ScpiInstrument, RigController):
    """An oven with a watch over itself."""

    wire: ClassVar[Line] = Line(slowest_reply=5.0)
    heartbeat = Setting(scpi("SYSTem:BEAT", decimals=0), "1", span=(0, 9))
    """Changes as long as somebody is there."""
    trips = Flags(scpi("STATus:CUT"), Cut, resettable=Cut.NOBODY_THERE | Cut.FUSE)
    """Why it is off."""
    reset = Action(scpi("SYSTem:RESet"))
    """Heat again."""


class CautiousOven(Oven):
    """The same oven, whose driver does not say what a run may reset."""

    trips = Flags(scpi("STATus:CUT"), Cut)
    """Why it is off."""


class World:
    """The oven's side of the wire."""

    def __init__(self) -> None:
        self.cut = 0
        self.lines: list[str] = []

    def answer(self, _: str, line: str) -> str:
        self.lines.append(line)
        if line == "*IDN?":
            return "Maker,Oven,O1,1.0"
        if line == "STAT:CUT?":
            return str(self.cut)
        if line.startswith("SYST:RES"):
            self.cut = 0
        return '0,"No error"'


@pytest.fixture
def world():
    return World()


@pytest.fixture
def begin(world, tmp_path):
    """Begin to watch an oven of a driver; the control that is told of its trips, and its clock."""
    server = Server("oven", world.answer)
    ends = []

    def start(driver=Oven):
        path = tmp_path / "bench.toml"
        path.write_text(BENCH.format(driver=driver.__name__, port=server.port))
        bench, control = Bench.load(path), Control()
        opened = bench.connect()
        ends.append(opened.close)
        opened.refuse_failures()
        journal = Journal.create(tmp_path / "run", opened.clock)
        ends.append(journal.close)
        watch = Watch(bench, opened, control, journal)
        ends.append(watch.end)
        watch.begin()
        return control, opened.clock

    yield start
    for end in reversed(ends):
        end()
    server.close()


@pytest.mark.parametrize("cut", [Cut.NOBODY_THERE, Cut.NOBODY_THERE | Cut.FUSE])
def test_what_the_driver_says_may_be_reset_is_reset(begin, world, cut):
    world.cut = cut
    control, clock = begin()
    clock.sleep(10)
    assert control.error is None
    assert "SYST:RES;:SYST:ERR?" in world.lines


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (Cut.NOBODY_THERE | Cut.TOO_HOT, "TOO_HOT, NOBODY_THERE"),
        (Cut.DOOR_OPEN, "DOOR_OPEN"),
        (Cut.DOOR_OPEN | 1024, "DOOR_OPEN, 1024"),
        (Cut(1024), "1024"),
    ],
)
def test_whatever_else_cut_it_off_is_left_to_a_person(begin, world, cut, said):
    world.cut = cut
    with pytest.raises(InterlockTripped, match=f"the rig is tripped: {said}; remove the cause"):
        begin()
    assert not any(line.startswith("SYST:RES") for line in world.lines)


def test_nothing_is_reset_where_the_driver_does_not_say_so(begin, world):
    world.cut = Cut.NOBODY_THERE
    with pytest.raises(InterlockTripped, match="the rig is tripped: NOBODY_THERE"):
        begin(CautiousOven)


def test_a_trip_meanwhile_stops_the_run_in_the_rigs_own_words(begin, world):
    control, clock = begin()
    clock.sleep(5)
    assert control.error is None
    world.cut = Cut.DOOR_OPEN
    clock.sleep(5)
    assert "the rig tripped by itself: DOOR_OPEN" in str(control.error)
    control.notice()
