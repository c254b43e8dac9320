"""What a verification found, check by check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from remotecal.errors import RemotecalError

Outcome = Literal["passed", "failed", "not possible"]

Verdict = Literal["holds", "fails", "is not proven"]


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


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one certificate, in the order they were made."""

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
