"""Simulated instruments on Modbus, and the bus that several of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntFlag
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from remotecal.drivers.codecs import Register, RegisterCodec, Table
from remotecal.drivers.declarations import Declaration, declared, named
from remotecal.drivers.links import identification, modbus
from remotecal.drivers.quantities import Action, Flags
from remotecal.errors import ConfigurationError, GarbledReply, ModbusRefusal
from remotecal.sim.simulated import Refused, Respond, Response, Simulated, Sink, Source

if TYPE_CHECKING:
    from remotecal.drivers.modbus_instrument import ModbusInstrument
    from remotecal.sim.world import World

_TABLES: dict[int, Table] = {
    modbus.READ_COILS: "coil",
    modbus.WRITE_COIL: "coil",
    modbus.WRITE_COILS: "coil",
    modbus.READ_DISCRETE_INPUTS: "discrete",
    modbus.READ_HOLDING_REGISTERS: "holding",
    modbus.WRITE_REGISTER: "holding",
    modbus.WRITE_REGISTERS: "holding",
    modbus.READ_INPUT_REGISTERS: "input",
}
_WRITES = frozenset({modbus.WRITE_COIL, modbus.WRITE_COILS, modbus.WRITE_REGISTER, modbus.WRITE_REGISTERS})


_RUNS_OVER: dict[int, modbus.Form] = {1: "u16", 2: "u32", 4: "u64"}
"""A counter that no longer fits starts again at 0."""


class _Cell(NamedTuple):
    """Where one part of a declared value stands."""

    start: int
    register: Register
    item: Declaration
    part: int


class ModbusSimulated(Simulated):
    """An instrument with registers, as its driver maps them.

    Registers between those of the map read 0; beyond the map's ends of a table there is nothing
    (exception 2). A function the instrument lacks is exception 1, a value it does not take 3.
    """

    def __init__(
        self,
        driver: type[ModbusInstrument],
        world: World,
        name: str,
        *,
        unit: int = 1,
        one_table: bool = False,
        reads: Mapping[str, Source] | None = None,
        writes: Mapping[str, Sink] | None = None,
        serial: str = "",
    ) -> None:
        """`one_table` where the instrument gives the same registers as holding and as input ones.

        `serial` is told where its driver states by which object of the device identification.
        """
        super().__init__(driver, world, name, reads=reads, writes=writes)
        self.unit = unit
        self._objects = dict(enumerate((driver.maker, driver.model, "1.0")))
        if driver.serial_object is not None:
            self._objects[driver.serial_object] = serial
        self._wire = driver.wire
        self._cells: dict[Table, list[_Cell]] = {}
        for item in declared(driver):
            for part, register in enumerate(cast("RegisterCodec", item.wire).parts):
                start = register.number - self._wire.manual_counts_from
                self._cells.setdefault(register.table, []).append(_Cell(start, register, item, part))
        if one_table:
            both = [*self._cells.get("holding", []), *self._cells.get("input", [])]
            self._cells["holding"] = self._cells["input"] = both

    def behind(self, driver: type[ModbusInstrument]) -> ModbusSimulated:
        """Return the same behind another map of its quantities, which has them in the same units.

        Conditions go by their names: each is told by that map's bit.
        """
        own = named(self.driver)
        reads = dict(self._reads)
        for item in declared(driver):
            if isinstance(item, Flags) and item.name in reads:
                reads[item.name] = partial(_told, reads[item.name], own[item.name], item)
        return ModbusSimulated(
            driver, self.world, self.name, unit=self.unit, reads=reads, writes=self._writes
        )

    def at(self, request: bytes) -> Simulated | None:
        return self if request[:1] == bytes((self.unit,)) else None

    def _understand(self, request: bytes) -> Respond:
        unit, pdu = request[:1], request[1:]
        if pdu[:1] == bytes((identification.FUNCTION,)) and pdu[0] in self._wire.functions:
            identity = unit + self._identify(pdu)
            return lambda: identity
        try:
            asked = modbus.Request.decode(pdu)
            return partial(self._respond, unit, asked, self._touched(asked))
        except ModbusRefusal as refusal:
            refused = unit + modbus.exception(pdu[0], refusal.code)
            return lambda: refused

    def _identify(self, pdu: bytes) -> bytes:
        """Return what answers a question who it is; an object that it doesn't have is exception 2."""
        if pdu == identification.question():
            basic = {
                number: said for number, said in self._objects.items() if number <= identification.REVISION
            }
            return identification.answer(basic)
        number = pdu[-1]
        if number in self._objects and pdu == identification.question(number, identification.INDIVIDUAL):
            return identification.answer({number: self._objects[number]}, identification.INDIVIDUAL)
        return modbus.exception(pdu[0], modbus.ILLEGAL_ADDRESS)

    def _respond(self, unit: bytes, asked: modbus.Request, cells: list[_Cell]) -> Response:
        try:
            if asked.function in _WRITES:
                self._write(asked, cells)
                return unit + modbus.reply(asked)
            if self._is_wide(asked):
                return unit + self._wide(asked, cells)
            return unit + modbus.reply(asked, self._read(asked, cells))
        except (ModbusRefusal, Refused) as refusal:
            return unit + modbus.exception(asked.function, refusal.code)

    def _touched(self, asked: modbus.Request) -> list[_Cell]:
        if asked.function not in self._wire.functions:
            raise ModbusRefusal("not among the instrument's functions", modbus.ILLEGAL_FUNCTION)
        cells = self._cells.get(_TABLES[asked.function], [])
        end = asked.start + asked.count
        first = min((cell.start for cell in cells), default=end)
        last = max((cell.start + cell.register.size for cell in cells), default=0)
        if asked.start < first or end > last:
            raise ModbusRefusal("outside the map", modbus.ILLEGAL_ADDRESS)
        if self._is_wide(asked):
            return [cell for cell in cells if asked.start <= cell.start < end]
        return [cell for cell in cells if cell.start < end and cell.start + cell.register.size > asked.start]

    def _read(self, asked: modbus.Request, cells: list[_Cell]) -> Sequence[int]:
        values = [0] * asked.count
        contents: dict[Declaration, tuple[float, ...]] = {}
        for cell in cells:
            if cell.item not in contents:
                number = float(self._content(cell.item))
                contents[cell.item] = cast("RegisterCodec", cell.item.wire).split(number)
            words = self._words(cell.register, contents[cell.item][cell.part])
            for offset, word in enumerate(words, cell.start - asked.start):
                if 0 <= offset < asked.count:
                    values[offset] = word if cell.register.bit is None else values[offset] | word
        return values

    def _is_wide(self, asked: modbus.Request) -> bool:
        """Tell whether each of the addresses that are read holds 32 bits."""
        return asked.function in modbus.REGISTER_READS and self._wire.is_wide(asked.start)

    def _wide(self, asked: modbus.Request, cells: list[_Cell]) -> bytes:
        """Answer a read of addresses that hold 32 bits each."""
        data = bytearray(modbus.WIDE * asked.count)
        for cell in cells:
            number = cast("RegisterCodec", cell.item.wire).split(float(self._content(cell.item)))[cell.part]
            words = self._words(cell.register, number)
            at = modbus.WIDE * (cell.start - asked.start)
            data[at : at + modbus.WIDE] = b"".join(word.to_bytes(2, "big") for word in words)
        return bytes((asked.function, len(data))) + bytes(data)

    def _words(self, register: Register, content: float) -> Sequence[int]:
        if register.form == "bit":
            return (int(bool(content)),)
        try:
            return modbus.pack(content, register.form, register.order or self._wire.order)
        except ConfigurationError:
            # A real instrument's register runs over; what it does then is not stated anywhere.
            return modbus.pack(
                int(content) % (1 << 16 * register.size),
                _RUNS_OVER[register.size],
                register.order or self._wire.order,
            )

    def _write(self, asked: modbus.Request, cells: list[_Cell]) -> None:
        end = asked.start + asked.count
        whole = [
            cell for cell in cells if cell.start >= asked.start and cell.start + cell.register.size <= end
        ]
        covered = {cell.start + place for cell in whole for place in range(cell.register.size)}
        if len(covered) != asked.count:
            raise ModbusRefusal("part of what is written belongs to nothing", modbus.ILLEGAL_ADDRESS)
        for cell in whole:
            words = asked.values[cell.start - asked.start :][: cell.register.size]
            number: float = words[0]
            if cell.register.form != "bit":
                number = modbus.unpack(words, cell.register.form, cell.register.order or self._wire.order)
            try:
                value = cell.register.join((number,))
            except GarbledReply as fault:
                raise ModbusRefusal(str(fault), modbus.ILLEGAL_VALUE) from fault
            if cell.register.bit is None:
                self._take(cell.item, value)
            elif value != self._content(cell.item):
                self._take_bit(cell.item, value)

    def _take_bit(self, item: Declaration, value: float) -> None:
        """Take a bit that was written along with others; one by which something is done is cleared again."""
        self._take(item, value)
        if isinstance(item, Action):
            self._held[item.name] = 0.0


def _told(source: Source, own: Declaration, other: Flags[IntFlag]) -> int:
    """Return the bits that another map has for the conditions a source tells by its own."""
    holding = cast("Flags[IntFlag]", own).decode(source())
    return sum(other.conditions[str(one.name)] for one in holding)


class Bus:
    """Several instruments on one RS-485 line or behind one gateway, told apart by unit number."""

    def __init__(self, *instruments: ModbusSimulated) -> None:
        self._units = {instrument.unit: instrument for instrument in instruments}
        if len(self._units) != len(instruments):
            raise ConfigurationError("two instruments on one bus have the same unit number")

    def at(self, request: bytes) -> Simulated | None:
        """Return who is asked; None if nobody has that number."""
        return self._units.get(request[0]) if request else None
