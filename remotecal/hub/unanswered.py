"""Questions of runs that nobody answers: after a while the next person is told, and then every operator.

A run's page, Today and the page beside the rig show a question at once. Where it is still open after a
while, whoever ordered the run, or holds its controls, is told by a notice; after as long again, all
operators are. Who was told stands in the database under the line of the journal that asks, so neither a
restart nor a second hub loses or doubles anything.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from remotecal.clock import civil_day
from remotecal.errors import StoreError
from remotecal.journal.chain import ending, told_by
from remotecal.store.notices import NoticeWanted
from remotecal.store.standing import fitting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.store.users import UserRow

log = logging.getLogger(__name__)

KIND: Final = "question"
"""What such a notice is of."""
PATIENCE: Final = 300.0
"""Seconds for which nothing is heard of a run that asks, until the next person is told; then the others."""
MOST: Final = 1000
"""Runs that ask and are looked at, the latest begun first."""
AT_ONCE: Final = 50
"""Lines that are read at once to find the question, from the end."""
LONGEST: Final = 200
"""Letters of a question in one language that are told."""
LANGUAGES: Final = 4
"""Languages of a question that are told, at most."""
AN_HOUR: Final = 3600.0
OF_ONE: Final = 20
"""Questions of one station that people are told of within an hour, at most; of further ones later."""


def notices_of_questions(
    store: Store, users: Iterable[UserRow], time_zone: str, now: float
) -> Iterator[NoticeWanted]:
    """Yield what people are to be told of questions that nobody answers, and were not told before.

    Only runs count whose order its station has claimed. What one of them asks harms nothing of the others.

    Args:
        store: the laboratory's database.
        users: who there is.
        time_zone: of the laboratory's days.
        now: the time.
    """
    operators = frozenset(user.name for user in users if user.enabled and "operator" in user.roles)
    lately = store.notices.about_since(KIND, now - AN_HOUR)
    of_station = Counter(about.partition("/")[0] for about in lately)
    for row in store.pages.runs(MOST, state="asking"):
        if now - row.updated < PATIENCE or row.unordered:
            continue
        try:
            wanted = _wanted_of(store, row, operators, time_zone, now)
        except StoreError:
            raise
        except Exception:  # whatever it was: others are told of theirs all the same
            log.exception(
                "who is to be told of the open question of %s (%s) can't be told", row.run, row.station
            )
            continue
        if wanted and wanted[0].about not in lately:
            of_station[row.station] += 1
            if of_station[row.station] > OF_ONE:
                continue
        yield from wanted


def _wanted_of(
    store: Store, row: RunRow, operators: frozenset[str], time_zone: str, now: float
) -> list[NoticeWanted]:
    order = store.orders.find(row.run)
    if order is None or (order.station, order.state) != (row.station, "claimed"):
        return []
    if (asked := _open_question(store, row)) is None:
        return []
    line, question = asked
    about = f"{row.station}/{row.run}/{line}"
    told = store.notices.told(KIND, about)
    first = frozenset[str]() if told else _first(store, row, order) & operators
    all_ = now - row.updated >= 2 * PATIENCE or not (first or told)
    day, what = civil_day(row.updated, time_zone).isoformat(), f"{row.run} ({row.station}): {question}"
    to = sorted((operators if all_ else first) - told)
    return [NoticeWanted(KIND, about, what, "", user, day, 0) for user in to]


def _open_question(store: Store, row: RunRow) -> tuple[int, str] | None:
    """Return the line that asks what is open, and the question in all its languages; None for none."""
    for last in range(row.committed, 0, -AT_ONCE):
        with store.journals.opened(row.station, row.run, [(max(1, last - AT_ONCE + 1), last)]) as lines:
            found = [told for line in lines if (told := _said(line, "prompt")) is not None]
        if found:
            line, data = found[-1]
            texts = data.get("question")
            said = sorted(texts.items(), reverse=True) if isinstance(texts, dict) else [("", texts)]
            return line, " / ".join(_in_one_line(text) for _, text in said[:LANGUAGES])
    return None


def _in_one_line(text: object) -> str:
    return " ".join(fitting(text[:LONGEST]).split()) if isinstance(text, str) else ""


def _first(store: Store, row: RunRow, order: OrderRow) -> frozenset[str]:
    """Return who is told first: who ordered the run, and who holds its controls."""
    holder = ""
    with store.journals.opened(row.station, row.run) as lines:
        for line in lines:
            _, data = _said(line, "control") or (0, {})
            if data.get("verb") == "take_control":
                holder = str(data.get("by", ""))
            elif data.get("verb") == "release_control":
                holder = ""
    return frozenset({holder, order.by} - {""})


def _said(line: bytes, kind: str) -> tuple[int, Mapping[str, Any]] | None:
    """Return number and content of a journal's line, where it is of a kind."""
    link = ending(line.rstrip(b"\n"))
    return (link.seq, told_by(line).get("data", {})) if link is not None and link.kind == kind else None
