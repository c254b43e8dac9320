"""What a verification found, check by check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol

from remotecal.errors import RemotecalError

if TYPE_CHECKING:
    from remotecal.journal.occurrences import Occurrence

Outcome = Literal["passed", "failed", "not possible"]

Verdict = Literal["holds", "fails", "is not proven"]


OF_STANDARD: Final = "standard "
"""How the name of a check of a standard's certificate begins."""


class Unable(Exception):
    """A check can't be made, and why; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was examined."""

    name: str
    """What."""
    outcome: Outcome
    """What came of it."""
    said: str
    """What was found, or why it failed or could not be done."""
    needed: bool
    """Whether the certificate proves nothing without this."""

    @property
    def of_standard(self) -> bool:
        """Whether it is about the certificate of a standard, or one further down the chain."""
        return self.name.lstrip().startswith(OF_STANDARD)

    @property
    def wants_file(self) -> bool:
        """Whether it could be made once the file of a standard's certificate is there.

        What its issuer may certify stands in the trust list instead.
        """
        return self.of_standard and self.outcome == "not possible" and not self.name.endswith(": scope")


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one certificate, or of a list of certificates, in the order they were made."""

    number: str
    """Number of the certificate; "" where it could not be read."""
    demonstration: bool
    """Whether the certificate says it is a demonstration and not valid."""
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """What the checks amount to: any doubt is enough not to hold."""
        if any(check.outcome == "failed" for check in self.checks):
            return "fails"
        if any(check.needed and check.outcome != "passed" for check in self.checks):
            return "is not proven"
        return "holds"

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.outcome == "failed")

    @property
    def objection(self) -> str:
        """Why nobody should sign it: a check fails, or its results were not computed; "" if neither."""
        if failed := [f"{check.name.strip()}: {check.said}" for check in self.failures]:
            return f"it fails: {failed[0]}"
        results = next((check for check in self.checks if check.name == "results"), None)
        if results is None or results.outcome != "passed":
            why = "there is no journal" if results is None else results.said
            return f"its results were not computed again here: {why}"
        return ""


class Checklist:
    """Collects checks while a certificate is examined."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    def examine(self, name: str, examination: Callable[[], str], *, needed: bool) -> bool:
        """Make a check and tell whether it passed; `examination` returns what it found, or raises."""
        try:
            check = Check(name, "passed", examination(), needed)
        except Unable as reason:
            check = Check(name, "not possible", str(reason), needed)
        except RemotecalError as reason:
            check = Check(name, "failed", str(reason), needed)
        except Exception as error:  # noqa: BLE001  what is examined is anybody's, and a verdict is due
            check = Check(name, "failed", f"it is not what any run or laboratory writes: {error!r}", needed)
        self.checks.append(check)
        return check.outcome == "passed"

    def fail(self, name: str, reason: RemotecalError) -> None:
        """Note that a check failed, and why."""
        self.checks.append(Check(name, "failed", str(reason), needed=True))


class Examination(Protocol):
    """A check that is made while a journal goes by, event by event; raises where it fails, as any check."""

    @property
    def concerned(self) -> bool:
        """Whether there was anything to examine; where there was not, the check is not reported."""
        ...

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        ...

    def conclude(self) -> str:
        """Return what was found, once the last event has gone by."""
        ...


class Examinations:
    """Checks that are made together while a journal goes by; one that fails is out, the others go on.

    Args:
        made: name → check, in the order they are reported.
        shown: names of those without which the certificate may still hold.
    """

    def __init__(self, made: Mapping[str, Examination], shown: frozenset[str] = frozenset()) -> None:
        self._made, self._shown = made, shown
        self._failed: dict[str, Exception] = {}

    def examine(self, checks: Checklist, events: Iterable[Occurrence]) -> None:
        """Make the checks, and report each that had something to examine.

        Raises:
            JournalBroken: the journal can't be gone through.
        """
        on = dict(self._made)
        for told in events:
            for name, examination in tuple(on.items()):
                try:
                    examination.follow(told)
                except Exception as failure:  # noqa: BLE001  it is the outcome, and reported
                    self._failed[name] = failure
                    del on[name]
        for name, examination in self._made.items():
            if examination.concerned or name in self._failed:
                checks.examine(name, partial(self._outcome, name), needed=name not in self._shown)

    def _outcome(self, name: str) -> str:
        if failure := self._failed.get(name):
            raise failure
        return self._made[name].conclude()
