"""What drivers made from a table have in common: the table is a setting, and part of who they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import new_class
from typing import TYPE_CHECKING, ClassVar, Final, Self, cast

from remotecal import units
from remotecal.configuration import checked, parse_toml
from remotecal.drivers.capabilities import GasLoop
from remotecal.drivers.capabilities.safe_states import LOWEST_AIR, UNDER_PRESSURE
from remotecal.drivers.instrument import Identity, Instrument
from remotecal.drivers.mapped import fitting
from remotecal.drivers.mapped.rows import Indicated
from remotecal.drivers.quantities import Action, Choice, Reading, Setting
from remotecal.drivers.relief import LOOK, believed, look
from remotecal.errors import BenchError, OutOfSpan, RemotecalError, SafeStateNotReached, WrongInstrument

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from remotecal.drivers.declarations import Declaration, Step
    from remotecal.drivers.mapped.rows import Agreement, Relieved, Row, Stated, Told
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.readings import BoundReading
    from remotecal.drivers.states import Spoiling

    T = TypeVar("T", bound=Stated)

LONGEST: Final = 200_000
"""Characters of a table."""


class ByTable(Instrument):
    """An instrument as a table describes it."""

    files: ClassVar[tuple[str, ...]] = ("table",)
    stated_table: ClassVar[str] = ""
    """The text of the table."""
    agreements: ClassVar[tuple[Agreement, ...]] = ()
    """What must hang together when it is opened."""
    relieved: ClassVar[Relieved | None] = None
    """What is waited for before it counts as safe."""
    unsafe: ClassVar[str] = ""
    """Why what the table calls safe is not; "" if it is."""

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:
        """Return the driver that a table describes.

        Raises:
            BenchError: there is none, or it can't be so; the text names the row, and the capability.
        """
        text = settings.get("table")
        if not isinstance(text, str) or not text.strip():
            raise BenchError("table is missing: name the TOML file with its rows, beside the bench file")
        if len(text) > LONGEST:
            raise BenchError(f"table is longer than {LONGEST} characters, which no table is")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BenchError("table has half a letter, which no text has: mend the file") from None
        return cast("type[Self]", cls.made(text))

    @classmethod
    def made(cls, text: str) -> type[ByTable]:
        """Return the driver for a table; the same one each time."""
        raise NotImplementedError

    @classmethod
    def refuse_unsafe(cls) -> None:
        if cls.unsafe:
            raise BenchError(cls.unsafe)

    @classmethod
    def time_to_be_safe(cls, highest: float, settings: Mapping[str, object]) -> float:  # noqa: ARG003
        return 0.0 if cls.relieved is None else cls.relieved.within

    def identify(self) -> Identity:
        """Ask who it is, and tell which table that is believed by."""
        told = super().identify()
        table = f"table {sha256(self.stated_table.encode()).hexdigest()[:16]}"
        return told._replace(firmware=", ".join(filter(None, (told.firmware, table))))

    def check(self) -> Identity:
        """Check who answers, then that its quantities hang together as the table says."""
        identity = super().check()
        for agreement in self.agreements:
            self._see_agreement(agreement)
        return identity

    def make_safe(self) -> None:
        """Take the steps of the safe state, and stay until what the table says has come down.

        Nothing is waited for where a step failed: whoever called tries again at once.

        Raises:
            SafeStateNotReached: a step failed, it does not come down in time, or can't be believed.
        """
        super().make_safe()
        if self.relieved is not None:
            self._await_relief(self.relieved)

    def _await_relief(self, relieved: Relieved) -> None:
        deadline = self.clock.now() + relieved.within
        while (found := self._left(relieved)) >= relieved.below:
            if self.clock.now() >= deadline:
                raise SafeStateNotReached(
                    f"{self.name} is not known to be safe: {relieved.reading} is still {found:g} "
                    f"{relieved.unit} after {relieved.within:g} s: look at what lets it out and "
                    "at what fills it"
                )
            self.clock.sleep(LOOK)

    def _left(self, relieved: Relieved) -> float:
        try:
            return look(partial(self._look, relieved), self.clock)
        except RemotecalError as failure:
            raise SafeStateNotReached(
                f"{self.name} is not known to be safe: {failure}; there may be pressure in it"
            ) from failure

    def _look(self, relieved: Relieved) -> float:
        """Return how much is left, in the unit stated of it (SafeStateNotReached: that can't be true)."""
        reading = cast("BoundReading", self.quantity(relieved.reading))
        (found,) = self.read(reading)
        low, high = reading.declaration.span
        if relieved.reading in {UNDER_PRESSURE.get(one) for one in type(self).__mro__}:
            low = max(low, units.convert(LOWEST_AIR, "kPa", found.unit))
        return units.convert(
            believed(found.value, low, high, relieved.reading, found.unit), found.unit, relieved.unit
        )

    def _see_agreement(self, agreement: Agreement) -> None:
        """Raise `WrongInstrument` if one quantity is not what others make it; nothing contradicts at 0."""
        names = (*agreement.product, agreement.gives)
        *parts, found = self.read(*(cast("BoundReading", self.quantity(name)) for name in names))
        by_others = agreement.times * units.convert(
            math.prod(units.convert(one.value, one.unit, fitting.coherent(one.unit)) for one in parts),
            fitting.product_of((agreement.unit, *(one.unit for one in parts))),
            found.unit,
        )
        if abs(found.value - by_others) > agreement.within * max(abs(found.value), abs(by_others)):
            said = [_said(name, one) for name, one in zip(agreement.product, parts, strict=True)]
            if agreement.unit != "1":
                said.append(f"{agreement.times:g} {agreement.unit}")
            raise WrongInstrument(
                f"{self.name}: {agreement.gives} is {found.value:.6g} {found.unit}, and by "
                f"{', '.join(said)} it would be {by_others:.6g}: "
                "these are not its registers or lines, or they are in other units or another order of bytes; "
                "mend the table"
            )

    def _refuse_another(self, table: str) -> None:
        """Raise `BenchError` if this is not the driver for a table."""
        if not table or table != self.stated_table:
            raise BenchError(f"{self.name}: {type(self).__name__}.as_stated gives the driver for a table")


def _said(name: str, one: Measured) -> str:
    return f"{name} {one.value:.6g} {one.unit}"


def parsed(kind: type[T], text: str) -> T:
    """Return what a table says (BenchError: it can't be so)."""
    return checked(kind, parse_toml(text.encode(), Path("table"), BenchError), "table", BenchError)


def driver_of(
    base: type[ByTable],
    table: Stated,
    text: str,
    statement: Callable[[str, Row, type[Enum] | None], Declaration],
    facts: Mapping[str, object],
) -> type[ByTable]:
    """Return the driver for a table that was checked.

    Args:
        base: the driver that is completed.
        table: what the table says.
        text: the table.
        statement: returns what a row states, from its name and the states a capability has for it.
        facts: what else its class states, such as `wire`.
    """
    wanted = fitting.wanted(table)
    made = {name: statement(name, row, fitting.states_of(name, wanted)) for _, name, row in table.rows()}
    for _, name, row in table.rows():
        if isinstance(reading := made[name], Reading) and isinstance(row, Indicated):
            reading.unless = tuple(cast("Spoiling", made[told]) for told in row.unless)
    body: dict[str, object] = {
        "__doc__": f"{table.model}, by a table.\n\nSource: {table.source}",
        "__module__": base.__module__,
        "docs_of_statements": {name: row.doc for _, name, row in table.rows()},
        "stated_table": text,
        "maker": table.maker,
        "model": table.model,
        "agreements": table.agree,
        "relieved": table.relieved,
        "unsafe": fitting.unsafe(table),
        **facts,
        **made,
    }
    if table.absolute is not None:
        body["is_absolute"] = lambda _: table.absolute
    try:
        steps = (_safe(made, name, value) for name, value in table.safe.items())
        body["safe"] = tuple(steps)
        body["hastened"] = _in_time(made, table, wanted)
        body["expects"] = tuple(_step(made, name, value, "expects") for name, value in table.expects.items())
    except OutOfSpan as refusal:
        raise BenchError(f"safe or expects: {refusal}") from None
    return new_class(base.__name__, (base, *wanted), {}, lambda space: space.update(body))


def _in_time(made: Mapping[str, Declaration], table: Stated, wanted: Sequence[type]) -> tuple[Step, ...]:
    """Return the step by which a gas loop vents as fast as `within` supposes, whatever `slew` was."""
    pressure, slew = made.get("pressure"), made.get("slew")
    if GasLoop not in wanted or table.relieved is None or "slew" in table.safe:
        return ()
    if not isinstance(pressure, Reading) or not isinstance(slew, Setting):
        return ()
    fastest = units.convert(pressure.span[1], pressure.unit, "kPa") / table.relieved.within
    low, high = slew.span
    return (slew.to(min(max(units.convert(fastest, "kPa/s", slew.unit), low), high)),)


def _safe(made: Mapping[str, Declaration], name: str, value: Told) -> Step | Action:
    item = made.get(name)
    if isinstance(item, Action) and value is True:
        return item
    return _step(made, name, value, "safe")


def _step(made: Mapping[str, Declaration], name: str, value: Told, where: str) -> Step:
    """Return the step that brings a statement to a value (BenchError: nothing can be brought there)."""
    item = made.get(name)
    if isinstance(item, Setting) and not isinstance(value, str | bool):
        return item.to(value)
    if isinstance(item, Choice) and value in item.options.__members__:
        return item.to(item.options.__members__[str(value)])
    known = f": its states are {', '.join(item.options.__members__)}" if isinstance(item, Choice) else ""
    raise BenchError(f"{where}.{name} = {value!r} is no value of a setting or choice of the table{known}")
