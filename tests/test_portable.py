"""remotecal runs where there is no POSIX, as far as that can be seen from here."""

import subprocess
import sys
from pathlib import Path


def test_every_module_does_its_work_where_posix_is_out_of_reach(tmp_path: Path) -> None:
    line = [sys.executable, Path(__file__).parent / "portability.py", tmp_path]
    done = subprocess.run(line, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-2]) > 250
