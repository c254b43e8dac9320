"""Whether the rig was watched over as long as the run was on: how far apart the looks were.

What a look found is kept where it changed; that there was one is kept each time, as the first, the last and
the longest time between two of them. So a watch that stopped, and a part of a run that was cut out of its
journal, show as a gap. What is watched is the bench file's word, so by the same file it is the same in every
part of a run; and whoever looks asks, so there are no fewer exchanges than looks.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from remotecal.errors import EvidenceError
from remotecal.journal.events import seconds, timestamp
from remotecal.journal.exchanges import looks_of
from remotecal.runs.watch import HELD_UP, MISSES
from remotecal.verify.course import STOPS
from remotecal.verify.report import Unable
from remotecal.verify.times import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.journal.events import Event
    from remotecal.journal.evidence import Start
    from remotecal.journal.exchanges import Exchange, Looks
    from remotecal.journal.occurrences import Occurrence

OVER = STOPS | {"safe", "resume", "torn"}
"""Events behind which nothing is watched any more."""


class Supervision:
    """Checks that what is watched was looked at all along; tells the longest time between two looks.

    Args:
        start: what the journal begins with.

    Raises:
        EvidenceError: a look is told that can't have been then, or nobody said it would be; or by the same
            bench file something else was watched in another part of the run.
        Unable: there were no looks for longer than misses can explain.
    """

    def __init__(self, start: Start) -> None:
        self.concerned = start.format > 1  # which did not tell what was watched
        self._bench = start.bench_sha256
        """SHA-256 of the bench file of the part of the run that is on."""
        self._by_bench: dict[str, tuple[int, object]] = {}
        """SHA-256 of a bench file → line from which on its part measured, and what was said to be watched."""
        self._said: tuple[int, object] | None = None
        """Line that tells what is watched in the part that is on, and what that is."""
        self._measured = False
        """Whether that part came to measuring."""
        self._every: dict[str, float] = {}
        """What is watched → seconds from one look to the next, as was said; empty while nothing is."""
        self._hearts: set[str] = set()
        """What of it is no limit, but beats."""
        self._last: dict[str, float] = {}
        """What is watched → when it was looked at last."""
        self._longest: dict[str, float] = {}
        """What is watched → longest time without a look."""
        self._asked, self._looked = Counter[str](), Counter[str]()
        """Instrument → how often it was asked since; and for how many looks, each of which asks it."""
        self._bare: list[str] = []
        """Lines from which on a part of the run measured, and nothing was watched."""
        self._gap = ""

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "watch":
            self._begin(event)
        elif event.kind == "replies":
            self._ask(told.exchanges, event.seq)
            self._look(event)
        elif event.kind == "point":
            self._turn(event)
        elif event.kind == "observation":
            for what in self._every:
                self._passed(what, self._last[what], seconds(event.at))
        elif event.kind in OVER:
            if event.kind == "safe":
                self._heart_until(event)
            self._every = {}
            if event.kind == "resume":
                self._bench = str(event.data["bench_sha256"])
                self._said, self._measured = None, False

    def conclude(self) -> str:
        """Return what was watched, and the longest time from one look to the next."""
        if self._gap:
            raise Unable(self._gap)
        longest = [
            f"{what}: at most {longest:.3g} s from one look to the next"
            for what, longest in self._longest.items()
        ]
        bare = [f"nothing was watched from line {', '.join(self._bare)} on"] if self._bare else []
        return "; ".join(longest + bare) or "nothing was to be watched"

    def _begin(self, event: Event) -> None:
        if self._said or self._measured:
            before = f"before, in line {self._said[0]}" if self._said else "too late"
            raise EvidenceError(f"line {event.seq}: what is watched was said {before}")
        looks = cast("Sequence[Mapping[str, str | float]]", event.data["looks"])  # their shape was checked
        self._every = {str(look["what"]): float(look["every"]) for look in looks}
        self._last = dict.fromkeys(self._every, seconds(event.at))
        self._hearts = {str(look["what"]) for look in looks if not look["limits"]}
        self._said = event.seq, event.data["looks"]
        self._asked, self._looked = Counter(), Counter()
        self.concerned = True

    def _turn(self, event: Event) -> None:
        """See that a part of a run that comes to measuring is watched as others by the same bench file."""
        if self._measured or not self.concerned:
            return
        self._measured = True
        said = None if self._said is None else self._said[1]
        if said is None:
            self._bare.append(str(event.seq))
        line, known = self._by_bench.setdefault(self._bench, (event.seq, said))
        if known != said:
            raise EvidenceError(
                f"line {event.seq}: with the same bench file something else was watched in line {line}"
            )

    def _heart_until(self, event: Event) -> None:
        """Look for a gap behind the last beat: while a rig is made safe limits are left alone."""
        for what in self._hearts & self._every.keys():
            self._passed(what, self._last[what], seconds(event.at))

    def _ask(self, exchanges: Sequence[Exchange], line: int) -> None:
        for exchange in exchanges:
            if exchange.again and self._said is None:
                raise EvidenceError(
                    f"line {line}: exchange {exchange.number} came again to a watch that nobody declared"
                )
            self._asked[exchange.instrument] += 1 + exchange.again

    def _look(self, event: Event) -> None:
        for what, looks in looks_of(event).items():
            if what not in self._every:
                raise EvidenceError(f"line {event.seq}: {what} was looked at, and nobody said it would be")
            if not _thinkable(looks, self._last[what], seconds(event.at)):
                raise EvidenceError(f"line {event.seq}: {what} can't have been looked at as is told")
            self._passed(what, self._last[what], looks.first)
            self._passed(what, looks.last - looks.longest, looks.last)
            self._last[what] = looks.last
            instruments = {quantity.rpartition(".")[0] for quantity in what.split(", ")}
            self._looked.update(dict.fromkeys(instruments, looks.times))
        for instrument, looked in self._looked.items():
            if looked > (asked := self._asked[instrument]):
                raise EvidenceError(
                    f"line {event.seq}: {instrument} was looked at {looked} times, and asked {asked} times"
                )

    def _passed(self, what: str, begin: float, end: float) -> None:
        """Note a time without a look."""
        self._longest[what] = max(self._longest.get(what, 0.0), end - begin)
        if end - begin > MISSES * self._every[what] + HELD_UP and not self._gap:
            self._gap = (
                f"nobody looked at {what} for {end - begin:.1f} s from {timestamp(begin)} on; it was to be "
                f"every {self._every[what]:g} s"
            )


def _thinkable(looks: Looks, after: float, before: float) -> bool:
    """Tell whether there can have been such looks between two times, in seconds since 1970."""
    in_order = after - ROUNDING <= looks.first <= looks.last <= before + ROUNDING
    span, between = looks.last - looks.first, looks.times - 1
    apart = 0 <= looks.longest <= span + ROUNDING and span <= looks.longest * between + ROUNDING
    return looks.times >= 1 and in_order and apart
