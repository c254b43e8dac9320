"""Everything the laboratory keeps, behind one door."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from remotecal.store.amendments import Amendments
from remotecal.store.assessments import Assessments
from remotecal.store.audit_log import AuditLog
from remotecal.store.brought import Brought
from remotecal.store.called import Called
from remotecal.store.certified import ByRun
from remotecal.store.database import Database
from remotecal.store.figures import Figures
from remotecal.store.files import StoredFiles
from remotecal.store.forms import Forms
from remotecal.store.found import ByNumber
from remotecal.store.index import AboutRuns
from remotecal.store.interval_ends import IntervalEnds
from remotecal.store.item_register import Items
from remotecal.store.journals import Journals
from remotecal.store.notices import Notices
from remotecal.store.numbers import GivenNumbers
from remotecal.store.orders import Orders
from remotecal.store.out_of_service import OutOfService
from remotecal.store.pages import Pages
from remotecal.store.papers import OnPaper
from remotecal.store.passkeys import Passkeys
from remotecal.store.patterns import patterns
from remotecal.store.records import Records
from remotecal.store.remarks import Remarks
from remotecal.store.requests import Requests
from remotecal.store.shares import Share
from remotecal.store.signings import Signings
from remotecal.store.spreads import Spreads
from remotecal.store.standards import Standards
from remotecal.store.stated import StatedResults
from remotecal.store.stations import Stations
from remotecal.store.tables import metadata
from remotecal.store.users import Users
from remotecal.store.walls import Walls
from remotecal.store.whole import WholeRun, last_issued, whole_run
from remotecal.store.work import WorkDone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.store.items import KeptItem
    from remotecal.store.orders import OrderRow


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
        self.log = AuditLog(self.database)
        self.note, self.noted = self.log.note, self.log.noted
        self.figures = Figures(self.database)
        self.stations = Stations(self.database)
        self.forms = Forms(self.database)
        self.numbers = GivenNumbers(self.database)
        self.amendments = Amendments(self.database)
        self.orders = Orders(self.database)
        self.about = AboutRuns(self.database)
        self.called = Called(self.database)
        self.items = Items(self.database)
        self.found = ByNumber(self.database)
        self.by_run = ByRun(self.database)
        self.notices = Notices(self.database)
        self.standards = Standards(self.database)
        self.out_of_service = OutOfService(self.database)
        self.brought = Brought(self.database)
        self.assessments = Assessments(self.database)
        self.journals = Journals(self.database, share or Share())
        self.files = StoredFiles(self.database, share or Share())
        self.pages = Pages(self.database)
        self.papers = OnPaper(self.database)
        self.passkeys = Passkeys(self.database)
        self.records = Records(self.database)
        self.remarks = Remarks(self.database)
        self.requests = Requests(self.database)
        self.signings = Signings(self.database)
        self.users = Users(self.database)
        self.walls = Walls(self.database)
        self.work = WorkDone(self.database)
        self.spreads = Spreads(self.database)
        self.interval_ends = IntervalEnds(self.database)
        self.stated = StatedResults(self.database)

    def transaction(self) -> AbstractContextManager[object]:
        """Give a transaction: all that this thread does to the store within it is there, or nothing.

        What somebody does and its entry in the audit log stand in one. Nobody else writes meanwhile: no
        file is read, and nothing recomputed, within it.
        """
        return self.database.begin()

    @staticmethod
    def migrate(url: str) -> None:
        """Make the tables, or bring them to this program's version."""
        database = Database(url)
        try:
            database.migrate(metadata)
        finally:
            database.close()

    def whole(self, station: str, run: str) -> WholeRun | None:
        """Return a run with its record; None if no line of it is here."""
        return whole_run(self.database, station, run)

    def last_issued(self, station: str, run: str) -> tuple[str, str] | None:
        """Return number and record (JSON) of the last certificate of what a run calibrates, if any."""
        return last_issued(self.database, station, run)

    def patterns(
        self, wanted: Sequence[KeptItem], limit: int, chosen: str
    ) -> tuple[tuple[OrderRow, ...], OrderRow | None]:
        """Return orders that may be a pattern for items, see `patterns`, and the one that was chosen."""
        return patterns(self.database, wanted, limit, chosen)

    def close(self) -> None:
        """Give up all connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
