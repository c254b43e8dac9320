"""Whole simulated benches: a physical thing, instruments on their ports, and the paper for them."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from remotecal import html
from remotecal.clock import Clock, RealClock, SharedClock, VirtualClock
from remotecal.configuration import checked
from remotecal.errors import ConfigurationError
from remotecal.procedures.parameters import In, Parameters
from remotecal.sim.calibrated import Calibrated
from remotecal.sim.certificates import stated_by
from remotecal.sim.loop import Loop
from remotecal.sim.memory import MemoryLink
from remotecal.sim.paper import BENCH, ORDER, Paper, write_paper
from remotecal.sim.world import World

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from remotecal.bench import CertificateUsed
    from remotecal.certificates.trust import Capability
    from remotecal.drivers.instrument import Instrument
    from remotecal.model import Result, Table
    from remotecal.procedures import Drivers
    from remotecal.sim.simulated import Simulated
    from remotecal.sim.wiring import Wired

CLOCK = "clock"
"""File beside the bench file in which a bench keeps its virtual time."""

LOOK = 1.0
"""Seconds from one look at a bench in real time to the next: whoever asks after a night need not wait while
the physics of the night is made up for."""


class BenchOptions(Parameters):
    """What can be chosen when a bench is put up; each field with a docstring under it."""

    seed: Annotated[int, In("1")] = 1
    """The same seed gives the same bench."""
    occasion: Annotated[int, In("1", at_least=0)] = 0
    """On which occasion: another one finds the same bench on another day, with other noise and weather."""


class Assembly(ABC):
    """A simulated bench. A subclass declares one, and its docstring's first line says what it is.

    ```python
    class StirredBath(Assembly):
        '''Stirred bath with a reference thermometer and one under test.'''

        class Options(BenchOptions):
            target: Annotated[float, In("°C", at_most=95)] = 40.0
            '''Where the bath goes.'''

        def __init__(self, world: World, options: Options) -> None:
            super().__init__(world, options)
            bath = Bath(world, options.target)
            self.wired = {"reference": stands.thermometer(world, …, lambda: bath.temperature, …), …}

        def paper(self, today: date) -> Paper: …


    with StirredBath.up(Path("bath"), target=60) as bath:
        print(bath.bench, bath.order)
    ```
    """

    Options: ClassVar[type[BenchOptions]] = BenchOptions
    """What can be chosen."""
    procedures: ClassVar[tuple[str, ...]] = ()
    """The procedures it suits, by their names in the catalogue."""
    scope: ClassVar[tuple[Capability, ...]] = ()
    """What the demonstration's laboratory may certify with it; without it there is no demonstration."""

    states: ClassVar[tuple[str, str]] = ("basic_measurementError", "basic_referenceValue")
    """refTypes of what the first table of its certificate states of the device, and against what."""

    wired: Mapping[str, Wired]
    """The instruments by their names on the bench."""

    def __init__(self, world: World, options: BenchOptions) -> None:
        self.world = world
        self.options = options
        self.addresses: Mapping[str, str] = {}
        """Where each instrument is served; empty for a bench without wires."""
        self.directory: Path | None = None
        """Where bench file, certificates and order are; None for a bench without paper."""
        self.person: Callable[[str, Sequence[str]], str] | None = None
        """Who does there what an instrument can't, by what is asked in English and what may be answered;
        None where nobody is needed. See `person.Bystander`."""

    @abstractmethod
    def paper(self, today: date) -> Paper:
        """Return what is to be written about it on this day."""

    @classmethod
    def choose(cls, options: Mapping[str, object]) -> BenchOptions:
        """Return what is chosen of it, by the names in `Options`.

        Raises:
            ConfigurationError: an option is unknown, or can't be so.
        """
        return checked(cls.Options, dict(options), cls.__name__, ConfigurationError)

    @classmethod
    def up(
        cls, directory: Path | None = None, *, clock: Clock | None = None, **options: object
    ) -> AbstractContextManager[Self]:
        """Put it up; see `choose` and `put_up`."""
        return cls.put_up(cls.choose(options), directory, clock)

    @classmethod
    @contextmanager
    def put_up(
        cls,
        chosen: BenchOptions,
        directory: Path | None = None,
        clock: Clock | None = None,
        prepare: Callable[[Self], object] = lambda _: None,
    ) -> Iterator[Self]:
        """Put it up as it was chosen.

        Args:
            chosen: one of its `Options`.
            directory: where bench file, certificates and order are written and for which the
                instruments are served; without it the bench has no wires and no paper.
            clock: its time; a virtual clock if not given, shared with other processes by a file in
                the directory.
            prepare: done to it before it is served, and before its paper is written.
        """
        if clock is None:
            clock = SharedClock.begin(directory / CLOCK) if directory else VirtualClock()
        bench = cls(World(clock, chosen.seed, chosen.occasion), chosen)
        prepare(bench)
        with ExitStack() as servers:
            if directory is not None:
                bench._serve(directory, servers)
            yield bench

    def _serve(self, directory: Path, servers: ExitStack) -> None:
        """Serve the instruments until `servers` closes, and write the paper."""
        loop = servers.enter_context(Loop())
        if isinstance(self.clock, RealClock):
            loop.call(lambda: loop.every(LOOK, self._look))
        self.addresses = {name: place.serve(servers, loop) for name, place in self.wired.items()}
        self.write(directory)

    def write(self, directory: Path) -> None:
        """Write bench file, certificates and order; where no instrument is served, for `connect` alone."""
        self.directory = directory
        addresses = {name: self.addresses.get(name, place.unserved) for name, place in self.wired.items()}
        today = datetime.fromtimestamp(self.clock.now(), UTC).date()
        write_paper(directory, self.paper(today), self.wired, addresses, _told(self.clock), today)

    def _look(self) -> None:
        with self.world.present():
            return

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],  # noqa: ARG003 for those that look
        drivers: Drivers,  # noqa: ARG003
    ) -> dict[str, object]:
        """Return what to choose of it so that it resembles a real bench, for a rehearsal.

        Args:
            parameters: the procedure's, in the units it declares.
            drivers: role → driver on the real bench.
        """
        return {}

    def imitate(self, certificates: Mapping[str, CertificateUsed], chance: Random) -> tuple[str, ...]:
        """Give its instruments the certificates of real ones with their names; true is one draw of each.

        To be done before the paper is written, which then states what they state.

        Args:
            certificates: name on the bench → its certificate.
            chance: draws by how much they are off.

        Returns:
            What its instruments state that the real ones' certificates do not.
        """
        missing = []
        for name, place in self.wired.items():
            for called, given in place.certified.tables if place.certified is not None else ():
                real = certificates.get(name)
                if isinstance(given, Calibrated) and real and (stated := stated_by(real, given.stated)):
                    given.imitate(Calibrated.drawn(stated, chance))
                else:
                    missing.append(f"{name}, {called.get('en')}")
        return tuple(missing)

    def mount(
        self,
        artefacts: Mapping[str, CertificateUsed],
        chance: Random,
    ) -> tuple[str, ...]:
        """Put artefacts as the real ones are in the place of its own; true is one draw of each certificate.

        To be done before the paper is written; the certificates of its own artefacts are replaced after that.

        Args:
            artefacts: name on the bench → its certificate.
            chance: draws by how much they are off.

        Returns:
            The names of those it can't take.
        """
        return tuple(artefacts)

    def true_error(self, at: float) -> float:
        """Return the truth of what the certificate `states` at a place, both in the units it states them in.

        Nothing an instrument could show: for tests of whether certificates hold what they claim.
        """
        raise NotImplementedError

    def true_errors(self, at: float) -> tuple[float, ...]:
        """Return the true error of each device of the work order, in its order; as `true_error`."""
        return (self.true_error(at),)

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return the true error that a row of errors states, of a device of the order counted from 0.

        By its place, as `true_errors`; overridden where a place is more than one number.
        """
        return self.true_errors(self.place_in(table, row, self.states[1]))[device]

    def true_beside(self, results: Sequence[Result]) -> Iterator[tuple[str, float, float, float]]:
        """Yield what else a device's certificate states and the bench knows the truth of.

        Args:
            results: those of the device.

        Yields:
            What it is called, its value, its expanded uncertainty and its true value, in the table's unit.
        """
        yield from ()

    @staticmethod
    def place_in(table: Table, row: int, ref_type: str = "basic_referenceValue") -> float:
        """Return what a row of a table says in a column, in the column's unit.

        Raises:
            ConfigurationError: the table has no such column.
        """
        if (column := table.column(ref_type)) is None:
            raise ConfigurationError(f"the table tells no {ref_type}, by which a true error could be known")
        return column.floats()[row]

    @classmethod
    def about(cls) -> str:
        """Return what it is, in a line."""
        return inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]

    def _repr_html_(self) -> str:
        chosen = ", ".join(f"{name} = {value}" for name, value in self.options)
        rows = (
            (name, place.simulated.driver.__name__, self.addresses.get(name, ""), place.serial or "")
            for name, place in self.wired.items()
        )
        headings = ("名称\nName", "驱动\nDriver", "地址\nAddress", "出厂编号\nSerial")
        return html.table(headings, rows, f"{self.about()}\n{chosen}")

    @property
    def clock(self) -> Clock:
        """Its time."""
        return self.world.clock

    @property
    def bench(self) -> Path:
        """The bench file, beside the certificates it names."""
        return self._written(BENCH)

    @property
    def order(self) -> Path:
        """A work order for this bench."""
        return self._written(ORDER)

    def _written(self, name: str) -> Path:
        if self.directory is None:
            raise ConfigurationError("this bench was put up without a directory, so it has no paper")
        return self.directory / name

    def instrument(self, name: str) -> Simulated:
        """Return a simulated instrument, such as to give it a fault."""
        return self.wired[name].simulated

    def connect(self) -> dict[str, Instrument]:
        """Open every instrument by its driver without a wire, for many runs in little time."""
        opened: dict[str, Instrument] = {}
        for name, place in self.wired.items():
            link = MemoryLink(place.simulated, name, f"memory:{name}")
            driver = place.simulated.driver.as_stated(place.settings)
            opened[name] = driver.over(link, name=name, serial=None, clock=self.clock, **place.settings)
        return opened


def _told(clock: Clock) -> str:
    """Return what a bench file says of a clock."""
    if isinstance(clock, RealClock):
        return "real"
    return f"virtual:{clock.path.name}" if isinstance(clock, SharedClock) else "virtual"
