"""A package of somebody else's, with driver, procedure and bench, shows up everywhere once it is installed.

It is the start that `remotecal new` writes, with the bench made to use the package's own driver. Both it and
remotecal are installed from wheels, without a network, into a folder away from the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from remotecal.journal.events import read_journal
from remotecal.journal.gathering import gather

Remotecal = Callable[..., str]

OWN_DUT = (
    (
        "from remotecal.sim.instruments.thermometers import HartReadout, probe\n",
        "from remotecal.sim.instruments.thermometers import probe\n",
    ),
    (
        "from remotecal.sim.world import World\n",
        "from remotecal.sim.world import World\n\nfrom sable.sable540_twin import twin\n",
    ),
    ('HartReadout(world, {1: shown}, name="dut")', 'twin(world, shown, name="dut")'),
    ('Wired(readout, "socket", "A91245", {"channel": 1})', 'Wired(readout, "socket", "1001")'),
    ('"serial": "A91245"', '"serial": "1001"'),
)
"""What an author changes to put the package's own instrument on the bench."""


@pytest.fixture(scope="module")
def remotecal(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Remotecal:
    """Carry out a command of the installed remotecal in a folder, and return what it prints."""
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "120", "HOME": str(home)}

    def run(*line: object, module: str = "remotecal", cwd: Path = home) -> str:
        command = [sys.executable, "-m", module, *map(str, line)]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def package(installed: Path, remotecal: Remotecal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed, and the folder it stands in."""
    here = tmp_path_factory.mktemp("author")
    for start in (("driver", "sable540"), ("procedure", "comparison"), ("bench", "spare_bath")):
        remotecal("new", *start, "--package", "sable", cwd=here)
    bench = here / "sable" / "src" / "sable" / "comparison_bench.py"
    text = bench.read_text(encoding="utf-8")
    for before, after in OWN_DUT:
        assert before in text
        text = text.replace(before, after)
    bench.write_text(text, encoding="utf-8")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")
    remotecal("install", *quiet, "--target", installed, here / "sable", module="pip")
    return here / "sable"


@pytest.mark.usefixtures("package")
def test_it_stands_in_every_list(remotecal: Remotecal) -> None:
    drivers = remotecal("drivers")
    assert "Sable540" in drivers
    assert "can't be used" not in drivers
    assert "comparison" in remotecal("procedures")
    benches = remotecal("sim", "list")
    assert "comparison-bench: Stirred bath with a reference thermometer and one under test." in benches
    assert "spare-bath: " in benches


@pytest.mark.usefixtures("package")
def test_it_has_its_pages(remotecal: Remotecal) -> None:
    page = remotecal("drivers", "show", "Sable540")
    assert "MEAS:TEMP?" in page
    assert "Thermometer" in page
    assert "0.05" in page
    page = remotecal("procedures", "show", "comparison")
    assert "Comparison of thermometers" in page
    assert "温度计比较" in page
    assert "How fast the temperature may change when reading begins." in page


def test_its_own_tests_pass_with_what_pytest_finds_installed(package: Path, remotecal: Remotecal) -> None:
    """The fixtures are the installed plugin's, and procedures are hashed though tests import them first."""
    said = remotecal("-q", "-W", "error", module="pytest", cwd=package)
    assert "passed" in said
    (package / "tests" / "test_installed.py").write_text(
        "from sable.comparison import Comparison\n\n\n"
        "def test_its_order_is_carried_out(bench_of, run_on):\n"
        '    ran = run_on(bench_of("comparison-bench", seed=2), None, {"readings": 2})\n'
        '    assert ran.evidence.procedure.name == "comparison"\n'
        "    assert Comparison.title\n"
    )
    assert "1 passed" in remotecal("-q", "tests/test_installed.py", module="pytest", cwd=package)


@pytest.mark.usefixtures("package")
def test_a_hub_and_a_station_carry_its_procedure_out(remotecal: Remotecal, tmp_path: Path) -> None:
    said = remotecal("demo", "comparison-bench", "--remote", "--set", "target=50", "--out", tmp_path / "out")
    assert "The station demo-site has enrolled" in said
    assert "signed and recomputed" in said
    evidence = gather(read_journal(tmp_path / "out" / "journal.jsonl"))
    assert evidence.procedure.name == "comparison"
    assert evidence.instruments["dut"].driver == "Sable540"
    assert evidence.complete
    bench = tomllib.loads((tmp_path / "out" / "bench" / "bench.toml").read_text(encoding="utf-8"))
    assert bench["instruments"]["dut"]["driver"] == "Sable540"
    verify = said.rpartition("Check it:\n  remotecal ")[2].split()
    assert "holds" in remotecal(*verify)
