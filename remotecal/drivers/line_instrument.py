"""Instruments that talk in lines of text: SCPI, and dialects of their own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from remotecal.drivers.asking_again import Again
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration, Held, Obtained, declared
from remotecal.drivers.instrument import Identity, Instrument, known_serial
from remotecal.drivers.links.wire import Line
from remotecal.drivers.talks import Questions, Talk, talked
from remotecal.drivers.traces import Trace, head_of
from remotecal.errors import ForbiddenCommand, GarbledReply, InstrumentError, WrongInstrument

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.codecs import TextCodec
    from remotecal.drivers.links import Link


class Asking(NamedTuple):
    """How a quantity is asked for."""

    line: str
    """The line, its settings filled in."""
    questions: Questions
    """The same as it is sent."""
    codec: TextCodec
    """Understands the reply."""
    stated: str
    """The line as it is stated; the very `line` where it has no settings."""


class LineInstrument(Instrument):
    """An instrument that talks in lines of text."""

    wire: ClassVar[Line] = Line()
    forbidden: ClassVar[tuple[str, ...]] = ()
    """Patterns of lines that must never be sent, such as writing calibration constants."""

    _askings: dict[Declaration, Asking]
    """How quantities are asked for that were asked for before."""

    _busy: frozenset[bytes]
    """Replies by which it says that it can't answer just now."""

    def __init__(
        self, link: Link, *, name: str = "", serial: str | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        self._askings = {}
        self._busy = frozenset(word.encode(self.wire.encoding) for word in self.wire.ask_again)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for item in declared(cls):
            if isinstance(item, Trace) and not cls.wire.blocks:
                raise TypeError(
                    f"{item!r} is read as a block: the wire of {cls.__name__} must state `blocks`"
                )

    def ask(self, line: str, timeout: float | None = None) -> str:
        """Send a line and return the reply, both without line endings.

        Raises:
            ForbiddenCommand: the driver's maker warns of this command; nothing was sent.
            LinkError: no right answer came.
        """
        return talked(self.link, self.asking(line, timeout))

    def asking(self, line: str, timeout: float | None = None) -> Talk[str]:
        """Ask as `ask` does, within a conversation."""
        questions = self._questions(self.filled(line), timeout)
        (reply,) = yield questions
        self._kept(questions.requests[0], reply)
        return self._decoded(line, reply)

    def tell(self, line: str) -> None:
        """Send a line that has no reply (ForbiddenCommand, LinkError as `ask`)."""
        line = self.filled(line)
        self.permit(line)
        written = self._encoded(line)
        self.link.tell(written)
        if self.keep is not None:
            self.keep(self.name, written, b"")

    def ask_block(self, line: str, timeout: float | None = None) -> bytes:
        """Send a line and return the bytes of the block that answers it; the wire must state `blocks`.

        Raises:
            ForbiddenCommand, LinkError: as `ask`; GarbledReply where no block answers.
        """
        reply, _ = self._ask_block(line, timeout)
        return reply[head_of(reply) :]

    def obtain_block(self, declaration: Declaration) -> tuple[bytes, float, int | None]:
        reply, exchange = self._ask_block(str(_text(declaration).ask), getattr(declaration, "takes", None))
        return reply, self.clock.now(), exchange

    def _ask_block(self, line: str, timeout: float | None) -> tuple[bytes, int | None]:
        """Send a line and return the block that answers it, its head included."""
        line = self.filled(line)
        self.permit(line)
        reply, exchange = self._exchange(self._encoded(line), timeout)
        if not (self.wire.blocks and reply[:1] == b"#" and reply[1:2].isdigit()):
            self.link.suspect = True
            raise GarbledReply(f"{self.name}: asked {line!r}, got {reply[:40]!r}, which is no block")
        return reply, exchange

    def command(self, line: str, takes: float | None = None) -> None:
        """Send a line that makes the instrument do something, and see that it took it.

        Args:
            line: the command.
            takes: longest time until the instrument answers again, in seconds, where longer than usual.
        """
        self.tell(line)

    def can_be_asked(self, declaration: Declaration) -> bool:
        return _text(declaration).ask is not None

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Ask each question once; quantities that ask the same share its answer."""
        answers: dict[str, tuple[bytes, float, int | None]] = {}
        found: list[Obtained] = []
        for declaration in declarations:
            line, questions, codec, stated = self._askings.get(declaration) or self._asked(declaration)
            if stated is not line:
                line, questions, *_ = self._asked(declaration)
            if line not in answers:
                (reply,) = yield questions
                exchange = self._kept(questions.requests[0], reply)
                if reply in self._busy:
                    reply, exchange = yield from self._ask_until_ready(line, questions, reply)
                answers[line] = reply, self.clock.now(), exchange
            reply, at, exchange = answers[line]
            found.append((self._understood(codec, line, reply), at, exchange))
        return tuple(found)

    def place(self, declaration: Declaration, content: Content) -> None:
        codec = _text(declaration)
        line = codec.command(content if isinstance(content, str) else codec.number(content))
        if line is None:
            raise ForbiddenCommand(f"{declaration!r} can't be set")
        self.command(self.filled(line.rstrip()), getattr(declaration, "takes", None) or None)
        if isinstance(declaration, Held):
            self._placed[declaration] = content

    def _asked(self, declaration: Declaration) -> Asking:
        """Return how a quantity is asked for, as the instrument's settings are now."""
        codec = _text(declaration)
        line = codec.ask
        if line is None:
            raise ForbiddenCommand(f"{declaration!r} can't be read back")
        filled = self.filled(line)
        known = self._askings.get(declaration)
        if known is None or known.line != filled:
            questions = self._questions(filled, getattr(declaration, "takes", None))
            known = self._askings[declaration] = Asking(filled, questions, codec, line)
        return known

    def _questions(self, line: str, timeout: float | None) -> Questions:
        self.permit(line)
        return Questions((self._encoded(line),), timeout)

    def _understood(self, codec: TextCodec, line: str, reply: bytes) -> str:
        try:
            return codec.unwrap(reply.decode(self.wire.encoding))
        except UnicodeDecodeError:
            fault: Exception = self._no_text(line, reply)
        except GarbledReply as error:
            self.link.suspect = True
            fault = GarbledReply(f"{self.name}: asked {line!r}, {error}")
        except InstrumentError as refusal:
            fault = InstrumentError(f"{self.name}: {refusal}")
        raise fault

    def _ask_until_ready(
        self, line: str, questions: Questions, reply: bytes
    ) -> Talk[tuple[bytes, int | None]]:
        """Ask again, within bounds, an instrument that can't answer just now, and said so."""
        again = Again(self.pauses)
        while (pause := again.pause()) is not None:
            yield pause
            (reply,) = yield questions
            exchange = self._kept(questions.requests[0], reply)
            if reply not in self._busy:
                return reply, exchange
        said = reply.decode(self.wire.encoding)
        raise InstrumentError(f"{self.name}: asked {line!r} again and again, it answers {said!r}")

    def _decoded(self, line: str, reply: bytes) -> str:
        try:
            return reply.decode(self.wire.encoding)
        except UnicodeDecodeError:
            raise self._no_text(line, reply) from None

    def _no_text(self, line: str, reply: bytes) -> GarbledReply:
        self.link.suspect = True
        return GarbledReply(f"{self.name}: asked {line!r}, got {reply!r}, which is no text")

    def _encoded(self, line: str) -> bytes:
        try:
            return line.encode(self.wire.encoding)
        except UnicodeEncodeError:
            raise ForbiddenCommand(
                f"{self.name}: {line!r} can't be written in {self.wire.encoding}; nothing was sent"
            ) from None

    def filled(self, line: str) -> str:
        """Return a line with the settings a declaration leaves open filled in, such as `{channel}`."""
        return OPEN.sub(lambda setting: _written(getattr(self, setting[1])), line) if "{" in line else line

    def permit(self, line: str) -> None:
        """Raise `ForbiddenCommand` if a line must not be sent, whoever wrote it."""
        if self.forbidden and (pattern := _forbidden_by(self.forbidden, line)):
            raise ForbiddenCommand(f"{self.name}: {line!r} must never be sent ({pattern})")


@lru_cache(maxsize=1024)
def _forbidden_by(patterns: tuple[str, ...], line: str) -> str:
    """Return the pattern that forbids a line; "" if none does."""
    return next((pattern for pattern in patterns if re.match(pattern, line, re.IGNORECASE)), "")


def _written(setting: object) -> str:
    """Return a setting of a driver as it stands in a line: 10.0 is written 10."""
    return f"{setting:.12g}" if isinstance(setting, float) else str(setting)


OPEN = re.compile(r"\{(\w+)\}")
"""A setting of the driver left open in a declaration."""


def _text(declaration: Declaration) -> TextCodec:
    return cast("TextCodec", declaration.wire)  # __init_subclass__ saw to it


class ScpiInstrument(LineInstrument):
    """An instrument that talks SCPI: `*IDN?`, an error queue, headers."""

    compound: ClassVar[bool] = True
    """The instrument takes `SOUR:FLOW 5;:SYST:ERR?` in one line; a setting is then one round trip."""
    queue: ClassVar[bool] = True
    """The instrument keeps a queue of errors, which `SYST:ERR?` asks for."""

    def check(self) -> Identity:
        """Make sure the right instrument answers, and empty its queue of errors from before; see `noted`."""
        identity = super().check()
        question = ":SYST:ERR?" if self.compound else "SYST:ERR?"
        if self.queue and (errors := self._errors(self.ask(question))):
            self.noted = tuple(f"an error from before was in its queue: {error}" for error in errors)
        return identity

    def identify(self) -> Identity:
        answer = self.ask("*IDN?").strip().removeprefix("*IDN ")
        try:
            maker, model, serial, firmware = (field.strip() for field in answer.split(",", maxsplit=3))
        except ValueError:  # IEEE 488.2, 10.14: four fields
            raise WrongInstrument(f"{self.name}: {answer!r} answers *IDN? at {self.link.address}") from None
        return Identity(maker, model, known_serial(serial), firmware)

    def command(self, line: str, takes: float | None = None) -> None:
        """Send a command and empty the error queue; arguments as `LineInstrument.command`.

        Raises:
            InstrumentError: the instrument refused, in its own words.
        """
        if not self.queue:
            self.tell(line)
            return
        if self.compound:
            answer = self.ask(f"{line};:SYST:ERR?", takes)
        else:
            self.tell(line)
            answer = self.ask("SYST:ERR?", takes)
        if errors := self._errors(answer):
            raise InstrumentError(f"{self.name} refused {line!r}: {'; '.join(errors)}")

    def _errors(self, answer: str) -> list[str]:
        """Return the errors the queue gives until it is empty, beginning with what it answered already."""
        return talked(self.link, self.errors(answer))

    def errors(self, answer: str) -> Talk[list[str]]:
        """Empty the queue of errors as `_errors` does, within a conversation."""
        errors: list[str] = []
        while _error_code(answer) != 0 and len(errors) < MOST_ERRORS:
            errors.append(answer.strip())
            answer = yield from self.asking("SYST:ERR?")
        return errors


MOST_ERRORS = 30
"""An error queue is shorter than this; a longer one is not being emptied."""


def _error_code(answer: str) -> int:
    code = answer.strip().removeprefix(":").removeprefix("SYST:ERR").partition(",")[0]
    try:
        return int(code)
    except ValueError:
        raise GarbledReply(f"{answer!r} is no answer to SYST:ERR?") from None
