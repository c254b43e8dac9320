"""Whether a run is one that the laboratory ordered: its journal against the order as it was signed.

A station could write any journal it likes, and sign it. So the laboratory computes nothing and
issues nothing but for an order that this very station has claimed, and only if the journal says
of device, customer, parameters, certificate, bench and procedure what the order says. All else is
kept as evidence and shown, and stands apart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError, JournalBroken, NotOrdered
from remotecal.hub.beginning import begun_with
from remotecal.journal.evidence import start_of
from remotecal.order import STANDARD_OUT
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.procedure import of_role
from remotecal.runs.suitability import points_of
from remotecal.store.standing import fitting
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.journal.events import Json
    from remotecal.journal.evidence import Start
    from remotecal.journal.observation import Point
    from remotecal.model import Record
    from remotecal.runs.catalogue import Found
    from remotecal.store import Store

log = logging.getLogger(__name__)

SHOWN = 60
"""Characters of a value that are shown where it differs."""


def claimed_order(store: Store, laboratory: PublicKey, station: str, run: str) -> RemoteOrder:
    """Return the order a run is of, as the laboratory signed it.

    Args:
        store: where orders are.
        laboratory: the key that signs orders.
        station: where the run was.
        run: the run, which has its order's name.

    Raises:
        NotOrdered: there is none for this station, or the station did not claim it.
    """
    row = store.orders.find(run)
    if row is None:
        raise NotOrdered(f"nobody ordered the run {run}")
    if row.station != station:
        raise NotOrdered(f"the order {run} is for {row.station}, the run was at {station}")
    if row.state != "claimed":
        raise NotOrdered(f"{station} never claimed the order {run}: it is {row.state}")
    try:
        order = unseal(row.envelope, "order", RemoteOrder, [laboratory])
    except EvidenceError as error:
        raise NotOrdered(f"the order {run} is not one that this laboratory signed: {error}") from error
    if (order.id, order.station) != (run, station):
        raise NotOrdered(f"what stands as the order {run} is {order.id} for {order.station}")
    return order


def check_start(order: RemoteOrder, first: Mapping[str, Json]) -> None:
    """Raise `NotOrdered`, field by field, if what a journal begins with is not what was ordered.

    Args:
        order: the order.
        first: the data of the journal's first event.

    Raises:
        JournalBroken: it is not the start of a run.
    """
    start = start_of(first)
    pretended = order.order.order.demonstration or order.order.order.training
    ordered = {
        "run": order.id,
        "clock": start.clock if pretended else "real",
        "bench": order.bench,
        "procedure": order.procedure.model_dump(mode="json"),
        **order.order.model_dump(mode="json"),
    }
    said = {
        "run": start.run,
        "clock": start.clock,
        "bench": start.bench_name,
        "procedure": {"name": Path(start.procedure.name).name, "sha256": start.procedure.sha256},
        **start.order.model_dump(mode="json"),
    }
    _refuse(order.id, ordered, said)


def check_course(order: RemoteOrder, found: Found, start: Start, *, resumed: bool) -> None:
    """Raise `NotOrdered` if a run went another way than its order says.

    Args:
        order: the order.
        found: its procedure, which alone tells what the parameters mean.
        start: what the journal begins with, which was checked.
        resumed: the run was taken up again.
    """
    parameters = read_parameters(found.procedure.accepts(), order.order.parameters, f"order {order.id}")
    points = points_of(found.procedure(parameters), adjust=order.order.order.adjust)
    ordered = {
        "parameters": parameters.model_dump(mode="json"),
        "points": [_point(point) for point in points],
        "roles": sorted(
            key for key in start.roles if of_role(key) in {role.name for role in found.procedure.roles()}
        ),
        "after_crash": order.after_crash,
    }
    said = {
        "parameters": start.parameters,
        "points": [_point(point) for point in start.points],
        "roles": sorted(start.roles),
        "after_crash": "resume" if resumed else order.after_crash,
    }
    _refuse(order.id, ordered, said)


def check_record(order: RemoteOrder, record: Record) -> None:
    """Raise `NotOrdered` if the data of a certificate are not those its order asks for."""
    head, evidence = order.order.order, record.evidence
    # What the procedure found out about the device is no part of the order.
    items = [item.model_copy(update={"quantities": ()}).model_dump(mode="json") for item in record.items]
    ordered = {
        "certificate": head.certificate or head.number,
        "demonstration": head.demonstration or head.training,
        "customer": order.order.customer.contact().model_dump(mode="json"),
        "laboratory": order.order.laboratory.laboratory().model_dump(mode="json"),
        "persons": [one.person().model_dump(mode="json") for one in order.order.persons],
        "dut": [item.model_dump(mode="json") for item in order.order.items],
        "run": order.id,
        "procedure": order.procedure.sha256,
    }
    said = {
        "certificate": record.number,
        "demonstration": record.demonstration,
        "customer": record.customer.model_dump(mode="json"),
        "laboratory": record.laboratory.model_dump(mode="json"),
        "persons": [one.model_dump(mode="json") for one in record.persons],
        "dut": items,
        "run": None if evidence is None else evidence.run,
        "procedure": None if evidence is None else evidence.procedure_hash,
    }
    _refuse(order.id, ordered, said)


def judge(store: Store, laboratory: PublicKey, station: str, run: str, first: bytes) -> str:
    """Return why a run that begins with a line was not ordered, "" if it was; and keep that with the run."""
    try:
        check_start(claimed_order(store, laboratory, station, run), _data(first))
        out = begun_with(store, first)
    except (NotOrdered, JournalBroken) as error:
        set_apart(store, station, run, str(error))
        return str(error)
    if out:
        set_apart(store, station, run, STANDARD_OUT, out)
        return STANDARD_OUT
    store.journals.note_unordered(station, run, "")
    return ""


def set_apart(store: Store, station: str, run: str, reason: str, particulars: str = "") -> None:
    """Note that a run was not ordered, and why: with the run, and once in the audit log.

    Args:
        store: the laboratory's database.
        station: where it was.
        run: the run.
        reason: why, as its customer may read it too.
        particulars: what stands in the audit log alone.
    """
    reason, particulars = bounded(reason), bounded(particulars)
    with store.transaction():
        if store.journals.note_unordered(station, run, reason):
            said = ": ".join(filter(None, (reason, particulars)))
            store.note(station, "unordered", {"run": run, "reason": said})


def tell_conflict(store: Store, station: str, run: str, reason: str) -> None:
    """Note that a station's journal is another one than the laboratory's, and how."""
    reason = bounded(reason)
    with store.transaction():
        store.journals.note_conflict(station, run, reason)
        store.note(station, "conflict", {"run": run, "reason": reason})
    log.error("%s", reason)


def note_refusal(store: Store, station: str, order: str, reason: str) -> None:
    """Note that a station won't carry out an order, or why its run ended early, in its words."""
    reason = bounded(reason)
    with store.transaction():
        store.orders.refuse(order, station, reason)
        store.note(station, "refusal", {"order": bounded(order), "reason": reason})


