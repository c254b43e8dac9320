"""What each station takes of the database: nobody shall fill it for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.store.tables import stations

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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


def lock_used(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Return the bytes that are kept for stations; nobody else adds to them before this transaction ends."""
    from sqlalchemy import select

    # In one order, whoever takes them: two hubs that lock the same rows must not wait for each other.
    query = select(stations.c.name, stations.c.used).where(stations.c.name.in_(names))
    rows = connection.execute(query.order_by(stations.c.name).with_for_update(key_share=True))
    return dict.fromkeys(names, 0) | {row.name: int(row.used) for row in rows}


def add_used(connection: Connection, sizes: Mapping[str, int]) -> None:
    """Note that so many bytes more are kept for stations."""
    from sqlalchemy import bindparam

    adding = stations.update().where(stations.c.name == bindparam("station"))
    connection.execute(
        adding.values(used=stations.c.used + bindparam("size")),
        [{"station": station, "size": size} for station, size in sizes.items()],
    )


def no_room(used: int, size: int, most: int) -> str:
    """Return why so many bytes more can't be kept for a station that has used some; "" if they can."""
    if used + size <= most:
        return ""
    return (
        f"the station has used {used} of the {most} bytes it may have at the laboratory, which can raise "
        "`bytes` under [share] in hub.toml; then `remotecal station resend`"
    )
