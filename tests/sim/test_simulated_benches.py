"""The catalogue of simulated benches, those of other packages included, and the commands that put them up."""

import importlib
import re
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from shipped import BENCHES as SHIPPED

from remotecal.bench import Bench
from remotecal.cli import main
from remotecal.errors import ConfigurationError
from remotecal.order import Order
from remotecal.registers import same_procedure
from remotecal.runs import catalogue as procedures
from remotecal.sim import catalogue
from remotecal.sim.assembly import Assembly
from remotecal.source import docstrings

BENCH = '''
import math
from typing import Annotated

from remotecal.certificates.trust import Capability
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.quantities import Reading
from remotecal.procedures import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import draw
from remotecal.sim.chance import chance
from remotecal.sim.paper import Job, Paper
from remotecal.sim.simulated_lines import ScpiSimulated
from remotecal.sim.wiring import Wired


class Sable7(ScpiInstrument, Thermometer):
    """A thermometer of a maker nobody knows."""

    maker, model = "Sable", "7"
    temperature = Reading(scpi("TEMP"), "°C", span=(0, 100), accuracy=UNSTATED)
    """Temperature of the sensor."""


class Sable8(Sable7):
    """Its successor, which is in no catalogue."""

    model = "8"


class Bath:
    """A bath that goes to its target with a time constant of ten minutes."""

    def __init__(self, world, target):
        self.temperature, self.target = 20.0, target
        world.physics = self.advance

    def advance(self, begin, until):
        self.temperature += (self.target - self.temperature) * (1.0 - math.exp((begin - until) / 600.0))
        return until


class StirredBath(Assembly):
    """Stirred bath with a reference thermometer and one under test."""

    class Options(BenchOptions):
        target: Annotated[float, In("°C", at_least=0, at_most=90)] = 50.0
        """Where the bath goes."""

    procedures = ("probe",)
    scope = (
        Capability(
            quantity="basic_measurementError", unit="K", cmc="0.01",
            against="basic_referenceValue", against_unit="°C", low="0", high="90",
        ),
    )
    error = 0.25
    driver = Sable7

    def __init__(self, world, options):
        super().__init__(world, options)
        bath = Bath(world, options.target)
        calibration = draw(
            chance(options.seed, "standard"), "°C", (0.0, 100.0), spread=0.05, expanded=(0.01, 0.01), digits=3
        )
        shown = {"temperature": lambda: bath.temperature + self.error}
        dut = ScpiSimulated(self.driver, world, "dut", "Sable,7,S-1,1.0", reads=shown)
        self.wired = {
            "reference": stands.thermometer(world, calibration, lambda: bath.temperature, "reference"),
            "dut": Wired(dut, "socket", "S-1"),
        }

    def paper(self, today):
        job = Job("probe", "T", {"wait": 7200}, {"name": "Thermometer", "maker": "Sable", "serial": "S-1"})
        return Paper("stirred bath", job)


class Bare(StirredBath):
    """A bath nobody may certify with."""

    scope = ()
    driver = Sable8


not_a_bench = 3
'''

PROCEDURE = '''
from typing import Annotated

from remotecal.drivers.capabilities import Thermometer
from remotecal.model import Column, Result, Table, Text, Uncertainty
from remotecal.drivers.measured import Measured
from remotecal.procedures import Evaluation, In, Observed, Parameters, Point, Procedure


class Pair(Observed):
    t_ref: Annotated[Measured, "°C"]
    t_dut: Annotated[Measured, "°C"]


class Probe(Procedure):
    """Compare a thermometer with another."""

    title = Text(zh="比较", en="Comparison")
    reference: Thermometer
    dut: Thermometer

    class Parameters(Parameters):
        wait: Annotated[float, In("s", above=0)]
        """How long the bath needs."""

    def points(self):
        return (Point("bath", repeats=2),)

    def approach(self, point, run):
        run.wait(self.parameters.wait)

    def measure(self, point, run) -> Pair:
        t_ref, t_dut = run.read(self.reference.temperature, self.dut.temperature)
        return Pair(t_ref=t_ref, t_dut=t_dut)

    def evaluate(self, evidence):
        values = evidence.observations[-1].values
        name = Text(zh="误差", en="Error")
        error = f"{values['t_dut'].value - values['t_ref'].value:.3f}"
        columns = (
            Column(
                name=Text(zh="标准值", en="Reference"), ref_types=("basic_referenceValue",), unit="°C",
                values=("50",),
            ),
            Column(
                name=name, ref_types=("basic_measurementError",), unit="K", values=(error,),
                uncertainty=Uncertainty(expanded=("0.05",), k=("2",), p=("0.95",), distribution=("normal",)),
            ),
        )
        return Evaluation(results=(Result(name=name, tables=(Table(columns=columns),)),))
'''

ENTRY_POINTS = """
[remotecal.benches]
stirred-bath = stirred_bench:StirredBath
bare-bath = stirred_bench:Bare
broken = stirred_bench:Missing
number = stirred_bench:not_a_bench
{taken} = stirred_bench:StirredBath

[remotecal.drivers]
Sable7 = stirred_bench:Sable7

[remotecal.procedures]
probe = stirred_procedure:Probe
"""


