"""A run from the first exchange to the safe state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.readings import moduli, spoilers
from remotecal.drivers.shown import DONE
from remotecal.drivers.waveform import Waveform
from remotecal.errors import (
    CertificateRefused,
    InterlockTripped,
    ParameterError,
    RemotecalError,
    RunAborted,
    RunError,
    RunSuspended,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.journal.contents import File
from remotecal.journal.events import MICROSECOND, seconds, timestamp
from remotecal.journal.observation import AS_LEFT
from remotecal.journal.values import pack, readings, sources, timed
from remotecal.model import Text
from remotecal.procedures.held import disordered, hurried, miscounted, strays
from remotecal.procedures.observed import packed
from remotecal.procedures.procedure import Artefact, of_role
from remotecal.runs.items import other_device
from remotecal.runs.running import Running
from remotecal.runs.safety import NOTHING, Safety, make_safe
from remotecal.runs.setups import check_setups, spared
from remotecal.runs.tempo import Durations
from remotecal.runs.watch import Watch

if TYPE_CHECKING:
    from remotecal.bench import Bench
    from remotecal.clock import Clock
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.events import Json
    from remotecal.journal.evidence import Start
    from remotecal.journal.observation import Point, Value
    from remotecal.journal.writing import Journal
    from remotecal.open_bench import OpenBench
    from remotecal.procedures.observed import Observed
    from remotecal.procedures.procedure import Filling, Procedure
    from remotecal.runs.company import Company
    from remotecal.runs.tempo import PlanDone

SAME = ("driver", "settings", "maker", "model", "serial")
"""What of an instrument stays the same as long as a run lasts, whatever interrupts it."""

ENDINGS = ((RunAborted, "abort"), (RunSuspended, "suspend"), (InterlockTripped, "interlock"))
"""Why a run ended, and the kind of event that says so; whatever else is a failure."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can be carried out: what its order asks for, and the bench that suits it."""

    start: Start
    """What its journal begins with."""
    procedure: Procedure
    """The procedure with its parameters, its roles not filled yet."""
    bench: Bench
    """The bench."""
    clock: Clock
    """The run's time."""


def filled(planned: Plan, instruments: Mapping[str, Instrument]) -> Procedure:
    """Return a plan's procedure with its roles filled by instruments, by their names, and artefacts."""
    start = planned.start
    fillings: dict[str, Filling] = {}
    there: dict[str, Instrument | Artefact] = dict(instruments)
    there |= {name: Artefact(name, serial) for name, serial in start.artefacts.items()}
    for role in type(planned.procedure).roles():
        found = tuple(there[name] for key, name in start.roles.items() if of_role(key) == role.name)
        fillings[role.name] = found if role.several else next(iter(found), None)
    return planned.procedure.filled(fillings)


