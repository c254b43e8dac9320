"""A driver is its datasheet: what every instrument has in common.

A driver is a class whose body states quantities (see `quantities`), the wire, the safe state and
what it expects to find; this module turns the statements into conversations.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol, Self, cast

from remotecal.clock import Clock, RealClock
from remotecal.drivers.asking_again import PAUSES
from remotecal.drivers.codecs import Register, Sum
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration, Held, Obtained, Step, declared, named, settle
from remotecal.drivers.links import Link, StationLinks, open_link
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.drivers.quantities import Action, BoundReading
from remotecal.drivers.quantity import ameasure, measure
from remotecal.drivers.talks import Talk, talked
from remotecal.errors import (
    BenchError,
    InstrumentError,
    RemotecalError,
    SafeStateNotReached,
    WrongInstrument,
)

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantity import Measuring, Quantity

Keep = Callable[[str, bytes, bytes], int]
"""Keeps an exchange (instrument's name, request, reply) and returns its number."""

Through = Callable[[Link], Link]
"""Puts another link in front of one."""


class Bindable(Protocol):
    """A declaration that gives something to call when it is read from an instrument."""

    def __get__(self, instrument: object, owner: type) -> object: ...


class Identity(NamedTuple):
    """Who answers, as far as the instrument can say it; "" for what it can't."""

    maker: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""

    def __str__(self) -> str:
        known = " ".join(filter(None, (self.maker, self.model)))
        parts = (known, self.serial and f"SN {self.serial}", self.firmware and f"firmware {self.firmware}")
        return ", ".join(filter(None, parts)) or "does not say who it is"


class Instrument:
    """A device with a remote interface.

    Args:
        link: the channel; `open` makes one from an address.
        name: how messages and evidence call it, such as its role on the bench.
        serial: the serial number it must have; another one is refused.
        clock: gives each reading its time.
    """

    maker: ClassVar[str] = ""
    model: ClassVar[str] = ""
    models: ClassVar[str] = ""
    """Pattern of the models this driver serves, as the instrument names itself; "" for no check."""
    wire: ClassVar[Line | Modbus]
    """How bytes are wrapped, and how slow the slowest ordinary reply is."""
    safe: ClassVar[tuple[Step | Action, ...]] = ()
    """What makes the instrument harmless, in this order."""
    hastened: ClassVar[tuple[Step, ...]] = ()
    """What lets that come about in time, such as how fast it vents; told last, and nothing hangs on it."""
    expects: ClassVar[tuple[Step, ...]] = ()
    """How the instrument must be configured for this driver's statements to be true."""
    files: ClassVar[tuple[str, ...]] = ()
    """Settings by which a bench names a file beside it, whose text the driver is then told."""

    link: Link
    name: str
    serial: str | None
    clock: Clock
    keep: Keep | None
    """Keeps every exchange as evidence; None while nobody does."""
    noted: tuple[str, ...]
    """What was found when the instrument was opened that whoever runs it should know."""
    pauses: Sequence[float]
    """Seconds before each new attempt to ask it when it can't answer just now."""
    _placed: dict[Held, Content]
    measured_before: dict[tuple[Quantity, ...], Measuring]
    heeds: bool
    met: Identity | None
    """Who answered when the instrument was opened."""

    def __init__(
        self, link: Link, *, name: str = "", serial: str | None = None, clock: Clock | None = None
    ) -> None:
        self.link = link
        self.name = name or type(self).__name__
        self.serial = serial
        self.clock = clock or RealClock()
        self.keep = None
        self.noted = ()
        self.pauses = PAUSES
        self._placed = {}
        self.measured_before = {}
        self.heeds = True
        self.met = None
        link.name = self.name
        link.on_reopen = self._take_up_again

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        wire = getattr(cls, "wire", None)
        for item in declared(cls) if wire is not None else ():
            if isinstance(item.wire, Register | Sum) is not isinstance(wire, Modbus):
                raise TypeError(f"{item!r} stands where {cls.__name__} can't find it: lines or registers?")

    if not TYPE_CHECKING:  # a checker that saw this would let any name be assigned

        def __setattr__(self, name, value):  # noqa: ANN001, ANN204
            known = any(name in inspect.get_annotations(cls) for cls in type(self).__mro__)
            if not known or isinstance(getattr(type(self), name, None), Declaration):
                raise AttributeError(
                    f"{type(self).__name__} declares no {name!r} to assign; settings are set by call"
                )
            object.__setattr__(self, name, value)

    @classmethod
    def open(
        cls,
        address: str,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        port: Serial | None = None,
        stations: StationLinks | None = None,
        through: Through | None = None,
        **settings: float | str,
    ) -> Self:
        """Open the instrument at a VISA resource name, a `modbus+…://`, `by-hand:` or `station://` address.

        Args:
            address: where it is.
            name: how to call it.
            serial: the serial number it must have.
            clock: gives each reading its time.
            port: serial port settings that differ from the driver's.
            stations: the stations within reach, for an instrument there.
            through: puts another link, such as a recorder, in front of the one to it.
            settings: what else the driver's constructor takes, such as a channel or a Modbus unit.

        Raises:
            BenchError: the address has no known form, or a setting is unknown to the driver.
            LinkError: nobody, or somebody else, answers there.
        """
        cls._refuse_unknown(name, settings)
        driver = cls.as_stated(settings)
        link = open_link(address, driver.wire, name=name or cls.__name__, port=port, stations=stations)
        if through is not None:
            link = through(link)
        try:
            return driver.over(link, name=name, serial=serial, clock=clock, **settings)
        except RemotecalError:
            link.close()
            raise

    @classmethod
    def over(
        cls,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        **settings: float | str,
    ) -> Self:
        """Return the instrument at the other end of a link, once it has said who it is; see `open`.

        Raises:
            BenchError: a setting is unknown to the driver, or its safe state is none.
            LinkError: nobody, or somebody else, answers.
        """
        cls._refuse_unknown(name, settings)
        cls.refuse_unsafe()
        make = cast("Callable[..., Self]", cls)
        instrument = make(link, name=name, serial=serial, clock=clock, **settings)
        instrument.check()
        return instrument

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:  # noqa: ARG003  most heed none
        """Return the driver as a bench's settings complete it; most are complete as they are.

        Raises:
            BenchError: no such instrument can be.
        """
        return cls

    @classmethod
    def refuse_unsafe(cls) -> None:
        """Raise `BenchError` if its safe state leaves open what must be shut; only who opens it needs to ask.

        What such an instrument once told stays evidence, and is read again as it was.
        """

    @classmethod
    def time_to_be_safe(cls, highest: float, settings: Mapping[str, object]) -> float:  # noqa: ARG003
        """Return the seconds its safe state takes at least beyond what it is told and asked.

        Args:
            highest: the highest absolute pressure in kPa it can be under; infinity where nothing limits it.
            settings: what the bench file says of it.
        """
        return 0.0

    @classmethod
    def _refuse_unknown(cls, name: str, settings: Mapping[str, object]) -> None:
        if unknown := set(settings) - set(inspect.signature(cls).parameters):
            raise BenchError(
                f"{name or cls.__name__}: {cls.__name__} has no setting {', '.join(sorted(unknown))}"
            )

    def identify(self) -> Identity:
        """Ask the instrument who it is; an instrument that can't say answers with its class's words."""
        return Identity(self.maker, self.model)

    def check(self) -> Identity:
        """Make sure the right instrument answers and is configured as the driver expects.

        Raises:
            WrongInstrument: it is another model, another serial number, or set up differently.
        """
        identity = self.identify()
        identity = identity._replace(serial=known_serial(identity.serial))
        if self.models and not re.search(self.models, identity.model):
            raise WrongInstrument(
                f"{self.name}: {type(self).__name__} serves {self.model}, but {identity} answers at "
                f"{self.link.address}: check the address or the driver in the bench file"
            )
        if self.serial and identity.serial and identity.serial != self.serial:
            raise WrongInstrument(
                f"{self.name}: serial number {self.serial} is expected, but {identity} answers at "
                f"{self.link.address}: has the instrument been exchanged?"
            )
        if self.met is None:
            self.met = identity
        elif identity[:IDENTITY] != self.met[:IDENTITY]:
            raise WrongInstrument(
                f"{self.name}: {self.met} answered at {self.link.address} before, now {identity} does: "
                "has the instrument been exchanged?"
            )
        self.check_setup()
        return identity

    def check_setup(self) -> None:
        """Make sure it is set up as the driver expects: whoever stands before it may turn its unit any time.

        Raises:
            WrongInstrument: it is not.
        """
        for step in self.expects:
            ((content, _, _),) = self.obtain(step.declaration)
            if not step.declaration.agrees(content, step.content):
                raise WrongInstrument(
                    f"{self.name}: {step.declaration.name} is {step.declaration.show(content)}, this driver "
                    f"needs {step.declaration.show(step.content)}: change it at the instrument"
                )

    def quantity(self, name: str) -> object:
        """Return what is declared under a name, such as `speed` or `temperature[3]`, to be asked and told.

        None where nothing is; a name may come from a file, and finds nothing else.
        """
        item = named(type(self)).get(name)
        return None if item is None else cast("Bindable", item).__get__(self, type(self))

    def read(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        """Return several quantities in the order asked, in as few exchanges as the instrument allows."""
        return measure(self, tuple([quantity.declaration for quantity in quantities]))

    async def aread(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        """Read several quantities in the running event loop; as `read`."""
        return await ameasure(self, tuple([quantity.declaration for quantity in quantities]))

    def make_safe(self) -> None:
        """Bring the instrument to its declared safe state and read it back where that is possible.

        Every step is tried, whatever became of the others (`SafeStateNotReached`); then what hastens it.
        """
        failures = []
        for step in self.safe:
            try:
                self._take_safe_step(step)
            except Exception as failure:  # noqa: BLE001  a driver's own fault keeps no valve open
                told = isinstance(failure, RemotecalError)
                failures.append(str(failure) if told else f"{step}: {failure!r}")
        for step in self.hastened:
            with suppress(Exception):
                self._take_safe_step(step)
        if failures:
            raise SafeStateNotReached(f"{self.name} is not known to be safe: {'; '.join(failures)}")

    def _take_safe_step(self, step: Step | Action) -> None:
        if isinstance(step, Action):
            self.place(step, step.content)
            return
        self.place(step.declaration, step.content)
        if self.can_be_asked(step.declaration):
            ((content, _, _),) = self.obtain(step.declaration)
            if not step.declaration.agrees(content, step.content):
                raise InstrumentError(f"{step} was sent, but it is {step.declaration.show(content)}")

    def _take_up_again(self) -> None:
        """Check who answers after a reopened link, and restore what was set.

        What belongs to the safe state (a pump's speed, a valve) is left as the instrument woke up:
        nothing is set moving behind the run's back.
        """
        self.check()
        dangerous = {step if isinstance(step, Action) else step.declaration for step in self.safe}
        for declaration, content in list(self._placed.items()):
            if declaration not in dangerous:
                settle(self, declaration, content)

    def can_be_asked(self, declaration: Declaration) -> bool:
        """Tell whether the instrument can be asked for a value it was told."""
        raise NotImplementedError

    def obtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        """Ask for the contents of declarations; see `declarations.Asked`."""
        return talked(self.link, self.conversation(*declarations))

    async def aobtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        """Ask for them in the running event loop; as `obtain`."""
        from remotecal.drivers.awaiting import awaited

        return await awaited(self.link, self.conversation(*declarations))

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Say what is asked for the contents of declarations, and understand the replies.

        What `obtain` says, whoever carries it: it asks by `yield`, never by `ask`.
        """
        raise NotImplementedError

    def obtain_block(self, declaration: Declaration) -> tuple[bytes, float, int | None]:
        """Ask for a block; see `declarations.Asked`."""
        raise NotImplementedError

    def place(self, declaration: Declaration, content: Content) -> None:
        """Send content to a declaration and see that it was taken; see `declarations.Asked`."""
        raise NotImplementedError

    def _exchange(self, request: bytes, timeout: float | None = None) -> tuple[bytes, int | None]:
        reply = self.link.ask(request, timeout)
        return reply, self._kept(request, reply)

    def _kept(self, request: bytes, reply: bytes) -> int | None:
        """Keep an exchange, and return its number; None while nobody keeps them."""
        return None if self.keep is None else self.keep(self.name, request, reply)

    def close(self) -> None:
        """Give up the link."""
        self.link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


IDENTITY: Final = 3
"""Maker, model and serial number say who it is; firmware may be renewed."""

_NO_SERIAL: Final = re.compile(r"[\s0._*?-]*|n/?a|none|unknown|f{4,}|x+", re.IGNORECASE)


def known_serial(told: str) -> str:
    """Return a serial number an instrument tells; "" for what stands for none, such as "0".

    >>> known_serial("0000"), known_serial(" B512 ")
    ('', 'B512')
    """
    return "" if _NO_SERIAL.fullmatch(told) else told.strip()
