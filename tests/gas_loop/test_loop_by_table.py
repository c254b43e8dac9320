"""A gas loop's controller by a table of its registers: safe once relieved, good for a calibration."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from loops import calibrate, is_safe
from short_runs import record, rewrite

from remotecal.bench import Bench
from remotecal.bench_file import Safe
from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import GasLoop, LoopMode
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.errors import BenchError, SafeStateNotReached
from remotecal.journal.events import FILE
from remotecal.rehearsal import RealBench
from remotecal.sim.gas_loop.assemblies import ClosedLoop

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
        served = self.rig.plc.on_modbus(driver=RegisterMap.as_stated({"table": self.table}))
        settings = {"unit": 1, "table": self.table}
        self.wired["loop"] = replace(self.wired["loop"], simulated=served, settings=settings)

    def paper(self, today):
        return replace(super().paper(today), safe=Safe(order=("blower", "loop"), within=2 * 4200))


@pytest.mark.parametrize(("said", "instead", "why"), UNSAFE)
def test_a_table_that_seals_the_gas_in_is_not_opened(said: str, instead: str, why: str) -> None:
    assert TABLE.count(said) == 1
    kind = RegisterMap.as_stated({"table": TABLE.replace(said, instead)})
    with pytest.raises(BenchError, match=why):
        kind.refuse_unsafe()


def test_a_bench_that_leaves_no_time_to_relieve_it_is_refused(bench) -> None:
    rewrite(bench.bench, ("within = 8400.0", "within = 8399.0"))
    with pytest.raises(
        BenchError, match=r"safe\.within = 8399 s leaves loop 4200 s, .*: state at least 8400"
    ):
        Bench.load(bench.bench)


def test_so_is_one_that_leaves_none_to_our_own_controller(tmp_path) -> None:
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        rewrite(bench.bench, ("within = 3600.0", "within = 900.0"))
        with pytest.raises(BenchError, match=r"within = 900 s leaves loop 450 s, .*: state at least 1128"):
            Bench.load(bench.bench)


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
        before = bench.clock.now()
        loop.make_safe()
        assert is_safe(bench)
        assert 290 < bench.clock.now() - before < 400
        loop.mode.set(LoopMode.REGULATE)
        bench.clock.sleep(600.0)
        bench.rig.plc.vent_stuck = True
        with pytest.raises(SafeStateNotReached, match=r"pressure is still \d+\.?\d* kPa after 4200 s"):
            loop.make_safe()


def measured(evidence) -> list[str]:
    """Return the measurements but for their dates, and the hashes of certificates, which have dates."""
    made = record(evidence).measurements
    return [re.sub(r"\d{4}-\d{2}-\d{2}|[0-9a-f]{64}", "…", one.model_dump_json()) for one in made]


def test_a_calibration_by_a_table_is_the_one_by_a_driver(bench, tmp_path) -> None:
    few = {"flows": [400.0], "pressures": [200.0], "fewest_pulses": 300}
    made = calibrate(bench, **few)
    assert is_safe(bench)
    tomorrow = VirtualClock(bench.clock.now() + 86400)
    with ClosedLoop.up(tmp_path / "native" / "bench", seed=7, clock=tomorrow) as native:
        assert measured(calibrate(native, **few)) == measured(made)
    assert "gas loop 1, data block 50" in (tmp_path / "run" / FILE).read_text(encoding="utf-8")
    kinds = {role: kind for role, kind in RealBench.of_run(made).drivers.items() if role == "loop"}
    assert GasLoop in kinds["loop"].__mro__, "a rehearsal knows it from the journal alone"
