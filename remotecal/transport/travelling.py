"""Errors that travel from a station to the laboratory: by name, as the nearest kind that is known."""

from __future__ import annotations

from remotecal.errors import (
    ConfigurationError,
    ExchangeCancelled,
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    LinkError,
    LinkLost,
    NoReply,
    RemotecalError,
    WrongInstrument,
)

_KINDS: dict[str, type[RemotecalError]] = {
    kind.__name__: kind
    for kind in (
        NoReply,
        LinkLost,
        GarbledReply,
        ExchangeCancelled,
        WrongInstrument,
        LinkError,
        InstrumentError,
        ForbiddenCommand,
        ConfigurationError,
        RemotecalError,
    )
}


def name_of(error: RemotecalError) -> str:
    """Return the name under which an error travels: the nearest of its kinds that is known."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)


def kind_named(name: str) -> type[RemotecalError]:
    """Return the kind of error that travelled under a name; `LinkLost` for one that is not known."""
    return _KINDS.get(name, LinkLost)
