r"""What an instrument shows a person, as the place where a quantity lives.

A question is the English words behind `read`, an answer a number with its unit in D-SI notation (which is
ASCII: 21.5 \degreecelsius), the name of a state, or `done`; and the photo that proves it, by its SHA-256.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from remotecal import units
from remotecal.errors import GarbledReply, UnitError
from remotecal.numerals import read_number, read_typed

READ: Final = "read "
DONE, NOT_POSSIBLE = "done", "not possible"
"""What is answered by whoever was to set or do something."""

_SET: Final = re.compile(r"set (?P<what>.+) to (?P<value>.+)")
_REPLY: Final = re.compile(r"(?P<value>\S.*?)(?: photo (?P<photo>[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Shown:
    """A quantity that a person reads or sets; see `shown`."""

    zh: str
    en: str
    photo: bool = False
    near: float | None = None
    leap: float | None = None
    step: float | None = None
    over: float = 0.0
    twice: bool = False

    @property
    def ask(self) -> str:
        """The line that asks a person to read it."""
        return READ + self.en

    def unwrap(self, reply: str) -> str:
        """Return what was read, or the state it is in; the photo is left aside.

        Raises:
            GarbledReply: a photo is due, and there is none.
        """
        found = _REPLY.fullmatch(reply)
        if found is None or (self.photo and not found["photo"]):
            raise GarbledReply(f"{reply!r} is no answer{' with its photo' if self.photo else ''}")
        return found["value"]

    def wrap(self, value: str) -> str:
        return reply_of(value, "0" * 64 if self.photo else "")

    def command(self, value: str) -> str:
        return f"set {self.en} to {value}" if value else self.en

    def asked_by(self, line: str) -> bool:
        return line == self.ask

    def accept(self, line: str) -> str | None:
        if line == self.en:
            return ""
        found = _SET.fullmatch(line)
        return found["value"] if found and found["what"] == self.en else None

    def number(self, value: float) -> str:
        return f"{value:.12g}"


def shown(
    zh: str,
    en: str,
    *,
    photo: bool = False,
    near: float | None = None,
    leap: float | None = None,
    step: float | None = None,
    over: float = 0.0,
    twice: bool = False,
) -> Shown:
    """Place a quantity where a person sees it: on a dial, a display, a scale.

    Of a reading, a setting or a choice the words say what it is (`"opening of the valve"`), of an action what
    is to be done (`"drain the tank"`). What a person reads is believed at once, asked for again until it is
    told twice, or refused outside the quantity's span; each limit is in the quantity's unit.

    Args:
        zh: what it is called in Chinese.
        en: what it is called in English; it stands in the evidence, and tells it from the others.
        photo: whether a photo is asked for with each number.
        near: largest distance from what is expected where a run measures that is believed at once.
        leap: largest distance from the number before that is believed at once.
        step: finest part to which it can be read; a finer number is not believed at once.
        over: how far past either end of the span it can be read; such a number is not believed at once.
        twice: whether each number is read a second time, without a look at the first; the second counts, once
            two in a row agree to a `step`.
    """
    return Shown(zh, en, photo, near, leap, step, over, twice)


def quantity_of(value: str) -> tuple[float, str]:
    r"""Return number and unit of an answer: `21.5 \degreecelsius` is 21.5 and °C.

    Raises:
        GarbledReply: it has another form.
    """
    number, _, unit = value.partition(" ")
    try:
        return read_number(number), units.from_dsi(unit, alone=False)
    except (ValueError, UnitError) as error:
        raise GarbledReply(f"{value!r} is no number with its unit: {error}") from None


def typed_quantity(text: str, unit: str) -> str:
    """Return what a person typed for a quantity, as it is kept: `１，０２ ｂａｒ` is `1.02 bar`.

    Args:
        text: what was typed.
        unit: what a number without a unit is in; another unit must be one of its dimension.

    Raises:
        ValueError: it is no number, or one that people read differently.
        UnitError: nobody knows the unit, or it is of another dimension.
    """
    number, beside = read_typed(text)
    if not beside:
        return f"{number} {unit}"
    if not units.same_dimension(beside, unit):
        raise UnitError(f"{text!r}: {beside} is no unit of the dimension of {unit}")
    return f"{number} {units.normal(beside)}"


def reply_of(answer: str, photo: str = "") -> str:
    """Return the line of the dialogue that carries an answer, and the SHA-256 of a photo."""
    return f"{answer} photo {photo}" if photo else answer


def in_dsi(answer: str) -> str:
    r"""Return a kept answer with its unit in D-SI notation: `21.5 °C` is `21.5 \degreecelsius`."""
    number, _, unit = answer.partition(" ")
    return f"{number} {units.marked(unit)}"
