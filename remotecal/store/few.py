"""Which rows are few among many, so that an index of just these finds or counts them."""

from __future__ import annotations

WAITING = "state = 'issued'"
"""Which orders wait to be begun, unless they have expired; few among many."""
FEW_RUNS = {
    "refused": "conflict <> ''",
    "unordered": "unordered <> ''",
    "due": "state = 'signed' AND unordered = '' AND record = ''",
    "differing": "record = 'differs'",
}
"""What is counted of the runs that somebody should look at → which ones these are; few among many."""
UNSAFE = "safe = 'no'"
"""Which runs left a rig that is not safe, or is not known to be; few among many."""
AWAITING = "awaiting <> ''"
"""Which runs have certificates that are to be signed; few among many."""
ENDED_EARLY = ("aborted", "stopped")
"""States of runs that ended before they were complete: no certificate comes of them."""
_STILL = ", ".join(f"'{state}'" for state in (*ENDED_EARLY, "suspended"))
EARLY = f"record = '' AND (state IN ({_STILL}) OR failed <> '')"
"""Which runs ended early, or stand still, and came to no record; few among many."""
REASONED = "reason <> ''"
"""Of which orders it is said why they were not carried out, or not to their end; few among many."""
OPEN = "settled IS NULL"
"""Which remarks, and requests of customers, nobody has answered yet; few among many."""
