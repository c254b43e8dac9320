"""What whoever writes links, drivers, procedures and benches tests them with.

| module | what it has |
|---|---|
| `benches` | simulated benches on a virtual clock, and runs on them: `BenchOf`, `RunOn` |
| `plugin` | the same as fixtures for pytest: `bench_of`, `run_on` |
| `links` | the conformance kit for links: `LINK_CHECKS`, against a `Peer` |
| `peers` | what a peer is made of |
| `drivers` | the walk over drivers: `DRIVER_CHECKS` |
| `recordings` | what a real instrument said once, to be heard again: `replay` |
| `twins` | a driver and its simulated twin understand each other: `check_twin` |
| `transcripts` | a driver against the exchanges of its manual: `on_socket`, `on_serial_port` |

All of it but the plugin works with any runner of tests.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.testing.benches import BenchOf, Ran, RunOn
    from remotecal.testing.drivers import DRIVER_CHECKS
    from remotecal.testing.links import LINK_CHECKS
    from remotecal.testing.recordings import replay
    from remotecal.testing.transcripts import frame, on_serial_port, on_socket
    from remotecal.testing.twins import check_twin

__all__ = [
    "DRIVER_CHECKS",
    "LINK_CHECKS",
    "BenchOf",
    "Ran",
    "RunOn",
    "check_twin",
    "frame",
    "on_serial_port",
    "on_socket",
    "replay",
]

_HOMES = {
    "BenchOf": "benches",
    "Ran": "benches",
    "RunOn": "benches",
    "DRIVER_CHECKS": "drivers",
    "LINK_CHECKS": "links",
    "check_twin": "twins",
    "frame": "transcripts",
    "on_serial_port": "transcripts",
    "on_socket": "transcripts",
    "replay": "recordings",
}


def __getattr__(name: str) -> object:
    """Import a name when it is wanted: every run of pytest imports this package."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
