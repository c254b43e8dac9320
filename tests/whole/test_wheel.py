"""What a wheel installs works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NEUTRAL = Path(__file__).parent.parent / "neutral"


def test_the_demonstration_runs_from_an_installed_wheel(installed, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "remotecal", "demo", "dosing-stand", "--out", tmp_path / "out"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{installed}:{NEUTRAL}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Signed by demonstration keys" in ended.stdout
    assert (tmp_path / "out" / "certificate.pdf").exists()
    imported = subprocess.run(
        [sys.executable, "-c", "import remotecal.sim; print(remotecal.sim.__file__)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert imported.stdout.startswith(str(installed))
