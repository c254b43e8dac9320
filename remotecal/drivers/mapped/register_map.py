"""An instrument or a rig controller whose registers a laboratory states in a table, without code.

A PLC's registers are configuration: which they are is decided by whoever wrote its program, and so it is
with many a transmitter whose manual is at hand and whose driver is not. A table says what a driver's class
body says, in TOML; a driver made from it is like any other, to roles, spans, interlocks, evidence and
`verify`. The text of the table goes into the journal with the other settings, and so into every proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import new_class
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self, cast

from remotecal.configuration import checked, parse_toml
from remotecal.drivers.instrument import Identity
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.mapped import fitting
from remotecal.drivers.mapped.making import statement, step, wire
from remotecal.drivers.mapped.table import Map
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action
from remotecal.errors import BenchError, OutOfSpan

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.declarations import Declaration, Step
    from remotecal.drivers.links import Link

LONGEST: Final = 200_000
"""Characters of a table."""


class RegisterMap(ModbusInstrument):
    """An instrument on Modbus as a table of its registers describes it.

    Args:
        link: the channel, which other units may share.
        name: how messages and evidence call it.
        serial: the serial number it must have, for instruments that can say it.
        clock: gives each reading its time.
        unit: its number on the bus, 0 to 247, on Modbus TCP to 255.
        table: the table: a TOML file, from where the bench file lies, or its text.
    """

    model: ClassVar[str] = "by a table of registers"
    wire: ClassVar[Modbus] = Modbus()
    files: ClassVar[tuple[str, ...]] = ("table",)
    stated_table: ClassVar[str] = ""
    """The text of the table."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: int = 1,
        table: str = "",
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock, unit=unit)
        if not table or table != self.stated_table:
            raise BenchError(f"{self.name}: {type(self).__name__}.as_stated gives the driver for a table")

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:
        """Return the driver that a table describes.

        Raises:
            BenchError: there is none, or it can't be so; the text names the row, and the capability.
        """
        text = settings.get("table")
        if not isinstance(text, str) or not text.strip():
            raise BenchError("table is missing: name the TOML file with the registers, beside the bench file")
        if len(text) > LONGEST:
            raise BenchError(f"table is longer than {LONGEST} characters, which no table of registers is")
        return cast("type[Self]", _made(text))

    def identify(self) -> Identity:
        """Ask who it is, and tell which table that is believed by."""
        told = super().identify()
        table = f"table {sha256(self.stated_table.encode()).hexdigest()[:16]}"
        return told._replace(firmware=", ".join(filter(None, (told.firmware, table))))


@lru_cache(maxsize=64)
def _made(text: str) -> type[RegisterMap]:
    """Return the driver for a table; the same one each time."""
    table = checked(Map, parse_toml(text.encode(), Path("table"), BenchError), "table", BenchError)
    wanted = fitting.wanted(table)
    fitting.check(table, wanted)
    made = {name: statement(name, row, fitting.states_of(name, wanted)) for _, name, row in table.rows()}
    body: dict[str, object] = {
        "__doc__": f"{table.model}, by a table of its registers.\n\nSource: {table.source}",
        "__module__": __name__,
        "docs_of_statements": {name: row.doc for _, name, row in table.rows()},
        "stated_table": text,
        "maker": table.maker,
        "model": table.model,
        "wire": wire(table),
        "forbidden": tuple(place.register() for place in table.never),
        **made,
    }
    if table.absolute is not None:
        body["is_absolute"] = lambda _: table.absolute
    try:
        body["safe"] = tuple(_safe(made, name, value) for name, value in table.safe.items())
        body["expects"] = tuple(
            step(made.get(name), name, value, "expects") for name, value in table.expects.items()
        )
    except OutOfSpan as refusal:
        raise BenchError(f"safe or expects: {refusal}") from None
    return new_class(RegisterMap.__name__, (RegisterMap, *wanted), {}, lambda space: space.update(body))


def _safe(made: Mapping[str, Declaration], name: str, value: str | float | Literal[True]) -> Step | Action:
    item = made.get(name)
    if isinstance(item, Action) and value is True:
        return item
    return step(item, name, value, "safe")
