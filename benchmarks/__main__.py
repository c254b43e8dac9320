"""Run the benchmarks that hold bounds, one after the other, and say which went beyond one.

`python -m benchmarks` runs those that take little, `python -m benchmarks all` the long ones as well, and
`python -m benchmarks links run` some.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BOUNDED = (
    "links", "bench", "evidence", "certificates", "uncertainty", "run", "hub_lists", "simulators", "start"
)  # fmt: skip
"""Those that compare with peers and exit with 1 beyond a bound."""
LONG = ("hub_pages", "viewers", "far_pages")
"""Those with bounds that take minutes of an idle computer, 3 GB of disk, or namespaces and Chromium.

The others measure or search on request.
"""


def main() -> int:
    folder = Path(__file__).parent
    beyond = []
    asked = BOUNDED + LONG if sys.argv[1:] == ["all"] else sys.argv[1:] or BOUNDED
    for name in asked:
        print(f"\n{name}", flush=True)
        if subprocess.run([sys.executable, folder / f"{name}.py"], check=False).returncode:
            beyond.append(name)
    print("\nbeyond a bound: " + ", ".join(beyond) if beyond else "\nall within their bounds")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())
