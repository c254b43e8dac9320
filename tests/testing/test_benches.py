"""Whoever writes a procedure or a bench tries it in a test, on a virtual clock, by two fixtures."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest
from dosing.bench import DosingStand

from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.measured import Measured
from remotecal.errors import BenchError, ConfigurationError, ParameterError
from remotecal.journal.events import FILE
from remotecal.journal.gathering import read_evidence
from remotecal.model import Column, Result, Table, Text
from remotecal.procedures import Evaluation, Evidence, Observed, Parameters, Point, Procedure, Run
from remotecal.testing import BenchOf, RunOn


class Seen(Observed):
    water: Annotated[tuple[Measured, ...], "°C"]
    """The water's temperature."""


class Look(Procedure):
    """Reads a thermometer."""

    title = Text(zh="看", en="A look")
    probe: Thermometer

    class Parameters(Parameters):
        times: int = 1
        """How often."""

    parameters: Parameters

    def points(self) -> Sequence[Point]:
        return (Point("now"),)

    def measure(self, point: Point, run: Run) -> Seen:
        return Seen(water=tuple(self.probe.temperature.read() for _ in range(self.parameters.times)))

    def evaluate(self, evidence: Evidence) -> Evaluation:
        ((seen,),) = (Seen.at(evidence, point) for point in evidence.points)
        column = Column(
            name=Text(zh="温度", en="Temperature"),
            unit="°C",
            values=tuple(f"{one.value:.3f}" for one in seen.water),
        )
        return Evaluation(results=(Result(name=self.title, tables=(Table(columns=(column,)),)),))


def test_a_procedure_runs_on_a_bench_of_the_catalogue(bench_of: BenchOf, run_on: RunOn) -> None:
    bench = bench_of("dosing-stand", seed=3)
    ran = run_on(bench, Look, {"times": 3}, roles={"probe": "thermometer"})
    assert ran.record.tables[0].rows == 3
    assert ran.evidence.instruments["probe"].driver == "IsotechMilliK"
    assert read_evidence(ran.directory) == ran.evidence
    with pytest.raises(ParameterError, match="times"):
        run_on(bench, Look, {"times": "often"}, roles={"probe": "thermometer"})
    with pytest.raises(BenchError, match=r"roles\.probe: 'thermometre' is no instrument, did you mean therm"):
        run_on(bench, Look, roles={"probe": "thermometre"})


def test_the_same_seed_gives_the_same_run(bench_of: BenchOf, run_on: RunOn) -> None:
    readings = {
        tuple(
            run_on(bench_of(DosingStand, seed=seed), Look, {"times": 2}, roles={"probe": "thermometer"})
            .record.tables[0]
            .columns[0]
            .values
        )
        for seed in (3, 3, 4)
    }
    assert len(readings) == 2


def test_a_bench_runs_its_own_order(bench_of: BenchOf, run_on: RunOn) -> None:
    ran = run_on(bench_of("dosing-stand", seed=2), parameters={"speeds": ["20 %"], "repeats": 2})
    assert ran.evidence.procedure.name == "dosing"
    assert len(ran.evidence.observations) == 2
    assert (ran.directory / FILE).exists()


def test_what_cant_be_is_refused(bench_of: BenchOf) -> None:
    with pytest.raises(ConfigurationError, match="did you mean dosing-stand"):
        bench_of("dosingstand")
    with pytest.raises(ConfigurationError, match="seed"):
        bench_of("dosing-stand", seed="x")


OWN = """
from remotecal.testing import RunOn, BenchOf

up = []

def test_one(bench_of, run_on):
    up.append(bench_of("dosing-stand", seed=1))
    assert up[0].bench.exists()
    assert isinstance(bench_of, BenchOf) and isinstance(run_on, RunOn)

def test_two():
    import socket, pytest
    address = up[0].addresses["rig"].removeprefix("modbus+tcp://").split(":")
    with pytest.raises(OSError):
        socket.create_connection((address[0], int(address[1])), timeout=5)
"""


def test_pytest_knows_the_fixtures_and_takes_the_benches_down(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN)
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "remotecal.testing.plugin",
        "-W",
        "error",
        str(tmp_path),
    ]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path)
    assert "2 passed" in done.stdout, done.stdout


LIGHT = """
import sys, remotecal.testing.plugin
heavy = {"numpy", "pydantic", "GTC", "remotecal.model", "remotecal.drivers", "remotecal.sim"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_plugin_costs_who_does_not_use_it_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
