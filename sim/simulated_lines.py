"""Simulated instruments that talk in lines: SCPI, and the older dialects."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from remotecal.drivers.declarations import declared
from remotecal.drivers.quantities import Action
from remotecal.sim.simulated import Later, Refused, Simulated, Sink, Source

if TYPE_CHECKING:
    from remotecal.drivers.codecs import TextCodec
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.line_instrument import LineInstrument, ScpiInstrument
    from remotecal.sim.world import World

Reply = str | Later | None
"""A line without its ending; None where the instrument says nothing."""
Command = Callable[[str], Reply]
"""Does what a line asks for; takes the line's part behind the command word."""


class LineSimulated(Simulated):
    """An instrument that answers lines as its driver's phrases say.

    `commands` holds what goes beyond the driver's statements: patterns of whole lines with what
    answers them; a pattern's first group is handed over. They go before the statements.
    """

    def __init__(
        self,
        driver: type[LineInstrument],
        world: World,
        name: str,
        *,
        reads: Mapping[str, Source] | None = None,
        writes: Mapping[str, Sink] | None = None,
        commands: Mapping[str, Command] | None = None,
    ) -> None:
        super().__init__(driver, world, name, reads=reads, writes=writes)
        self._encoding = driver.wire.encoding
        self._commands = [
            (re.compile(pattern, re.IGNORECASE if self.IGNORES_CASE else 0), command)
            for pattern, command in (commands or {}).items()
        ]
        self._items = [(item, cast("TextCodec", item.wire)) for item in declared(driver)]

    IGNORES_CASE: ClassVar[bool] = True

    def _respond(self, request: bytes) -> bytes | Later | None:
        try:
            return self._encoded(self._line(request.decode(self._encoding)))
        except UnicodeDecodeError:
            return self._encoded(self._unknown(repr(request)))

    def _line(self, line: str) -> Reply:
        """Answer one line."""
        return self._try(lambda: self._do(line))

    def _try(self, act: Callable[[], Reply]) -> Reply:
        try:
            return act()
        except Refused as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: Refused) -> Reply:
        """Answer what can't be done; most say nothing."""

    def _do(self, line: str) -> Reply:
        for pattern, command in self._commands:
            found = pattern.fullmatch(line.strip())
            if found is not None:
                return command(found[1] if pattern.groups else "")
        for item, codec in self._items:
            if codec.asked_by(line):
                return codec.wrap(self._text(item, self._content(item)))
            value = codec.accept(line)
            if value is not None and not isinstance(item, Action):
                self._take(item, value)
                return self._done(line)
            if isinstance(item, Action) and line.strip() == (codec.command(str(item.content)) or "").strip():
                self._take(item, item.content)
                return self._done(line)
        return self._unknown(line)

    def _text(self, item: Declaration, content: Content) -> str:
        """Write a value as it stands in a reply."""
        if isinstance(content, str):
            return content
        return cast("TextCodec", item.wire).number(content)

    def _done(self, line: str) -> Reply:
        """Acknowledge a setting; most instruments say nothing."""

    def _unknown(self, line: str) -> Reply:
        """Answer what the instrument does not know; most say nothing."""

    def _encoded(self, reply: Reply) -> bytes | Later | None:
        if isinstance(reply, Later):
            return reply
        return None if reply is None else reply.encode(self._encoding)

    def after(self, duration: float, then: Callable[[], Reply]) -> Reply:
        """Answer by what `then` returns once `duration` s have passed; at once if it is 0."""
        if duration <= 0.0:
            return then()
        return Later(duration, lambda: self._encoded(self._try(then)))


class ScpiSimulated(LineSimulated):
    """An instrument with `*IDN?`, an error queue and several commands in one line.

    A refused command puts an error into the queue and gives no reply; what else stands in its line
    is done all the same.
    """

    QUEUE = 20
    """Errors the queue holds; the last place is then taken by -350."""

    def __init__(
        self,
        driver: type[ScpiInstrument],
        world: World,
        name: str,
        identity: str,
        *,
        reads: Mapping[str, Source] | None = None,
        writes: Mapping[str, Sink] | None = None,
        commands: Mapping[str, Command] | None = None,
        no_error: str = '+0,"No error"',
    ) -> None:
        """`identity` answers `*IDN?`; `no_error` is how the instrument spells an empty queue."""
        self._errors: deque[str] = deque()
        self._compound = driver.compound
        common: dict[str, Command] = {
            r"\*IDN\?": lambda _: identity,
            r"\*CLS": lambda _: self._errors.clear(),
            r"\*RST": lambda _: self._reset(),
            r"\*OPC\?": lambda _: "1",
            r"\*STB\?": lambda _: str(4 * bool(self._errors)),
            r":?SYST(?:em)?:ERR(?:or)?(?::NEXT)?\?": lambda _: (
                self._errors.popleft() if self._errors else no_error
            ),
        }
        super().__init__(
            driver, world, name, reads=reads, writes=writes, commands=common | dict(commands or {})
        )

    def push(self, error: str) -> None:
        """Put an error into the queue."""
        if len(self._errors) < self.QUEUE:
            self._errors.append(error)
        else:
            self._errors[-1] = '-350,"Queue overflow"'

    def _line(self, line: str) -> Reply:
        if not self._compound and ";" in line:
            self.push('-102,"Syntax error"')
            return None
        replies: list[str] = []
        parts = [part.strip() for part in line.split(";") if part.strip()]
        for place, part in enumerate(parts):
            reply = super()._line(part)
            if isinstance(reply, Later):
                return self._onward(reply, replies, ";".join(parts[place + 1 :]))
            if reply is not None:
                replies.append(reply)
        return ";".join(replies) if replies else None

    def _onward(self, waited: Later, replies: list[str], rest: str) -> Later:
        """Answer what follows a command that takes its time after it has been done."""

        def then() -> bytes | Later | None:
            done = waited.then()
            if isinstance(done, Later):
                return self._onward(done, replies, rest)
            first = [] if done is None else [done.decode(self._encoding)]
            tail = self._line(rest) if rest else None
            if isinstance(tail, Later):
                return self._onward(tail, [*replies, *first], "")
            lines = [*replies, *first, *([] if tail is None else [tail])]
            return self._encoded(";".join(lines) if lines else None)

        return Later(waited.duration, then)

    def _unknown(self, line: str) -> Reply:
        self.push('-113,"Undefined header"')
        return None

    def _refused(self, refusal: Refused) -> Reply:
        self.push(refusal.scpi)
        return None

    def _reset(self) -> None:
        """Do what `*RST` does beyond forgetting; overridden by instruments that measure."""
