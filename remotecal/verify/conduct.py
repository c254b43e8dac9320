"""The checks of a journal that nobody but its station has written: what it tells must go together.

Whoever holds a station's key can write a journal anew. Each check here asks who would notice a lie in
one part of it; `docs/verify-a-certificate.md` says which lies nobody can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.verify.by_hand import Dialogue
from remotecal.verify.course import Course
from remotecal.verify.facts import Answers, Facts
from remotecal.verify.instruments import Instruments
from remotecal.verify.reality import Reality
from remotecal.verify.replies import Replies
from remotecal.verify.report import Unable
from remotecal.verify.supervision import Supervision
from remotecal.verify.times import Times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.journal.contents import Files
    from remotecal.journal.occurrences import Occurrence
    from remotecal.verify.outline import Outline
    from remotecal.verify.report import Examination
    from remotecal.verify.subject import Means


class NotComputed:
    """Stands for a check that would compute with a journal for which nobody answers."""

    concerned = True

    def follow(self, told: Occurrence) -> None:
        """Do nothing."""

    def conclude(self) -> str:
        """Say so."""
        raise Unable(
            "nothing is computed from a journal that no station on a trust list has signed: `remotecal "
            "evaluate` on the journal's folder computes the results without a list, and compares them; that "
            "proves what follows from the journal, not who wrote it"
        )


def conduct(
    outline: Outline, means: Means, files: Files, *, demonstration: bool, trusted: bool
) -> Mapping[str, Examination]:
    """Return the checks of what a journal of known form tells of a run, part against part.

    Only a `trusted` journal's replies are read again; `files` follows the same journal.

    Raises:
        JournalBroken: the journal does not begin as a run's.
    """
    start = outline.start
    replies: Examination = NotComputed()
    if trusted:
        replies = Replies(str(start.software.get("remotecal")), files, means.drivers)
    return {
        "course of the run": Course(start),
        "times": Times(means.now, virtual=start.clock == "virtual"),
        "instruments": Instruments(start, means.drivers),
        "real instruments": Reality(start.clock, demonstration=demonstration),
        "facts of the rig": Facts(start),
        "supervision": Supervision(start),
        "answers": Answers(),
        "read by hand": Dialogue(outline.by_hand),
        "replies": replies,
    }
