"""What may be sent to an instrument by somebody who is not beside it, by its driver's statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.declarations import declared
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import identification, modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.errors import ForbiddenCommand, ModbusRefusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.drivers.instrument import Instrument

READS = frozenset(
    {
        modbus.READ_COILS,
        modbus.READ_DISCRETE_INPUTS,
        modbus.READ_HOLDING_REGISTERS,
        modbus.READ_INPUT_REGISTERS,
    }
)
"""Function codes that change nothing."""


class Screen:
    """Lets requests to an instrument through, or refuses them.

    To read only means: of an instrument that talks in lines, the questions of the driver's declared
    quantities, as this instrument is set, and whatever the driver itself sends to make sure who
    answers; of one on Modbus, functions 1 to 4. To write lets everything else through as well, but
    for what the driver forbids (`LineInstrument.permit`), such as to open a line under pressure.
    Either way it is this instrument's requests only: one line at a time, and no other unit of a
    Modbus line.

    Args:
        instrument: open; it is asked who it is, to learn by which requests.
        write: whether it may be written to.

    Raises:
        LinkError: the instrument does not answer.
    """

    def __init__(self, instrument: Instrument, *, write: bool) -> None:
        self._instrument = instrument
        self._write = write
        self._asks: set[bytes] = set()
        self._tells: set[bytes] = set()
        if isinstance(instrument, LineInstrument):
            self._asks.update(_questions(instrument))
            self._observe(instrument)

    def check(self, request: bytes, *, told: bool) -> None:
        """Raise `ForbiddenCommand` if a request must not be sent; the instrument may be asked for that.

        Args:
            request: as `Link` takes it.
            told: whether no reply is expected.

        Raises:
            LinkError, InstrumentError: whether it may be sent could not be found out; nothing was sent.
        """
        if isinstance(self._instrument, LineInstrument):
            self._check_line(self._instrument, request, told=told)
        elif isinstance(self._instrument, ModbusInstrument):
            self._check_pdu(self._instrument, request)
        else:
            raise ForbiddenCommand(f"{self._instrument.name}: nothing is known of what it may be sent")

    def _observe(self, instrument: LineInstrument) -> None:
        """Note what the driver sends to make sure who answers, and how it is set."""

        def note(_: str, request: bytes, reply: bytes) -> int:
            (self._asks if reply else self._tells).add(request)
            return 0

        instrument.keep = note
        try:
            instrument.check()
        finally:
            instrument.keep = None

    def _check_line(self, instrument: LineInstrument, request: bytes, *, told: bool) -> None:
        if request in (self._tells if told else self._asks):
            return
        line = request.decode(instrument.wire.encoding, "backslashreplace")
        if not self._write:
            raise ForbiddenCommand(
                f"{instrument.name}: {line!r} is none of the questions {type(instrument).__name__} declares, "
                "and the station lets nothing else be sent (station.toml: [remote] write)"
            )
        wire = instrument.wire
        if wire.lengths is None and (wire.ending in line or line.splitlines() != [line]):
            raise ForbiddenCommand(f"{instrument.name}: {line!r} is not one line")
        instrument.permit(line)

    def _check_pdu(self, instrument: ModbusInstrument, payload: bytes) -> None:
        said = f"{instrument.name}, {modbus.describe(payload)}"
        if payload[:1] != bytes((instrument.unit,)):
            raise ForbiddenCommand(f"{said}: the instrument is unit {instrument.unit}")
        if identification.is_question(payload[1:]) and identification.FUNCTION in instrument.layout.functions:
            return
        try:
            request = modbus.Request.decode(payload[1:])
        except (ModbusRefusal, IndexError) as error:
            raise ForbiddenCommand(f"{said}: this is no Modbus request: {error}") from None
        if request.function in READS:
            return
        if not self._write:
            raise ForbiddenCommand(
                f"{said}: the station lets nothing be written (station.toml: [remote] write)"
            )
        written = range(request.start, request.start + request.count)
        kind = "coil" if request.function in {modbus.WRITE_COIL, modbus.WRITE_COILS} else "holding"
        for register in instrument.forbidden:
            first = register.number - instrument.layout.manual_counts_from
            if register.table == kind and set(written) & set(range(first, first + register.size)):
                raise ForbiddenCommand(f"{said}: this must never be done")


def _questions(instrument: LineInstrument) -> Iterator[bytes]:
    """Yield the lines that ask for an instrument's quantities, as it is set."""
    for declaration in declared(type(instrument)):
        question: str | None = getattr(declaration.wire, "ask", None)
        if question is not None:
            yield instrument.filled(question).encode(instrument.wire.encoding)