@pytest.fixture
def _stirred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with benches, good and broken, a driver and a procedure is installed."""
    site = tmp_path / "site"
    about = site / "stirred-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "stirred_bench.py").write_text(BENCH, encoding="utf-8")
    (site / "stirred_procedure.py").write_text(PROCEDURE, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stirred\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS.format(taken=next(iter(SHIPPED))))
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    for module in ("stirred_bench", "stirred_procedure"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_bench_writes_what_a_run_reads(name, tmp_path):
    kind = catalogue.bench(name)
    with kind.up(tmp_path) as up:
        bench = Bench.load(up.bench)
        order = Order.load(up.order)
        assert any(same_procedure(order.order.procedure, name) for name in kind.procedures)
        assert set(kind.procedures) <= set(procedures.names())
        with bench.open(up.clock) as opened:
            assert set(opened.instruments) == set(up.wired)
        assert set(up.connect()) == set(up.wired)
    with kind.up(tmp_path / "another day", occasion=2) as other:
        pass
    certified = {path.name: path.read_bytes() for path in tmp_path.glob("*.xml")}
    assert certified == {path.name: path.read_bytes() for path in (tmp_path / "another day").glob("*.xml")}
    assert up.world.random("air").random() != other.world.random("air").random(), "another day"
    assert kind.about().endswith(".")
    assert all(docstrings(kind.Options).get(name) for name in kind.Options.model_fields)


def test_shipped_benches_are_sound():
    assert SHIPPED
    assert catalogue.broken() == {}
    assert all(issubclass(kind, Assembly) and kind.scope for kind in SHIPPED.values())


def test_unknown_benches_and_choices_come_with_near_names():
    known = next(iter(SHIPPED))
    with pytest.raises(ConfigurationError, match=f"there is no bench '{known}s', did you mean {known}"):
        catalogue.bench(f"{known}s")
    with pytest.raises(ConfigurationError, match="sed is unknown, did you mean seed"):
        SHIPPED[known].choose({"sed": 3})


@pytest.mark.usefixtures("_stirred")
def test_benches_of_other_packages_are_found_and_broken_ones_reported(capsys):
    assert set(catalogue.benches()) == {*SHIPPED, "dosing-stand", "stirred-bath", "bare-bath"}
    taken = next(iter(SHIPPED))
    assert catalogue.bench(taken) is SHIPPED[taken], "a shipped one can't be replaced"
    broken = catalogue.broken()
    assert set(broken) == {"broken", "number", f"{taken} (stirred_bench:StirredBath)"}
    assert "AttributeError" in broken["broken"]
    assert broken["number"].endswith("is no Assembly")
    with pytest.raises(ConfigurationError, match=r"the bench broken can't be loaded: .*AttributeError"):
        catalogue.bench("broken")
    assert main(["sim", "list"]) == 0
    listed = capsys.readouterr().out
    assert "stirred-bath: Stirred bath with a reference thermometer and one under test.\n" in listed
    assert "target=50.0  Where the bath goes. (°C, at least 0, at most 90)" in listed
    assert "broken can't be used: stirred_bench:Missing" in listed


@pytest.mark.usefixtures("_stirred")
@pytest.mark.parametrize(
    ("name", "driver"), [("stirred-bath", "Sable7"), ("bare-bath", "stirred_bench:Sable8")]
)
def test_a_bench_of_another_package_is_served_whether_a_catalogue_knows_its_driver_or_not(
    name, driver, tmp_path
):
    kind = catalogue.bench(name)
    with kind.up(tmp_path / "bath", target=70) as up:
        assert f'driver = "{driver}"\n' in up.bench.read_text(encoding="utf-8")
        with Bench.load(up.bench).open(up.clock) as opened:
            up.clock.sleep(20_000.0)
            assert opened.reading("dut.temperature").read().value == pytest.approx(70.25)
            assert opened.reading("reference.temperature").read().value == pytest.approx(70.0, abs=0.08)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "target=120"], "target must be at most 90 °C; it is 120"),
        (["--set", "target=warm"], "target: 'warm' is neither a number in °C nor a text with a unit"),
        (["--set", "tarket=50"], "tarket is unknown, did you mean target?"),
        (["--set", "directory=x"], "directory is unknown, known are occasion, seed, target"),
        (["--set", "seed=1.5"], "seed"),
        (["--set", 'seed="1"'], "seed"),
        (["--set", "target"], "'target' is not KEY=VALUE"),
        (["--set", "=3"], "'=3' is not KEY=VALUE"),
    ],
)
@pytest.mark.parametrize("command", ["sim up", "demo"])
@pytest.mark.usefixtures("_stirred")
def test_what_can_not_be_chosen_is_refused_in_a_sentence(command, arguments, message, tmp_path, capsys):
    line = [*command.split(), "stirred-bath", "--out", str(tmp_path / "out"), *arguments]
    try:
        code = main(line)
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("said", "target"), [("40", 40.0), ("40.5", 40.5), ("313.15 K", 40.0)])
@pytest.mark.usefixtures("_stirred")
def test_what_is_chosen_may_have_a_unit(said, target, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("remotecal.cli.sim._until_ended", nullcontext)
    found = []
    kind = catalogue.bench("stirred-bath")
    choose = kind.choose
    monkeypatch.setattr(kind, "choose", lambda options: found.append(choose(options)) or found[0])
    line = ["sim", "up", "stirred-bath", "--out", str(tmp_path / "out")]
    assert main([*line, "--set", "seed=9", "--set", f"target={said}"]) == 0
    assert (found[0].seed, found[0].target) == (9, pytest.approx(target))
    assert "stirred-bath is up, in virtual time." in capsys.readouterr().out


@pytest.mark.usefixtures("_stirred")
def test_the_demonstration_is_of_any_bench_that_says_what_may_be_certified(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["demo", "bare-bath", "--out", str(out)]) == 2
    assert "does not say what a laboratory may certify" in capsys.readouterr().err
    assert main(["demo", "stirred-bath", "--set", "target=50", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Calibrating on stirred-bath: 2 instruments" in said
    verify = re.search(r"remotecal (verify .*)", said)
    assert verify is not None
    assert main(verify[1].split()) == 0
    assert re.search(r"Certificate SIM-T-\d+-0001 holds", capsys.readouterr().out)
