"""Instruments that have no interface: a person on site reads them and sets them, and is asked to.

A driver states their quantities as any driver does, each by what a person sees (`shown`). From that come
the questions, in words; another look at a number that can't well be, until it is told twice; the refusal of
one outside the span.
"""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING, ClassVar, cast

from remotecal import units
from remotecal.drivers.declarations import Declaration, Obtained, declared
from remotecal.drivers.doubts import ROUNDING, beyond, doubt, likely
from remotecal.drivers.guide import Guide, decimals
from remotecal.drivers.instrument import Identity, known_serial
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.by_hand import ByHandLink, Sought
from remotecal.drivers.links.wire import ByHand
from remotecal.drivers.quantity import Quantity
from remotecal.drivers.shown import DONE, NOT_POSSIBLE, READ, Shown, in_dsi, quantity_of, reply_of
from remotecal.drivers.states import Action, Choice, Flags
from remotecal.drivers.talks import Talk
from remotecal.errors import ForbiddenCommand, GarbledReply, InstrumentError, WrongInstrument
from remotecal.model import Text

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.contents import Content
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.by_hand import Put

SERIAL = f"{READ}serial number"
"""The line that asks for the serial number that stands on the instrument."""


class HandInstrument(LineInstrument):
    """An instrument that has no interface, and a person who reads and sets it.

    Outside of a run nobody is asked: it is then who the bench says it is, and has no readings.

    Args:
        link: the link to the person.
        name: how questions, messages and evidence call it.
        serial: the serial number that must stand on it.
        clock: gives each reading its time, which is when the answer came.
    """

    wire: ClassVar[ByHand] = ByHand()
    _before: dict[Shown, float]
    """Where a person reads → the latest number read there."""
    _photos: set[tuple[Shown, str]]
    """The photos that prove what was read where, by their SHA-256."""
    _expected: dict[str, float]
    """Quantity → what is expected of it where the run measures, in its unit."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        self._before, self._expected, self._photos = {}, {}, set()
        if isinstance(link, ByHandLink):
            link.conversation = self._converse

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for item in declared(cls):
            if not isinstance(item.wire, Shown) or isinstance(item, Flags):
                raise TypeError(f"{item!r} is nothing a person can read or set: state it by `shown`")
        if cls.expects:
            raise TypeError(f"{cls.__name__} expects what nobody can be asked for when it is opened")

    def identify(self) -> Identity:
        """Return who it is, by the serial number a person reads on it; by the bench's where nobody is asked.

        Raises:
            WrongInstrument: another serial number stands on it than must.
        """
        link = self.link
        if isinstance(link, ByHandLink) and link.person is None:
            return Identity(self.maker, self.model, known_serial(self.serial or ""))
        return Identity(self.maker, self.model, known_serial(self.ask(SERIAL)))

    def expect(self, quantity: str, value: float, unit: str) -> None:
        """Take note of what a quantity should be about, where a run measures now."""
        item = getattr(type(self), quantity, None)
        if isinstance(item, Quantity):
            self._expected[quantity] = units.convert(value, unit, item.unit)

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        obtained = yield from super().conversation(*declarations)
        return tuple(
            (self._content(item, content), at, exchange)
            for item, (content, at, exchange) in zip(declarations, obtained, strict=True)
        )

    def place(self, declaration: Declaration, content: Content) -> None:
        """Have a person set a value, or do something, and wait until they confirm it.

        Raises:
            InstrumentError: they say that it is not possible.
        """
        if isinstance(declaration, Quantity):
            content = f"{_shown(declaration).number(float(content))} {units.marked(declaration.unit)}"
        elif isinstance(declaration, Choice):
            content = declaration.decode(content).name
        super().place(declaration, content)

    def command(self, line: str, takes: float | None = None) -> None:
        if self.ask(line) != DONE:
            raise InstrumentError(f"{self.name}: whoever was asked to {line} says that it is not possible")

    def _content(self, item: Declaration, content: Content) -> Content:
        """Return what stands behind a person's answer: a number in the quantity's unit, a state's value."""
        answer = str(content)
        if isinstance(item, Choice):
            member = getattr(item.options, answer, None)
            if member is None:
                raise GarbledReply(f"{self.name}: {answer!r} is no state of {item!r}")
            return cast("Content", member.value)
        if not isinstance(item, Quantity):
            return answer
        value, unit = quantity_of(answer)
        found = units.convert(value, unit, item.unit)
        if outside := beyond(item, found, _shown(item).over):
            raise InstrumentError(f"{self.name}.{item.name}: {outside.get('en')}: {WHAT_TO_DO}")
        return found

    def _converse(self, line: str, put: Put) -> str:
        """Have a line answered; see `links.by_hand.Conversation`."""
        if line == SERIAL:
            return self._read_serial(put)
        for item in declared(type(self)):
            place = _shown(item)
            if not isinstance(item, Action) and place.asked_by(line):
                return self._read_off(item, line, put)
            value = place.accept(line)
            if value is not None and isinstance(item, Action) is (value == ""):
                return put(self._to_confirm(item, line, value))
        raise ForbiddenCommand(f"{self.name}: nobody can be asked to {line}")

    def _read_serial(self, put: Put) -> str:
        question = Text(
            zh=f"{self.name}：仪器上的编号是多少？没有请填 0。",
            en=f"{self.name}: which serial number stands on it? 0 if none does.",
        )
        told = put(Sought(self.name, SERIAL, question, "text"))
        if self.serial and known_serial(told) != self.serial:
            why = Text(
                zh=f"{told} 不是台架文件中的编号 {self.serial}，请再看一次。",
                en=f"{told} is not {self.serial}, which the bench file says; please look again.",
            )
            told = put(Sought(self.name, SERIAL, _both(why, question), "text"))
            if known_serial(told) != self.serial:
                raise WrongInstrument(
                    f"{self.name}: serial number {self.serial} is expected, but {told} was read on it at "
                    f"{self.link.address}: has the instrument been exchanged?"
                )
        return told

    def _read_off(self, item: Declaration, line: str, put: Put) -> str:
        if isinstance(item, Choice):
            return put(self._state_sought(item, line))
        assert isinstance(item, Quantity)  # noqa: S101  __init_subclass__ saw to it
        place = _shown(item)
        photo = self._photo(place, line, put) if place.photo else ""
        answer = self._believed(item, line, put)
        if place.twice:
            answer = self._read_again(item, line, answer, put)
        self._before[place] = self._value(item, answer)
        return reply_of(in_dsi(answer), photo)

    def _believed(self, item: Quantity, line: str, put: Put) -> str:
        """Have a number read, and read again as long as it can't well be, until it is told twice."""
        place = _shown(item)
        question = asked = self._question(item)
        told: float | None = None
        while True:
            answer = put(self._number_sought(item, line, asked))
            value = self._value(item, answer)
            why = doubt(item, place, value, self._expected.get(item.name), self._before.get(place))
            if why is None or (told is not None and isclose(value, told, rel_tol=SAME)):
                return answer
            told, asked = value, _both(why, question)

    def _read_again(self, item: Quantity, line: str, first: str, put: Put) -> str:
        """Have a number read without a look at the one before, until two in a row agree; the last counts."""
        step, question = (_shown(item).step or 0.0) * (1 + ROUNDING), self._question(item)
        before, asked = self._value(item, first), _both(BLIND, question)
        while True:
            answer = put(self._number_sought(item, line, asked, blind=True))
            value = self._value(item, answer)
            if isclose(value, before, rel_tol=SAME, abs_tol=step):
                return answer
            before, asked = value, _both(DIFFERENT, question)

    def _photo(self, place: Shown, line: str, put: Put) -> str:
        """Have a photo taken; one that proves an earlier number is asked for a second time."""
        sought = self._photo_sought(place, line)
        photo = put(sought)
        if (place, photo) in self._photos:
            photo = put(replace(sought, question=_both(AGAIN, sought.question)))
        self._photos.add((place, photo))
        return photo

    def _value(self, item: Quantity, answer: str) -> float:
        return units.convert(*quantity_of(in_dsi(answer)), item.unit)

    def _number_sought(self, item: Quantity, line: str, question: Text, *, blind: bool = False) -> Sought:
        place = _shown(item)
        about = likely(item, place, self._expected.get(item.name), self._before.get(place))
        guide = Guide(digits=decimals(place.step), likely=about, blind=blind)
        return Sought(self.name, line, question, "number", unit=item.unit, guide=guide)

    def _question(self, item: Quantity) -> Text:
        place = _shown(item)
        unit = "" if item.unit == "1" else units.symbol(item.unit)
        return Text(
            zh=f"{self.name}：{place.zh}是多少？" + (f"单位 {unit}。" if unit else ""),
            en=f"{self.name}: what does the {place.en} show" + (f", in {unit}?" if unit else "?"),
        )

    def _state_sought(self, item: Choice, line: str) -> Sought:  # type: ignore[type-arg]  # of whatever states
        place = _shown(item)
        question = Text(
            zh=f"{self.name}：{place.zh}处于什么状态？", en=f"{self.name}: which state is the {place.en} in?"
        )
        return Sought(self.name, line, question, "choice", tuple(item.options.__members__))

    def _photo_sought(self, place: Shown, line: str) -> Sought:
        question = Text(
            zh=f"{self.name}：请拍一张{place.zh}的照片。",
            en=f"{self.name}: please take a photo of the {place.en}.",
        )
        return Sought(self.name, line, question, "file")

    def _to_confirm(self, item: Declaration, line: str, value: str) -> Sought:
        place = _shown(item)
        if isinstance(item, Quantity):
            number, unit = quantity_of(value)
            value = f"{number:.12g}" + ("" if unit == "1" else f" {units.symbol(unit)}")
        if value:
            question = Text(
                zh=f"{self.name}：请将{place.zh}设为 {value}，然后确认。",
                en=f"{self.name}: please set the {place.en} to {value}, then confirm.",
            )
        else:
            question = Text(
                zh=f"{self.name}：请{place.zh}，然后确认。",
                en=f"{self.name}: please {place.en}, then confirm.",
            )
        return Sought(self.name, line, question, "choice", (DONE, NOT_POSSIBLE))


WHAT_TO_DO = (
    "bring it back into its span, and resume the run; where it can be read further, state that in the bench "
    "file, and begin a new run"
)

AGAIN = Text(
    zh="这张照片已用于另一个读数。",
    en="This photo proves another reading already; each needs one of its own.",
)

BLIND = Text(
    zh="请再读一次，不要看第一次的读数。", en="Please read it once more, without a look at the first reading."
)
DIFFERENT = Text(
    zh="两次读数不一致，请重新读，直到连续两次一致。",
    en="The last two readings differ; please read it again, until two in a row agree.",
)

SAME = 1e-9
"""Relative difference by which numbers may differ that are the same, for they may have been converted."""


def _shown(item: Declaration) -> Shown:
    return cast("Shown", item.wire)  # __init_subclass__ saw to it


def _both(first: Text, second: Text) -> Text:
    return Text({language: f"{first.get(language)} {second.get(language)}" for language in ("zh", "en")})
