"""What a bench file may say: its tables and keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from remotecal import units
from remotecal.clock import Zone
from remotecal.configuration import LARGEST, Written
from remotecal.drivers.links.by_hand import name_of
from remotecal.drivers.links.wire import Serial
from remotecal.errors import BenchError, CertificateRefused
from remotecal.model import DriftLimit, Record, Text
from remotecal.model.base import LANGUAGES, Line
from remotecal.model.certificate import ERROR
from remotecal.opening import read_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remotecal.model import Certificate


class BenchHead(Written):
    """What the bench is called, and its time."""

    name: str = Field(min_length=1)
    """Name of the bench."""
    time_zone: Zone | None = None
    """Time zone of the laboratory, whose days count: its IANA name; the computer's own where not given."""
    clock: str = Field(default="real", pattern=r"^(real|virtual|virtual:.+)$", examples=["real", "virtual"])
    """`real`; `virtual`; or `virtual:FILE`, the time a simulated rig keeps in a file beside this one."""


class Port(Written):
    """Settings of a serial port that differ from the driver's."""

    baud: int | None = None
    """Bits per second."""
    bits: int | None = None
    """Data bits."""
    parity: Literal["N", "E", "O"] | None = None
    """None, even or odd."""
    stop: float | None = None
    """Stop bits."""
    flow: Literal["none", "xonxoff", "rtscts"] | None = None
    """Handshake."""

    def over(self, usual: Serial) -> Serial:
        """Return the driver's usual settings with these in their place."""
        return replace(usual, **self.model_dump(exclude_none=True))


Correlation = Annotated[float | None, Field(ge=0, le=1)]


class Entry(Written):
    """An instrument on the bench."""

    driver: str
    """Name of the driver, or `module:Class`."""
    address: str
    """VISA resource name, `modbus+…://` or `station://` address."""
    serial: str | None = None
    """The serial number it must have."""
    certificate: str | None = None
    """Its calibration certificate (DCC), from where the bench file lies."""
    correlation: Correlation = None
    """How much the points of its certificate have in common, where the laboratory said so beside it: the
    correlation coefficient of any two of them."""
    drift: tuple[DriftLimit, ...] | None = None
    """How far its errors may have changed since its certificate; one of a dimension."""
    valid_until: date | None = None
    """Last day on which its calibration may be relied on."""
    port: Port | None = None
    """Settings of its serial port."""
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """What else the driver's constructor takes, such as a channel or a Modbus unit."""

    @model_validator(mode="after")
    def _has_the_certificate_it_tells_of(self) -> Self:
        if self.correlation is not None and self.certificate is None:
            raise ValueError("correlation is of the points of a certificate: give certificate too")
        if self.drift and self.certificate is None:
            raise ValueError("drift is what may have changed since a certificate: give certificate too")
        return self


class ArtefactEntry(Written):
    """A standard without an interface: a weight, a nozzle, a probe on a readout."""

    serial: str = Field(min_length=1)
    """Its serial number, which its certificate is for."""
    certificate: str
    """Its calibration certificate (DCC), from where the bench file lies."""
    correlation: Correlation = None
    """How much the points of its certificate have in common, where the laboratory said so beside it: the
    correlation coefficient of any two of them."""
    drift: tuple[DriftLimit, ...] | None = None
    """How far its errors may have changed since its certificate; one of a dimension."""
    valid_until: date | None = None
    """Last day on which its calibration may be relied on."""


class Determination(Written):
    """The record in which a fact of the rig was determined, as it was read."""

    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 of the file, in hexadecimal."""
    record: Record
    """What it says."""


class Characteristic(Written):
    """A fact of the rig, from its own characterisation."""

    value: float
    """Estimate, in `unit`."""
    unit: str
    """Short notation."""
    expanded_uncertainty: float = Field(ge=0)
    """Expanded uncertainty, in `unit`."""
    k: float = Field(default=2.0, ge=1)
    """Coverage factor."""
    source: str | Text
    """Where it was determined; in several languages as `{ zh = "…", en = "…" }`, for budgets print it."""
    valid_until: date
    """Last day on which it may be relied on."""
    proof: Determination | None = None
    """The record it was read from; never written, for then `record` stands in its place."""

    def size(self, unit: str) -> float:
        """Return the value in `unit`, as a size: 0.02 °C is 0.02 K. Most facts are sizes."""
        return self.value * units.scale(self.unit, unit)

    def place(self, unit: str) -> float:
        """Return the value in `unit`, as a place on a scale: 20 °C is 293.15 K."""
        return units.convert(self.value, self.unit, unit)


class Determined(Written):
    """A fact of the rig that a record of its own states, from which value and uncertainty are read."""

    record: str
    """The record (DCC) of its determination, from where the bench file lies."""
    serial: str | None = None
    """The rig's serial number, which the record must be for."""
    valid_until: date
    """Last day on which it may be relied on."""


