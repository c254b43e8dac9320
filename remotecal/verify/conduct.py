"""The checks of a journal that nobody but its station has written: what it tells must go together.

Whoever holds a station's key can write a journal anew. Each check here asks who would notice a lie in
one part of it; `docs/verify-a-certificate.md` says which lies nobody can.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from remotecal.verify.by_hand import by_hand, examine_by_hand
from remotecal.verify.course import examine_course
from remotecal.verify.facts import examine_answers, examine_facts
from remotecal.verify.instruments import examine_instruments
from remotecal.verify.reality import examine_reality
from remotecal.verify.replies import examine_replies
from remotecal.verify.report import Unable
from remotecal.verify.shapes import examine_shapes, examine_start
from remotecal.verify.times import examine_times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remotecal.journal.events import Event
    from remotecal.model import Record
    from remotecal.verify.report import Checklist
    from remotecal.verify.subject import Means


def computed(examination: Callable[[], str], *, trusted: bool) -> Callable[[], str]:
    """Return an examination that computes with a journal, but not where nobody answers for the journal."""

    def not_computed() -> str:
        raise Unable("nothing is computed from a journal that no station on a trust list has signed")

    return examination if trusted else not_computed


def examine_conduct(
    checks: Checklist, record: Record, events: Sequence[Event], means: Means, *, trusted: bool
) -> None:
    """Check what a journal tells of a run, part against part; nothing more where its form is broken.

    Only a `trusted` journal's replies are read again.
    """

    def form() -> str:
        examine_start(events)
        return examine_shapes(events)

    if not checks.examine("events", form, needed=True):
        return
    checks.examine("course of the run", partial(examine_course, events), needed=True)
    checks.examine("times", partial(examine_times, events, means.now), needed=True)
    checks.examine("instruments", partial(examine_instruments, events, means.drivers), needed=True)
    real = partial(examine_reality, events, demonstration=record.demonstration)
    checks.examine("real instruments", real, needed=True)
    checks.examine("facts of the rig", partial(examine_facts, events), needed=True)
    if any(event.kind == "answer" for event in events):
        checks.examine("answers", partial(examine_answers, events), needed=True)
    if any("instrument" in event.data for event in events if event.kind == "prompt") or by_hand(events):
        checks.examine("read by hand", partial(examine_by_hand, events), needed=True)
    replies = computed(partial(examine_replies, events, means.drivers), trusted=trusted)
    checks.examine("replies", replies, needed=True)
