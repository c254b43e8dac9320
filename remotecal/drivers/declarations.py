"""What all statements of a driver have in common: a name, a place on the wire, and how a value is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Protocol

from remotecal.drivers.contents import Content
from remotecal.errors import InstrumentError

if TYPE_CHECKING:
    from remotecal.drivers.codecs import Codec
    from remotecal.drivers.links import Link
    from remotecal.drivers.talks import Talk

Obtained = tuple[Content, float, int | None]
"""What stood on the wire, when, and the number of the kept exchange."""


class Asked(Protocol):
    """The instrument as its quantities see it."""

    name: str
    link: Link

    def obtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        """Ask for values: contents, times of the replies, numbers of the kept exchanges."""
        ...

    async def aobtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        """Ask for values in the running event loop; as `obtain`."""
        ...

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Say what `obtain` asks, for whoever carries it."""
        ...

    def obtain_block(self, declaration: Declaration) -> tuple[bytes, float, int | None]:
        """Ask for a block: its bytes with their head, time of the reply, number of the kept exchange."""
        ...

    def place(self, declaration: Declaration, content: Content) -> None:
        """Send a value and see that the instrument took it."""
        ...


class Declaration:
    """One statement of a driver: a name, a place on the wire."""

    name: str = "?"
    """The attribute's name in the driver."""
    owner: str = "?"
    """The driver's name."""

    def __init__(self, wire: Codec) -> None:
        self.wire = wire

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.owner = name, owner.__name__

    def parts(self) -> Iterator[Declaration]:
        """Yield what can be asked and told of it one by one: itself, or its channels."""
        yield self

    def __repr__(self) -> str:
        return f"{self.owner}.{self.name}"


class Held(Declaration):
    """A statement whose value the instrument is told, and holds: a setting or a choice.

    Args:
        wire: where it lives.
        takes: longest time until the instrument answers, in seconds, where longer than usual.
        confirmed: after each setting the instrument is asked for the value, and must tell it; for
            instruments and lines whose acknowledgement says nothing, such as an echo.
    """

    def __init__(self, wire: Codec, takes: float | None, *, confirmed: bool) -> None:
        super().__init__(wire)
        self.takes, self.confirmed = takes, confirmed

    def agrees(self, found: Content, wanted: Content) -> bool:
        """Tell whether what was found on the wire means what was wanted."""
        raise NotImplementedError

    def show(self, content: Content) -> str:
        """Return what stands on the wire as people read it."""
        raise NotImplementedError


class Step:
    """A declaration and the value it shall have: part of a safe state, or of what is expected."""

    __slots__ = ("content", "declaration")

    def __init__(self, declaration: Held, content: Content) -> None:
        self.declaration = declaration  # stated in the class body it would be taken for a quantity
        self.content = content

    def __str__(self) -> str:
        return f"{self.declaration.name} = {self.declaration.show(self.content)}"


def settle(instrument: Asked, declaration: Held, content: Content) -> None:
    """Tell an instrument a value, and ask for it where the driver wants that.

    Raises:
        InstrumentError: the instrument refused, or says otherwise.
    """
    instrument.place(declaration, content)
    if declaration.confirmed:
        ((found, _, _),) = instrument.obtain(declaration)
        if not declaration.agrees(found, content):
            raise InstrumentError(
                f"{instrument.name}: {declaration.name} was set to {declaration.show(content)}, but it is "
                f"{declaration.show(found)}"
            )


def stated(driver: type) -> Iterator[Declaration]:
    """Yield a driver's statements as they are written, inherited ones first."""
    seen: dict[str, Declaration] = {}
    for base in reversed(driver.__mro__):
        seen |= {name: item for name, item in vars(base).items() if isinstance(item, Declaration)}
    yield from seen.values()


def declared(driver: type) -> Iterator[Declaration]:
    """Yield all that a driver's instrument can be asked and told, each channel by itself."""
    for item in stated(driver):
        yield from item.parts()


def named(driver: type) -> Mapping[str, Declaration]:
    """Return all that a driver declares by name, such as `speed` or `temperature[3]`."""
    return _named(driver)


@cache
def _named(driver: type) -> Mapping[str, Declaration]:
    return {item.name: item for item in declared(driver)}
