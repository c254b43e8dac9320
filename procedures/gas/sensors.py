"""What a gas bench's instruments read, by their certificates: pressures, temperatures, water in the air."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

from remotecal.fluids.air import vapour_fraction
from remotecal.model import Text
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.measuring.surroundings import AirDuring, InAir

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.model import Condition
    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.uncertainty.number import Number, Numbers

Air = Literal["of the room", "dry"]
"""What flows: the room's air with its humidity, by GERG-2008, or dried air, by Lemmon 2000."""

Read = Mapping[str, tuple[str, str, str, str]]
"""Symbol → role, quantity, part of the observation, unit; of what is read again and again in a repeat."""

OF_ROOM: Final[Mapping[str, tuple[str, str]]] = {
    "p_a": ("air_pressure", "Pa"),
    "t_a": ("air_temperature", "°C"),
    "h_a": ("humidity", "%"),
}
"""Symbol → what role `ambient` reads, and its unit: what tells how much water the air has."""

INPUTS: Final[Mapping[str, Text]] = {
    "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
    "t_a": Text(zh="气温示值偏差", en="deviation of the air temperature"),
    "h_a": Text(zh="湿度示值偏差", en="deviation of the humidity"),
}
"""The inputs of the room's air, by symbol."""

S = TypeVar("S", bound=InAir)


class Sensors(Generic[S]):
    """Corrected readings of the repeats at a point; what they may be off becomes inputs of the model.

    Args:
        repeats: at the point.
        read: what is read.
        air: whether the room's humidity counts.

    Raises:
        CertificateRefused: a gauge, by which the mass of the gas is told, was read outside its certificate.
    """

    def __init__(self, repeats: Repeats[S], read: Read, air: Air) -> None:
        self._read, self._dry = read, air == "dry"
        self._known = {
            symbol: repeats.correction(
                symbol,
                role,
                [one for seen in repeats.seen for one in getattr(seen, part)],
                unit,
                extended=unit != "Pa",
            )
            for symbol, (role, _, part, unit) in read.items()
        }
        if not self._dry:
            self._known |= {
                symbol: repeats.correction(
                    symbol, "ambient", [getattr(seen, part) for seen in repeats.seen], unit
                )
                for symbol, (part, unit) in OF_ROOM.items()
            }

    def at(self, symbol: str, seen: S, x: Numbers) -> Number:
        """Return a quantity of what is read, or of `OF_ROOM`, in a repeat."""
        if symbol in OF_ROOM:
            reading: Measured = getattr(seen, OF_ROOM[symbol][0])
            return self._known[symbol].corrected(x, reading.value)
        _, _, part, unit = self._read[symbol]
        return self._known[symbol].corrected(x, mean(getattr(seen, part), unit))

    def corrected(self, symbol: str, x: Numbers, indication: float) -> Number:
        """Return an indication less the error of what reads a symbol."""
        return self._known[symbol].corrected(x, indication)

    def water(self, seen: S, x: Numbers) -> Number:
        """Return the mole fraction of water in the air of a repeat."""
        if self._dry:
            return 0.0
        t, p, h = (self.at(symbol, seen, x) for symbol in ("t_a", "p_a", "h_a"))
        fraction: Number = vapour_fraction(t, p, h / 100)
        return fraction


class During:
    """The air of the room and what was read on the bench during a run, while its repeats go by.

    Args:
        read: what is read.
        called: symbol → refType and name of the condition that is stated of it.
    """

    def __init__(self, read: Read, called: Mapping[str, tuple[str, Text]]) -> None:
        self._read, self._called, self._air = read, called, AirDuring()
        units = {symbol: read[symbol][3] for symbol in called}
        self._ends = {symbol: Ends("kPa" if unit == "Pa" else unit) for symbol, unit in units.items()}

    def take(self, seen: InAir) -> None:
        """Go on to the next repeat."""
        self._air.take(seen)
        for symbol, ends in self._ends.items():
            readings: tuple[Measured, ...] = getattr(seen, self._read[symbol][2])
            ends.take(*readings)

    def conditions(self) -> tuple[Condition, ...]:
        """Return between what each of them lay."""
        return (
            *self._air.conditions(),
            *(
                between(f"remotecal_{name}", said, self._ends[symbol], 2)
                for symbol, (name, said) in self._called.items()
            ),
        )
