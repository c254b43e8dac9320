"""Which device of an order stands where on the bench, and that it is that one: told before anything moves.

A certificate for the wrong device is the worst there could be. So each device of the order has its
instrument, each instrument in the devices' role has its device, and where an instrument is the device
itself, the serial number it tells is the one the order gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from remotecal.drivers.catalogue import drivers as installed
from remotecal.drivers.instrument import known_serial
from remotecal.errors import BenchError, EvidenceError, OrderError, ParameterError
from remotecal.model.base import LANGUAGES
from remotecal.model.identifiers import among, disguise
from remotecal.numerals import read_number
from remotecal.procedures.procedure import Procedure, of_role

if TYPE_CHECKING:
    from remotecal.bench import Bench, CertificateUsed
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.evidence import Evidence, InstrumentUsed
    from remotecal.order import Dut, Order
    from remotecal.procedures.parameters import Parameters
    from remotecal.procedures.procedure import Role


def check_items(order: Order, procedure: Procedure, roles: Mapping[str, str] | None) -> None:
    """Raise `OrderError` unless each device of an order has its place on the bench, and each its device.

    Args:
        order: the work order.
        procedure: with its parameters.
        roles: role → name of what fills it; None where the bench is not known.

    Raises:
        ParameterError: the procedure has no role of the name under which it says its devices are.
    """
    number, role, devices = order.order.number, _role_of_items(type(procedure)), order.devices
    _check_class(order, procedure.parameters)
    if len(devices) > 1 and (role is None or not role.several):
        raise OrderError(
            f"order {number} is for {len(devices)} devices, and {type(procedure).__name__} measures one at a "
            "time: write an order for each"
        )
    if roles is None:
        return
    there = _there(role, roles)
    named = {dut.on for dut in devices.values() if dut.on is not None}
    filled = f"{' and '.join(there) or 'nothing'} fills the role of the devices under test"
    if beyond := sorted(named - set(there)):
        raise OrderError(f"order {number}: no device is on {', '.join(beyond)}: {filled} there")
    if len(there) > 1 and (without := sorted(set(there) - named)):
        raise OrderError(
            f"order {number}: which device is on {' and '.join(without)}? {filled}: give each its [[duts]] "
            "with `on`, or take it out of the role in the bench file"
        )


def check_texts(order: Order) -> None:
    """Raise `OrderError` if the certificate could not say a text of an order in each of its languages.

    Nor one of its numbers, as whoever reads it would: by letters that nobody sees it would be another.
    """
    texts = {
        **{f"laboratory.{name}": getattr(order.laboratory, name) for name in ("name", "address")},
        **{f"customer.{name}": getattr(order.customer, name) for name in ("name", "address")},
        **{f"persons, {each.duty}": each.name for each in order.persons},
        **{
            f"{id_}.{name}": getattr(dut, name)
            for id_, dut in order.devices.items()
            for name in ("name", "maker", "description")
        },
    }
    for where, text in texts.items():
        if text is not None and not text.says_all(LANGUAGES):
            told, wanted = " and ".join(text.languages), " and ".join(LANGUAGES)
            raise OrderError(
                f"order {order.order.number}, {where}: {text.in_all()!r} is in {told}, and certificates are "
                f'in {wanted}: give it in both, or once for both, as plain "…"'
            )
    numbers = {
        **{f"order.{name}": getattr(order.order, name) for name in ("number", "certificate")},
        **{
            f"{id_}.{name}": getattr(dut, name)
            for id_, dut in order.devices.items()
            for name in ("serial", "interface_serial", "owner_number", "certificate")
        },
    }
    for where, number in numbers.items():
        if number is not None and (why := disguise(number)):
            raise OrderError(f"order {order.order.number!a}, {where}: {why}; type it anew")


def check_serials(order: Order, kind: type[Procedure], roles: Mapping[str, str], bench: Bench) -> None:
    """Raise `OrderError` if the bench file says that another device is where one of the order shall be."""
    for name, dut in _devices(order, kind, roles, bench.drivers).items():
        entry = bench.file.instruments.get(name) or bench.file.artefacts.get(name)
        said = (entry and entry.serial) or ""
        if fault := _another(dut, said):
            raise OrderError(f"{bench.path}: {name} is SN {said}, {fault}")


def check_certified(
    order: Order, kind: type[Procedure], roles: Mapping[str, str], certificates: Mapping[str, CertificateUsed]
) -> None:
    """Raise `OrderError` if the certificate of an artefact is not for the device of the order it shall be."""
    for name, dut in _devices(order, kind, roles, {}).items():
        if (used := certificates.get(name)) is None or used.certificate.is_for(dut.item()):
            continue
        ours, theirs = (
            ", ".join(f"{each.issuer} {each.value}" for each in one.identifications)
            for one in (dut.item(), used.record.items[0])
        )
        raise OrderError(
            f"{name}: its certificate {used.certificate.number} is for {theirs or 'no number'}, and the "
            f"order for {ours}: give the device in the order a number that the certificate names, or give "
            "the certificate of that device"
        )


def other_device(
    order: Order,
    kind: type[Procedure],
    roles: Mapping[str, str],
    name: str,
    driver: type[Instrument],
    told: str,
) -> str:
    """Return why an instrument that tells a serial number is not the order's device; "" if it may be.

    What tells none, or a procedure's `read_by` says only reads the device, may be.
    """
    dut = _devices(order, kind, roles, {name: driver}).get(name)
    return "" if dut is None else _another(dut, told)


def check_evidence(evidence: Evidence, procedure: Procedure) -> None:
    """Raise `EvidenceError` if a run did not measure the devices of its order.

    What only reads a device is known of installed drivers; of others no serial number is compared.
    """
    used = evidence.instruments
    roles = {role: one.name for role, one in used.items()}
    roles |= {role: artefact.name for role, artefact in evidence.artefacts.items()}
    try:
        check_items(evidence.order, procedure, roles)
    except OrderError as refusal:
        raise EvidenceError(str(refusal)) from None
    known = installed()
    told = {one.name: one.serial for one in used.values()}
    told |= {artefact.name: artefact.serial for artefact in evidence.artefacts.values()}
    there = {one.name: _as_stated(known[one.driver], one) for one in used.values() if one.driver in known}
    for name, dut in _devices(evidence.order, type(procedure), roles, there).items():
        if fault := _another(dut, told[name]):
            raise EvidenceError(f"{name} said that it is SN {told[name]}, {fault}")


def _as_stated(driver: type[Instrument], used: InstrumentUsed) -> type[Instrument]:
    """Return the driver of an instrument as its settings complete it (EvidenceError: they can't)."""
    try:
        return driver.as_stated(used.settings)
    except BenchError as error:
        raise EvidenceError(f"{used.name} can't be set up as it says: {error}") from error


def _role_of_items(kind: type[Procedure]) -> Role | None:
    """Return the role in which a procedure's devices are; None where it names none, and has no usual one.

    Raises:
        ParameterError: it names one that it does not have.
    """
    found = next((role for role in kind.roles() if role.name == kind.under_test), None)
    if found is None and kind.under_test != Procedure.under_test:
        raise ParameterError(f"{kind.__name__}.under_test is {kind.under_test!r}, and there is no such role")
    return found


def _there(role: Role | None, roles: Mapping[str, str]) -> list[str]:
    return [] if role is None else [name for key, name in roles.items() if of_role(key) == role.name]


def _devices(
    order: Order, kind: type[Procedure], roles: Mapping[str, str], drivers: Mapping[str, type[Instrument]]
) -> dict[str, Dut]:
    """Return name → device of the order, for what is the device itself and does not only read it."""
    role, reads = _role_of_items(kind), set(kind.read_by)
    there = _there(role, roles)
    placed = {dut.on or next(iter(there), ""): dut for dut in order.devices.values()}
    themselves = {name for name in there if name in drivers and reads.isdisjoint(drivers[name].__mro__)}
    return {
        name: placed[name]
        for name in there
        if name in placed and (name in themselves or (role is not None and role.artefact))
    }


def _another(dut: Dut, told: str) -> str:
    """Return why what tells a serial number is not a device of the order; "" if it may be, or tells none."""
    serial = dut.interface_serial or dut.serial
    if serial is None or not known_serial(told) or among(known_serial(told), (serial,)):
        return ""
    hint = (
        "" if dut.interface_serial else ", or give interface_serial where its interface tells another number"
    )
    return f"and the order is for SN {serial}: mount that device, mend the order{hint}"


def _check_class(order: Order, parameters: Parameters) -> None:
    """Raise `OrderError` if a device is said to be of another class than it would be judged by."""
    judged = getattr(parameters, "accuracy_class", None)
    for dut in order.devices.values():
        try:
            said = read_number(dut.class_name or "")
        except ValueError:
            continue  # a class in words, such as A or 0.5 Ex
        if isinstance(judged, int | float) and said != judged:
            raise OrderError(
                f"order {order.order.number}: class_name is {dut.class_name}, and it would be judged by "
                f"accuracy_class = {judged:g}: mend either"
            )
