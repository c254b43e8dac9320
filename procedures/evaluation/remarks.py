"""What a certificate has to say of how its results came about: certificates extended, a curved model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remotecal.model import Statement, Text


@dataclass(frozen=True, slots=True)
class Beyond:
    """Readings outside the range of the certificate that corrects them."""

    instrument: str
    """Its name on the bench."""
    certificate: str
    """Number of its certificate."""
    unit: str
    """Unit of the places."""
    holds: tuple[float, float]
    """Where the certificate's points begin and end."""
    read: tuple[float, float]
    """The lowest and the highest reading."""


def remarks(beyond: Iterable[Beyond], *, curved: bool) -> tuple[Statement, ...]:
    """Return what is to be said of certificates that were extended, and of a model that is `curved`."""
    places: dict[tuple[str, str, str, tuple[float, float]], list[float]] = {}
    for found in beyond:
        kind = (found.instrument, found.certificate, found.unit, found.holds)
        places.setdefault(kind, []).extend(found.read)
    said = [_extended(*kind, min(read), max(read)) for kind, read in places.items()]
    if curved:
        said.append(_CURVED)
    return tuple(Statement(ref_types=("remotecal_remark",), declaration=text) for text in said)


def _extended(
    instrument: str, certificate: str, unit: str, holds: tuple[float, float], low: float, high: float
) -> Text:
    first, last = (f"{end:g}" for end in holds)
    return Text(
        zh=f"{instrument}的证书 {certificate} 适用于 {first} 至 {last} {unit},"
        f"使用于 {low:.6g} 至 {high:.6g} {unit}:修正值外推使用,其不确定度已相应增大。",
        en=f"Certificate {certificate} of {instrument} holds from {first} to {last} {unit}, and was used at "
        f"{low:.6g} to {high:.6g} {unit}: it was extended, and its uncertainty grown.",
    )


_CURVED = Text(
    zh="一次近似的不确定度传播不足:按分布传播(JCGM 101 第 8 章)增加了非线性分量。",
    en="Propagation of uncertainty by first order was not enough: what the propagation of distributions "
    "gives beyond it (JCGM 101, clause 8) is a contribution of its own.",
)
