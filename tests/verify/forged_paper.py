"""How a forged certificate is examined, with everything at hand that proves the honest one."""

from __future__ import annotations

from made import NOW, Made

from remotecal.certificates.library import CertificateLibrary
from remotecal.verify import Report, verify


def examine(made: Made, **means: object) -> Report:
    given: dict[str, object] = {
        "journal": made.run,
        "trust": made.trust(),
        "library": CertificateLibrary([made.standards]),
        "recompute": made.recompute,
        "now": NOW,
        **means,
    }
    return verify(made.certificate, **given)  # type: ignore[arg-type]  # as `verify` has them


def outcomes(report: Report) -> dict[str, tuple[str, str]]:
    return {check.name: (check.outcome, check.said) for check in report.checks}
