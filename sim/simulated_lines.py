"""Simulated instruments that talk in lines: SCPI, and the older dialects."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from remotecal.drivers.declarations import declared
from remotecal.drivers.quantities import Action
from remotecal.sim.simulated import Later, Refused, Respond, Response, Simulated, Sink, Source

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
Act = Callable[[], Reply]
"""Does what a line asks for."""


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

    def _understand(self, request: bytes) -> Respond:
        try:
            act = self._line(request.decode(self._encoding))
        except UnicodeDecodeError:
            act = partial(self._unknown, repr(request))
        return partial(self._respond, act)

    def _respond(self, act: Act) -> Response:
        reply = self._try(act)
        return reply.encode(self._encoding) if isinstance(reply, str) else reply

    def _try(self, act: Act) -> Reply:
        try:
            return act()
        except Refused as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: Refused) -> Reply:
        """Answer what can't be done; most say nothing."""

    def _line(self, line: str) -> Act:
        """Return what a line asks for, which depends on nothing but the line."""
        return self._command(line)

    def _command(self, line: str) -> Act:
        """Return what one command asks for."""
        bare = line.strip()
        for pattern, command in self._commands:
            found = pattern.fullmatch(bare)
            if found is not None:
                return partial(command, found[1] if pattern.groups else "")
        for item, codec in self._items:
            if codec.asked_by(line):
                return partial(self._tell, item, codec)
            value = codec.accept(line)
            if value is not None and not isinstance(item, Action):
                return partial(self._set, item, value, line)
            if isinstance(item, Action) and bare == (codec.command(str(item.content)) or "").strip():
                return partial(self._set, item, item.content, line)
        return partial(self._unknown, line)

    def _tell(self, item: Declaration, codec: TextCodec) -> Reply:
        """Answer what asks for a value."""
        content = self._content(item)
        return codec.wrap(content if isinstance(content, str) else codec.number(content))

    def _set(self, item: Declaration, content: Content, line: str) -> Reply:
        self._take(item, content)
        return self._done(line)

    def _done(self, line: str) -> Reply:
        """Acknowledge a setting; most instruments say nothing."""

    def _unknown(self, line: str) -> Reply:
        """Answer what the instrument does not know; most say nothing."""

    def after(self, duration: float, then: Act) -> Reply:
        """Answer by what `then` returns once `duration` s have passed; at once if it is 0."""
        if duration <= 0.0:
            return then()
        return Later(duration, partial(self._respond, then))


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

    def _line(self, line: str) -> Act:
        if not self._compound and ";" in line:
            return partial(self.push, '-102,"Syntax error"')
        parts = [self._command(part.strip()) for part in line.split(";") if part.strip()]
        return parts[0] if len(parts) == 1 else partial(self._do_all, tuple(parts))

    def _do_all(self, parts: Sequence[Act], before: Sequence[str] = ()) -> Reply:
        """Do one part of a line after the other; all that is answered stands in one line."""
        replies = list(before)
        for place, part in enumerate(parts):
            reply = self._try(part)
            if isinstance(reply, Later):
                return self._onward(reply, replies, parts[place + 1 :])
            if reply is not None:
                replies.append(reply)
        return ";".join(replies) if replies else None

    def _onward(self, waited: Later, replies: Sequence[str], rest: Sequence[Act]) -> Later:
        """Answer what follows a command that takes its time after it has been done."""

        def then() -> Response:
            done = waited.then()
            if isinstance(done, Later):
                return self._onward(done, replies, rest)
            first = [] if done is None else [done.decode(self._encoding)]
            return self._respond(partial(self._do_all, rest, [*replies, *first]))

        return Later(waited.duration, then)

    def _unknown(self, line: str) -> Reply:
        self.push('-113,"Undefined header"')
        return None

    def _refused(self, refusal: Refused) -> Reply:
        self.push(refusal.scpi)
        return None

    def _reset(self) -> None:
        """Do what `*RST` does beyond forgetting; overridden by instruments that measure."""
