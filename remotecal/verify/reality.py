"""Whether evidence was measured, or may come from simulated instruments.

A simulated rig talks as its instruments do. What tells it is where it is reached, by which clock the
run lived, and the serial numbers that the shipped simulators give. Whoever hides all three can't be
told from a real rig.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.journal.evidence import read_instrument
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.journal.evidence import InstrumentUsed
    from remotecal.journal.occurrences import Occurrence

SIMULATED = frozenset(
    {
        "0027561234",
        "21-P2460",
        "21-P2461",
        "9990001",
        "9990002",
        "A91245",
        "B512874411",
        "E4420011",
        "MY44012345",
        "MY50001234",
        "MY60012345",
    }
)
"""Serial numbers that the shipped simulators give."""

_HOST = re.compile(r"(?:TCPIP\d*::|modbus\+[\w+]+://)(\[[^\]]*\]|[^:/\[\]]+)", re.IGNORECASE)
_PSEUDO_TERMINAL = re.compile(r"/dev/(?:pts/|tty[a-ep-z][0-9a-f](?:::|$))")


class Reality:
    """Checks that what is no demonstration does not rest on a simulator; tells what it rests on.

    Args:
        clock: by which the run lived, as far as the journal tells.
        demonstration: the certificate says that it is one.

    Raises:
        EvidenceError: it does, by its clock or its instruments.
        Unable: an instrument is reached on the very computer, which a gateway there may explain.
    """

    concerned = True

    def __init__(self, clock: str | None, *, demonstration: bool) -> None:
        self._clock, self._demonstration = clock, demonstration
        self._instruments: list[InstrumentUsed] = []

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        if told.event.kind == "instrument":
            self._instruments.append(read_instrument(told.event))

    def conclude(self) -> str:
        """Return by which clock the run lived, and how many instruments it had."""
        if self._demonstration:
            return "a demonstration: whether the instruments were real is not asked"
        if self._clock == "virtual":
            raise EvidenceError(
                "the run lived by a virtual clock, so it was simulated, and is marked as no demonstration"
            )
        used = self._instruments
        simulated = sorted({f"{one.name} (SN {one.serial})" for one in used if one.serial in SIMULATED})
        if simulated:
            raise EvidenceError(
                f"simulators have these serial numbers: {', '.join(simulated)}; it is marked as no "
                "demonstration"
            )
        here = sorted({f"{one.name} at {one.address}" for one in used if _on_this_computer(one)})
        if here:
            raise Unable(
                f"reached on the station itself: {', '.join(here)}; that is a simulator, or a gateway, and "
                "the laboratory must tell what stands behind it"
            )
        if self._clock is None:
            raise Unable("an older version wrote the journal, which did not tell by which clock it ran")
        names = {instrument.name for instrument in used}
        return f"by the computer's clock, {len(names)} instruments, none reached on the station itself"


def _on_this_computer(instrument: InstrumentUsed) -> bool:
    address = instrument.address
    if _PSEUDO_TERMINAL.search(address):
        return True
    found = _HOST.match(address)
    host = found[1].strip("[]").rstrip(".").lower() if found else ""
    if host in {"localhost", "localhost.localdomain", "ip6-localhost"} or host.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        try:
            ip = ipaddress.ip_address(socket.inet_aton(host))  # 127.1 and the like are taken by sockets too
        except (OSError, ValueError):
            return False
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return mapped.is_loopback or mapped.is_unspecified
