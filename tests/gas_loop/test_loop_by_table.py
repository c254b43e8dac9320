"""A gas loop's controller by a table of its registers: safe once relieved, good for a calibration."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from loops import is_safe
from short_runs import rewrite

from remotecal import made_safe
from remotecal.bench import Bench
from remotecal.bench_file import Safe
from remotecal.cli.bench import check
from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import LoopMode
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.rig.gas_loop import GasLoopController
from remotecal.errors import BenchError, SafeStateNotReached
from remotecal.made_safe import shares, times
from remotecal.open_bench import OpenBench
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import carry_out, plan
from remotecal.runs.prompts import Scripted
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.sim.memory import MemoryLink
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.world import World

TABLE = (Path(__file__).parents[2] / "docs" / "tables" / "rig-loop-s7.toml").read_text(encoding="utf-8")
RELIEVED = TABLE[TABLE.index("\n[relieved]") : TABLE.index("\n[expects]")]
UNSAFE = [
    (RELIEVED, "", "relieved is missing: a GasLoop is safe once its pressure has come down"),
    (
        RELIEVED,
        RELIEVED.replace('"pressure"', '"standing"').replace("kPa", "1"),
        "relieved is missing: a Gas",
    ),
    ("below = 110", "below = 2600", r"relieved\.below: a GasLoop is not relieved at 2600 kPa: .* 110 kPa"),
    ('below = 110\nunit = "kPa"', 'below = 1.2\nunit = "bar"', "is not relieved at 1.2 bar"),
    (
        'opened = 0\nmode = "VENT"',
        "cooling = 20",
        r"safe\.opened is missing: .* a GasLoop .* opened and mode",
    ),
    ("opened = 0", "opened = 5", r"safe\.opened = 5\.0 is not safe: .* of a GasLoop it is 0"),
    ('mode = "VENT"', 'mode = "HOLD"', r"safe\.mode = 'HOLD' is not safe: .* it is 'VENT'"),
]


class ByTable(ClosedLoop):
    """A closed loop whose controller is somebody else's."""

    table = TABLE

    def __init__(self, world, options):
        super().__init__(world, options)
        served = self.wired["loop"].simulated.behind(RegisterMap.as_stated({"table": self.table}))
        settings = {"unit": 1, "table": self.table}
        self.wired["loop"] = replace(self.wired["loop"], simulated=served, settings=settings)

    def paper(self, today):
        return replace(super().paper(today), safe=Safe(order=("blower", "loop"), within=2 * 4230))


@pytest.mark.parametrize(("said", "instead", "why"), UNSAFE)
def test_a_table_that_seals_the_gas_in_is_not_opened(said: str, instead: str, why: str) -> None:
    assert TABLE.count(said) == 1
    kind = RegisterMap.as_stated({"table": TABLE.replace(said, instead)})
    with pytest.raises(BenchError, match=why):
        kind.refuse_unsafe()


def test_a_bench_that_leaves_no_time_to_relieve_it_is_refused(bench, capsys) -> None:
    """Each has what it needs, not the same as any other; who only looks at it is told, and not refused."""
    rewrite(bench.bench, ("within = 8460.0", "within = 4260.0"))
    stated = Bench.load(bench.bench)
    made_safe.check(stated.path, stated.file, stated.drivers)
    assert shares(times(stated.file, stated.drivers), 4260.0) == {"blower": 30.0, "loop": 4230.0}
    assert shares({"blower": 30.0, "loop": 4230.0}, 4360.0) == {"blower": 80.0, "loop": 4280.0}
    rewrite(bench.bench, ("within = 4260.0", "within = 4259.0"))
    short = r"safe\.within = 4259 s, .* 4260 s, .*loop 4230 s\): state at least 4260"
    order, found = Order.load(bench.order), find("gas_loop.meter_by_masters")
    planned = plan(order, found, Bench.load(bench.bench), VirtualClock(), "short")  # to make it safe, too
    with pytest.raises(BenchError, match=short):
        carry_out(planned, bench.directory.parent / "short", Company(Scripted()))
    assert not (bench.directory.parent / "short").exists()
    with pytest.raises(BenchError, match=short), Bench.load(bench.bench).open():
        pytest.fail("it could be moved")
    check(bench.bench, bench.bench.parent)
    assert "can't be made safe" in capsys.readouterr().out


