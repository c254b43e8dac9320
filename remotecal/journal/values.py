"""What observations hold, as a journal writes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal.drivers.measured import Measured
from remotecal.errors import JournalBroken, ParameterError

if TYPE_CHECKING:
    from remotecal.journal.events import Json
    from remotecal.journal.observation import Value


def pack(values: Mapping[str, Value]) -> dict[str, Json]:
    """Return an observation's values as a journal writes them.

    Raises:
        ParameterError: the procedure returned something an observation can't hold.
    """
    return {str(name): _pack(name, value) for name, value in values.items()}


def _pack(name: str, value: Value) -> Json:
    if isinstance(value, Measured):
        return value._asdict()
    if isinstance(value, tuple):
        several = [one for one in value if isinstance(one, Measured)]
        if len(several) == len(value):
            return [one._asdict() for one in several]
    if isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise ParameterError(
        f"the observation's {name} is {value!r}; measured values, finite numbers, texts and tuples of "
        "measured values can be kept as evidence"
    )


def unpack(written: Mapping[str, Json]) -> dict[str, Value]:
    """Return an observation's values from a journal."""
    return {name: _unpack(value) for name, value in written.items()}


def _unpack(written: Json) -> Value:
    if isinstance(written, Mapping):
        return measured(written)
    if isinstance(written, str | int | float):
        return written
    if isinstance(written, Sequence):
        return tuple(measured(one) for one in written if isinstance(one, Mapping))
    raise JournalBroken(f"an observation can't hold {written!r}")


def readings(values: Mapping[str, Value]) -> Iterator[tuple[str, Measured]]:
    """Yield the indications among an observation's values, each with the name it stands under."""
    for name, value in values.items():
        if isinstance(value, Measured):  # itself a tuple, so it comes first
            yield name, value
        elif isinstance(value, tuple):
            yield from ((name, one) for one in value if isinstance(one, Measured))


def measured(written: Mapping[str, Json]) -> Measured:
    """Return an indication from a journal, where 3.0 is written 3."""
    try:
        value, unit, u, source, at, exchange = (written[name] for name in Measured._fields)
    except KeyError as error:
        raise JournalBroken(f"an indication has no {error}") from None
    return Measured(
        _float(value),
        str(unit),
        None if u is None else _float(u),
        str(source),
        _float(at),
        None if exchange is None else int(_float(exchange)),
    )


def _float(written: Json) -> float:
    if isinstance(written, int | float):
        return float(written)
    raise JournalBroken(f"{written!r} stands where a number is due")
