"""Everything the laboratory keeps, behind one door."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from remotecal.store.amendments import Amendments
from remotecal.store.database import Database
from remotecal.store.figures import Figures
from remotecal.store.files import StoredFiles
from remotecal.store.forms import Forms
from remotecal.store.found import ByNumber
from remotecal.store.index import AboutRuns
from remotecal.store.item_register import Items
from remotecal.store.journals import Journals
from remotecal.store.notices import Notices
from remotecal.store.numbers import GivenNumbers
from remotecal.store.orders import Orders
from remotecal.store.pages import Pages
from remotecal.store.records import Records
from remotecal.store.remarks import Remarks
from remotecal.store.requests import Requests
from remotecal.store.shares import Share
from remotecal.store.signings import Signings
from remotecal.store.standards import Standards
from remotecal.store.stations import Stations
from remotecal.store.tables import audit
from remotecal.store.users import Users
from remotecal.store.whole import WholeRun, last_issued, whole_run
from remotecal.store.work import WorkDone

REFUSALS: Final = ("refused", "login refused", "signature refused", "file refused", "papers refused")
"""What the audit log calls it where somebody was refused something."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Something somebody did, or was refused."""

    id: int
    """Number, rising."""
    at: float
    """When."""
    who: str
    """Who."""
    what: str
    """What, in a word or two."""
    data: str
    """The details, in JSON."""


class Store:
    """The laboratory's database; safe to use from several threads and processes.

    Args:
        url: `sqlite:///path`, or `postgresql+psycopg://user@host/name` beyond one machine.
        share: what each station may take of it.

    Raises:
        ConfigurationError: the URL names no database.
        StoreError: it can't be reached, or has another version than this program.
    """

    def __init__(self, url: str, share: Share | None = None) -> None:
        self.database = Database(url)
        try:
            self.database.check()
        except BaseException:
            self.database.close()
            raise
        self.figures = Figures(self.database)
        self.stations = Stations(self.database)
        self.forms = Forms(self.database)
        self.numbers = GivenNumbers(self.database)
        self.amendments = Amendments(self.database)
        self.orders = Orders(self.database)
        self.about = AboutRuns(self.database)
        self.items = Items(self.database)
        self.found = ByNumber(self.database)
        self.notices = Notices(self.database)
        self.standards = Standards(self.database)
        self.journals = Journals(self.database, share or Share())
        self.files = StoredFiles(self.database, share or Share())
        self.pages = Pages(self.database)
        self.records = Records(self.database)
        self.remarks = Remarks(self.database)
        self.requests = Requests(self.database)
        self.signings = Signings(self.database)
        self.users = Users(self.database)
        self.work = WorkDone(self.database)

    @staticmethod
    def migrate(url: str) -> None:
        """Make the tables, or bring them to this program's version."""
        database = Database(url)
        try:
            database.migrate()
        finally:
            database.close()

    def whole(self, station: str, run: str) -> WholeRun | None:
        """Return a run with its record; None if no line of it is here."""
        return whole_run(self.database, station, run)

    def last_issued(self, station: str, run: str) -> tuple[str, str] | None:
        """Return number and record (JSON) of the last certificate of what a run calibrates, if any."""
        return last_issued(self.database, station, run)

    def note(self, who: str, what: str, data: Mapping[str, str | int | float | None]) -> None:
        """Write into the audit log."""
        row = {"at": time.time(), "who": who, "what": what, "data": json.dumps(data, ensure_ascii=False)}
        with self.database.begin() as connection:
            connection.execute(audit.insert().values(**row))

    def noted(
        self,
        *,
        what: str | None = None,
        who: str | None = None,
        since: float = -math.inf,
        until: float = math.inf,
        refused: bool = False,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditRow, ...]:
        """Return entries of the audit log, the latest first.

        Args:
            what: only those of this kind.
            who: only what this one did.
            since: only from this time on, in seconds since 1970, UTC.
            until: only before this time.
            refused: only what was refused (`REFUSALS`).
            before: only those with a smaller number.
            limit: how many, at most.
        """
        from sqlalchemy import select

        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        for column, value in ((audit.c.what, what), (audit.c.who, who)):
            if value is not None:
                query = query.where(column == value)
        if since > -math.inf:
            query = query.where(audit.c.at >= since)
        if until < math.inf:
            query = query.where(audit.c.at < until)
        if refused:
            query = query.where(audit.c.what.in_(REFUSALS))
        if before is not None:
            query = query.where(audit.c.id < before)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(AuditRow(row.id, row.at, row.who, row.what, row.data) for row in rows)

    def close(self) -> None:
        """Give up all connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
