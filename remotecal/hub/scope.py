"""What the laboratory may certify, by its trust list, and what its certificates stated beside that.

Each result is compared by the function that `verify` refuses by (`certificates.scope`): once its certificate
is issued, and all again once the scope is another one. Which is the scope in force now: what was within the
scope of its day and is not within that of today is told, and the other way round.
"""

from __future__ import annotations

import logging
import math
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from remotecal.canonical import canonical
from remotecal.certificates.scope import stated
from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, EvidenceError, RemotecalError, StoreError
from remotecal.hub.issuing import register_of, trust_of
from remotecal.model import Record
from remotecal.store.stated import ResultRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from remotecal.certificates.scope import HeldResult
    from remotecal.certificates.trust import Body, Capability, TrustList
    from remotecal.hub.settings import HubFolder
    from remotecal.registers import LaboratoryRegister
    from remotecal.store import Store
    from remotecal.store.stated import StatedCertificate

AT_ONCE: Final = 200
"""Certificates that are compared in one transaction."""
HASH_SHOWN: Final = 16
"""Of a capability's hash, which is kept with each result."""

log = logging.getLogger(__name__)


def bodies_of_laboratory(name: str, trust: TrustList, register: LaboratoryRegister | None) -> Iterator[Body]:
    """Yield the laboratories on a trust list that are this one, by the name it goes by."""
    for body in trust.bodies:
        named = name in body.name.root.values()
        if body.kind == "laboratory" and (
            named or (register is not None and register.laboratory.name.agrees(body.name))
        ):
            yield body


def able_on(
    day: date, name: str, trust: TrustList, register: LaboratoryRegister | None
) -> tuple[Capability, ...]:
    """Return what the laboratory may certify on a day, by those of its entries that count then."""
    return tuple(
        able
        for body in bodies_of_laboratory(name, trust, register)
        if all(above.valid_from <= day <= above.valid_until for above in trust.above(body))
        for able in body.scope
    )


def scope_of(folder: HubFolder, now: float) -> tuple[Capability, ...]:
    """Return what the laboratory may certify on a civil day, by its trust list; nothing where it has none.

    Args:
        folder: the hub's settings.
        now: when, in seconds since 1970, UTC.

    Raises:
        ConfigurationError, EvidenceError: trust list or register can't be used.
    """
    trust = trust_of(folder)
    if trust is None:
        return ()
    return able_on(civil_day(now, folder.time_zone), folder.settings.laboratory, trust, register_of(folder))


def key_of(able: Capability) -> str:
    """Return what a capability is known by: the beginning of the hash of all it says."""
    return _hash(able.model_dump(mode="json"))[:HASH_SHOWN]


def hash_of(scope: Sequence[Capability]) -> str:
    """Return what a scope is known by, in whatever order it stands."""
    return _hash(sorted(map(key_of, scope)))


def _hash(said: Mapping[str, object] | Sequence[object]) -> str:
    return sha256(canonical(said)).hexdigest()


def compare_stated(folder: HubFolder, store: Store, now: float) -> int:
    """Compare some issued certificates that are not compared with the present scope, new ones first.

    Returns:
        How many were, `AT_ONCE` at most; 0 once none is left.

    Raises:
        ConfigurationError, EvidenceError: as `scope_of`.
        StoreError: the database can't be used.
    """
    scope = scope_of(folder, now)
    behind = store.stated.behind(hash_of(scope), AT_ONCE)
    if behind:
        _compare(store, scope, behind)
    return len(behind)


def compare_if_possible(folder: HubFolder, store: Store, now: float) -> int:
    """Compare as `compare_stated`; where that can't be done now, say why in the log."""
    try:
        return compare_stated(folder, store, now)
    except (ConfigurationError, EvidenceError, StoreError) as error:
        log.warning("what certificates stated can't be held against the scope now: %s", error)
        return 0


