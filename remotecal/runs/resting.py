"""What a certificate's uncertainties rest on that no standard's certificate states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.model import Statement, Text
from remotecal.model.statements import BY_BENCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.bench import CertificateUsed
    from remotecal.journal.evidence import Evidence
    from remotecal.procedures import Procedure
    from remotecal.procedures.evaluation import Evaluation

RESTS_ON: Final = "remotecal_uncertaintyRestsOn"
"""refType of what is said of it."""


def rests_on(
    evidence: Evidence, procedure: type[Procedure], parts: Sequence[Evaluation]
) -> Iterator[Statement]:
    """Yield what is said of correlations by the bench's word, and of drift that nobody charges.

    Certificates by journals of before are printed as they were.

    Args:
        evidence: of the run.
        procedure: that evaluated.
        parts: what it made of it.
    """
    if not evidence.wording:
        return
    known: dict[str, CertificateUsed] = {}
    uncharged: dict[str, bool] = {}
    for role, one in evidence.certificates.items():
        name = (evidence.instruments.get(role) or evidence.artefacts[role]).name
        by = procedure.drift_by.get(role.partition("[")[0], "")
        charged = one.drift or by in evidence.characteristics or evidence.parameters.get(by)
        known[name], uncharged[name] = one, uncharged.get(name, True) and not charged
    for name, one in known.items():
        if one.correlation is not None and _correlated(one.certificate.number, parts):
            yield _correlation(name, one.certificate.number, one.correlation)
    if any(uncharged.values()):
        yield _drift([name for name, so in uncharged.items() if so], every=all(uncharged.values()))


def _correlated(number: str, parts: Sequence[Evaluation]) -> bool:
    """Tell whether a budget has a correlation by the bench's word, of points of a certificate."""
    inputs = [each for part in parts for method in part.methods for each in method.inputs]
    said = [each.source.get("en") for each in inputs if each.source is not None]
    return any(number in one and BY_BENCH.get("en") in one for one in said)


def _correlation(name: str, number: str, r: float) -> Statement:
    return _said(
        zh=f"{name} 的证书 {number} 未给出各点间的相关系数：按台架声明取 r = {r:g}，"
        "其读数之差的不确定度取决于该值。",
        en=f"Certificate {number} of {name} states no correlation of its points: r = {r:g} is taken, as the "
        "bench states, and the uncertainty of differences of its readings rests on that.",
    )


def _drift(names: Sequence[str], *, every: bool) -> Statement:
    zh = "各标准器" if every else f"{'、'.join(names)} "
    en = "any standard" if every else ", ".join(names)
    return _said(
        zh=f"{zh}自校准以来的漂移未计入不确定度：台架未声明其限值。",
        en=f"Drift of {en} since its calibration is not in the uncertainties: the bench states no limit "
        "of it.",
    )


def _said(zh: str, en: str) -> Statement:
    return Statement(ref_types=(RESTS_ON,), declaration=Text(zh=zh, en=en))
