"""An order rehearsed: what the run would state, from the real bench's own papers; nothing real is opened."""

import json
import re
import tomllib
from contextlib import redirect_stdout
from io import StringIO

import pytest

from remotecal.bench import Bench
from remotecal.cli import main
from remotecal.configuration import as_toml
from remotecal.errors import ConfigurationError
from remotecal.order import Order
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.catalogue import bench as simulated


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Order, bench file and record of a run on a rig that is switched off since."""
    directory = tmp_path_factory.mktemp("real")
    kind = simulated("dosing-stand")
    with kind.put_up(kind.choose({"seed": 7}), directory) as up:
        order, bench = Order.load(directory / "order.toml"), Bench.load(directory / "bench.toml")
        found = find(order.order.procedure)
        began = up.clock.now()
        evidence = execute(
            order, found, bench, directory / "run", Company(Scripted(first_option=True)), up.clock
        )
        took = up.clock.now() - began
        record = evaluate(evidence, found)
    return directory, record, took


def without_repeats(budget):
    """Return the standard uncertainty but for what three repeats of another device would scatter.

    Nor with the steps, of which counts what is more than that.
    """
    by_chance = ("E_rep", "triangular")
    scatter = sum(
        float(line.share) for line in budget.lines if {line.symbol, line.distribution} & {*by_chance}
    )
    return float(budget.u) * (1 - scatter / 100) ** 0.5


def rehearsed(directory, **given):
    order = Order.load(directory / "order.toml")
    found = find(order.order.procedure)
    real = RealBench.of_file(order, found, Bench.load(directory / "bench.toml"))
    return rehearse(order, found, real, **given)


@pytest.fixture(scope="module")
def foreseen(ran):
    """What a rehearsal of that order tells."""
    directory, *_ = ran
    return rehearsed(directory)


@pytest.fixture(scope="module")
def printed(ran):
    """What the command prints of it for programs."""
    directory, *_ = ran
    said = StringIO()
    with redirect_stdout(said):
        assert main(["rehearse", str(directory / "order.toml"), "--json"]) == 0
    return json.loads(said.getvalue())


def test_a_rehearsal_foresees_what_the_run_stated(ran, foreseen):
    _, record, took = ran
    (measured,) = record.measurements
    assert [point.title for point in foreseen.points] == [b.title for b in measured.budgets]
    (simulated_device,) = foreseen.record.measurements
    for point, budget, told in zip(simulated_device.budgets, measured.budgets, foreseen.points, strict=True):
        assert without_repeats(point) == pytest.approx(without_repeats(budget), rel=0.05)
        assert (told.expanded, told.unit, told.k) == (point.expanded, budget.unit, point.k)
        largest = max(point.lines, key=lambda line: float(line.share))
        assert told.foremost[0] == (largest.symbol, largest.share)
    assert foreseen.duration == pytest.approx(took, rel=0.1)
    assert foreseen.assumed == ()


def test_the_risks_are_those_of_the_guarded_limits(ran, foreseen):
    directory, *_ = ran
    narrow = rehearsed(directory, spread=0.05)
    for often, seldom in zip(foreseen.points, narrow.points, strict=True):
        assert 0 < often.conforming_refused < 0.5
        assert 0 <= often.other_passed < 0.5
        assert seldom.conforming_refused < often.conforming_refused
        assert seldom.other_passed is None


def test_programs_read_it_and_persons_too(ran, printed, capsys, monkeypatch):
    directory, *_ = ran
    assert printed["bench"] == "dosing-stand"
    assert len(printed["points"]) == 6
    assert main(["rehearse", str(directory / "order.toml")]) == 0
    said = capsys.readouterr().out
    assert all(point["expanded"] in said for point in printed["points"])
    assert "It would take" in said
    assert re.findall(r"Speed 90 % +0\.\d+ ", said)
    assert printed["points"][0]["title"] == "Speed 90 %"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["rehearse", str(directory / "order.toml")]) == 0
    assert "转速 90 %" in capsys.readouterr().out


@pytest.mark.parametrize("spread", ["0", "-1", "nan", "inf"])
def test_a_spread_that_is_none_is_refused(ran, spread, capsys):
    directory, *_ = ran
    assert main(["rehearse", str(directory / "order.toml"), f"--spread={spread}"]) == 2
    assert "--spread is a share above 0" in capsys.readouterr().err


def changed(directory, name, change):
    """Copy the papers of a rig with one file changed; the certificates stay where they are named."""
    path = directory / name
    said = tomllib.loads(path.read_text())
    change(said)
    (directory / f"changed-{name}").write_text(as_toml(said))
    return directory / f"changed-{name}"


def test_a_larger_uncertainty_in_the_bench_file_is_foreseen(ran, foreseen):
    directory, *_ = ran
    bench = changed(directory, "bench.toml", worsen_the_expansion)
    order = Order.load(directory / "order.toml")
    found = find(order.order.procedure)
    grown = rehearse(order, found, RealBench.of_file(order, found, Bench.load(bench)))
    for more, less in zip(grown.points, foreseen.points, strict=True):
        assert float(more.expanded) > 1.5 * float(less.expanded)


def worsen_the_expansion(said):
    said["characteristics"]["screw_expansion"]["expanded_uncertainty"] = 2e-3


def test_what_a_run_would_refuse_a_rehearsal_refuses(ran):
    directory, *_ = ran
    order = Order.load(changed(directory, "order.toml", lambda said: said["parameters"].update(repeats=0)))
    with pytest.raises(ConfigurationError, match="repeats"):
        RealBench.of_file(order, find(order.order.procedure), Bench.load(directory / "bench.toml"))


def test_a_far_bench_is_known_by_an_earlier_run_on_it(ran, printed, capsys):
    directory, *_ = ran
    order, run = directory / "order.toml", directory / "run"
    assert main(["rehearse", str(order), "--like", str(run), "--json"]) == 0
    far = json.loads(capsys.readouterr().out)
    assert [point["foremost"][0][0] for point in far["points"]] == [
        point["foremost"][0][0] for point in printed["points"]
    ]
    assert far["assumed"] == printed["assumed"] == []
    assert main(["rehearse", str(order), "--like", str(directory / "nothing"), "--json"]) != 0
    assert "nothing" in capsys.readouterr().err