WRITTEN, DETERMINED = "", " "
"""Tags of what may be said of a fact; blank, so that no refusal names them (see `configuration`)."""


def _kind(written: object) -> str:
    """Tell a fact that a record states from one that is written down."""
    return DETERMINED if isinstance(written, Determined) or _names_record(written) else WRITTEN


def _names_record(written: object) -> bool:
    return isinstance(written, dict) and "record" in written


Fact = Annotated[
    Annotated[Characteristic, Tag(WRITTEN)] | Annotated[Determined, Tag(DETERMINED)],
    Discriminator(_kind),
]
"""What a bench file says of a characteristic: its value, or the record that states it."""


class Approval(Written):
    """The bench's approval as a measurement standard (计量标准考核证书), as its document states it."""

    name: Text
    """What is approved, such as 静态质量法水流量标准装置."""
    number: Line
    """Number of the document."""
    range: Text
    """Range approved, with its unit."""
    quality: Text
    """Its uncertainty with k, class or maximum permissible error."""
    valid_until: date
    """Last day of the approval."""

    @field_validator("name", "range", "quality")
    @classmethod
    def _in_each_language(cls, text: Text) -> Text:
        if not text.says_all(LANGUAGES):
            raise ValueError(f"certificates are in {' and '.join(LANGUAGES)}: give it in both")
        return text


class Interlock(Written):
    """A limit that stops a run."""

    watch: str
    """What is watched, as `instrument.quantity`."""
    above: float | None = None
    """The run stops above this."""
    below: float | None = None
    """The run stops below this."""
    unit: str
    """Unit of the limits."""
    release: float | None = None
    """A run begins only on this side of the limit; the limit itself where not given."""
    every: float = Field(default=1.0, gt=0)
    """Seconds from one look to the next."""

    @property
    def limit(self) -> float:
        """The limit, whichever side it is on."""
        return self.above if self.above is not None else self.below or 0.0

    def passed(self, value: float, limit: float) -> bool:
        """Tell whether a value in `unit` lies on the wrong side of a limit."""
        return value > limit if self.above is not None else value < limit

    def __str__(self) -> str:
        return f"{self.watch} {'above' if self.above is not None else 'below'} {self.limit:g} {self.unit}"


class Heartbeat(Written):
    """What tells the rig that the station is alive."""

    quantity: str
    """The setting that is changed again and again, as `instrument.quantity`."""
    every: float = Field(gt=0)
    """Seconds from one beat to the next."""


class Safe(Written):
    """How the bench is made safe."""

    order: tuple[str, ...] = ()
    """The instruments that come first, in this order; all others with a safe state follow."""
    within: float = Field(default=20.0, gt=0, le=86400)
    """Seconds it may take."""


class Admission(Written):
    """What must allow a run on this bench; paths start where the bench file lies."""

    registers: str | None = None
    """The laboratory's registers: itself, its persons, its standards, its procedures."""
    trust: str | None = None
    """The trust list by which the standards' certificates are recognised."""
    trust_key: str | None = None
    """Public key of the trust list's issuer."""
    certificates: tuple[str, ...] = ()
    """Files and folders with the certificates further up the chain."""
    check_standards: tuple[str, ...] = ()
    """Records of check standards that must be in control today."""
    journeys: tuple[str, ...] = ()
    """Records of transfer standards' journeys that must have closed, such as that to this site."""