def test_so_is_one_that_leaves_none_to_our_own_controller(tmp_path) -> None:
    """Interlocks on the air's pressure, or on a small difference of two, say nothing of the loop's."""
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        rewrite(bench.bench, ("within = 3600.0", "within = 900.0"))
        limit = 'above = 1050.0\nunit = "kPa"'
        for below in (limit, 'above = 50.0\nunit = "kPa"', 'above = 1100.0\nunit = "hPa"'):
            rewrite(bench.bench, (limit, below))
            least = 1125 if below == limit else 6480
            stated = Bench.load(bench.bench)
            with pytest.raises(BenchError, match=rf"within = 900 s, .*: state at least {least}"):
                made_safe.check(stated.path, stated.file, stated.drivers)
            rewrite(bench.bench, (below, limit))
        lock = next(one for one in bench.bench.read_text().split("\n\n") if limit in one)
        both = lock + "\n\n" + lock.replace("1050.0", "150.0")
        rewrite(bench.bench, (lock, both))
        stated = Bench.load(bench.bench)
        with pytest.raises(BenchError, match=r"state at least 1125"):
            made_safe.check(stated.path, stated.file, stated.drivers)
        watched = re.search(r'watch = "([^"]+)"', lock)[1]
        of_air = lock.replace("1050.0", "111.0").replace(watched, "ambient.air_pressure")
        rewrite(bench.bench, (both, of_air))
        stated = Bench.load(bench.bench)
        with pytest.raises(BenchError, match=r"state at least 6480"):
            made_safe.check(stated.path, stated.file, stated.drivers)


@pytest.fixture
def bench(tmp_path):
    with ByTable.up(tmp_path / "bench", seed=7) as made:
        yield made


def test_made_safe_it_has_let_the_gas_out() -> None:
    with ByTable.up(clock=VirtualClock(), seed=3) as bench:
        loop = bench.connect()["loop"]
        loop.slew.set(1.6)
        loop.setpoint.set(600.0)
        loop.mode.set(LoopMode.REGULATE)
        bench.clock.sleep(1200.0)
        loop.opened.set(0b111)
        assert loop.pressure.read().value == pytest.approx(600.0, abs=5.0)
        loop.slew.set(0.1)
        before = bench.clock.now()
        loop.make_safe()
        assert is_safe(bench)
        assert 270 < bench.clock.now() - before < 400
        loop.mode.set(LoopMode.REGULATE)
        bench.clock.sleep(600.0)
        bench.rig.plc.vent_stuck = True
        with pytest.raises(SafeStateNotReached, match=r"pressure is still \d+\.?\d* kPa after 4200 s"):
            loop.make_safe()


NATIVE = (GasLoopController, {"unit": 1})
TABLED = (RegisterMap.as_stated({"table": TABLE}), {"unit": 1, "table": TABLE})


class Loop:
    """A loop that is under 300 kPa until it vents, at once.

    Args:
        made: its driver, and the settings.
        said: what its transmitter tells before the truth, in kPa; None for an error.
        deaf: how often it does not take `mode`.
    """

    def __init__(self, made, said=(), deaf=0) -> None:
        driver, settings = made
        self.pressure, self.said, self.deaf, self.clock = 300.0, list(said), deaf, VirtualClock(0.0)
        reads = {"pressure": self.tell, "map_revision": lambda: 1}
        twin = ModbusSimulated(
            driver, World(self.clock, 1), "loop", unit=1, reads=reads, writes={"mode": self.turn}
        )
        self.driver = driver.over(MemoryLink(twin), name="loop", clock=self.clock, **settings)

    def tell(self) -> float:
        said = self.said.pop(0) if self.said else self.pressure
        if said is None:
            raise Refused(*NOT_NOW)
        return said

    def turn(self, _mode) -> None:
        if self.deaf:
            self.deaf -= 1
            raise Refused(*NOT_NOW)
        self.pressure = 100.0

    def refused(self) -> str:
        with pytest.raises(SafeStateNotReached) as caught:
            self.driver.make_safe()
        return str(caught.value)


@pytest.mark.parametrize("made", [NATIVE, TABLED])
def test_a_step_that_failed_is_tried_again_at_once(made) -> None:
    loop = Loop(made, deaf=1)
    opened = OpenBench({"loop": loop.driver}, loop.clock, needed={"loop": 30.0}, within=30.0)
    opened.make_safe()
    assert (loop.deaf, loop.pressure) == (0, 100.0)
    assert loop.clock.now() < 10.0, "nobody waits for what nobody lets out"


@pytest.mark.parametrize("made", [NATIVE, TABLED])
def test_a_dead_transmitter_relieves_nothing(made) -> None:
    for dead in (0.0, 49.0, -3.0, 7100.0):
        assert "look at the transmitter" in Loop(made, said=[dead] * 3).refused()
    for blip in (0.0, None):
        assert "there may be pressure in" in Loop(made, said=[blip] * 3).refused()
        Loop(made, said=[blip] * 2).driver.make_safe()
