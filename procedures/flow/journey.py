"""A clamp-on meter's journey, the pure half: from three certificates to its closure.

Where a certificate was made is not where the meter was used: it is closed at every velocity of the second
certificate that lies between or next to those on site.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused
from remotecal.model import Statement, Text
from remotecal.procedures.library.evaluation.in_common import COMMON, Parts, laboratory_of
from remotecal.procedures.library.flow.clamped import VelocityCurve
from remotecal.statistics import Closure, Journey, close_journey
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.model import CertificateReference
    from remotecal.procedures import Certificates

VELOCITY: Final = "remotecal_pipeVelocity"
"""refType of the mean velocity in the pipe, at which the clamp-on meter's certificate was read."""
MOST_IN_COMMON: Final = 0.999
"""Most of a certificate's U that may be in common: something is its own."""


@dataclass(frozen=True, slots=True)
class FoundOnSite:
    """What the provisional certificate states at one flow."""

    flow: float
    """Reference flow in m³/h."""
    nominal: float
    """The flow asked for, in m³/h."""
    velocity: float
    """In the pipe, in m/s."""
    error: float
    """Relative error of the customer's meter, in %."""
    expanded: float
    """Its expanded uncertainty in %."""
    k: float
    dof: float
    repeatability: float
    """In %."""


@dataclass(frozen=True, slots=True)
class Change:
    """A clamp-on meter at one velocity, before and after its journey; relative."""

    velocity: float
    """In m/s."""
    before: float
    before_expanded: float
    after: float
    after_expanded: float
    closure: Closure
    """What the journey did there."""


class BothWays:
    """What both certificates of a clamp-on meter state.

    Args:
        certificates: by role; `before` and `after`.
        bore: inner diameter in m of the pipe it was calibrated in, where they go by flow.
        untold: share of U that they have in common, where neither says so.

    Raises:
        CertificateRefused: one states no errors that could be used; or both are of one laboratory, and nobody
            tells what they have in common.
    """

    def __init__(self, certificates: Certificates, bore: float | None, untold: float | None) -> None:
        self._curves = []
        for role in ("before", "after"):
            known, scale = VelocityCurve(certificates[role].certificate, bore).known()
            if not isinstance(known.stated, CertifiedCurve):
                raise CertificateRefused(f"{role} states no errors against a velocity or a flow")
            self._curves.append((known.stated, scale))
        both = [certificates[role] for role in ("before", "after")]
        self._one_laboratory = len({laboratory_of(each.certificate) for each in both}) == 1
        self._certificates = [each.certificate for each in both]
        self._told = [2.0 * _common(each) for each in both if each.certificate.states(COMMON)]
        self._untold = untold
        if self._one_laboratory and not self._told and untold is None:
            numbers = " nor ".join(each.number for each in self._certificates)
            raise CertificateRefused(
                f"both certificates are of {laboratory_of(self._certificates[0])}, and neither {numbers} "
                "states what they have in common (remotecal_commonDeviation): E_n without it would be too "
                "small; have it stated, or tell by common_untold what share of U it may be"
            )

    def change(self, velocity: float) -> tuple[float, float]:
        """Return the error before at a velocity in m/s, and by how much it was larger after; relative.

        Raises:
            CertificateRefused: a certificate does not hold there.
        """
        found = []
        for curve, scale in self._curves:
            if curve.outside(scale * velocity):
                raise CertificateRefused(
                    f"certificate {curve.source} holds from {curve.told(*curve.ends)}, and on site the "
                    f"velocity was {velocity:.3g} m/s: have the clamp-on meter calibrated there too"
                )
            found.append(curve.value(scale * velocity))
        before, after = found
        return before, after - before

    def parts(self, velocity: float) -> tuple[Parts, Parts]:
        """Return how sure the errors before and after are at a velocity in m/s.

        What a straight line between a certificate's points may miss is the meter's, on site as at home, and
        no part of either; only by how much more it may be after the journey counts there.
        """
        found, missed = [], []
        for (curve, scale), certificate in zip(self._curves, self._certificates, strict=True):
            straight = replace(curve, nonlinearity=0.0).at("e", scale * velocity)
            missed.append(curve.u(scale * velocity) ** 2 - straight.u**2)
            found.append(
                Parts.of(certificate, straight.u, straight.dof)
                if self._one_laboratory
                else Parts(0.0, straight.u, straight.dof, told=True)
            )
        before, after = found
        more = max(missed[1] - missed[0], 0.0)
        return before, replace(after, own=math.sqrt(after.own**2 + more))

    def closed(self, velocities: Sequence[float]) -> tuple[Change, ...]:
        """Return the closure at the certified velocities about those on site (CertificateRefused: open)."""
        for velocity in velocities:
            self.change(velocity)
        journeys = {each: self._journey(each) for each in self._about(min(velocities), max(velocities))}
        closures = close_journey(tuple(journeys.values()))
        return tuple(
            Change(at, one.before, one.before_expanded, one.after, one.after_expanded, closure)
            for (at, one), closure in zip(journeys.items(), closures, strict=True)
        )

    def _about(self, low: float, high: float) -> list[float]:
        """Return the velocities of the second certificate from that below `low` to that above `high`."""
        curve, scale = self._curves[1]
        places = [point.at / scale for point in curve.points]
        begin = max((each for each in places if each <= low), default=places[0])
        end = min((each for each in places if each >= high), default=places[-1])
        return [each for each in places if begin <= each <= end]

    def _journey(self, velocity: float) -> Journey:
        stated = []
        for curve, scale in self._curves:
            place = min(max(scale * velocity, curve.ends[0]), curve.ends[1])
            stated.append((curve.value(place), 2.0 * curve.u(place)))
        (before, whole), (after, again) = stated
        shared = self._shared(whole, again)
        return Journey(f"{velocity:.3g} m/s", before, whole, after, again, common_expanded=shared)

    def _shared(self, before: float, after: float) -> float:
        """Return what both expanded uncertainties have in common: as told, else as ordered."""
        if not self._one_laboratory:
            return 0.0
        whole = min(before, after)
        if not self._told:
            return whole * (self._untold or 0.0)
        stated = min(self._told)
        # One that states nothing has the other's part, and that can't be more than all of it.
        return stated if len(self._told) == len(self._certificates) else min(stated, MOST_IN_COMMON * whole)

    def said(self) -> tuple[Statement, ...]:
        """Return what is to be said of a part in common that not both certificates state."""
        if not self._one_laboratory or len(self._told) == len(self._certificates):
            return ()
        share = f"{100.0 * (self._untold or 0.0):g} %"
        zh, en = (
            ("一份证书声明的公共部分", "the part in common that one of both certificates states")
            if self._told
            else (
                f"委托方给出的公共部分（U 的 {share}）",
                f"the part in common that the order tells, {share} of U",
            )
        )
        text = Text(
            zh=f"传递标准行程前后的证书未都声明公共部分；E_n 计算中已扣除{zh}。",
            en=f"Not both certificates from before and after the journey state what they have in common; "
            f"{en} was left out of E_n.",
        )
        return (Statement(ref_types=("remotecal_remark",), declaration=text),)


