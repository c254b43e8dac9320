"""A year of a demonstration's laboratory: real runs on a simulated bench, at times that have gone by.

Each is ordered, carried out by the engine, computed from its journal and signed by the functions that do it
at any hub; only the clock is another one. What the audit log says of them is from the day the year was made.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from remotecal.bench import Bench
from remotecal.certificates import dcc
from remotecal.certificates.approval import sign
from remotecal.certificates.keeping import replace
from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.xml import sign_xml
from remotecal.cli.demo_people import ACCREDITED, CUSTOMERS, PERFORMS, REVIEWS, SEALS, SIGNATORIES
from remotecal.cli.demo_standards import bring_certificates, followed, register_standards
from remotecal.clock import SharedClock, VirtualClock, civil_time
from remotecal.errors import OrderError
from remotecal.hub.numbers import numbered, series_of, written
from remotecal.hub.order_index import says
from remotecal.hub.recomputing import recompute
from remotecal.hub.shelf import take_in
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.order import Order, Party, Signatory
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Beside, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.certificates import AGE, VALIDITY
from remotecal.sim.paper import write_paper
from remotecal.store.indexed import as_json
from remotecal.store.items import Entered
from remotecal.store.orders import OrderPlan
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Computed, ProcedureNamed, RemoteOrder
from remotecal.web import certificates, remarks
from remotecal.web.bodies import RemarkWritten
from remotecal.web.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from remotecal.certificates.demonstration import DemonstrationKeys
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.cli.demo_people import Customer, Signs
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.run_at import RunAt
    from remotecal.runs.catalogue import Found
    from remotecal.sim.assembly import Assembly, BenchOptions

YEAR: Final = timedelta(days=365)
LEFT: Final = timedelta(days=25)
"""For how long the standards' certificates are still valid: so they are on Today."""
SINCE: Final = 2 * YEAR
"""Everybody's keys count from so long ago on."""
TO_BEGIN: Final = timedelta(days=3)
"""From an order to its run, and as long as an order may wait."""

Stage = Literal["issued", "reviewed", "performed", "returned", "draft"]
"""How far a run's certificate has come; one that was returned is signed by who performed, and remarked on."""

RECENT: Final[tuple[tuple[float, Stage], ...]] = (
    (8.0, "reviewed"),
    (6.0, "performed"),
    (2.15, "issued"),
    (1.7, "returned"),
    (1.0, "draft"),
)
"""Days ago at which the last runs began, and how far each has come; all before them are issued."""
SIGNED_AFTER: Final = {"performed": 0.04, "reviewed": 1.0, "approved": 2.0, "issued": 2.02}
"""Days from a run's end to each signature."""
REMARK: Final = "第二个点请核查 / Please look into the second point: it repeats less well than last time"

CHANGED: Final = 0.9
"""Part of U by which the standards' errors were larger at their last point the year before."""
STANDARDS: Final = "standards"
"""Where the certificates lie that the standards have now."""
NUMBERS: Final = {"order": "DEMO-{year}-{number:4}", "certificate": "DEMO-C-{year}-{number:4}"}
"""The laboratory's series of numbers."""
INTERVAL: Final = 12
"""Months from one calibration of a device to the next."""

METER: Final = "meter"
"""How a bench calls the choice of the device that is mounted, where it has one."""


class YearsRun(NamedTuple):
    """A calibration of the year."""

    number: int
    """Within the year, from 1."""
    at: datetime
    """When its run begins."""
    device: int
    """Which device, from 1."""
    stage: Stage
    """How far its certificate comes."""

    @property
    def customer(self) -> Customer:
        """Whose device it is."""
        return CUSTOMERS[self.device % len(CUSTOMERS)]

    @property
    def serial(self) -> str:
        """The device's serial number."""
        return f"DEMO-{self.device:04}"


