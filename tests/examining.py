"""Single checks of a journal's events, which `verify` makes all together; each raises what it finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from remotecal.journal.contents import Contents, Files, nowhere
from remotecal.journal.events import Event
from remotecal.journal.evidence import read_start
from remotecal.journal.occurrences import tell
from remotecal.verify.by_hand import Dialogue
from remotecal.verify.course import Course
from remotecal.verify.facts import Answers
from remotecal.verify.instruments import Instruments
from remotecal.verify.outline import Outline
from remotecal.verify.reality import Reality
from remotecal.verify.replies import Replies
from remotecal.verify.report import Examination
from remotecal.verify.supervision import Supervision
from remotecal.verify.times import Times

Events = Sequence[Event]


def examined(examination: Examination, events: Events, files: Files | None = None) -> str:
    """Return what one check finds."""
    for told in tell(events, files or Files()):
        examination.follow(told)
    return examination.conclude()


def examine_shapes(events: Events) -> str:
    return Outline(events).shapes.conclude()


def examine_course(events: Events) -> str:
    return examined(Course(read_start(events)), events)


def examine_times(events: Events, now: datetime) -> str:
    return examined(Times(now, virtual=read_start(events).clock == "virtual"), events)


def examine_instruments(events: Events, drivers: Collection[str] = ()) -> str:
    return examined(Instruments(read_start(events), drivers), events)


def examine_reality(events: Events, *, demonstration: bool) -> str:
    return examined(Reality(read_start(events).clock, demonstration=demonstration), events)


def examine_answers(events: Events) -> str:
    return examined(Answers(), events)


def examine_by_hand(events: Events) -> str:
    return examined(Dialogue(Outline(events).by_hand), events)


def examine_supervision(events: Events) -> str:
    return examined(Supervision(read_start(events)), events)


def examine_replies(events: Events, drivers: Collection[str] = (), contents: Contents = nowhere) -> str:
    files = Files(contents)
    return examined(Replies(str(read_start(events).software.get("remotecal")), files, drivers), events, files)
