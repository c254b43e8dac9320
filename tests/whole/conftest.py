"""The demonstration, run once for all tests that look at what it leaves; a rig in a process of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remotecal.cli import main


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["demo", "dosing-stand", "--out", str(out)]) == 0
    return out


@pytest.fixture
def rig(tmp_path):
    """A simulated rig in a process of its own, which outlives every run."""
    place = tmp_path / "rig"
    process = subprocess.Popen(
        [sys.executable, "-m", "remotecal", "sim", "up", "dosing-stand", "--out", place, "--set", "seed=7"],
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


ROOT = Path(__file__).parent.parent.parent
LEFT_BY_WORK = (".*", "build", "dist", "*.egg-info", "__pycache__", "out", "demo-*")


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder away from the checkout into which a wheel was installed, to be put on PYTHONPATH."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = place / "source"
    # A copy, for a build leaves its folder beside the sources; without what work leaves there, or git.
    shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_BY_WORK))
    wheels = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, source]
    subprocess.run([*pip, *wheels], check=True, capture_output=True)
    (wheel,) = place.glob("remotecal-*.whl")
    target = place / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    return target
