"""What a certificate has to say of how its results came about.

Certificates were extended, a model is curved, U is the smallest that may be reported and not the budget's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remotecal.model import Statement, Text
from remotecal.uncertainty.curvature import CURVATURE

if TYPE_CHECKING:
    from remotecal.procedures.library.evaluation.finding import Finding
    from remotecal.uncertainty.interpolation import CertifiedCurve


def remarks(findings: Sequence[Finding], least: Text) -> tuple[Statement, ...]:
    """Return what is to be said of how findings came about.

    Args:
        findings: of the certificate.
        least: why no smaller U may be reported, as it stands in a sentence; see `BY_CMC`.
    """
    places: dict[tuple[str, str, str], tuple[CertifiedCurve, list[float]]] = {}
    for found in (one for finding in findings for one in finding.beyond):
        kind = (found.instrument, found.errors.source, found.errors.told(*found.errors.ends))
        places.setdefault(kind, (found.errors, []))[1].extend(found.read)
    said = [
        _extended(*kind, errors.told(*sorted({min(read), max(read)})))
        for kind, (errors, read) in places.items()
    ]
    if any(line.symbol == CURVATURE for finding in findings for line in finding.evaluated.lines):
        said.append(_CURVED)
    said += _raised(findings, least)
    return tuple(Statement(ref_types=("remotecal_remark",), declaration=text) for text in said)


def _extended(instrument: str, certificate: str, holds: str, used: str) -> Text:
    applies, at = (words.replace(" to ", " 至 ") for words in (holds, used))
    return Text(
        zh=f"{instrument}的证书 {certificate} 适用于 {applies}，使用于 {at}：修正值外推使用，"
        "其不确定度已相应增大。",
        en=f"Certificate {certificate} of {instrument} holds from {holds}, and was used at {used}: it was "
        "extended, and its uncertainty grown.",
    )


def _raised(findings: Sequence[Finding], least: Text) -> list[Text]:
    there = [finding.title for finding in findings if finding.evaluated.limited_by_cmc]
    if not there:
        return []
    places = {
        language: joint.join(title.get(language) for title in there)
        for language, joint in (("zh", "、"), ("en", ", "))
    }
    return [
        Text(
            zh=f"{places['zh']}：U 取可报告的最小值（{least.get('zh')}），大于不确定度评定得到的 k·u。",
            en=f"{places['en']}: U is the smallest that may be reported ({least.get('en')}), which is more "
            "than the k·u of the budget.",
        )
    ]


BY_CMC = Text(zh="认可的校准和测量能力 CMC", en="the accredited CMC")
"""Why no smaller U may be reported by an accredited laboratory."""

_CURVED = Text(
    zh="一次近似的不确定度传播不足：按分布传播（JCGM 101 第 8 章）增加了非线性分量。",
    en="Propagation of uncertainty by first order was not enough: what the propagation of distributions "
    "gives beyond it (JCGM 101, clause 8) is a contribution of its own.",
)
