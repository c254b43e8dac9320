"""Instruments read by hand that a bench describes: unit, span, how well and how finely they can be read.

So a laboratory needs no driver of its own for a gauge with a dial: what is on the dial stands in the bench
file, and completes the declarations of a shipped driver.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import new_class
from typing import TYPE_CHECKING, ClassVar, Self, cast

from remotecal import units
from remotecal.drivers.accuracy import (
    UNSTATED,
    Accuracy,
    absolute,
    percent_of_reading,
    percent_of_span,
)
from remotecal.drivers.declarations import declared
from remotecal.drivers.hand_instrument import SERIAL, HandInstrument
from remotecal.drivers.options import positive
from remotecal.drivers.readings import Reading
from remotecal.drivers.shown import READ
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.links import Link
    from remotecal.drivers.shown import Shown

OVER = 0.05
"""Part of the span by which a pointer may stand past the last mark and still be read, where a bench states
nothing else; of what the limit of error is there nobody says."""

EXPECTED_WITHIN = 0.1
"""Part of the span about what is expected that is believed at once, where a bench states nothing else."""


@dataclass(frozen=True, slots=True)
class Dial:
    """What a bench states of what a person reads; see `ReadByHand`."""

    unit: str | None = None
    low: float = 0.0
    high: float | None = None
    step: float | None = None
    limit: float | None = None
    percent_of_span: float | None = None
    percent_of_reading: float | None = None
    near: float | None = None
    leap: float | None = None
    over: float | None = None
    wraps: float | None = None
    zh: str | None = None
    en: str | None = None
    maker: str | None = None
    model: str | None = None
    photo: bool = False
    twice: bool = False

    def check(self, driver: str) -> None:
        """Raise `BenchError` unless a dial can be so, and all there is to state of one is stated."""
        self._check_words(driver)
        for name in POSITIVE:
            if (value := getattr(self, name)) is not None:
                _finite(driver, name, positive(driver, name, value))
        for name in ("low", "high"):
            if (value := getattr(self, name)) is not None:
                _finite(driver, name, value)
        for name in ("photo", "twice"):
            if not isinstance(value := getattr(self, name), bool):
                raise BenchError(f"{driver}: {name} is true or false, not {value!r}")
        if (self.unit is None) is not (self.high is None):
            raise BenchError(f"{driver}: state unit and high together, and low where it is not 0")
        if self.high is not None and not self.low < self.high:
            raise BenchError(f"{driver}: its span is {self.low:g} to {self.high:g}; high must lie above low")

    def _check_words(self, driver: str) -> None:
        for name in WORDS:
            word = getattr(self, name)
            if not isinstance(word, str | None):
                raise BenchError(f"{driver}: {name} is a text, not {word!r}")
            if word is not None and not (word.strip() and word.isprintable()):
                raise BenchError(f"{driver}: {name} is {word!r}, and must be words on one line")
        if self.en in TAKEN:
            raise BenchError(f"{driver}: en is {self.en!r}, which asks for something else: choose others")

    @property
    def accuracy(self) -> Accuracy:
        """The limit of error, to which half a step is added, for nobody reads better than that."""
        source = "as the bench file states it"
        stated = [
            make(value, source=source)
            for make, value in (
                (absolute, self.limit),
                (percent_of_span, self.percent_of_span),
                (percent_of_reading, self.percent_of_reading),
            )
            if value is not None
        ]
        if not stated:
            return UNSTATED
        return sum(stated[1:], stated[0]) + Accuracy(absolute=(self.step or 0.0) / 2)


TAKEN = frozenset({SERIAL.removeprefix(READ)})
"""Words by which something else is asked for."""
WORDS = ("unit", "zh", "en", "maker", "model")
POSITIVE = ("step", "limit", "percent_of_span", "percent_of_reading", "near", "leap", "over", "wraps")


def _finite(driver: str, name: str, value: object) -> None:
    """Raise `BenchError` unless a setting is a number, and no infinite one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BenchError(f"{driver}: {name} must be a number, not {value!r}")


