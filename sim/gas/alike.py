"""A simulated nozzle that has a real one's certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Final

from remotecal.sim.instruments.nozzle import CURVE, LARGEST_RATIO, TrueNozzle
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.model import Certificate

COMMON: Final = "remotecal_commonDeviation"
THROAT: Final = "remotecal_throatDiameter"
AREA: Final = "remotecal_effectiveThroatArea"
"""refTypes of what a nozzle's certificate may state beside its C_d."""
ANY: Final = 1e5
"""Reynolds number for which one C_d stands that is for all of them."""


def certified_so(
    used: CertificateUsed, shared: Mapping[str, float], rng: Random, recovers: float
) -> TrueNozzle:
    """Draw a nozzle that has a real one's certificate.

    Args:
        used: the certificate: C_d over Re, one C_d, or A·C_d.
        shared: laboratory → by how many standard uncertainties of the common part its nozzles are off.
        rng: draws what is the nozzle's own.
        recovers: largest ratio of pressures at which it is choked, where its certificate states none.

    Raises:
        CertificateRefused: it is none of a nozzle.
    """
    certificate = used.certificate
    diameter = _throat(certificate)
    reynolds, stated, u = _curve(certificate, math.pi * diameter**2 / 4)
    common = min(_common(certificate, u), u)
    laboratory = certificate.record.laboratory.contact.name.get("en")
    own = rng.gauss(0.0, math.sqrt(u * u - common * common))
    columns = (table.column(LARGEST_RATIO) for table in certificate.record.tables)
    told = [min(column.floats()) for column in columns if column is not None]
    off = shared[laboratory] * common + own
    return TrueNozzle(diameter, reynolds, stated, off, min(told, default=recovers))


def _throat(certificate: Certificate) -> float:
    """Return the throat's diameter in m."""
    columns = (table.column(THROAT) for table in certificate.record.tables)
    return next(
        (convert(column.floats()[0], column.unit, "m") for column in columns if column is not None), math.nan
    )


def _curve(certificate: Certificate, area: float) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Return Reynolds numbers, C_d there, and its relative standard uncertainty."""
    quantity, over = CURVE
    if certificate.states(AREA):
        found = certificate.single(AREA, "m2")
        size = area / convert(1.0, found.unit, "m2")
    elif certificate.states(over):
        found, size = certificate.points(quantity, over, "1"), 1.0
    else:
        found, size = certificate.single(quantity, "1"), 1.0
    rows = sorted(found.points, key=lambda row: row.at)
    u = max(row.expanded / row.k / row.value for row in rows)
    at = tuple(row.at for row in rows) if certificate.states(over) else (ANY,)
    return at, tuple(row.value / size for row in rows), u


def _common(certificate: Certificate, whole: float) -> float:
    """Return the relative standard uncertainty of what nozzles share; all of it where none is stated."""
    if not certificate.states(COMMON):
        return whole
    (point,) = certificate.single(COMMON, "1").points
    return point.expanded / point.k
