"""An instrument that talks in lines of text, as a laboratory states them in a table, without code.

For density meters, dew-point meters, indicators of load cells and the like, whose manual prints what they are
asked and what they answer.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, cast

from remotecal.drivers.codecs import Phrase
from remotecal.drivers.instrument import Identity, known_serial
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.mapped import fitting
from remotecal.drivers.mapped.by_table import ByTable, driver_of, parsed
from remotecal.drivers.mapped.lines import (
    LineTable,
    SaidAction,
    SaidChoice,
    SaidReading,
    SaidSerial,
    SaidSetting,
)
from remotecal.drivers.mapped.making import accuracy, wrapping
from remotecal.drivers.quantities import Action, Choice, Reading, Setting
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotecal.clock import Clock
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.links import Link
    from remotecal.drivers.mapped.rows import Row


class LineMap(ByTable, LineInstrument):
    """An instrument that talks in lines, as a table describes them.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: the serial number it must have, for instruments that can say it.
        clock: gives each reading its time.
        table: the table: a TOML file, from where the bench file lies, or its text.
    """

    model: ClassVar[str] = "by a table of lines"
    begin: ClassVar[tuple[str, ...]] = ()
    """Lines that are sent each time it is opened, and that nothing answers."""
    tells_serial: ClassVar[SaidSerial | None] = None
    """How it is asked for its serial number."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        table: str = "",
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        self._refuse_another(table)

    @classmethod
    def made(cls, text: str) -> type[ByTable]:
        return _made(text)

    def check(self) -> Identity:
        for line in self.begin:
            self.tell(line)
        return super().check()

    def identify(self) -> Identity:
        told = super().identify()
        asked = self.tells_serial
        if asked is None:
            return told
        return told._replace(serial=known_serial(asked.codec(asked.ask).unwrap(self.ask(asked.ask))))


@lru_cache(maxsize=64)
def _made(text: str) -> type[ByTable]:
    """Return the driver for a table; the same one each time."""
    table = parsed(LineTable, text)
    fitting.check(table)
    facts = {
        "wire": _wire(table),
        "forbidden": tuple(f".*{re.escape(word)}" for word in table.never),
        "begin": table.begin,
        "tells_serial": table.serial,
    }
    _check(table)
    return driver_of(LineMap, table, text, _statement, facts)


def _check(table: LineTable) -> None:
    """Raise `BenchError`, naming the row, for a line that can't be sent, or must never be."""
    for place, line in _lines(table):
        if {"\r", "\n"} & set(line) or table.line.ending in line:
            raise BenchError(f"{place}: {line!r} is not one line; its ending is sent by itself")
        try:
            line.encode(table.line.encoding)
        except UnicodeEncodeError:
            raise BenchError(f"{place}: {line!r} can't be written in {table.line.encoding}") from None
        if any(word.lower() in line.lower() for word in table.never):
            raise BenchError(f"{place}: {line!r} contains what never says must not be sent")
    bare = [*table.begin, *(row.order for row in table.actions.values())]
    if braced := [line for line in bare if {"{", "}"} & set(line)]:
        raise BenchError(f"{braced[0]!r} has braces: nothing is filled into what is begun with, or done")
    for kind, name, row in table.rows():
        if getattr(row, "confirmed", False) and getattr(row, "ask", None) is None:
            raise BenchError(f"{kind}.{name}: what is confirmed is read back: state ask")


def _lines(table: LineTable) -> Iterator[tuple[str, str]]:
    """Yield every line that may be sent, with where it is stated."""
    yield from (("begin", line) for line in table.begin)
    yield from (("line.ask_again", line) for line in table.line.ask_again)
    if table.serial is not None:
        yield "serial", table.serial.ask
    for kind, name, row in table.rows():
        for line in (getattr(row, "ask", None), getattr(row, "order", None)):
            if line is not None:
                yield f"{kind}.{name}", line


def _wire(table: LineTable) -> Line:
    """Return how its lines are wrapped (BenchError: they can't be so)."""
    way = table.line
    try:
        return Line(
            ending=way.ending,
            reply_ending=way.reply_ending,
            slowest_reply=way.slowest_reply,
            pause=way.pause,
            warm_up=way.warm_up,
            echo=way.echo,
            ask_again=way.ask_again,
            encoding=way.encoding,
            serial=Serial(way.baud, bits=way.bits, parity=way.parity, stop=way.stop),
        )
    except ValueError as error:
        raise BenchError(f"line: {error}") from None


def _statement(name: str, row: Row, states: type[Enum] | None) -> Declaration:
    """Return what a row states; see `by_table.driver_of`."""
    match row:
        case SaidReading():
            return Reading(
                row.codec(row.ask),
                row.unit,
                span=row.span,
                accuracy=accuracy(row),
                wraps=wrapping(row),
                no_value=row.no_value,
                takes=row.takes,
            )
        case SaidSetting():
            codec = row.codec(row.ask, row.order, row.decimals)
            return Setting(codec, row.unit, span=row.span, confirmed=row.confirmed)
        case SaidChoice():
            states = _states(name, row, states)
            spoils = [states[key] for key in row.spoils]
            return Choice(row.codec(row.ask, row.order), states, confirmed=row.confirmed, spoils=spoils)
        case SaidAction():
            return Action(Phrase(None, order=row.order), takes=row.takes)
    raise AssertionError(f"{name} is a row of a kind that nobody knows")


def _states(name: str, row: SaidChoice, states: type[Enum] | None) -> type[Enum]:
    """Return the states of a choice: a capability's own, or those of the row."""
    if states is None:
        make = cast("Callable[[str, dict[str, str]], type[Enum]]", Enum)
        return make(f"{name} of a table", row.choices)
    for key, word in row.choices.items():
        if str(states.__members__[key].value) != word:
            raise BenchError(
                f"choices.{name}: {key} is {word!r} on the wire, and must be {states[key].value} there: it "
                "needs a driver"
            )
    return states