def compare_issued(folder: HubFolder, store: Store, now: float, issued: tuple[str, str, str]) -> None:
    """Compare a certificate (station, run, device) that was issued a moment ago, and no other.

    It is issued whatever comes of this: where it can't be compared, the log says why, and `compare_stated`
    does so later.
    """
    try:
        one = store.stated.find(*issued)
        if one is not None:
            _compare(store, scope_of(folder, now), (one,))
    except Exception:  # whatever it was
        log.exception("what the certificate of %s stated can't be held against the scope now", issued[1])


def unlike_sealed(folder: HubFolder, store: Store, now: float) -> Iterator[tuple[str, str]]:
    """Yield the issued certificates (run, device) whose sealed XML states other results than the index has.

    The index is made of the runs' records; what a certificate states stands in the XML that was sealed. Read
    anew from there it is the same, but for the places of results: a certificate of one device has its own.

    Raises:
        ConfigurationError, EvidenceError: as `scope_of`.
    """
    scope = scope_of(folder, now)
    for one in store.stated.issued():
        of_record = {(station, run): said for station, run, said in store.records.each([one[1:3]])}
        try:
            sealed = _stated_by(_sealed(store, one), scope)
            kept = Record.from_json(of_record[one.station, one.run])
            indexed = [row._replace(place="") for row in _rows(kept, one.device, scope)]
        except (RemotecalError, KeyError, ValueError, ArithmeticError) as error:
            log.warning("what the certificate of %s stated can't be told: %s", one.run, error)
            yield one.run, one.device
            continue
        if sealed != indexed:
            yield one.run, one.device


def _stated_by(xml: bytes, scope: Sequence[Capability]) -> list[ResultRow]:
    """Return the results of a certificate as its sealed XML states them, without their places."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures

    return [_row(one)._replace(place="") for one in stated(read(read_signatures(xml)[-1].content), scope)]


def _sealed(store: Store, one: StatedCertificate) -> bytes:
    """Return the XML of a certificate as it was issued last (`KeyError`: it is not there)."""
    edition = store.signings.newest_issued(*one[1:4])
    row = None if edition is None else store.signings.latest(*one[1:4], edition)
    if row is None:
        raise KeyError(one.run)
    return row.xml


def _compare(store: Store, scope: Sequence[Capability], behind: Sequence[StatedCertificate]) -> None:
    records = {
        (station, run): said for station, run, said in store.records.each([one[1:3] for one in behind])
    }
    found: dict[StatedCertificate, tuple[str, Sequence[ResultRow]]] = {}
    for one in behind:
        said = records.get((one.station, one.run))
        try:
            record = None if said is None else Record.from_json(said)
            rows = () if record is None else tuple(_rows(record, one.device, scope))
            found[one] = ("" if record is None else record.finished.isoformat(), rows)
        except (
            RemotecalError,
            ValueError,
            ArithmeticError,
        ) as error:  # one that can't be read must not keep the others away
            log.warning("what the certificate of %s stated can't be told: %s", one.run, error)
            found[one] = ("", ())
    store.stated.keep(hash_of(scope), found)


def _rows(record: Record, device: str, scope: Sequence[Capability]) -> Iterator[ResultRow]:
    """Yield the results of a certificate: those of a device where it has one of its own."""
    for one in stated(record, scope):
        measurement = record.measurements[one.place.measurement]
        of = set(measurement.items_of(measurement.results[one.place.result]))
        if not device or of == {device}:
            yield _row(one)


def _row(one: HeldResult) -> ResultRow:
    able = one.capability
    ratio = math.nan if able is None else float(Decimal(one.compared) / Decimal(able.cmc))
    return ResultRow(
        "/".join(map(str, one.place)),
        "" if able is None else key_of(able),
        " ".join(one.quantities) if able is None else able.quantity,
        bool(one.fault) and not one.marked,
        one.marked,
        ratio if math.isfinite(ratio) else None,
        one.expanded,
        one.unit,
        one.k,
        one.at,
        one.compared,
    )