def plan(runs: int, now: datetime) -> tuple[YearsRun, ...]:
    """Return the year's calibrations, the first first; every third device comes a second time."""
    recent = RECENT[-min(len(RECENT), max(1, runs - 1)) :]
    begun = runs - len(recent)
    spread = (YEAR - timedelta(days=recent[0][0] + 5)) / max(1, begun)
    first: list[tuple[datetime, Stage]] = [
        (now - YEAR + (place + 0.5) * spread, "issued") for place in range(begun)
    ]
    last: list[tuple[datetime, Stage]] = [(now - timedelta(days=days), stage) for days, stage in recent]
    devices = max(1, runs - runs // 3)
    return tuple(
        YearsRun(number, when, (number - 1) % devices + 1, stage)
        for number, (when, stage) in enumerate([*first, *last], 1)
    )


@dataclass(frozen=True, slots=True)
class CertifiedThen:
    """The standards' certificates of a time."""

    day: date
    """On which the bench's paper is dated: its certificates are older by `AGE`."""
    folder: Path
    """Where they lie, signed by the institute."""

    @property
    def ends(self) -> date:
        """Last day on which they are valid."""
        return self.day - AGE + VALIDITY


def two_years_of(now: datetime, folder: Path) -> tuple[CertifiedThen, CertifiedThen]:
    """Return the certificates of the year before, and those that end soon."""
    last = (now + LEFT - VALIDITY + AGE).date()
    # One day more than a year apart: the numbers tell the year, and must differ.
    before = last - YEAR - timedelta(days=1)
    return CertifiedThen(before, folder / f"{STANDARDS}-before"), CertifiedThen(last, folder / STANDARDS)


class Year:
    """Makes the year.

    Args:
        desk: the laboratory; it need not be connected.
        keys: everybody's.
        station: the name of the station where all is carried out, and the key that signs its journals.
        kind: the bench.
        chosen: what is chosen of it.
        certified: the standards' certificates, the older ones first.
    """

    def __init__(
        self,
        desk: OrderDesk,
        keys: DemonstrationKeys,
        station: tuple[str, SealKey],
        kind: type[Assembly],
        chosen: BenchOptions,
        certified: tuple[CertifiedThen, CertifiedThen],
    ) -> None:
        self._desk, self._keys = desk, keys
        self._station, self._key = station
        self._kind, self._chosen, self._certified = kind, chosen, certified
        self._zone = desk.folder.time_zone
        self._registered: CertifiedThen | None = None

    def certify(self) -> None:
        """Let the institute calibrate the standards, once for each time."""
        institute = self._keys.signers["institute"]
        for one in self._certified:
            one.folder.mkdir(parents=True)
            begun = datetime.combine(one.day, datetime.min.time(), UTC)
            with TemporaryDirectory(prefix="remotecal-standards-") as temporary:
                made = Path(temporary)
                clock = SharedClock.begin(made / CLOCK, begun.timestamp())
                with self._kind.put_up(self._chosen, made, clock):
                    pass  # its paper is written
                for path in made.glob("*.xml"):
                    record = followed(
                        dcc.read(path.read_bytes()), CHANGED if one is self._certified[0] else 0.0
                    )
                    signed = sign_xml(dcc.write(record), institute, "issued", begun - AGE)
                    replace(one.folder / path.name, signed)

    @contextmanager
    def bench(
        self, paper: Path, at: float, job: YearsRun | None = None, clock: SharedClock | None = None
    ) -> Iterator[Assembly]:
        """Put up the bench at a time, with a device mounted and the standards' certificates of that time.

        The bench of each run is the same, on another occasion.

        Args:
            paper: where bench file and certificates go.
            at: seconds since 1970, UTC.
            job: whose device is mounted, where the bench has several; the first one if not given.
            clock: its time; one that begins then if not given.
        """
        certified = self._certified_on(datetime.fromtimestamp(at, UTC).date())
        chosen = self._chosen
        if job is not None:
            chosen = chosen.model_copy(update={"occasion": job.number})
        if METER in type(chosen).model_fields:
            chosen = chosen.model_copy(update={METER: 1 if job is None else job.device})
        with self._kind.put_up(chosen, paper, clock or SharedClock.begin(paper / CLOCK, at)) as assembly:
            told = f"virtual:{CLOCK}"
            day = certified.day
            write_paper(paper, assembly.paper(day), assembly.wired, assembly.addresses, told, day)
            for path in certified.folder.glob("*.xml"):
                shutil.copyfile(path, paper / path.name)
            yield assembly

    def bring(self, now: datetime) -> None:
        """Bring the standards' certificates to the laboratory, once runs have told of them."""
        for one in self._certified:
            bring_certificates(self._office(now), PERFORMS.caller, one.folder)

    def _certified_on(self, day: date) -> CertifiedThen:
        return next((one for one in self._certified if day <= one.ends), self._certified[-1])

    def _register(self, certified: CertifiedThen) -> None:
        """Enter the standards by the certificates they have from now on, where a register is kept."""
        named = self._desk.folder.settings.issuing.signatories
        if named is not None and certified is not self._registered:
            until = self._certified[-1].day + ACCREDITED
            register_standards(self._desk.folder.path / named, certified.folder, until)
            self._registered = certified

    def carry_out(self, job: YearsRun) -> None:
        """Order a calibration, carry it out, compute it, and let it be signed as far as it comes."""
        self._register(self._certified_on(job.at.date()))
        with TemporaryDirectory(prefix="remotecal-year-") as temporary:
            place = Path(temporary)
            with self.bench(place / "bench", job.at.timestamp(), job) as assembly:
                order = demonstration_order(assembly, job)
                found, bench = find(order.order.procedure), Bench.load(assembly.bench)
                signed = self._claimed(order, found, bench.name, job)
                run = signed.id
                answers = Beside(assembly.person) if assembly.person else Scripted()
                company = Company(answers, by=self._station)
                execute(signed.order, found, bench, place / run, company, assembly.clock)
            self._bring_over(run, place / run, found)
        self._sign(run, job)

    def enter(self, order: Order, found: Found, bench: str, station: str, job: YearsRun) -> RemoteOrder:
        """Number and sign an order, and enter it for a station."""
        store, begun, account = self._desk.store, job.at.timestamp(), job.customer.account
        item = self._item(order, job)
        with store.numbers.giving() as giving:

            def give(pattern: str) -> str:
                return giving.next(series_of(pattern, job.at.year), partial(written, pattern, job.at.year))

            order = numbered(order, self._desk.folder.settings.numbers, give)
            number = order.order.number
            signed = RemoteOrder(
                bench=bench,
                id=f"{number}-{secrets.token_hex(6)}",
                station=station,
                procedure=ProcedureNamed(name=found.name, sha256=found.sha256),
                order=order,
                issued=begun - TO_BEGIN.total_seconds(),
                expires=begun + TO_BEGIN.total_seconds(),
                by=PERFORMS.login,
            )
            envelope, times = seal("order", signed, self._desk.key), (signed.issued, signed.expires)
            issuing = (signed.id, number, station, envelope, *times, signed.by)
            plan = OrderPlan(says(signed), item, job.at.date().isoformat())
            store.orders.issue(*issuing, account=account, plan=plan)
            giving.hold(order.numbers.values(), signed.id, signed.issued, pretended=True)
            store.note(signed.by, "order", {"order": signed.id, "station": station, "account": account})
        return signed

    def _item(self, order: Order, job: YearsRun) -> int | None:
        """Return the number of the device in the register of items, where it is entered once."""
        if (dut := order.dut) is None:
            return None
        told = Entered(
            name=as_json(dut.name),
            maker="" if dut.maker is None else dut.maker.get("en"),
            model=dut.model or "",
            serial=job.serial,
            months=INTERVAL,
            account=job.customer.account,
        )
        entered = job.at - TO_BEGIN
        return self._desk.store.items.ensure(told, PERFORMS.login, entered.timestamp())

    def _claimed(self, order: Order, found: Found, bench: str, job: YearsRun) -> RemoteOrder:
        """Enter an order, let the station claim it, and return it."""
        signed = self.enter(order, found, bench, self._station, job)
        claim = secrets.token_hex(16)
        if why := self._desk.store.orders.claim(signed.id, self._station, claim, job.at.timestamp()):
            raise OrderError(f"{self._station} can't claim {signed.id}: {why}")
        return signed

    def _bring_over(self, run: str, directory: Path, found: Found) -> None:
        """Sign a run's journal as its station does, and have the laboratory take and compute it."""
        with Journal.open(directory, VirtualClock(0.0)) as journal:
            seal_journal(journal, self._key)
            head = journal.head
        take_in(self._desk.store, self._station, run, directory)
        record = evaluate(read_evidence(directory), found).to_json()
        computed = Computed(station=self._station, run=run, head=head, record=record)
        library = Office(self._desk, VirtualClock(0.0)).procedures
        keys = (self._key.public, self._desk.key.public)
        compared = recompute(self._desk.store, library, computed, *keys, at=self._ended(run))
        if not compared.agrees:
            raise OrderError(f"the record of {run} can't be computed: {compared.reason}")

    def _sign(self, run: str, job: YearsRun) -> None:
        """Let those sign who have come to it, each at their time, and remark on what is returned."""
        ended = datetime.fromtimestamp(self._ended(run), UTC)
        stages: dict[Stage, int] = {"draft": 0, "performed": 1, "returned": 1, "reviewed": 2, "issued": 3}
        for one in SIGNATORIES[: stages[job.stage]]:
            at = ended + timedelta(days=SIGNED_AFTER[one.duty])
            self._sign_as(one, run, at)
        if job.stage == "issued":
            office = self._office(ended + timedelta(days=SIGNED_AFTER["issued"]))
            for of_run in self._each(run):
                certificates.issue(office, SEALS.caller, of_run)
        if job.stage == "returned":
            office = self._office(ended + timedelta(days=SIGNED_AFTER["reviewed"]))
            remarks.write_remark(self._station, run, RemarkWritten(text=REMARK), REVIEWS.caller, office)

    def _sign_as(self, who: Signs, run: str, at: datetime) -> None:
        office, here = self._office(at), civil_time(at.timestamp(), self._zone)
        for of_run in self._each(run):
            signed = sign(of_run.certificate(), self._keys.signers[who.duty], here)
            certificates.file_signed(office, who.caller, of_run, signed)

    def _each(self, run: str) -> tuple[RunAt, ...]:
        return self._desk.at(self._station, run).each()

    def _ended(self, run: str) -> float:
        row = self._desk.store.journals.find(self._station, run)
        if row is None:
            raise OrderError(f"the journal of {run} was not taken in")
        return row.updated

    def _office(self, at: datetime) -> Office:
        """Return the laboratory as it is at a time."""
        return Office(self._desk, VirtualClock(at.timestamp()))


def demonstration_order(assembly: Assembly, job: YearsRun) -> Order:
    """Return the bench's work order with a run's device and customer, and our signatories; without numbers.

    Raises:
        OrderError: the bench calibrates several devices at once.
    """
    made = Order.load(assembly.order)
    if made.dut is None:
        raise OrderError(
            "this bench calibrates several devices at once, and the console's demonstration has one: choose "
            "another bench"
        )
    head = made.order.model_copy(update={"number": "", "certificate": None, "bench": None})
    persons = tuple(Signatory(name=one.name, duty=one.duty) for one in SIGNATORIES)
    return made.model_copy(
        update={
            "order": head,
            "dut": made.dut.model_copy(update={"serial": job.serial}),
            "customer": Party(name=job.customer.name, address=job.customer.address),
            "persons": persons,
        }
    )