class Session:
    """A run from opening the bench to its safe state; the same whether it begins or goes on."""

    def __init__(self, planned: Plan, opened: OpenBench, journal: Journal, company: Company) -> None:
        bench = planned.bench
        self._start, self._opened, self._journal = planned.start, opened, journal
        self._entries = bench.file.instruments
        self._company, self._control = company, company.control
        self._control.cancel = opened.cancel
        self._watch = Watch(bench, opened, self._control, journal)
        self._run = Running(
            opened, journal, self._control, company.answers, company.watchers, company.largest_file
        )
        kind = type(planned.procedure)
        self._procedure = filled(planned, opened.instruments)
        self._declared = {role.name: role.capabilities for role in kind.roles()}
        self._done = set(journal.past.observed)
        self._set = journal.past.adjusted
        """What was set where the devices were adjusted; nothing where that was not possible."""
        self._durations = Durations()
        self._reached: set[str] = set()

    def perform(self) -> None:
        """Measure what is left to measure; whatever happens, make the rig safe.

        What signals do meanwhile is up to the caller (`signals`).
        """
        failure: BaseException | None = None
        try:
            try:
                self._begin()
                self._measure_all()
            finally:
                self._control.notice()  # at once: from here on no second signal gets in between
        except BaseException as error:  # noqa: BLE001  whatever it is, the rig is made safe first
            self._control.notice()  # should that signal have come just before
            failure = self._explained(error)
        occurred = self._opened.clock.now()
        self._watch.stop_looking()
        safety = self._make_safe()
        unsafe = safety.unsafe
        if failure is not None and safety.nothing:
            failure.add_note(NOTHING)
        self._watch.end()
        for instrument in self._opened.instruments.values():
            instrument.keep = None  # nothing follows the end, such as an instrument's farewell
        self._opened.lend(None)
        try:
            self._conclude(failure, occurred, safety)
        except RunError as error:
            failure = failure or error
        if unsafe is not None:
            because = f"; the run had stopped because {failure}" if failure else ""
            raise SafeStateNotReached(f"{unsafe}{because}") from failure
        if failure is not None:
            raise failure

    def _begin(self) -> None:
        self._opened.lend(self._run)
        for instrument in self._opened.instruments.values():
            instrument.keep = self._run.keep
        self._introduce(by_hand=False)
        # First to the safe state: a drive that was left running must not start again when a rig that
        # lost its heartbeat is reset, and a person takes their time to read serial numbers.
        safety = self._make_safe()
        self._journal.append("safe", safety.written())
        if safety.unsafe is not None:
            raise safety.unsafe
        if watched := self._watch.declared:
            self._journal.append("watch", watched)
        self._watch.begin()
        self._have_mounted()
        self._introduce(by_hand=True)
        for path in self._company.files:
            self._run.attach(path, "", self._company.by)

    def _have_mounted(self) -> None:
        """Have somebody mount the devices where the order says so, unless they were already."""
        order, past = self._start.order, self._journal.past
        known = {str(event.data["name"]) for event in past.instruments}
        if not order.order.mount or self._mounted <= known:
            return
        named = ((dut.on, dut.serial or dut.owner_number) for dut in order.devices.values())
        places = "; ".join(": ".join(filter(None, pair)) for pair in named)
        empty = ", ".join(order.order.empty)
        self._run.ask(
            Text(
                zh=f"请装上被检器具，然后确认。{places}。空位：{empty or '无'}。",
                en=f"Mount the devices, then confirm: {places}. Places that stay empty: {empty or 'none'}.",
            ),
            options=(DONE,),
        )

    @property
    def _mounted(self) -> set[str]:
        """Names of the instruments that are, or read, devices which have to be mounted first."""
        role, order = type(self._procedure).under_test, self._start.order
        there = {name for key, name in self._start.roles.items() if of_role(key) == role}
        return there & self._opened.instruments.keys() if order.order.mount else set()

    def _introduce(self, *, by_hand: bool) -> None:
        """Let the instruments say who they are: those with a wire, or those that a person reads or mounts."""
        late = self._mounted
        for name, instrument in self._opened.instruments.items():
            if (isinstance(instrument, HandInstrument) or name in late) is not by_hand:
                continue
            wraps, spoilt = moduli(type(instrument)), spoilers(type(instrument))
            said: dict[str, Json] = {
                "address": instrument.link.address,
                "driver": self._entries[name].driver,
                "name": name,
                "settings": self._entries[name].settings,
                **instrument.identify()._asdict(),
                **({"noted": list(instrument.noted)} if instrument.noted else {}),
                **({"wraps": wraps} if wraps else {}),
                **({"spoiled_by": spoilt} if spoilt else {}),
            }
            self._refuse_another(said)
            self._refuse_other_device(name, type(instrument), str(said["serial"]))
            self._journal.append("instrument", said)

    def _refuse_another(self, said: Mapping[str, Json]) -> None:
        """Raise `WrongInstrument` where a run goes on with another instrument than it began with."""
        for event in self._journal.past.instruments:
            if event.data["name"] == said["name"]:
                changed = [part for part in SAME if event.data[part] != said[part]]
                if changed:
                    was, now = (", ".join(_shown(d[part]) for part in changed) for d in (event.data, said))
                    raise WrongInstrument(
                        f"{said['name']}: the run began with {was}, now it is {now}: put the instrument "
                        "back, set as it was, or begin a new run"
                    )

    def _refuse_other_device(self, name: str, driver: type[Instrument], serial: str) -> None:
        """Raise `WrongInstrument` where another device is mounted than the order is for."""
        start, kind = self._start, type(self._procedure)
        if fault := other_device(start.order, kind, start.roles, name, driver, serial):
            raise WrongInstrument(f"{name} says that it is SN {serial}, {fault}")

    def _measure_all(self) -> None:
        points, run = self._start.points, self._run
        left = [p for p in points if self._repeats_left(p) and not self._stays_as_found(p)]
        due = sum(point.repeats for point in points)
        self._durations = Durations.of(self._procedure, points)
        self._reached = {point.name for point in points if not self._repeats_left(point)}
        run.show("prepare", points=len(points), observed=len(self._done), due=due, plan=self._plan_done())
        if left:
            self._procedure.prepare(run)
        for point in left:
            self._hold()
            if AS_LEFT in point.series and self._set is None:
                self._adjust()
            if self._stays_as_found(point):
                break
            self._journal.append("point", {"point": point.name}, durable=False)
            run.show("approach", point=point, number=points.index(point) + 1, repeat=0)
            self._expect(point)
            self._procedure.approach(point, run)
            self._reached.add(point.name)
            for repeat in self._repeats_left(point):
                self._hold()
                self._observe(point, repeat)

    def _expect(self, point: Point) -> None:
        """Tell instruments that are read by hand what a point's nominal values let one expect of them."""
        for quantity, nominal in self._procedure.reach.items():
            role, _, name = quantity.partition(".")
            named = [filling for key, filling in self._start.roles.items() if of_role(key) == role]
            for instrument in map(self._opened.instruments.get, named if nominal in point.nominal else ()):
                if isinstance(instrument, HandInstrument):
                    instrument.expect(name, point.nominal[nominal], self._procedure.sets[nominal])

    def _adjust(self) -> None:
        """Bring the devices' errors down; what was set is evidence, and all was measured as found before."""
        self._run.show("adjust")
        self._set = pack(self._procedure.adjust(self._run))
        self._journal.append("adjust", {"set": self._set})

    def _stays_as_found(self, point: Point) -> bool:
        """Tell whether a point is of a device as left that could not be adjusted, and so is as found."""
        return AS_LEFT in point.series and self._set is not None and not self._set

    def _repeats_left(self, point: Point) -> list[int]:
        return [n for n in range(1, point.repeats + 1) if (point.name, n) not in self._done]

    def _plan_done(self) -> PlanDone:
        """Return how much of the plan is behind the run."""
        return self._durations.done(self._done, self._reached)

    def _observe(self, point: Point, repeat: int) -> None:
        run = self._run
        if ended := self._start.ended(run.clock.now()):
            raise CertificateRefused(
                f"{ended}, and the run went on beyond that day: begin anew once it holds"
            )
        place: dict[str, Json] = {"point": point.name, "repeat": repeat}
        began = self._journal.append("repeat", place).at
        run.show("measure", repeat=repeat, plan=self._plan_done())
        values = timed(packed(self._seen(point)), self._journal.over)
        if faults := hurried(self._procedure.yields(), values, self._procedure.parameters, seconds(began)):
            raise RunError(f"{point.name}: {'; '.join(faults)}: wait as long, and resume or order it anew")
        _refuse_unread(values, seconds(began))
        self._refuse_unkept(values, seconds(began))
        others = spared(type(self._procedure), self._start.roles)
        values = check_setups(values, self._opened.instruments, run, others)
        self._watch.see_that_nobody_slept()
        self._watch.look_again()
        run.look()
        self._journal.append("observation", {**place, "began": began, "values": pack(values)})
        self._done.add((point.name, repeat))
        run.show("done", observed=len(self._done), plan=self._plan_done())

    def _refuse_unkept(self, values: Mapping[str, Value], began: float) -> None:
        """Raise `ParameterError` for waveforms and files that are not of the run, or not of the repeat."""
        for name, value in values.items():
            if isinstance(value, Waveform):
                if value.at < began - MICROSECOND:
                    raise ParameterError(f"the observation's {name} was there before the repeat began")
                if value.exchange is not None:
                    continue
            if isinstance(value, Waveform | File) and not self._journal.names(value.sha256):
                raise ParameterError(
                    f"the observation's {name} is not kept with the run: keep samples by run.waveform, files "
                    "by run.attach"
                )

    def _seen(self, point: Point) -> Observed:
        seen, kind = self._procedure.measure(point, self._run), self._procedure.yields()
        if not isinstance(seen, kind):
            raise ParameterError(f"measure returned {seen!r}, and declares that it yields {kind.__name__}")
        faults = strays(kind, sources(vars(seen)), self._start.roles, self._declared)
        faults += miscounted(kind, vars(seen), self._procedure.parameters, self._start.roles)
        if faults := faults + disordered(kind, vars(seen), self._start.roles):
            raise ParameterError(f"{kind.__name__} is not what was declared: {'; '.join(faults)}")
        return seen

    def _hold(self) -> None:
        paused = self._control.paused
        self._run.look()
        if paused:
            self._journal.append("pause", {})
            self._run.show("pause")
            while self._control.paused:
                self._control.wait()
                self._run.look()
            self._run.look()
            self._journal.append("go_on", {})

    def _explained(self, error: BaseException) -> BaseException:
        """Return what ended the run, in words of who must act."""
        stopped = self._control.error
        if stopped is not None:
            stopped.__cause__ = None if error is stopped else error
            return stopped
        if isinstance(error, KeyboardInterrupt):
            return RunAborted("the run was interrupted")
        if isinstance(error, RemotecalError) or not isinstance(error, Exception):
            return error
        failure = RunError(f"the procedure failed: {type(error).__name__}: {error}")
        failure.__cause__ = error
        return failure

    def _make_safe(self) -> Safety:
        step = self._procedure.safe_by_hand
        return make_safe(self._opened, step, lambda: self._run.ask_for_safety(cast("Text", step)))

    def _conclude(self, failure: BaseException | None, occurred: float, safety: Safety) -> None:
        """Write how it ended; that comes after the rig is safe, for a disk can be slow or full."""
        self._run.write_remarks(self._control.last_remarks())
        if failure is not None:
            kind = next((kind for error, kind in ENDINGS if isinstance(failure, error)), "failure")
            said: dict[str, Json] = {
                "error": type(failure).__name__,
                "occurred": timestamp(occurred),
                "text": str(failure),
            }
            if isinstance(failure, InterlockTripped):
                said |= self._control.watched.told(occurred, failure.what)
            self._journal.append(kind, said)
        self._journal.append("safe", safety.written())
        if failure is None and safety.unsafe is None:
            self._journal.append("finish", {"observations": len(self._done)})


def _refuse_unread(values: Mapping[str, Value], began: float) -> None:
    """Raise `ParameterError` for readings that are not of the repeat, which no verifier would believe."""
    for name, reading in readings(values):
        if reading.exchange is None:
            raise ParameterError(
                f"the observation's {name} ({reading.source}) is no reading of an instrument: keep what was "
                "read, and compute in evaluate"
            )
        if reading.at < began - MICROSECOND:
            raise ParameterError(
                f"the observation's {name} ({reading.source}) was read before the repeat began: read in "
                "measure whatever the repeat rests on"
            )


def _shown(part: Json) -> str:
    """Return what is told of an instrument, as a person can compare it: a text of many lines by its hash."""
    if isinstance(part, Mapping):
        return ", ".join(f"{key} {_shown(value)}" for key, value in sorted(part.items()))
    text = str(part)
    return f"with SHA-256 {sha256(text.encode()).hexdigest()[:16]}" if "\n" in text else text
