"""How much work there is, in numbers, for whoever looks after the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.few import FEW_RUNS, WAITING
from remotecal.store.tables import orders, runs, signed_certificates, stations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Table, TextClause

    from remotecal.store.database import Database

AWAITED = ("running", "asking", "paused", "finished")
"""States of runs of which more lines are to come; a run that ended early may stay as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Who is there, and what waits."""

    connected: int
    """Stations that may connect, and were heard of lately."""
    open_orders: int
    """Orders that wait to be begun, and still may."""
    journal_lag: float
    """Seconds since the last line of the run that has waited longest for more; 0 if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now(Waiting):
    """All figures of a moment."""

    stations: int
    """Stations that may connect."""
    journals_awaited: int
    """Runs of which more lines are to come."""
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

    def waiting(self, now: float, heard_within: float) -> Waiting:
        """Return who is there and what waits; what is done with is not looked at.

        Args:
            now: the time.
            heard_within: seconds in which a station that is connected is heard of.
        """
        with self._database.read() as connection:
            return _waiting(connection, now, heard_within)

    def now(self, now: float, heard_within: float) -> Now:
        """Return all figures, for which all orders, runs and signatures are counted; as `waiting`."""
        from sqlalchemy import text

        with self._database.read() as connection:
            waiting = _waiting(connection, now, heard_within)
            by_state = _by(connection, runs.c.state)
            few = {name: _count(connection, runs, text(which)) for name, which in FEW_RUNS.items()}
            return Now(
                connected=waiting.connected,
                open_orders=waiting.open_orders,
                journal_lag=waiting.journal_lag,
                stations=_count(connection, stations, stations.c.enabled),
                journals_awaited=sum(by_state.get(state, 0) for state in AWAITED),
                journals_refused=few["refused"],
                runs_unordered=few["unordered"],
                records_due=few["due"],
                differing=few["differing"],
                orders=_by(connection, orders.c.state),
                runs=by_state,
                certificates=_as_far_as(_by(connection, signed_certificates.c.duty)),
            )


def _waiting(connection: Connection, now: float, heard_within: float) -> Waiting:
    from sqlalchemy import and_, func, select, text

    there = stations.c.enabled & (stations.c.seen > now - heard_within)
    opened = and_(text(WAITING), orders.c.expires >= now)
    longest = select(func.min(runs.c.updated)).where(runs.c.state.in_(AWAITED))
    oldest = connection.execute(longest).scalar()
    return Waiting(
        connected=_count(connection, stations, there),
        open_orders=_count(connection, orders, opened),
        journal_lag=0.0 if oldest is None else max(0.0, now - oldest),
    )


def _count(connection: Connection, table: Table, which: ColumnElement[bool] | TextClause) -> int:
    from sqlalchemy import func, select

    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _by(connection: Connection, column: Column[str]) -> dict[str, int]:
    from sqlalchemy import func, select

    rows = connection.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def _as_far_as(signed: Mapping[str, int]) -> dict[str, int]:
    """Return how many certificates came how far; who has a later signature has all the earlier ones."""
    numbers = [*(signed.get(duty, 0) for duty in DUTIES), 0]
    return {duty: numbers[at] - numbers[at + 1] for at, duty in enumerate(DUTIES)}