class BenchFile(Written):
    """What a bench file says."""

    bench: BenchHead
    """What the bench is called."""
    instruments: dict[str, Entry] = Field(min_length=1)
    """Name → instrument."""
    artefacts: dict[str, ArtefactEntry] = Field(default_factory=dict)
    """Name → standard without an interface."""
    roles: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Role → name of the instrument or artefact that fills it, where the names differ; names, for a role that
    holds several."""
    characteristics: dict[str, Fact] = Field(default_factory=dict)
    """Facts of the rig, by name."""
    approvals: tuple[Approval, ...] = ()
    """The bench's approvals as a measurement standard, which certificates state."""
    interlocks: tuple[Interlock, ...] = ()
    """Limits that stop a run."""
    heartbeat: Heartbeat | None = None
    """What tells the rig that the station is alive."""
    safe: Safe = Safe()
    """How the bench is made safe."""
    admission: Admission | None = None
    """What must allow a run."""

    @model_validator(mode="after")
    def _nothing_proves_itself(self) -> Self:
        for name, fact in self.characteristics.items():
            if isinstance(fact, Characteristic) and fact.proof is not None:
                raise ValueError(f"characteristics.{name}.proof can't be written: name its record")
        return self

    @model_validator(mode="after")
    def _each_dial_is_one_instrument(self) -> Self:
        known = dict[str, str]()
        for name, entry in self.instruments.items():
            dial = name_of(entry.address).casefold()
            if dial and (other := known.setdefault(dial, name)) != name:
                raise ValueError(
                    f"{other} and {name} are one instrument by their address {entry.address}, read by hand: "
                    "give each a name of its own"
                )
        return self

    def approved(self, today: date) -> tuple[Approval, ...]:
        """Return the bench's approvals as a measurement standard (CertificateRefused: one has ended)."""
        for one in self.approvals:
            if today > one.valid_until:
                raise CertificateRefused(
                    f"approval {one.number} of {self.bench.name} as a measurement standard ended on "
                    f"{one.valid_until}: have it renewed, or take it out of [[approvals]], and certificates "
                    "will not state it"
                )
        return self.approvals

    def with_texts(self, files: Mapping[str, tuple[str, ...]], folder: Path) -> BenchFile:
        """Return what it says with the texts of the files that settings name in the place of their names.

        Args:
            files: name of the instrument → its settings that name a file.
            folder: where the bench file lies.

        Raises:
            BenchError: a file can't be read.
        """
        entries = {
            name: entry.model_copy(
                update={
                    "settings": {
                        key: _text(folder, f"instruments.{name}.settings.{key}", value)
                        if key in files[name] and isinstance(value, str)
                        else value
                        for key, value in entry.settings.items()
                    }
                }
            )
            for name, entry in self.instruments.items()
        }
        return self.model_copy(update={"instruments": entries})


def _text(folder: Path, where: str, value: str) -> str:
    """Return the text of the file a setting names, or the text it is."""
    try:
        return value if "\n" in value else read_text(folder / value)
    except BenchError as error:
        raise BenchError(f"{where}: {error}") from None


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, its lines ending alike on any system (BenchError: none is)."""
    try:
        return read_whole(path, LARGEST).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BenchError(f"{path} is not in UTF-8 (byte {error.start + 1}): save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{path} can't be read: {getattr(error, 'strerror', error)}") from None


def see_drift(name: str, certificate: Certificate) -> None:
    """Raise `BenchError` where a drift is told that no error of a standard could have.

    Args:
        name: of the standard.
        certificate: its own, with its drift.
    """
    tables = certificate.record.tables
    errors = dict.fromkeys(column.unit for table in tables if (column := table.column(ERROR)) is not None)
    for unit in errors:
        if sum(units.same_dimension(limit.unit, unit) for limit in certificate.drift) > 1:
            raise BenchError(f"{name}: it has several drifts of errors in {unit}: state the largest alone")
    for limit in certificate.drift:
        if not any(units.same_dimension(limit.unit, unit) for unit in errors):
            raise BenchError(
                f"{name}: its drift is in {limit.unit}, and certificate {certificate.number} states "
                + (
                    f"errors in {' and '.join(errors)}: state it in {' or '.join(errors)}, or the like"
                    if errors
                    else "no errors, and a drift counts with errors alone: take `drift` out, and have what "
                    "may have changed certified in the uncertainty"
                )
            )