def without_standard(one: FoundOnSite, before: float, parts: Parts) -> tuple[float, float]:
    """Return how sure an error on site is without what its certificate knows of the clamp-on meter.

    Args:
        one: what was found.
        before: error of the clamp-on meter by its certificate before the journey.
        parts: how sure that is.

    Returns:
        The standard uncertainty, relative, and its degrees of freedom.

    Raises:
        CertificateRefused: the provisional certificate claims to be surer than its standard.
    """
    whole = one.expanded / 100.0 / one.k
    standard = math.hypot(parts.common, parts.own) * (1.0 + one.error / 100.0) / (1.0 + before)
    if not whole > standard:
        raise CertificateRefused(
            f"the provisional certificate states U = {one.expanded:.3g} % at {one.nominal:g} m³/h, less than "
            f"the clamp-on meter's own {200.0 * standard:.3g} % (k = 2): have it corrected"
        )
    u = math.sqrt(whole**2 - standard**2)
    return u, max(1.0, one.dof * (u / whole) ** 4)


def _common(used: CertificateUsed) -> float:
    """Return the relative standard uncertainty that it shares with others of its laboratory, as stated."""
    return Parts.of(used.certificate, math.inf, math.inf).common


def on_site(used: CertificateUsed) -> tuple[FoundOnSite, ...]:
    """Return what a provisional certificate states, flow by flow (CertificateRefused: it is none)."""
    certificate = used.certificate
    table = next((one for one in certificate.record.tables if one.column(VELOCITY) is not None), None)
    if table is None:
        raise CertificateRefused(
            f"certificate {certificate.number} tells no velocity in a pipe: give `site` the one that "
            "flow.meter_by_clamp_on made"
        )
    points = certificate.points("basic_measurementError", VELOCITY, "%")

    def numbers(ref_type: str) -> Sequence[float]:
        if (found := table.column(ref_type)) is None:
            raise CertificateRefused(f"certificate {certificate.number} has no column {ref_type}")
        return found.floats()

    rows = zip(
        numbers("basic_referenceValue"),
        numbers("remotecal_nominalValue"),
        points.points,
        numbers("remotecal_repeatability"),
        strict=True,
    )
    return tuple(
        FoundOnSite(
            flow,
            nominal,
            velocity=row.at,
            error=convert(row.value, points.unit, "%"),
            expanded=convert(row.expanded, points.unit, "%"),
            k=row.k,
            dof=row.dof,
            repeatability=scatter,
        )
        for flow, nominal, row, scatter in rows
    )


def see_one_journey(certificates: Certificates) -> None:
    """Raise `CertificateRefused` unless the certificates are of one journey of one meter."""
    before, after, site = (certificates[role] for role in ("before", "after", "site"))
    if before.drift or after.drift or site.drift:
        raise CertificateRefused(
            "what the clamp-on meter drifted its journey's closure tells: take `drift` of before, after and "
            "site out of the bench file"
        )
    if not set(before.certificate.serials) & set(after.certificate.serials):
        raise CertificateRefused(
            f"certificate {before.certificate.number} is for {', '.join(before.certificate.serials)}, and "
            f"{after.certificate.number} for {', '.join(after.certificate.serials)}: both must be of the "
            "clamp-on meter that was on site"
        )
    if not any(_names(one.certificate, before) for one in site.record.standards if one.certificate):
        raise CertificateRefused(
            f"certificate {site.certificate.number} does not rest on {before.certificate.number}: no "
            f"standard of it names that, or the file with the hash {before.sha256[:16]}…; give `before` the "
            "file that was on site"
        )
    if before.record.finished > site.record.begun or site.record.finished > after.record.begun:
        raise CertificateRefused(
            f"the clamp-on meter was calibrated until {before.record.finished} and again from "
            f"{after.record.begun}, and was on site from {site.record.begun} to {site.record.finished}: "
            "the journey must lie between"
        )


def _names(reference: CertificateReference, used: CertificateUsed) -> bool:
    """Tell whether a reference is to a certificate: by its hash, or by its number where it was on paper."""
    if reference.procedure == "SHA256":
        return reference.value == used.sha256
    return reference.number == used.certificate.number
