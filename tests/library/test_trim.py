"""An indication is brought to a value from its side, over a real socket to a simulated controller."""

import json
import math

import pytest

from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import PressureController
from remotecal.errors import NotStable, RunError
from remotecal.journal.writing import Journal
from remotecal.procedures import Stability
from remotecal.procedures.library.measuring.trim import Trim
from remotecal.runs.control import Control
from remotecal.runs.prompts import Scripted
from remotecal.runs.running import Running
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.serving import LineServing, SocketServer
from remotecal.sim.world import World

BENCH = """
[bench]
name = "a line"
clock = "virtual"
[instruments.controller]
driver = "DruckPace"
address = "TCPIP::{host}::{port}::SOCKET"
settings = {{ max_slew = 100.0 }}
"""


class Lively(Regulator):
    """A line whose controller goes `over` kPa past what it is told where it has a long way to go."""

    over = 0.0

    def pressure(self):
        if self.doing != "control" or abs(self._target - self._from) < 20:
            return super().pressure()
        past = self.over * math.exp(-self.settled() / 2) if self.settled() else 0.0
        return super().pressure() + math.copysign(past, self._target - self._from)


class Bay:
    """A controller on a line, and a run that has it."""

    def __init__(self, tmp_path):
        self.clock = VirtualClock()
        self.world = World(self.clock, 1)
        self.line = Lively(lambda: self.world.time)
        self.error = 0.0
        """Share by which the controller shows too much."""
        self.more = 0.0
        """And what it shows too much in kPa."""
        shown = Pace(self.world, self.line, indicated=self._indicated)
        self.server = SocketServer(shown, LineServing(shown.driver.wire))
        text = BENCH.format(host=self.server.host, port=self.server.port)
        (tmp_path / "bench.toml").write_text(text, encoding="utf-8")
        self.opened = Bench.load(tmp_path / "bench.toml").connect(self.clock)
        self.controller = self.opened.role("controller")
        assert isinstance(self.controller, PressureController)
        self.journal = Journal.create(tmp_path / "run", self.clock)
        self.run = Running(self.opened, self.journal, Control(), Scripted())

    def _indicated(self, pressure):
        return pressure * (1 + self.error) + self.more

    def trim(self, timeout=120.0, **changes):
        held = Stability(self.controller.pressure, duration=5, spread=0.02, timeout=timeout)
        self.controller.slew.set(50)
        self.controller.control()
        told = {"within": 0.02, "past": 0.05, "back": 10.0, "low": 0.0, "high": 300.0, "apart": 5.0}
        return Trim(self.controller.setpoint, held, arrived=self.controller.in_limits, **(told | changes))

    def close(self):
        self.opened.close()
        self.journal.__exit__(None, None, None)
        self.server.close()


@pytest.fixture
def bay(tmp_path):
    made = Bay(tmp_path)
    yield made
    made.close()


def notes(bay):
    events = map(json.loads, bay.journal.path.read_text(encoding="utf-8").splitlines())
    return [event["data"] for event in events if event["kind"] == "note"]


def test_a_value_is_reached_and_kept(bay):
    assert bay.trim().to(bay.run, 200.0, rising=True) == 0
    assert bay.controller.pressure.read().value == pytest.approx(200, abs=0.02)
    assert not notes(bay)


def test_what_an_indication_lacks_is_made_up_for_from_its_own_side(bay):
    bay.error = -0.01
    assert bay.trim().to(bay.run, 200.0, rising=True) == 0
    assert bay.controller.pressure.read().value == pytest.approx(200, abs=0.02)
    assert bay.controller.setpoint.read().value == pytest.approx(200 / 0.99, abs=0.03)


def test_what_went_past_goes_back_and_comes_again_from_the_same_side(bay):
    bay.line.over = 3.0
    trim = bay.trim()
    told = told_to(bay)
    assert trim.to(bay.run, 200.0, rising=True) == 1
    assert told[:3] == [pytest.approx(value, abs=1.5) for value in (200, 190, 198)]
    assert max(told[2:]) < 200.1
    (note,) = notes(bay)
    assert (note["text"], note["value"], note["unit"]) == ("went past", 200.0, "kPa")
    assert 201 < note["to"] < 203


def test_it_falls_to_a_value_as_it_rises_to_one(bay):
    trim = bay.trim()
    trim.to(bay.run, 300.0, rising=True)
    bay.line.over = 3.0
    assert trim.to(bay.run, 100.0, rising=False) == 1
    assert 97 < notes(bay)[0]["to"] < 99
    assert bay.controller.pressure.read().value == pytest.approx(100, abs=0.02)


def told_to(bay):
    """Return where the line is told to go from now on."""
    told = []
    bay.line.control = lambda target, rate: (told.append(target), Lively.control(bay.line, target, rate))
    return told


def test_a_setting_that_counts_from_elsewhere_is_told_so(bay):
    bay.more = 100.0
    bay.trim(shift=-100.0).to(bay.run, 300.0, rising=True)
    assert bay.controller.setpoint.read().value == 200


def test_a_value_out_of_reach_is_given_up(bay):
    bay.line.stuck = True
    with pytest.raises(NotStable, match=r"was told 200 kPa and is not steady there after 30 s"):
        bay.trim(timeout=30.0).to(bay.run, 200.0, rising=True)


def test_an_indication_that_does_not_follow_ends_it_at_the_first_step(bay):
    bay.error, trim = -1.0, bay.trim()
    told = told_to(bay)
    with pytest.raises(RunError, match=r"does not follow: 200 kPa .* rest at 0 kPa.*valve before .* shut"):
        trim.to(bay.run, 200.0, rising=True)
    assert set(told) == {200.0}


def test_an_indication_that_follows_too_little_drives_nothing_beyond_the_range(bay):
    bay.error, trim = -1.0, bay.trim()
    told = told_to(bay)
    with pytest.raises(RunError, match="does not follow"):
        trim.to(bay.run, 4.0, rising=True)
    assert max(told) < 4 + 5.0


def test_what_lies_beyond_the_range_is_not_set(bay):
    trim = bay.trim(high=190.0)
    told = told_to(bay)
    with pytest.raises(RunError, match=r"200 kPa would have to be set, and the range is 0 to 190 kPa"):
        trim.to(bay.run, 200.0, rising=True)
    assert not told


def test_at_the_end_of_the_range_nothing_comes_from_beyond(bay):
    trim = bay.trim(back=20.0)
    trim.to(bay.run, 300.0, rising=True)
    bay.error, told = -0.01, told_to(bay)
    trim.to(bay.run, 300.0, rising=False)
    assert max(told) == pytest.approx(300 / 0.99, abs=0.1)
    assert bay.controller.pressure.read().value == pytest.approx(300, abs=0.02)


def test_near_the_end_of_the_range_it_begins_anew_at_that_end(bay):
    bay.trim().to(bay.run, 300.0, rising=True)
    bay.line.over, told = 3.0, told_to(bay)
    assert bay.trim(back=80.0).to(bay.run, 250.0, rising=False) > 0
    assert max(told) == 300.0
