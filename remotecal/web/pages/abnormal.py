"""What is not as it should be with runs, as Today and wall screens tell it: stopped, not safe, silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.store.pages import ABNORMAL, ON
from remotecal.transport.messages import HELLO_EVERY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.store.journals import RunRow, WantingRun
    from remotecal.web.office import Office

NO_NEWS: Final = 3 * HELLO_EVERY
"""Seconds without a word of a station from which on a run there is told to be silent: three greetings."""


class Abnormal(NamedTuple):
    """A run that is not as it should be."""

    kind: str
    """Why: one of `ABNORMAL`, or `silent`."""
    row: RunRow
    minutes: int = 0
    """For how long nothing was heard, of one that is silent."""


def abnormal(office: Office, wanting: Mapping[str, Sequence[WantingRun]]) -> list[Abnormal]:
    """Return what is not as it should be, of what `Pages.wanting` tells; what is not safe comes first.

    A run whose rig is not safe is told as that, and not once more as one that stopped.
    """
    unsafe = {(row.station, row.run) for row in wanting["unsafe"]}
    found = [Abnormal("unsafe", row) for row in wanting["unsafe"]]
    for kind in ON:
        silent = ((row, silent_for(office, row)) for row in wanting[kind])
        found += [Abnormal("silent", row, int(age // 60)) for row, age in silent if age > NO_NEWS]
    return found + [
        Abnormal(kind, row)
        for kind in ABNORMAL
        for row in wanting[kind]
        if kind != "unsafe" and not (kind in {"stopped", "suspended"} and (row.station, row.run) in unsafe)
    ]


def silent_for(office: Office, row: WantingRun) -> float:
    """Return for how many seconds nothing was heard of a run: no line, no greeting, no indication."""
    last = max(row.updated, row.heard or 0.0)
    seen = office.watching.of(row.station, row.run)
    age = max(0.0, office.clock.now() - last)
    return age if seen is None else min(age, seen.age)