def bounded(reason: str) -> str:
    """Return a reason that may have a station's words in it, as any database takes it, and not too long."""
    return fitting(reason, LONGEST_REASON)


LONGEST_REASON: Final = 10_000
"""Bytes; what a station wrote into its journal may be told in it."""


def _data(line: bytes) -> Mapping[str, Json]:
    try:
        data = json.loads(line)["data"]
    except (ValueError, LookupError, TypeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise JournalBroken("the first line is no event of a journal")
    return data


def _point(point: Point) -> dict[str, object]:
    return {
        "name": point.name,
        "nominal": dict(point.nominal),
        "repeats": point.repeats,
        "series": list(point.series),
    }


def _refuse(order: str, ordered: object, said: object) -> None:
    here, there = dict(_leaves(ordered, "")), dict(_leaves(said, ""))
    differing = [
        f"{name}: ordered {_shown(here, name)}, the journal has {_shown(there, name)}"
        for name in sorted({*here, *there})
        if here.get(name, ABSENT) != there.get(name, ABSENT)
    ]
    if differing:
        raise NotOrdered(f"the run {order} is not as it was ordered: {'; '.join(differing)}")


ABSENT = object()
"""Stands for what one side does not have: it is not null either."""


def _leaves(content: object, name: str) -> Iterator[tuple[str, object]]:
    """Give dotted name → value of whatever is no table and no list, and of what is empty."""
    entries: list[tuple[object, object]] = []
    if isinstance(content, dict):
        entries = list(content.items())
    elif isinstance(content, list | tuple):
        entries = list(enumerate(content))
    if not entries:
        # A truth value is no number, though Python takes 1 for it.
        yield name, (type(content), content) if isinstance(content, bool) else content
    for key, value in entries:
        yield from _leaves(value, f"{name}.{key}" if name else str(key))


def _shown(leaves: Mapping[str, object], name: str) -> str:
    if name not in leaves:
        return "nothing"
    value = leaves[name]
    text = repr(value[1] if isinstance(value, tuple) and value else value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
