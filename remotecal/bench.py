"""The bench file: which instruments are wired up for a job, with what facts and safeguards.

`Bench.load` reads and checks the description without touching an instrument; `open` opens them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from remotecal import html, made_safe, units
from remotecal.bench_file import ArtefactEntry, BenchFile, Characteristic, Correlation, Entry, see_drift
from remotecal.clock import Clock, SharedClock, SteadyClock, VirtualClock, civil_day, local_zone
from remotecal.configuration import checked, nearest, read_toml
from remotecal.drivers.catalogue import driver as driver_called
from remotecal.drivers.declarations import Declaration, named
from remotecal.drivers.instrument import Instrument, Through
from remotecal.drivers.links import Place, StationLinks, place_of
from remotecal.drivers.links.by_hand import name_of
from remotecal.drivers.quantities import Reading, Setting
from remotecal.drivers.shown import Shown
from remotecal.errors import BenchError, CertificateRefused, RecordError, RemotecalError, UnitError
from remotecal.locks import hold
from remotecal.model import Certificate, DriftLimit, Frozen, Record
from remotecal.model.choice import results_of
from remotecal.open_bench import OpenBench
from remotecal.opening import read_whole


class CertificateUsed(Frozen):
    """The certificate of an instrument, as it was read."""

    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 of the file, in hexadecimal."""
    record: Record
    """What it says."""
    correlation: Correlation = None
    """Correlation coefficient of any two of its points, where the bench file states it."""
    drift: tuple[DriftLimit, ...] | None = None
    """How far the standard may have drifted since, where the bench file states it."""

    @property
    def certificate(self) -> Certificate:
        """The record, seen as the certificate of a standard."""
        return Certificate(self.record, self.drift or ())


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench as its file describes it."""

    path: Path
    """The bench file."""
    sha256: str
    """SHA-256 of the file, in hexadecimal."""
    file: BenchFile
    """What it says."""
    drivers: Mapping[str, type[Instrument]]
    """Name of the instrument → its driver."""

    @classmethod
    def load(cls, path: Path | str, *, installed: bool = False) -> Bench:
        """Return the bench in a TOML file, checked as far as that goes without instruments.

        Args:
            path: the file.
            installed: it may name installed drivers only, for nobody here named the file: a journal did.

        Raises:
            BenchError: the file can't be read, or something in it is missing, unknown or wrong.
        """
        path = Path(path)
        file = checked(BenchFile, read_toml(path, BenchError), str(path), BenchError)
        try:
            drivers = {
                name: _driver(entry.driver, installed=installed) for name, entry in file.instruments.items()
            }
            file = file.with_texts({name: kind.files for name, kind in drivers.items()}, path.parent)
            bench = cls(path, sha256(path.read_bytes()).hexdigest(), file, drivers)
            for name in file.instruments:
                bench.check_settings(name)
            bench = replace(bench, drivers={name: bench.as_stated(name) for name in drivers})
            for check in (bench.check_roles, bench.check_interlocks, bench.check_units, bench.check_beat):
                check()
        except (BenchError, UnitError) as error:
            raise BenchError(f"{path}: {error}") from None
        return bench

    @property
    def name(self) -> str:
        """Name of the bench."""
        return self.file.bench.name

    def _repr_html_(self) -> str:
        rows = (
            (name, entry.driver, entry.address, entry.serial or "", entry.certificate or "")
            for name, entry in self.file.instruments.items()
        )
        headings = ("名称\nName", "驱动\nDriver", "地址\nAddress", "出厂编号\nSerial", "证书\nCertificate")
        roles = {role: ", ".join(self.filling(role)) for role in self.file.roles}
        return html.table(headings, rows, self.name) + (html.facts(roles, "角色\nRoles") if roles else "")

    @property
    def time_zone(self) -> str:
        """IANA name of the time zone whose days count here."""
        return self.file.bench.time_zone or local_zone()

    def day(self, clock: Clock) -> date:
        """Return the laboratory's civil day by a clock."""
        return civil_day(clock.now(), self.time_zone)

    def filling(self, role: str) -> tuple[str, ...]:
        """Return the names of the instruments, or artefacts, that fill a role; empty if there are none."""
        named = self.file.roles.get(role, role if role in self.standards else ())
        return (named,) if isinstance(named, str) else named

    @property
    def standards(self) -> Mapping[str, Entry | ArtefactEntry]:
        """What may have a certificate, by name: the instruments and the artefacts."""
        return {**self.file.instruments, **self.file.artefacts}

    def clock(self) -> Clock:
        """Return the clock the bench lives by."""
        kind = self.file.bench.clock
        if kind == "real":
            return SteadyClock()
        if kind == "virtual":
            return VirtualClock()
        return SharedClock(self.path.parent / kind.removeprefix("virtual:"))

    def certificate(self, name: str, today: date) -> CertificateUsed | None:
        """Return the certificate of an instrument or artefact; None where the bench file names none.

        Raises:
            CertificateRefused: it is expired, of another instrument, or which results count can't be told.
            RecordError: it can't be read.
        """
        entry = self.standards[name]
        if entry.valid_until is not None and today > entry.valid_until:
            raise CertificateRefused(
                f"{name}: its calibration was valid until {entry.valid_until}: have it calibrated"
            )
        if entry.certificate is None:
            return None
        path = self.path.parent / entry.certificate
        try:
            content = read_whole(path)
        except OSError as error:
            raise CertificateRefused(f"{name}: its certificate {path} can't be read: {error}") from None
        used = CertificateUsed(
            file=path.name,
            sha256=sha256(content).hexdigest(),
            record=self._of(name, self._read(path, content)),
            correlation=entry.correlation,
            drift=entry.drift,
        )
        see_drift(name, used.certificate)
        if (until := used.certificate.valid_until) is not None and today > until:
            raise CertificateRefused(
                f"{name}: certificate {used.certificate.number} was valid until {until}: have it calibrated"
            )
        if (serials := used.certificate.serials) and entry.serial not in serials:
            told = f"the serial number {entry.serial}" if entry.serial else "no `serial` in the bench file"
            raise CertificateRefused(
                f"{name} has {told}, its certificate {used.certificate.number} is for {', '.join(serials)}"
            )
        return used

    def characteristics(self, today: date) -> Mapping[str, Characteristic]:
        """Return the facts of the rig; those that records state, as they state them.

        Raises:
            CertificateRefused: one is out of date, or its record does not state it, or is of another rig.
            RecordError: a record can't be read.
        """
        from remotecal.certificates.characterised import fact

        for name, entry in self.file.characteristics.items():
            if today > entry.valid_until:
                raise CertificateRefused(
                    f"{name} of {self.name} was valid until {entry.valid_until}: determine it anew"
                )
        facts = self.file.characteristics.items()
        return {name: fact(name, entry, self.path.parent, today) for name, entry in facts}

    def line(self, name: str) -> str | None:
        """Return what an instrument's line is called, whoever asks; None where it has none on this computer.

        It has none where it leads through a station, or to a person, whose name for a dial is no place.

        Raises:
            BenchError: its address has no known form.
        """
        address = self.file.instruments[name].address
        return None if Place.named(address) or name_of(address) else f"the line {place_of(address)}"

    def hold(self, what: str, names: Iterable[str] | None = None) -> ExitStack:
        """Keep everybody else away from instruments until the result is closed; nothing is opened.

        Args:
            what: what they are wanted for, to tell others.
            names: the instruments; by default the bench as a whole.

        Raises:
            BenchInUse: somebody else works with one of them, and who.
        """
        wanted = [f"the bench {self.path.resolve()}"] if names is None else []
        for name in self.file.instruments if names is None else names:
            with suppress(BenchError):  # opening it will tell
                wanted.append(self.line(name) or "")
        return hold(filter(None, wanted), what)

    def connect(
        self, clock: Clock | None = None, stations: StationLinks | None = None, *, what: str = ""
    ) -> OpenBench:
        """Open every instrument that can be opened; the others are in the result's `failures`.

        Args:
            clock: what the instruments live by; the bench's own by default.
            stations: the stations within reach, for instruments there.
            what: what for, which others are told who want the bench meanwhile.

        Raises:
            BenchInUse: somebody else works with the bench, or with an instrument of it.
        """
        clock = clock or self.clock()
        instruments: dict[str, Instrument] = {}
        failures: dict[str, RemotecalError] = {}
        with self.hold(what or f"`{Path(sys.argv[0]).name}`") as held:
            for name in self.file.instruments:
                try:
                    instruments[name] = self.open_instrument(name, clock, stations)
                except RemotecalError as failure:
                    failures[name] = failure
            kept = held.pop_all()
        return OpenBench(
            instruments,
            clock,
            roles={
                role: name
                for role, name in self.file.roles.items()
                if isinstance(name, str) and name in instruments
            },
            failures=failures,
            needed=made_safe.times(self.file, self.drivers),
            within=self.file.safe.within,
            held=kept,
        )

    def refuse_unsafe(self) -> None:
        """Raise `BenchError` if it can't be made safe, or not in its time; asked where something begins."""
        made_safe.check(self.path, self.file, self.drivers)

    @contextmanager
    def open(self, clock: Clock | None = None) -> Iterator[OpenBench]:
        """Open the bench, and close it in the end.

        Raises:
            BenchError, BenchInUse: as `refuse_unsafe`, `connect`; or instruments can't be opened.
        """
        self.refuse_unsafe()
        opened = self.connect(clock)
        try:
            opened.refuse_failures()
            yield opened
        finally:
            opened.close()

    def open_instrument(
        self, name: str, clock: Clock, stations: StationLinks | None = None, through: Through | None = None
    ) -> Instrument:
        """Open one instrument, which the caller holds; arguments as `connect` and `Instrument.open`.

        Raises:
            BenchError: its address has no known form.
            LinkError: nobody, or somebody else, answers there.
        """
        entry, driver = self.file.instruments[name], self.drivers[name]
        port = entry.port.over(driver.wire.serial) if entry.port else None
        return driver.open(
            entry.address,
            name=name,
            serial=entry.serial,
            clock=clock,
            port=port,
            stations=stations,
            through=through,
            **entry.settings,
        )

    def as_stated(self, name: str) -> type[Instrument]:
        """Return an instrument's driver, completed by what is stated here (`BenchError`: none can be so)."""
        try:
            return self.drivers[name].as_stated(self.file.instruments[name].settings)
        except BenchError as error:
            raise BenchError(f"instruments.{name}.settings: {error}") from None

    def check_settings(self, name: str) -> None:
        """Raise `BenchError` if an instrument's settings or port don't suit its driver."""
        driver, entry = self.drivers[name], self.file.instruments[name]
        known = [key for key in inspect.signature(driver).parameters if key not in ORDINARY]
        for key in entry.settings:
            if key not in known:
                raise BenchError(f"instruments.{name}.settings.{key} is unknown, {nearest(key, known)}")
        if entry.port:
            entry.port.over(driver.wire.serial)

    def check_roles(self) -> None:
        """Raise `BenchError` if a role or the safe order names nothing, or a name is given twice."""
        if double := sorted(self.file.instruments.keys() & self.file.artefacts.keys()):
            raise BenchError(f"{double[0]} is an instrument and an artefact: give one another name")
        known = list(self.standards)
        for role in self.file.roles:
            for name in self.filling(role):
                if name not in known:
                    raise BenchError(f"roles.{role}: {name!r} is no instrument, {nearest(name, known)}")
        known = list(self.file.instruments)
        for name in self.file.safe.order:
            if name not in known:
                raise BenchError(f"safe.order: {name!r} is no instrument, {nearest(name, known)}")

    def check_interlocks(self) -> None:
        """Raise `BenchError` if an interlock watches nothing, or has no sensible limits."""
        for number, lock in enumerate(self.file.interlocks, 1):
            place = f"interlock {number} ({lock.watch})"
            quantity = self.declaration(lock.watch, place)
            if not isinstance(quantity, Reading) or isinstance(quantity.wire, Shown):
                raise BenchError(f"{place}: {quantity!r} can't be watched: name a Reading no person gives")
            if not units.same_dimension(quantity.unit, lock.unit):
                raise BenchError(f"{place}: {quantity!r} is in {quantity.unit}, the limit in {lock.unit}")
            if (lock.above is None) is (lock.below is None):
                raise BenchError(f"{place}: give either above or below")
            if lock.release is not None and lock.passed(lock.release, lock.limit):
                raise BenchError(f"{place}: release {lock.release:g} lies beyond the limit {lock.limit:g}")

    def check_units(self) -> None:
        """Raise `UnitError` if a characteristic's unit is unknown."""
        for entry in self.file.characteristics.values():
            if isinstance(entry, Characteristic):
                units.check(entry.unit)

    def check_beat(self) -> None:
        """Raise `BenchError` if it has a heartbeat that can't be set."""
        if self.file.heartbeat is not None:
            quantity = self.declaration(self.file.heartbeat.quantity, "heartbeat.quantity")
            if not isinstance(quantity, Setting) or isinstance(quantity.wire, Shown):
                raise BenchError(f"heartbeat.quantity: {quantity!r} can't be set by itself")

    def declaration(self, quantity: str, place: str) -> Declaration:
        """Return what `instrument.quantity` declares; raises `BenchError` if there is no such thing."""
        name, _, attribute = quantity.rpartition(".")  # a name may have dots, a quantity has none
        if name not in self.drivers:
            said = f"{place}: {name or quantity!r} is no instrument"
            raise BenchError(f"{said}, {nearest(name, list(self.drivers))}")
        known = named(self.drivers[name])
        if attribute not in known:
            driver = self.drivers[name].__name__
            raise BenchError(f"{place}: {driver} has no {attribute!r}, {nearest(attribute, list(known))}")
        return known[attribute]

    def _of(self, name: str, record: Record) -> Record:
        """Return what a certificate says of an instrument, where it is for several."""
        if len(record.items) == 1:
            return record
        serial = self.standards[name].serial
        if not serial:
            raise CertificateRefused(
                f"{name}: certificate {record.number} is for {len(record.items)} instruments: "
                "state the serial number of this one in the bench file"
            )
        try:
            return results_of(record, (serial,))
        except CertificateRefused as refusal:
            raise CertificateRefused(f"{name}: {refusal}") from None

    def _read(self, path: Path, content: bytes) -> Record:
        from remotecal.certificates.dcc import read

        try:
            return read(content)
        except RecordError as error:
            raise RecordError(f"{path}: {error}") from error


def _driver(name: str, *, installed: bool) -> type[Instrument]:
    if installed and ":" in name:
        raise BenchError(f"driver {name} is not an installed one: give the bench file with --bench")
    return driver_called(name, {name})


ORDINARY = frozenset({"link", "name", "serial", "clock"})
"""What every driver's constructor takes, and the bench gives by itself."""
