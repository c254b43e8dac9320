"""The daily look: what falls due is noticed once for everybody concerned, and goes by mail where that is set.

What was noticed stands in the database under what it is about, to whom, and how long before. So looking
twice, after a restart or by two hubs, tells nobody twice.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from remotecal.clock import civil_day, civil_time
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.hub.chain import check_if_due
from remotecal.hub.counting_no_longer import count_without_revoked
from remotecal.hub.due import falling_due, notices_of
from remotecal.hub.mail import Mail
from remotecal.hub.scope import compare_if_possible
from remotecal.hub.unanswered import notices_of_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from remotecal.clock import Clock
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store
    from remotecal.store.notices import NoticeWanted
    from remotecal.store.users import UserRow

log = logging.getLogger(__name__)

AGAIN = 3600.0
"""Seconds after which it is looked again at the latest: for what was entered, and mail that did not go."""


QUESTIONS_AGAIN = 20.0
"""Seconds after which it is looked again which questions nobody answers."""


class Noticing:
    """Looks what falls due.

    Args:
        folder: the hub's settings.
        store: its database.
        clock: tells the day.
        again: seconds after which it is looked again at the latest.
    """

    def __init__(self, folder: HubFolder, store: Store, clock: Clock, again: float = AGAIN) -> None:
        self._folder, self._store, self._clock, self._again = folder, store, clock, again

    async def run(self) -> None:
        """Look now, after each midnight, and every hour, until cancelled; for open questions oftener."""
        indexing = [
            asyncio.create_task(self._again_and_again(self._compare, "what was stated can't be told now")),
            asyncio.create_task(
                self._again_and_again(self._store.interval_ends.find, "how intervals ended can't be told now")
            ),
            asyncio.create_task(
                self._again_and_again(self._store.work.sum_up, "what days came to can't be summed up now")
            ),
            asyncio.create_task(self._ask_on()),
        ]
        try:
            while True:
                try:
                    await asyncio.to_thread(self.look)
                except Exception:  # whatever it was: one look that fails must not be the last
                    log.exception("what falls due can't be told now")
                await self._check()
                await self._wait()
        finally:
            for one in indexing:
                one.cancel()

    async def _ask_on(self) -> None:
        """Look for questions that nobody answers, again and again."""
        while True:
            try:
                await asyncio.to_thread(self.ask_on)
            except Exception:  # as above
                log.exception("who is to be told of open questions can't be told now")
            await asyncio.sleep(QUESTIONS_AGAIN)

    async def _again_and_again(self, some: Callable[[], int], failed: str) -> None:
        """Bring an index up to date, as often; that may take minutes, nobody waits for it.

        Args:
            some: does a part of it; 0 once nothing is left.
            failed: what the log says where it can't.
        """
        while True:
            try:
                while await asyncio.to_thread(some):
                    pass
            except Exception:  # as above
                log.exception(failed)
            await self._wait()

    def _compare(self) -> int:
        """Hold some of what was issued against the scope."""
        return compare_if_possible(self._folder, self._store, self._clock.now())

    async def _wait(self) -> None:
        await asyncio.sleep(min(self._again, self._to_midnight()))

    async def _check(self) -> None:
        """Look through the audit log, once a day."""
        try:
            await asyncio.to_thread(check_if_due, self._store, self._clock.now())
        except Exception:  # as above
            log.exception("whether the audit log is whole can't be told now")

    def look(self) -> int:
        """Make the notices that are due and not made yet, and send those that were not sent.

        Returns:
            How many are new.

        Raises:
            ConfigurationError: the laboratory's register, or the mail's password, can't be read.
            StoreError: the database can't be used.
        """
        now = self._clock.now()
        today, users = civil_day(now, self._folder.time_zone), self._store.users.list()
        told = self._revoked(users, today)  # first: it may change when items are due
        due = falling_due(self._store, self._folder, now)
        wanted = [*told, *notices_of(due, users, self._folder, today)]
        return self._make(wanted, now)

    def ask_on(self) -> int:
        """Tell the next person of each question that nobody has answered for a while; errors as `look`.

        Returns:
            How many notices are new.
        """
        now, users = self._clock.now(), self._store.users.list()
        wanted = [*notices_of_questions(self._store, users, self._folder.time_zone, now)]
        return self._make(wanted, now) if wanted else 0

    def _make(self, wanted: Sequence[NoticeWanted], now: float) -> int:
        with self._store.transaction():
            new = self._store.notices.make(wanted, now)
            if new:
                self._store.note("hub", "notices", {"new": new})
        self._send(now)
        return new

    def _revoked(self, users: Sequence[UserRow], today: date) -> list[NoticeWanted]:
        try:
            return count_without_revoked(self._store, self._folder, users, today)
        except (ConfigurationError, EvidenceError) as error:  # what falls due is told all the same
            log.warning("what is revoked can't be told: %s", error)
            return []

    def _send(self, now: float) -> None:
        if self._folder.settings.notices.mail is None:
            return
        mail = Mail(self._folder.settings.notices.mail, self._folder.path, self._folder.settings.laboratory)
        today = civil_day(now, self._folder.time_zone)
        for address, rows in self._store.notices.to_send(now).items():
            noted: dict[str, str | int | float | None] = {"to": address, "notices": len(rows)}
            if trouble := mail.send(address, rows, today):
                log.warning("a mail to %s can't be sent: %s", address, trouble)
                self._store.note("hub", "mail failed", noted | {"reason": trouble})
                continue
            with self._store.transaction():
                self._store.notices.sent([row.id for row in rows], now)
                self._store.note("hub", "mail", noted)

    def _to_midnight(self) -> float:
        here = civil_time(self._clock.now(), self._folder.time_zone)
        tomorrow = here.date() + timedelta(days=1)
        midnight = datetime(
            tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(self._folder.time_zone)
        )
        return max(1.0, midnight.timestamp() - here.timestamp())
