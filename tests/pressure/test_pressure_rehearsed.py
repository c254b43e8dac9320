"""What a rehearsal tells of a pressure bench: its facts, its standards, its interlocks, its risks."""

import json
import tomllib

import pytest

from remotecal.bench import Bench
from remotecal.cli import main
from remotecal.configuration import as_toml
from remotecal.errors import ConfigurationError
from remotecal.order import Order
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.sim.catalogue import bench as simulated


def rehearsed(directory, **given):
    order = Order.load(directory / "order.toml")
    found = find(order.order.procedure)
    real = RealBench.of_file(order, found, Bench.load(directory / "bench.toml"))
    return rehearse(order, found, real, **given)


def pressure(tmp_path, **parameters):
    """Return a pressure bench's directory, with an order of its own span."""
    with simulated("pressure-bench").put_up(
        simulated("pressure-bench").choose({"seed": 7, "full": 16.0}), tmp_path
    ):
        pass
    mended(tmp_path, "order.toml", lambda said: said["parameters"].update(SHORT | parameters))
    return tmp_path


SHORT = {"sequence": "DKD-R 6-1 C", "pressures": [0.0, 8e5, 16e5]}


def mended(directory, file, change):
    said = tomllib.loads((directory / file).read_text(encoding="utf-8"))
    change(said)
    (directory / file).write_text(as_toml(said), encoding="utf-8")


FACT = {
    "unit": "Pa",
    "value": 0.0,
    "expanded_uncertainty": 3000.0,
    "source": "x",
    "valid_until": "2099-01-01",
}


def test_a_fact_that_the_simulated_bench_lacks_is_counted(tmp_path):
    directory = pressure(tmp_path, accuracy_class=1.0)
    mended(directory, "order.toml", lambda said: said["dut"].update(class_name="1"))
    before = rehearsed(directory)
    assert before.assumed == ()
    fact = {**FACT, "valid_until": tomllib.loads("a = 2099-01-01")["a"]}
    mended(directory, "bench.toml", lambda said: said["characteristics"].update(reference_drift=fact))
    after = rehearsed(directory)
    assert float(after.points[-1].expanded) == pytest.approx(3.0, rel=0.05)
    assert float(after.points[-1].expanded) > 5 * float(before.points[-1].expanded)
    assert after.points[-1].foremost[0][0] == "δ_d"


def test_a_standard_that_the_simulated_bench_lacks_is_refused(tmp_path):
    directory = pressure(tmp_path)

    def with_reference(said):
        controller = said["instruments"]["controller"]
        said["instruments"]["reference"] = {**controller, "address": "TCPIP::127.0.0.1::1::SOCKET"}

    mended(directory, "bench.toml", with_reference)
    with pytest.raises(ConfigurationError, match="has nothing in the role reference, and the real one has"):
        rehearsed(directory)


@pytest.mark.parametrize("highest", [18e5, 19.5e5])
def test_points_beyond_the_real_benchs_interlock_are_refused(tmp_path, highest):
    directory = pressure(tmp_path, span=[0.0, highest], pressures=[0.0, 8e5, highest])
    with pytest.raises(
        ConfigurationError, match=r"interlock stops a run at controller\.pressure above 1760 kPa"
    ):
        rehearsed(directory)


def test_what_a_person_is_told_of_risks(tmp_path, capsys):
    directory = pressure(tmp_path, rule="guard band U")
    assert main(["rehearse", str(directory / "order.toml")]) == 0
    printed = capsys.readouterr().out
    assert "e+" not in printed
    assert "A conforming device would not pass at some point: " in printed
    assert main(["rehearse", str(directory / "order.toml"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    least, most = said["whole"]
    each = [point["conforming_refused"] for point in said["points"]]
    assert (least, most) == (max(each), min(1.0, sum(each)))


DIAL = {
    "driver": "PressureGaugeByHand",
    "address": "by-hand:dial",
    "serial": "SIM-0001",
    "settings": {"unit": "bar", "high": 10, "step": 0.1, "percent_of_span": 1.6},
}


def test_a_pressure_beyond_the_gauge_is_told_once_and_in_its_own_unit(tmp_path):
    directory = pressure(tmp_path)
    mended(directory, "bench.toml", lambda said: said["instruments"].update(dut=DIAL))
    with pytest.raises(ConfigurationError) as refused:
        rehearsed(directory)
    assert str(refused.value).count("is beyond the dut") == 1
    assert "pressure: 16 bar is beyond the dut" in str(refused.value)
    assert "is 0 to 10 bar" in str(refused.value)


def test_what_contributes_nothing_that_shows_is_not_named(tmp_path, capsys):
    directory = pressure(tmp_path, resolution=5e4, accuracy_class=5.0)
    mended(directory, "order.toml", lambda said: said["dut"].pop("class_name"))
    assert main(["rehearse", str(directory / "order.toml")]) == 0
    said = capsys.readouterr().out
    assert "100.0 %" in said
    assert " 0.0 %" not in said


def test_a_piston_gauge_is_rehearsed_with_the_real_ones_certificates(tmp_path):
    with simulated("piston-bench").put_up(
        simulated("piston-bench").choose({"seed": 7, "full": 16.0, "medium": "oil", "weights": 4}), tmp_path
    ):
        pass
    mended(tmp_path, "order.toml", lambda said: said["parameters"].update(sequence="DKD-R 6-1 C"))
    told = rehearsed(tmp_path)
    assert told.assumed == ()
    path = tmp_path / "piston.xml"
    poorer = path.read_bytes().replace(b"0.00123</", b"0.00300</")
    assert poorer != path.read_bytes()
    path.write_bytes(poorer)
    top, poor = (float(each.points[-1].expanded) for each in (told, rehearsed(tmp_path)))
    assert poor > 1.3 * top
