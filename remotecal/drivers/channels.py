"""One quantity on many channels: a readout with 17 probes is one instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, cast, overload

from remotecal.drivers.declarations import Declaration
from remotecal.drivers.readings import BoundReading, Reading
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from remotecal.drivers.quantity import Measurable


class Channels(Declaration):
    """A quantity that an instrument indicates on several channels.

    Each channel is a `Reading` of its own, called by its number: `readout.temperature[3]`.

    Args:
        numbers: the channels, as the maker numbers them.
        reading: returns what stands on a channel; the unit is the same on all.
    """

    def __init__(self, numbers: Iterable[int], reading: Callable[[int], Reading]) -> None:
        self._readings = {number: reading(number) for number in numbers}
        units = {one.unit for one in self._readings.values()}
        if len(units) != 1:
            raise ValueError(f"channels are of one unit, not of {sorted(units)}")
        super().__init__(next(iter(self._readings.values())).wire)
        (self.unit,) = units

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        for number, reading in self._readings.items():
            reading.__set_name__(owner, f"{name}[{number}]")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The channels there are."""
        return tuple(self._readings)

    def __getitem__(self, number: int) -> Reading:
        try:
            return self._readings[number]
        except KeyError:
            raise BenchError(f"{self!r} has the channels {spelled(self.numbers)}, no {number}") from None

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._readings.values())

    def parts(self) -> Iterator[Declaration]:
        yield from self

    @overload
    def __get__(self, instrument: None, owner: type) -> Channels: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundChannels: ...
    def __get__(self, instrument: object, owner: type) -> Channels | BoundChannels:
        return self if instrument is None else BoundChannels(self, cast("Measurable", instrument))


class BoundChannels:
    """The channels of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Channels, instrument: Measurable) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def __getitem__(self, number: int) -> BoundReading:
        """Return what stands on a channel (BenchError where there is no such channel)."""
        return BoundReading(self.declaration[number], self.instrument)

    def __iter__(self) -> Iterator[BoundReading]:
        return (BoundReading(reading, self.instrument) for reading in self.declaration)

    def __len__(self) -> int:
        return len(self.declaration.numbers)


def spelled(numbers: Iterable[int]) -> str:
    """Return numbers as people list them.

    >>> spelled([1, 2, 3, 7, 101, 102])
    '1–3, 7, 101–102'
    """
    known = sorted(numbers)
    breaks = [place for place, (one, other) in enumerate(pairwise(known), 1) if other != one + 1]
    runs = [known[begin:end] for begin, end in pairwise([0, *breaks, len(known)])]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
