"""The demonstration, run once for all tests that look at what it leaves; a rig in a process of its own."""

import subprocess
import sys

import pytest

from remotecal.cli import main


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["demo", "--out", str(out)]) == 0
    return out


@pytest.fixture
def rig(tmp_path):
    """A simulated rig in a process of its own, which outlives every run."""
    place = tmp_path / "rig"
    process = subprocess.Popen(
        [sys.executable, "-m", "remotecal", "sim", "up", "water-rig", "--out", place, "--set", "seed=7"],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            break
    yield place
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()
