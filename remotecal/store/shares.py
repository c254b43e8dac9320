"""What each station takes of the database: nobody shall fill it for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.store.tables import stations

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Share:
    """What one station may take of the database."""

    bytes: int = 20 * 10**9
    """Bytes of lines and files, of all its runs."""
    run_lines: int = 1_000_000
    """Lines of one run."""
    line_bytes: int = 7 * 2**20
    """Bytes of one line."""


def lock_used(connection: Connection, station: str) -> int:
    """Return the bytes that are kept for a station; nobody else adds to them before this transaction ends."""
    from sqlalchemy import select

    row = connection.execute(
        select(stations.c.used).where(stations.c.name == station).with_for_update(key_share=True)
    ).first()
    return 0 if row is None else int(row.used)


def add_used(connection: Connection, station: str, size: int) -> None:
    """Note that so many bytes more are kept for a station."""
    connection.execute(
        stations.update().where(stations.c.name == station).values(used=stations.c.used + size)
    )


def no_room(used: int, size: int, most: int) -> str:
    """Return why so many bytes more can't be kept for a station that has used some; "" if they can."""
    if used + size <= most:
        return ""
    return (
        f"the station has used {used} of the {most} bytes it may have at the laboratory, which can raise "
        "`bytes` under [share] in hub.toml; then `remotecal station resend`"
    )
