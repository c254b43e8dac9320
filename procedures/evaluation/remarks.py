"""What a certificate has to say of how its results came about: certificates extended, a curved model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.model import Statement, Text

if TYPE_CHECKING:
    from remotecal.uncertainty.interpolation import CertifiedCurve


@dataclass(frozen=True, slots=True)
class Beyond:
    """Readings outside the range of the certificate that corrects them."""

    instrument: str
    """What it is: maker, model and serial number."""
    errors: CertifiedCurve
    """What its certificate states."""
    read: tuple[float, float]
    """The lowest and the highest reading, in the unit of the curve's places."""


def remarks(beyond: Iterable[Beyond], *, curved: bool) -> tuple[Statement, ...]:
    """Return what is to be said of certificates that were extended, and of a model that is `curved`."""
    places: dict[tuple[str, str, str], tuple[CertifiedCurve, list[float]]] = {}
    for found in beyond:
        kind = (found.instrument, found.errors.source, found.errors.told(*found.errors.ends))
        places.setdefault(kind, (found.errors, []))[1].extend(found.read)
    said = [
        _extended(*kind, errors.told(*sorted({min(read), max(read)})))
        for kind, (errors, read) in places.items()
    ]
    if curved:
        said.append(_CURVED)
    return tuple(Statement(ref_types=("remotecal_remark",), declaration=text) for text in said)


def _extended(instrument: str, certificate: str, holds: str, used: str) -> Text:
    applies, at = (words.replace(" to ", " 至 ") for words in (holds, used))
    return Text(
        zh=f"{instrument}的证书 {certificate} 适用于 {applies},使用于 {at}:修正值外推使用,"
        "其不确定度已相应增大。",
        en=f"Certificate {certificate} of {instrument} holds from {holds}, and was used at {used}: it was "
        "extended, and its uncertainty grown.",
    )


_CURVED = Text(
    zh="一次近似的不确定度传播不足:按分布传播(JCGM 101 第 8 章)增加了非线性分量。",
    en="Propagation of uncertainty by first order was not enough: what the propagation of distributions "
    "gives beyond it (JCGM 101, clause 8) is a contribution of its own.",
)
