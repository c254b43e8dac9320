"""What a wheel installs works away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LEFT_BY_WORK = (".*", "build", "dist", "*.egg-info", "__pycache__", "out", "demo-*")


def test_the_demonstration_runs_from_an_installed_wheel(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path / "source"
    # A copy, for a build leaves its folder beside the sources; without what work leaves there, or git.
    shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_BY_WORK))
    wheels = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source]
    subprocess.run([*pip, *wheels], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("remotecal-*.whl")
    target = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    ended = subprocess.run(
        [sys.executable, "-m", "remotecal", "demo", "--out", tmp_path / "out"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Signed by demonstration keys" in ended.stdout
    assert (tmp_path / "out" / "certificate.pdf").exists()
    imported = subprocess.run(
        [sys.executable, "-c", "import remotecal.sim; print(remotecal.sim.__file__)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert imported.stdout.startswith(str(target))