class ReadByHand(HandInstrument):
    """An instrument of one quantity without an interface; the bench states what is on its dial.

    Args:
        link: the link to the person.
        name: how questions, messages and evidence call it.
        serial: the serial number that must stand on it.
        clock: gives each reading its time.
        unit: unit of the dial; a number typed without a unit is in it, and one of another is converted.
        low: lowest value of the span, in `unit`.
        high: highest value of the span, in `unit`.
        step: finest part to which the dial can be read; finer numbers are asked for a second time.
        limit: limit of error, in `unit`.
        percent_of_span: limit of error in per cent of the span; limits add up.
        percent_of_reading: limit of error in per cent of the reading.
        near: largest distance from what a run expects that is believed at once; a tenth of the span.
        leap: largest distance from the number before that is believed at once.
        over: how far past either end of the span it can be read, in `unit`, and is believed after a second
            look; a twentieth of the span.
        wraps: where a total starts again at 0, in `unit`.
        zh: what is to be read, in Chinese.
        en: what is to be read, in English.
        maker: its maker, as it stands on the instrument.
        model: its model, as it stands on the instrument.
        photo: a photo is asked for with each number, and taken before the number is read.
        twice: each number is read a second time, without a look at the first.
    """

    dial: ClassVar[Dial] = Dial()
    """What a bench states."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: str | None = None,
        low: float = 0.0,
        high: float | None = None,
        step: float | None = None,
        limit: float | None = None,
        percent_of_span: float | None = None,
        percent_of_reading: float | None = None,
        near: float | None = None,
        leap: float | None = None,
        over: float | None = None,
        wraps: float | None = None,
        zh: str | None = None,
        en: str | None = None,
        maker: str | None = None,
        model: str | None = None,
        photo: bool = False,
        twice: bool = False,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        limits = (step, limit, percent_of_span, percent_of_reading, near, leap, over, wraps)
        dial = Dial(unit, low, high, *limits, zh, en, maker, model, photo, twice)
        if dial != self.dial:
            raise BenchError(f"{self.name}: {type(self).__name__}.as_stated gives the driver for such a dial")

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:
        """Return the driver whose readings are as the dial a bench describes."""
        given = {name: value for name, value in settings.items() if name in NAMES}
        driver, dial = cls.undescribed(), Dial(**given)  # type: ignore[arg-type]  # checked at once
        dial.check(driver.__name__)
        return cast("type[Self]", _stated(driver, dial))  # type: ignore[arg-type]  # a class is hashable

    @classmethod
    def undescribed(cls) -> type[ReadByHand]:
        """Return the driver as it is shipped."""
        return next(base for base in cls.__mro__ if "dial" not in vars(base) or base is ReadByHand)


NAMES = frozenset(field.name for field in fields(Dial))


@cache
def _stated(driver: type[ReadByHand], dial: Dial) -> type[ReadByHand]:
    """Return a driver for a dial; the same one each time."""
    if dial == Dial():
        return driver
    body: dict[str, object] = {"dial": dial, "__doc__": driver.__doc__, "__module__": driver.__module__}
    body |= {name: value for name in ("maker", "model") if (value := getattr(dial, name)) is not None}
    for item in declared(driver):
        if isinstance(item, Reading):
            body[item.name] = _reading(item, dial)
    return new_class(driver.__name__, (driver,), {}, lambda namespace: namespace.update(body))


def _reading(usual: Reading, dial: Dial) -> Reading:
    """Return what a shipped driver declares, as a dial shows it.

    Raises:
        BenchError: the dial shows another quantity.
    """
    unit = dial.unit or usual.unit
    if not units.same_dimension(unit, usual.unit):
        raise BenchError(f"{usual!r} can't be in {unit}: it is in {usual.unit} or the like")
    span = usual.span if dial.high is None else (dial.low, dial.high)
    place = cast("Shown", usual.wire)
    near = dial.near
    if near is None and dial.high is not None:
        near = EXPECTED_WITHIN * (span[1] - span[0])
    over = dial.over
    if over is None:
        over = 0.0 if dial.high is None or dial.wraps else OVER * (span[1] - span[0])
    place = replace(
        place,
        zh=dial.zh or place.zh,
        en=dial.en or place.en,
        photo=dial.photo,
        near=near,
        leap=dial.leap,
        over=over,
        step=dial.step,
        twice=dial.twice,
    )
    return Reading(place, unit, span=span, accuracy=dial.accuracy, wraps=dial.wraps or False)
