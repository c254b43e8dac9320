"""What volume converters on Modbus share: registers that must hang together as pressure and factor do.

A converter's registers are often set for each device, or known from somebody else's program only. So each
is held, when it is opened, against the one equation that all of them obey: C = (p/p_b)(T_b/T)/(Z/Z_b).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import new_class
from typing import TYPE_CHECKING, ClassVar, Final, Self, cast

from remotecal.drivers.capabilities import VolumeConverter
from remotecal.drivers.codecs import REGISTERS_OF_FORM, Form, Register, RegisterCodec, Sum, Table
from remotecal.drivers.declarations import declared
from remotecal.drivers.instrument import Identity
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, InstrumentError, WrongInstrument

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.wire import Order

APART: Final = 0.03
"""How far C may be from what the other registers say, as a share, before the map is taken for another one. A
converter that is merely wrong is calibrated, and not refused."""


class Converter(ModbusInstrument, VolumeConverter):
    """A volume converter on Modbus. Nothing is ever written."""

    @abstractmethod
    def ratio(self) -> float:
        """Return Z/Z_b as it shows it."""

    def method(self) -> str:
        """Return the method that is programmed; "" where it tells none."""
        return ""

    def check(self) -> Identity:
        """Check who answers, then that its registers are those of a converter."""
        identity = super().check()
        try:
            self._see_map()
        except InstrumentError as error:
            raise WrongInstrument(
                f"{error}: these are not its registers, or in another order of bytes; state them in the "
                "bench file"
            ) from error
        return identity

    def _see_map(self) -> None:
        """Raise `WrongInstrument` if C is not what pressure, temperature and Z make it."""
        wanted = (self.pressure, self.temperature, self.factor, self.base_pressure, self.base_temperature)
        p, t, c, p_b, t_b = self.read(*wanted)
        ratio = self.ratio()
        by_others = (
            p.to("Pa").value / p_b.to("Pa").value * (t_b.to("K").value / t.to("K").value) / ratio
            if p_b.value and t.to("K").value > 0 and ratio
            else 0.0
        )
        if not by_others > 0 or abs(c.value / by_others - 1) > APART:
            raise WrongInstrument(
                f"{self.name}: C is {c.value:.6g}, and by p {p.value:.6g} {p.unit}, T {t.value:.6g} "
                f"{t.unit}, base conditions and Z it would be {by_others:.6g}: these are not its "
                "registers, or in another order of bytes; state them in the bench file"
            )


@dataclass(frozen=True, slots=True)
class StatedPlaces:
    """Where a bench says a converter's quantities are, each as the catalogue prints it: "holding 500 f32"."""

    pressure: str | None = None
    temperature: str | None = None
    factor: str | None = None
    k: str | None = None
    measured_volume: str | None = None
    base_volume: str | None = None
    disturbed_volume: str | None = None
    base_pressure: str | None = None
    base_temperature: str | None = None


NAMES: Final = frozenset(field.name for field in fields(StatedPlaces))

_ONE = re.compile(
    rf"\s*(?P<table>input|holding)\s+(?P<number>\d+)\s+(?P<form>{'|'.join(REGISTERS_OF_FORM)})"
    r"(?:\s*[×x*]\s*(?P<scale>[-+.\deE]+))?\s*"
)


def placed(driver: str, name: str, said: object) -> RegisterCodec:
    """Return where a quantity lives, by what a bench says.

    "holding 500 f32", "input 7 u16 × 0.01", or the sum of two, "holding 52 u32 + holding 54 f32".

    Raises:
        BenchError: it says no such thing.
    """
    parts = [_ONE.fullmatch(part) for part in str(said).split("+")]
    if not (1 <= len(parts) <= 2 and all(parts)):
        raise BenchError(
            f'{driver}: {name} = {said!r} is no place of a quantity; write it as in "holding 500 f32", '
            '"input 7 u16 × 0.01" or "holding 52 u32 + holding 54 f32"'
        )
    registers = [_register(driver, name, part) for part in parts if part is not None]
    first, *rest = registers
    return Sum(first, rest[0]) if rest else first


def _register(driver: str, name: str, part: re.Match[str]) -> Register:
    try:
        scale = float(part["scale"] or 1)
    except ValueError:
        raise BenchError(f"{driver}: {name}: {part['scale']!r} is no number") from None
    if not (scale and part["form"] != "bit"):
        raise BenchError(f"{driver}: {name}: a quantity is no bit, and its scale is not 0")
    return Register(cast("Table", part["table"]), int(part["number"]), cast("Form", part["form"]), scale)


class MappedConverter(Converter):
    """A volume converter whose registers the bench states, for they are set for each device.

    Args:
        link: the channel, which other units may share.
        name: how messages and evidence call it.
        serial: the serial number it must have, for instruments that can say it.
        clock: gives each reading its time.
        unit: its number on the bus.
        order: order of bytes, where it is set otherwise than the driver says.
        manual_counts_from: what its table counts registers from, where the driver has it wrong.
        pressure: where the absolute pressure is, such as "holding 500 f32"; in the driver's unit, by a scale
            such as "× 0.01" where it is another one.
        temperature: where the temperature is.
        factor: where the conversion factor is.
        k: where Z/Z_b is.
        measured_volume: where the volume by pulses is.
        base_volume: where the volume at base conditions is.
        disturbed_volume: where the volume is that came in while an alarm stood.
        base_pressure: where the base pressure is.
        base_temperature: where the base temperature is.
    """

    places: ClassVar[StatedPlaces] = StatedPlaces()
    """What a bench states."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: int = 1,
        order: Order | None = None,
        manual_counts_from: int | None = None,
        pressure: str | None = None,
        temperature: str | None = None,
        factor: str | None = None,
        k: str | None = None,
        measured_volume: str | None = None,
        base_volume: str | None = None,
        disturbed_volume: str | None = None,
        base_pressure: str | None = None,
        base_temperature: str | None = None,
    ) -> None:
        super().__init__(
            link,
            name=name,
            serial=serial,
            clock=clock,
            unit=unit,
            order=order,
            manual_counts_from=manual_counts_from,
        )
        volumes = (measured_volume, base_volume, disturbed_volume)
        stated = StatedPlaces(pressure, temperature, factor, k, *volumes, base_pressure, base_temperature)
        if stated != self.places:
            raise BenchError(
                f"{self.name}: {type(self).__name__}.as_stated gives the driver for such a table"
            )

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:
        """Return the driver whose quantities are where a bench says they are."""
        given = {name: value for name, value in settings.items() if name in NAMES}
        return cast("type[Self]", _stated(cls, StatedPlaces(**given)))  # type: ignore[arg-type]  # placed() looks


@cache
def _stated(driver: type[MappedConverter], places: StatedPlaces) -> type[MappedConverter]:
    """Return a driver for a table; the same one each time."""
    if places == driver.places:
        return driver
    body: dict[str, object] = {"places": places, "__doc__": driver.__doc__, "__module__": driver.__module__}
    for item in declared(driver):
        if isinstance(item, Reading) and (said := getattr(places, item.name, None)) is not None:
            place = placed(driver.__name__, item.name, said)
            body[item.name] = Reading(place, item.unit, span=item.span, accuracy=item.accuracy)
    return new_class(driver.__name__, (driver,), {}, lambda namespace: namespace.update(body))
