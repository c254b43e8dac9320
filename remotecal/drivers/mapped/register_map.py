"""An instrument or a rig controller whose registers a laboratory states in a table, without code.

A PLC's registers are configuration: which they are is decided by whoever wrote its program, and so it is
with many a transmitter whose manual is at hand and whose driver is not. A table says what a driver's class
body says, in TOML; a driver made from it is like any other, to roles, spans, interlocks, evidence and
`verify`. The text of the table goes into the journal with the other settings, and so into every proof.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.mapped import fitting, registers
from remotecal.drivers.mapped.by_table import ByTable, driver_of, parsed
from remotecal.drivers.mapped.making import statement, wire
from remotecal.drivers.mapped.table import Map
from remotecal.drivers.modbus_instrument import ModbusInstrument

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.links import Link


class RegisterMap(ByTable, ModbusInstrument):
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
        self._refuse_another(table)

    @classmethod
    def made(cls, text: str) -> type[ByTable]:
        return _made(text)


@lru_cache(maxsize=64)
def _made(text: str) -> type[ByTable]:
    """Return the driver for a table; the same one each time."""
    table = parsed(Map, text)
    fitting.check(table)
    registers.check(table)
    facts = {"wire": wire(table), "forbidden": tuple(place.register() for place in table.never)}
    return driver_of(RegisterMap, table, text, statement, facts)
