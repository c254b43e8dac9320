"""What a station checks before it carries out an order. Nothing moves meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.bench import Bench
from remotecal.certificates.signing.seal import PublicKey
from remotecal.clock import CLOCKS_AGREE
from remotecal.drivers.declarations import declared
from remotecal.drivers.quantities import Setting
from remotecal.drivers.states import Action
from remotecal.errors import EvidenceError, OrderError
from remotecal.runs.execute import plan
from remotecal.runs.left import safe_where_refused
from remotecal.runs.session import filled
from remotecal.runs.tempo import Durations
from remotecal.transport.consent import OrderWaiting
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder
from remotecal.transport.subjects import check_run

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.runs.session import Plan
    from remotecal.station.folder import StationFolder
    from remotecal.transport.bundles import TrustedProcedures


def read_order(envelope: bytes, folder: StationFolder) -> RemoteOrder:
    """Return the order in an envelope (`OrderError` if the laboratory did not sign it for this station)."""
    try:
        order = unseal(envelope, "order", RemoteOrder, [folder.laboratory_key()])
    except EvidenceError as error:
        raise OrderError(f"the order is not the laboratory's: {error}") from error
    if order.station != folder.name:
        raise OrderError(f"the order {order.id} is for {order.station}")
    check_run(order.id)
    return order


def check_time(order: RemoteOrder, laboratory_time: float) -> None:
    """Raise `OrderError` if it is too late to begin an order, or the station's clock is wrong."""
    if laboratory_time > order.expires:
        raise OrderError(f"the order expired {laboratory_time - order.expires:.0f} s ago")
    check_clock(laboratory_time)


def check_clock(laboratory_time: float) -> None:
    """Raise `OrderError` if the station's clock is wrong."""
    off = time.time() - laboratory_time
    if abs(off) > CLOCKS_AGREE:
        raise OrderError(f"the station's clock differs from the laboratory's by {off:.0f} s: set it right")


@contextmanager
def accept(order: RemoteOrder, folder: StationFolder, library: TrustedProcedures) -> Iterator[Plan]:
    """Give what an order's run would be, once it is sure that it can be carried out.

    The bench's clock is closed when this is left.

    Raises:
        ConfigurationError, EvidenceError: why the order can't be carried out here.
    """
    there = benches(folder)
    if order.bench not in there:
        known = ", ".join(there) or "none"
        raise OrderError(f"there is no bench {order.bench!r} at {folder.name}; there are: {known}")
    bench = there[order.bench]
    clock = bench.clock()
    try:
        with safe_where_refused(folder.runs / order.id, lambda: bench, clock):
            if order.bundle:
                library.install(order.bundle, [PublicKey.from_text(key) for key in folder.settings.trusted])
            planned = plan(order.order, library.find(order.procedure), bench, clock, order.id)
        yield planned
    finally:
        # A simulated rig's clock is a connection.
        close: Callable[[], None] = getattr(clock, "close", lambda: None)
        close()


def foreseen(order: RemoteOrder, planned: Plan) -> OrderWaiting:
    """Return what is told to a person on site who is asked whether an order may be begun."""
    work, procedure, bench = order.order, planned.procedure, planned.bench
    used = {planned.start.roles[role] for role in planned.start.roles}
    return OrderWaiting(
        id=order.id,
        by=order.by,
        bench=order.bench,
        procedure=order.procedure.name,
        title=dict(procedure.title.root),
        number=work.order.number,
        customer=dict(work.customer.name.root),
        items=tuple(
            {language: f"{name} {dut.serial or dut.owner_number}" for language, name in dut.name.root.items()}
            for dut in work.devices.values()
        ),
        seconds=_takes(planned),
        points=tuple(f"{point.name} × {point.repeats}" for point in planned.start.points),
        moves=tuple(
            moved
            for name, entry in bench.file.instruments.items()
            if name in used
            for moved in _moves(name, bench.as_stated(name))
        ),
        expires=order.expires,
    )


def _takes(planned: Plan) -> float | None:
    """Return how long a run takes by what its procedure says, preparation apart; None where it does not say.

    Nothing is opened: a procedure that has to read its instruments to tell does not say, nor does one that
    fails to; nobody's consent waits for an estimate.
    """
    names = planned.start.roles.values()
    # Never brought to their links: which kind they are is all that there is to ask of them.
    kinds = {name: kind for name, kind in planned.bench.drivers.items() if name in names}
    try:
        procedure = filled(planned, {name: kind.__new__(kind) for name, kind in kinds.items()})
        return Durations.of(procedure, planned.start.points).done((), ()).seconds
    except Exception:  # noqa: BLE001  it is anybody's code
        return None


def _moves(name: str, driver: type[Instrument]) -> Iterator[str]:
    """Yield what of an instrument can be set or set going."""
    for item in declared(driver):
        if isinstance(item, Setting):
            low, high = item.span
            unit = "" if item.unit == "1" else f" {units.symbol(item.unit)}"
            yield f"{name}.{item.name}: {low:g} – {high:g}{unit}"
        elif isinstance(item, Action):
            yield f"{name}.{item.name}"


def benches(folder: StationFolder) -> dict[str, Bench]:
    """Return name → bench of a station."""
    loaded = (Bench.load(folder.path / file) for file in folder.settings.benches)
    return {bench.name: bench for bench in loaded}
