"""How much work there is, in numbers, for whoever looks after the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.tables import orders, records, runs, signed_certificates, stations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Table

    from remotecal.store.database import Database

AWAITED = ("running", "asking", "paused", "finished")
"""States of runs of which more lines are to come; a run that ended early may stay as it is."""


@dataclass(frozen=True, slots=True)
class Now:
    """The figures of a moment."""

    stations: int
    """Stations that may connect."""
    connected: int
    """Of these, those heard of lately."""
    open_orders: int
    """Orders that wait to be begun, and still may."""
    journals_awaited: int
    """Runs of which more lines are to come."""
    journal_lag: float
    """Seconds since the last line of the one among them that has waited longest; 0 if there is none."""
    journals_refused: int
    """Runs of which lines were refused."""
    runs_unordered: int
    """Runs that the laboratory did not order, or not like this."""
    records_due: int
    """Runs with a signed journal and no record."""
    differing: int
    """Records that station and laboratory computed differently."""
    orders: Mapping[str, int]
    """State → orders."""
    runs: Mapping[str, int]
    """State → runs."""
    certificates: Mapping[str, int]
    """What they were signed for last → certificates."""


class Figures:
    """The figures of the whole laboratory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self, now: float, heard_within: float) -> Now:
        """Return the figures.

        Args:
            now: the time.
            heard_within: seconds in which a station that is connected is heard of.
        """
        from sqlalchemy import func, select

        awaited = runs.c.state.in_(AWAITED)
        recorded = select(records.c.run).where(
            records.c.station == runs.c.station, records.c.run == runs.c.run
        )
        with self._database.read() as connection:
            oldest = connection.execute(select(func.min(runs.c.updated)).where(awaited)).scalar()
            signed = _by(connection, signed_certificates, signed_certificates.c.duty)
            return Now(
                stations=_count(connection, stations, stations.c.enabled),
                connected=_count(
                    connection, stations, stations.c.enabled & (stations.c.seen > now - heard_within)
                ),
                open_orders=_count(
                    connection, orders, (orders.c.state == "issued") & (orders.c.expires >= now)
                ),
                journals_awaited=_count(connection, runs, awaited),
                journal_lag=0.0 if oldest is None else max(0.0, now - oldest),
                journals_refused=_count(connection, runs, runs.c.conflict != ""),
                runs_unordered=_count(connection, runs, runs.c.unordered != ""),
                records_due=_count(
                    connection,
                    runs,
                    (runs.c.state == "signed") & (runs.c.unordered == "") & ~recorded.exists(),
                ),
                differing=_count(connection, records, ~records.c.agrees),
                orders=_by(connection, orders, orders.c.state),
                runs=_by(connection, runs, runs.c.state),
                certificates=_as_far_as(signed),
            )


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    from sqlalchemy import func, select

    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _by(connection: Connection, table: Table, column: Column[str]) -> dict[str, int]:
    from sqlalchemy import func, select

    rows = connection.execute(select(column, func.count()).select_from(table).group_by(column))
    return {row[0]: row[1] for row in rows}


def _as_far_as(signed: Mapping[str, int]) -> dict[str, int]:
    """Return how many certificates came how far; who has a later signature has all the earlier ones."""
    numbers = [*(signed.get(duty, 0) for duty in DUTIES), 0]
    return {duty: numbers[at] - numbers[at + 1] for at, duty in enumerate(DUTIES)}
