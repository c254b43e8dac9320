"""A run on the tiny bench whose journal is at the laboratory, as if a station had brought it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from tiny_bench import PROCEDURE, Tiny

from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.hub.recomputing import recompute
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.gathering import gather
from remotecal.journal.writing import Journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.store import Store
from remotecal.store.tables import orders
from remotecal.transport.bundles import TrustedProcedures, make_bundle
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Compared, Computed, RemoteOrder

STATION, AUTHOR = (SealKey(Ed25519PrivateKey.generate()) for _ in range(2))
RUN = "out"


@dataclass
class Brought:
    """The laboratory's database with an order, the run of it, and what the station made of it."""

    store: Store
    library: TrustedProcedures
    laboratory: SealKey
    order: RemoteOrder
    computed: Computed
    events: tuple[Event, ...]

    def recompute(self, computed: Computed | None = None, key: SealKey = STATION) -> Compared:
        said = computed or self.computed
        return recompute(self.store, self.library, said, key.public, self.laboratory.public)

    def ordered(self, order: RemoteOrder, by: SealKey | None = None, state: str = "claimed") -> None:
        """Have the laboratory's database say that this was the order."""
        envelope = seal("order", order, by or self.laboratory)
        values = {"envelope": envelope, "state": state}
        with self.store.database.begin() as connection:
            connection.execute(update(orders).where(orders.c.id == RUN).values(**values))


def chained(events: list[Event]) -> bytes:
    """Return events as a journal whose chain is in order."""
    written, head = b"", "0" * 64
    for number, event in enumerate(events, 1):
        bare = {"at": event.at, "data": event.data, "kind": event.kind, "prev": head, "seq": number}
        head = sha256(rfc8785.dumps(bare)).hexdigest()
        written += rfc8785.dumps({**bare, "hash": head}) + b"\n"
    return written


def bring(
    tiny: Tiny,
    store: Store,
    folder: Path,
    laboratory: SealKey,
    file: Path = PROCEDURE,
    lie: Callable[[list[Event]], None] | None = None,
    **terms: object,
) -> Brought:
    """Carry out a run and bring it, as its station would, or as one that writes a `lie` into the journal."""
    library = TrustedProcedures(folder)
    procedure = library.install(make_bundle(file, AUTHOR), [AUTHOR.public])
    now = time.time()
    order = RemoteOrder(
        **{
            "id": RUN,
            "station": "here",
            "bench": "Tiny bench",
            "procedure": procedure,
            "order": Order.load(tiny.order),
            "issued": now,
            "expires": now + 100.0,
            "by": "Li Wei",
            **terms,
        }
    )
    for name in ("here", "there"):
        key = STATION if name == "here" else AUTHOR
        store.stations.enrol(store.stations.new_code(name, 100.0), key.public.text, "", 1000.0, 50.0)
    number = order.order.order.number
    envelope = seal("order", order, laboratory)
    store.orders.issue(RUN, number, "here", envelope, order.issued, order.expires, order.by)
    assert not store.orders.claim(RUN, "here", "claim", now)
    tiny.run()
    if lie is not None:
        events = list(read_journal(tiny.out / FILE))
        lie(events)
        (tiny.out / FILE).write_bytes(chained(events))
    with Journal.open(tiny.out, VirtualClock(2e9)) as journal:
        seal_journal(journal, STATION)
    events = read_journal(tiny.out / "journal.jsonl")
    store.journals.append("here", RUN, 1, (tiny.out / "journal.jsonl").read_bytes().splitlines(), 1.0)
    record = evaluate(gather(events), find(str(PROCEDURE))).to_json() if file == PROCEDURE else ""
    computed = Computed(station="here", run=RUN, head=events[-1].hash, record=record)
    return Brought(store, library, laboratory, order, computed, events)
