"""Certificates of simulated instruments: records that say what `calibrated.Stated` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from remotecal.errors import CertificateRefused, UnitError
from remotecal.model import (
    TRACEABLE,
    Column,
    Condition,
    Contact,
    DriftLimit,
    Equipment,
    Identification,
    Item,
    Laboratory,
    Location,
    Measurement,
    Method,
    Person,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
    Uncertainty,
)
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.units import convert, same_dimension, scale

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed

ISSUER = Text(zh="模拟计量院（演示）", en="Simulated Institute of Metrology (demonstration)")
SIGNATORY = Text(zh="模拟签发人", en="Simulated signatory")
PLACE = Location(country="CN")
SOFTWARE = (Software(name=Text.plain("remotecal"), release="v0.1.0"),)
AGE, VALIDITY = timedelta(days=120), timedelta(days=365)
"""How long ago the certificates were issued, and for how long they are valid."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What an instrument's certificate is about."""

    name: Text
    """What the instrument is called."""
    tables: tuple[tuple[Text, Calibrated | Table], ...]
    """The quantities calibrated: what they are called, what is stated and what is true; of what is no curve
    of errors against indications, the table as it stands."""
    age: timedelta = AGE
    """How long ago it was issued."""
    standards: tuple[Equipment, ...] = ()
    """What it rests on, where that matters."""

    @property
    def correlation(self) -> float | None:
        """What is told beside the certificate of how its points are correlated; None if nothing is."""
        told = {given.stated.correlation for _, given in self.tables if isinstance(given, Calibrated)}
        return told.pop() if len(told) == 1 else None

    @property
    def drift(self) -> tuple[DriftLimit, ...] | None:
        """What is told beside the certificate of how far errors may have changed; None if nothing is."""
        stated = (given.stated for _, given in self.tables if isinstance(given, Calibrated))
        source = Text(zh="历次检定证书", en="earlier certificates")
        told = (DriftLimit(half_width=one.drift, unit=one.unit, source=source) for one in stated if one.drift)
        return tuple(told) or None


class Made(Protocol):
    """What a certificate can be for: a driver, whose instruments it is of, or a standard without one."""

    @property
    def maker(self) -> str:
        """Who made it."""
        ...

    @property
    def model(self) -> str:
        """What its maker calls it."""
        ...


def certificate(
    certified: Certified, made: Made, serial: str, owner: Text, number: str, today: date
) -> Record:
    """Return the certificate `number` of what was made so and has this serial number.

    Errors of indication (the corrections with the other sign) stand against the indication, as
    `basic_measurementError` and `basic_measuredValue`.
    """
    issued = today - certified.age
    return Record(
        number=number,
        country="CN",
        begun=issued - timedelta(days=2),
        finished=issued - timedelta(days=1),
        issued=issued,
        laboratory=Laboratory(contact=Contact(name=ISSUER, location=PLACE)),
        customer=Contact(name=owner, location=PLACE),
        persons=(Person(name=SIGNATORY, duty="approved", main_signer=True),),
        items=(
            Item(
                id="item",
                name=certified.name,
                manufacturer=Text.plain(made.maker) if made.maker else None,
                model=made.model,
                identifications=(Identification(value=serial, name=Text(zh="出厂编号", en="Serial number")),),
            ),
        ),
        statements=(
            TRACEABLE,
            Statement(
                ref_types=("remotecal_validUntil",),
                name=Text(zh="有效期至", en="Valid until"),
                declaration=Text(zh="应在此日期前复校。", en="To be calibrated again by this day."),
                day=issued + VALIDITY,
            ),
        ),
        measurements=(
            Measurement(
                name=Text(zh="校准", en="Calibration"),
                items=("item",),
                standards=certified.standards,
                methods=(Method(name=Text(zh="与标准器比较", en="Comparison with standards")),),
                software=SOFTWARE,
                conditions=(
                    Condition.between(
                        "basic_temperature",
                        Text(zh="环境温度", en="Ambient temperature"),
                        "19.5",
                        "20.5",
                        "°C",
                    ),
                ),
                results=tuple(
                    Result(name=name, tables=(_table(name, given),)) for name, given in certified.tables
                ),
            ),
        ),
        software=SOFTWARE,
        demonstration=True,
    )


def _table(name: Text, given: Calibrated | Table) -> Table:
    return given if isinstance(given, Table) else Table(columns=_columns(name, given.stated))


def stated_column(
    ref_type: str, unit: str, values: tuple[str, ...], expanded: str = "", *, name: Text | None = None
) -> Column:
    """Return a column of a certificate, with an expanded uncertainty (k = 2) where there is one."""
    known = Uncertainty(expanded=(expanded,), k=("2",), p=("0.95",)) if expanded else None
    return Column(name=name, ref_types=(ref_type,), unit=unit, values=values, uncertainty=known)


def _columns(name: Text, stated: Stated) -> tuple[Column, Column]:
    indication = Text(zh=f"{name.get('zh')}示值", en=f"Indication, {name.get('en')}")
    return (
        Column(
            name=indication,
            ref_types=("basic_measuredValue", "basic_tableIndex0"),
            unit=stated.of or stated.unit,
            values=tuple(_written(point) for point in stated.points),
        ),
        Column(
            name=Text(zh="示值误差", en="Error of indication"),
            ref_types=("basic_measurementError",),
            unit=stated.unit,
            values=tuple(_written(-correction) for correction in stated.corrections),
            uncertainty=Uncertainty(
                expanded=tuple(_written(expanded) for expanded in stated.expanded),
                k=(f"{stated.k:g}",),
                p=("0.95",),
                distribution=("normal",),
            ),
        ),
    )


def _written(value: float) -> str:
    """Write a number without exponent and without needless zeros."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


AGAINST = ("basic_measuredValue", "basic_referenceValue")
"""refTypes of what errors of indication stand against."""


def stated_by(used: CertificateUsed, like: Stated) -> Stated | None:
    """Return what a certificate states of a quantity, as corrections; None if it states nothing of it.

    Args:
        used: certificate of a real instrument.
        like: what a simulated one states, in the units to bring it to.
    """
    for against in AGAINST:
        try:
            found = used.certificate.points("basic_measurementError", against, like.unit)
            rows = sorted(found.points, key=lambda row: row.at)
            at = tuple(convert(row.at, found.at_unit, like.of or like.unit) for row in rows)
        except (CertificateRefused, UnitError):
            continue
        size = convert(1.0, found.unit, like.unit) - convert(0.0, found.unit, like.unit)
        return Stated(
            like.unit,
            at,
            tuple(-row.value * size for row in rows),
            tuple(row.expanded / row.k * like.k * size for row in rows),
            like.k,
            like.of,
            used.correlation,
            sum(
                limit.half_width * scale(limit.unit, like.unit)
                for limit in used.certificate.drift
                if same_dimension(limit.unit, like.unit)
            ),
        )
    return None
