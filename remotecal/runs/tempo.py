"""How long a run takes: by what its procedure says beforehand, then at the pace of what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Self

    from remotecal.journal.observation import Point
    from remotecal.procedures import Procedure

LONGEST: Final = 1e9
"""Seconds that a run may take, at most: what is longer, thirty years, is no pace."""


def in_minutes(seconds: float) -> int:
    """Return a time as people are told about it: in whole minutes, rounded up, at least one."""
    return max(1, ceil(seconds / 60))


@dataclass(frozen=True, slots=True)
class Stint:
    """One kind of what a plan asks for: how much there is of it, and how much of that is behind a run."""

    whole: float = 0.0
    done: float = 0.0
    told: bool = False
    """Whether both are in s, by the procedure; otherwise all of it counts alike."""


@dataclass(frozen=True, slots=True)
class PlanDone:
    """How much of a plan is behind a run; preparing the rig is no part of it."""

    coming: Stint = field(default_factory=Stint)
    """Coming to the points."""
    repeats: Stint = field(default_factory=Stint)
    """Their repeats."""

    @property
    def seconds(self) -> float | None:
        """How long the rest takes by what the procedure says; None where it does not say."""
        left = sum(work.whole - work.done for work in (self.coming, self.repeats) if work.told)
        return left if self.repeats.told and 0 < left <= LONGEST else None


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the points of a plan take, by their names, by what its procedure says."""

    points: Sequence[Point] = ()
    takes: Mapping[str, float] = field(default_factory=dict)
    arrives: Mapping[str, float] = field(default_factory=dict)
    told: bool = False
    """Whether the procedure says so, in s."""

    @classmethod
    def of(cls, procedure: Procedure, points: Sequence[Point]) -> Self:
        """Return what a procedure, its roles filled, says."""
        from remotecal.procedures import Procedure

        before = (None, *points)
        arrives = {
            point.name: procedure.arrives(point, last) for last, point in zip(before, points, strict=False)
        }
        told = type(procedure).takes is not Procedure.takes
        return cls(points, {point.name: procedure.takes(point) for point in points}, arrives, told)

    def done(self, observed: Collection[tuple[object, object]], reached: Collection[str]) -> PlanDone:
        """Return how much is behind a run that observed these repeats, and came to these points."""
        coming = sum(self.arrives.values())
        return PlanDone(
            Stint(coming, sum(self.arrives[name] for name in reached), self.told)
            if coming > 0
            else Stint(len(self.points), len(reached)),
            Stint(
                sum(self.takes[point.name] * point.repeats for point in self.points),
                sum(self.takes.get(str(name), 0.0) for name, _ in observed),
                self.told,
            ),
        )


class _Pace:
    """How fast one kind of work goes; what was done before the run was taken up again sets none."""

    def __init__(self) -> None:
        self.work = Stint()
        self._first: float | None = None
        self._until = self._spent = 0.0

    def spend(self, seconds: float) -> None:
        self._spent += seconds

    def see(self, work: Stint) -> None:
        if self._first is None:
            self._first = work.done
        if work.done > self.work.done:
            self._until = self._spent
        self.work = work

    def left(self) -> float | None:
        """Return how many seconds the rest takes; None where neither the procedure nor a pace tells."""
        made = self.work.done - (self._first or 0.0)
        pace = self._until / made if made > 0 else 1.0 if self.work.told else None
        if pace is None:
            return None
        return max(0.0, pace * (self.work.whole - self.work.done) - (self._spent - self._until))


class Tempo:
    """How long a run has taken, and how long what its plan still asks for will.

    By what its procedure says, until something was done and sets a pace: one for coming to points and one for
    repeats. Preparing the rig sets none. As text `0:20:00, 0:40:00 left`, or only the first where nothing is
    known.
    """

    def __init__(self) -> None:
        self._coming, self._repeats = _Pace(), _Pace()
        self._seconds = 0.0
        self._on: _Pace | None = None

    def see(self, seconds: float, plan: PlanDone, number: int, repeat: int) -> None:
        """Take note of where a run is, so many seconds after it began or was taken up.

        Args:
            seconds: so many.
            plan: how much of it is done.
            number: of the point it is at, from 1; 0 while the rig is made ready.
            repeat: of the repeat, from 1; 0 while the point is come to.
        """
        if self._on is not None:
            self._on.spend(seconds - self._seconds)
        self._seconds = seconds
        self._coming.see(plan.coming)
        self._repeats.see(plan.repeats)
        self._on = None if not number else self._repeats if repeat else self._coming

    @property
    def left(self) -> float | None:
        """Seconds left; None where nothing is known."""
        repeats = self._repeats.left()
        if repeats is None:
            return None
        left = repeats + (self._coming.left() or 0.0)
        return left if left <= LONGEST else None

    @property
    def spent(self) -> float:
        """Seconds gone by."""
        return self._seconds

    def __str__(self) -> str:
        spent = str(timedelta(seconds=round(self.spent)))
        return spent if self.left is None else f"{spent}, {timedelta(seconds=round(self.left))} left"
