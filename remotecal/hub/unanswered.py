"""Questions of runs that nobody answers: after a while the next person is told, and then every operator.

A run's page, Today and the page beside the rig show a question at once. Where it is still open after a
while, whoever ordered the run, or holds its controls, is told by a notice; after as long again, all
operators are. Who was told stands in the database under the line of the journal that asks, so neither a
restart nor a second hub loses or doubles anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remotecal.clock import civil_day
from remotecal.journal.chain import ending
from remotecal.store.notices import NoticeWanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.store.users import UserRow

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


def notices_of_questions(
    store: Store, users: Iterable[UserRow], time_zone: str, now: float
) -> Iterator[NoticeWanted]:
    """Yield what people are to be told of questions that nobody answers, and were not told before.

    Args:
        store: the laboratory's database.
        users: who there is.
        time_zone: of the laboratory's days.
        now: the time.
    """
    operators = frozenset(user.name for user in users if user.enabled and "operator" in user.roles)
    for row in store.pages.runs(MOST, state="asking"):
        waited = now - row.updated
        if waited < PATIENCE or (asked := _open_question(store, row)) is None:
            continue
        line, question = asked
        about = f"{row.station}/{row.run}/{line}"
        told = store.notices.told(KIND, about)
        first = frozenset[str]() if told else _first(store, row) & operators
        all_ = waited >= 2 * PATIENCE or not (first or told)
        day = civil_day(row.updated, time_zone).isoformat()
        for user in sorted((operators if all_ else first) - told):
            yield NoticeWanted(KIND, about, f"{row.run} ({row.station}): {question}", "", user, day, 0)


def _open_question(store: Store, row: RunRow) -> tuple[int, str] | None:
    """Return the line that asks what is open, and the question in all its languages; None for none."""
    for last in range(row.committed, 0, -AT_ONCE):
        with store.journals.opened(row.station, row.run, [(max(1, last - AT_ONCE + 1), last)]) as lines:
            found = [told for line in lines if (told := _said(line, "prompt")) is not None]
        if found:
            line, data = found[-1]
            texts = data.get("question")
            said = sorted(texts.items(), reverse=True) if isinstance(texts, dict) else [("", texts)]
            return line, " / ".join(str(text)[:LONGEST] for _, text in said)
    return None


def _first(store: Store, row: RunRow) -> frozenset[str]:
    """Return who is told first: who ordered the run, and who holds its controls."""
    holder = ""
    with store.journals.opened(row.station, row.run) as lines:
        for line in lines:
            _, data = _said(line, "control") or (0, {})
            if data.get("verb") == "take_control":
                holder = str(data.get("by", ""))
            elif data.get("verb") == "release_control":
                holder = ""
    order = store.orders.find(row.run)
    ordered = order.by if order is not None and order.station == row.station else ""
    return frozenset({holder, ordered} - {""})


def _said(line: bytes, kind: str) -> tuple[int, Mapping[str, Any]] | None:
    """Return number and content of a journal's line, where it is of a kind."""
    link = ending(line.rstrip(b"\n"))
    return (link.seq, json.loads(line)["data"]) if link is not None and link.kind == kind else None
