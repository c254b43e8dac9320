"""What a certificate has to say where U is the smallest that may be reported, and not that of the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.model import Statement, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.procedures.library.evaluation.finding import Finding


def raised(findings: Sequence[Finding], least: Text) -> tuple[Statement, ...]:
    """Return what is to be said where U is the smallest that may be reported, and not that of the budget.

    Args:
        findings: of the certificate.
        least: why no smaller one may be, as it stands in a sentence.
    """
    there = [finding.title for finding in findings if finding.evaluated.limited_by_cmc]
    if not there:
        return ()
    places = {
        language: joint.join(title.get(language) for title in there)
        for language, joint in (("zh", "、"), ("en", ", "))
    }
    said = Text(
        zh=f"{places['zh']}:U 取可报告的最小值({least.get('zh')}),大于不确定度评定得到的 k·u。",
        en=f"{places['en']}: U is the smallest that may be reported ({least.get('en')}), which is more than "
        "the k·u of the budget.",
    )
    return (Statement(ref_types=("remotecal_remark",), declaration=said),)


BY_CMC = Text(zh="认可的校准和测量能力 CMC", en="the accredited CMC")
"""Why no smaller U may be reported by an accredited laboratory."""
