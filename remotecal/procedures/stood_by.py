"""What is read ahead of the repeats, by which the rig is found fit for them, such as that nothing leaks."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from remotecal.procedures.observed import Observed
from remotecal.procedures.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.journal.evidence import Evidence
    from remotecal.procedures.procedure import Procedure

P = TypeVar("P", bound=Parameters)


class StoodBy(Observed, Generic[P]):
    """What every repeat behind it stands by; a run keeps it by `Run.observe`.

    A procedure names it in `keeps` and in `stands_by`. So the evaluation, and whoever verifies it, finds the
    rig fit by what was read, and not by what the run says of it.
    """

    @abstractmethod
    def refusal(self, parameters: P) -> str:
        """Return why nothing may be measured on a rig that was found so; "" if it may."""

    def undecided(self, parameters: P) -> str:
        """Return why what was read tells nothing of the rig, since no fault makes it so; "" if it does.

        A pressure that goes the way no leak takes it, by as much as a leak may, would have hidden one as
        large. Runs by a text from before this was asked are held to `refusal` alone.
        """
        return ""

    def unfit(self, parameters: P) -> str:
        """Return why a run measures nothing behind this; "" if it may."""
        return self.refusal(parameters) or self.undecided(parameters)


def unfit(procedure: Procedure, evidence: Evidence, *, complete: bool) -> Iterator[str]:
    """Yield which repeats were observed though their rig was not found fit for them, in words.

    Args:
        procedure: with the run's parameters.
        evidence: of the run.
        complete: whether the run followed this text, so that what it stands by must be there.
    """
    for text in procedure.stands_by():
        kind = procedure.keeps[text]
        for entry in evidence.observations:
            last = kind.last_before(entry, evidence, text, {})
            if last is None and complete:
                yield f"{entry.place}: nothing was read before it that tells of a {text}"
            elif isinstance(last, StoodBy):
                held = last.unfit if complete else last.refusal
                if fault := held(procedure.parameters):
                    yield f"{entry.place}: {fault}"
