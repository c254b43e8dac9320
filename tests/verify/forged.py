"""A real run on a simulated rig, and the means of a forger who holds its station's key.

The run weighs what a screw doses at two speeds, twice each, with interlocks, a heartbeat and a photo; it was
aborted within a repeat and taken up again. A forgery changes its events; the chain, the signature
and the certificate are then made anew, so that nothing but the changed words can tell.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dosing.bench import DosingStand
from exchanged import Kept, exchanges_of
from made import chained

from remotecal.bench import Bench
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.trust import TrustList
from remotecal.clock import SharedClock
from remotecal.errors import RemotecalError, RunAborted
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.model import Record
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.runs.running import Progress
from remotecal.sim.assembly import CLOCK
from remotecal.verify.journal import examine_journal
from remotecal.verify.report import Check, Checklist
from remotecal.verify.subject import Means

BEGAN = datetime(2026, 5, 4, 8, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)

Forgery = Callable[[list[Event]], "list[Event] | None"]
"""Changes a run's events, which are the forger's own, or returns others."""


@dataclass(frozen=True)
class RealRun:
    """A run as its station left it, but for the signature."""

    folder: Path
    events: tuple[Event, ...]
    record: Record
    key: SealKey
    library: CertificateLibrary

    def forged(self, forgery: Forgery, place: Path) -> dict[str, Check]:
        """Forge the run, compute its certificate anew, and examine both; returns checks by name."""
        events = copy.deepcopy(list(self.events))
        events = forgery(events) or events
        place.mkdir()
        if (self.folder / "files").is_dir():
            shutil.copytree(self.folder / "files", place / "files")
        path = place / FILE
        path.write_bytes(signed(events, self.key))
        computed = _computed(path)

        def again(_: Path) -> Record:
            if isinstance(computed, RemotecalError):
                raise computed
            return computed

        checks = Checklist()
        means = Means(NOW, trusting(self.key), self.library, None, None, frozenset(), again)
        examine_journal(checks, self._certified(computed, path), path, means)
        return {check.name: check for check in checks.checks}

    def _certified(self, computed: Record | RemotecalError, journal: Path) -> Record:
        """Return what the forger certifies: what his journal gives, or else what the true one gave."""
        if not isinstance(computed, RemotecalError):
            return computed
        lines = journal.read_bytes().splitlines()
        assert self.record.evidence is not None
        named = {"journal_hash": json.loads(lines[-1])["hash"], "lines": len(lines)}
        return self.record.model_copy(update={"evidence": self.record.evidence.model_copy(update=named)})


def trusting(key: SealKey) -> TrustList:
    """Return a trust list on which a laboratory's station signs journals with `key`."""
    span = {"valid_from": date(2026, 1, 1), "valid_until": date(2027, 1, 1)}
    above = {"id": "above", "name": {"en": "Accreditor"}, "kind": "accreditation body", **span}
    of_station = {"kind": "laboratory", "recognised_by": "above", "journal_keys": (key.public.text,)}
    laboratory = {"id": "laboratory", "name": {"en": "Laboratory"}, **of_station, **span}
    return TrustList.model_validate(
        {
            "issuer": {"en": "Issuer"},
            "number": 1,
            "issued": date(2026, 1, 1),
            "next_update": date(2027, 1, 1),
            "bodies": (above, laboratory),
        }
    )


def doubted(checks: dict[str, Check]) -> dict[str, Check]:
    """Return the checks that leave the certificate unproven."""
    return {name: check for name, check in checks.items() if check.needed and check.outcome != "passed"}


def _computed(journal: Path) -> Record | RemotecalError:
    try:
        evidence = read_evidence(journal)
        return evaluate(evidence, find(evidence.procedure.name))
    except RemotecalError as error:
        return error


def signed(events: list[Event], key: SealKey) -> bytes:
    """Return events as a journal whose chain is in order, signed by `key`."""
    body = chained(events)
    head = json.loads(body.splitlines()[-1])["hash"]
    said = {"key": key.public.text, "key_id": key.public.id, "signature": key.sign(head.encode())}
    return body + chained([Event(0, events[-1].at, "signature", said, "")], head, len(events) + 1)


def real_run(folder: Path) -> RealRun:
    """Carry out the run."""
    clock = SharedClock.begin(folder / "rig" / CLOCK, BEGAN.timestamp())
    photo = folder / "plate.jpg"
    photo.write_bytes(b"a photo")
    out = folder / "run"
    with DosingStand.up(folder / "rig", seed=5, clock=clock) as rig:
        order = Order.load(rig.order)
        terms = {"speeds": [90.0, 40.0], "repeats": 2, "photo": True}
        order = order.model_copy(update={"parameters": {**order.parameters, **terms}})
        found, control = find("dosing"), Control()

        def abort(progress: Progress) -> None:
            if progress.observed == 1 and progress.doing == "measure":
                control.abort("a leak", "Li Wei")

        people = Scripted([str(photo)]), (abort,), control
        try:
            execute(order, found, Bench.load(rig.bench), out, Company(*people, files=(photo,)), clock)
        except RunAborted:
            resume(out, Company(Scripted([str(photo)]), by="Zhang"), clock=clock)
    events = read_journal(out / FILE)
    key = SealKey(Ed25519PrivateKey.generate())
    record = evaluate(read_evidence(out), found)
    return RealRun(out, events, record, key, CertificateLibrary([folder / "rig"]))


def of_kind(events: list[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def data(event: Event) -> dict[str, Any]:
    """Return what an event says, to be changed."""
    assert isinstance(event.data, dict)
    return event.data


def observation(events: list[Event], number: int = -1) -> dict[str, Any]:
    return data(of_kind(events, "observation")[number])


def values(events: list[Event], number: int = -1) -> dict[str, Any]:
    found: dict[str, Any] = observation(events, number)["values"]
    return found


def exchanges(events: list[Event]) -> Iterator[Kept]:
    for event in of_kind(events, "replies"):
        yield from exchanges_of(data(event))


def place_of(events: list[Event], kind: str, number: int = -1) -> int:
    return [place for place, event in enumerate(events) if event.kind == kind][number]


def without(events: list[Event], kind: str, number: int = -1) -> list[Event]:
    place = place_of(events, kind, number)
    return events[:place] + events[place + 1 :]


def untold(events: list[Event]) -> None:
    """Leave out what was read beside the repeats, such as while a rig was watched for a leak."""
    for event in of_kind(events, "note"):
        data(event).pop("values", None)


def inserted(events: list[Event], before: int, kind: str, said: dict[str, Any]) -> list[Event]:
    return [*events[:before], Event(0, events[before].at, kind, said, ""), *events[before:]]


def later(written: Any, seconds: float) -> Any:
    """Return something from a journal with every time in it moved."""
    if isinstance(written, list):
        return [later(one, seconds) for one in written]
    if isinstance(written, dict):
        return {
            name: _moved(value, seconds)
            if name in {"at", "began", "occurred", "since"}
            else later(value, seconds)
            for name, value in written.items()
        }
    return written


def _moved(at: str | float, seconds: float) -> str | float:
    if isinstance(at, str):
        moved = datetime.fromisoformat(at).timestamp() + seconds
        return datetime.fromtimestamp(moved, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return at + seconds


def moved(event: Event, seconds: float) -> Event:
    """Return an event with every time in it moved."""
    return event._replace(at=str(_moved(event.at, seconds)), data=later(event.data, seconds))
