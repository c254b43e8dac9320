"""What observations hold, as a journal writes it."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeAlias
from zlib import compress, decompress

from remotecal.drivers.measured import Measured
from remotecal.drivers.waveform import SAMPLE, Waveform
from remotecal.errors import JournalBroken, ParameterError
from remotecal.journal.contents import File

if TYPE_CHECKING:
    from remotecal.journal.contents import Files
    from remotecal.journal.events import Json
    from remotecal.journal.observation import Value


Sources: TypeAlias = tuple[tuple[str, str], ...]
"""Names of parts, each with `instrument.quantity` of a reading or waveform in it."""


def pack(values: Mapping[str, Value]) -> dict[str, Json]:
    """Return an observation's values as a journal writes them.

    Raises:
        ParameterError: the procedure returned something an observation can't hold.
    """
    return {str(name): _pack(name, value) for name, value in values.items()}


def _pack(name: str, value: Value) -> Json:
    if isinstance(value, Measured):
        return value._asdict()
    if isinstance(value, Waveform):
        return {"waveform": {member: getattr(value, member) for member in WAVEFORM}}
    if isinstance(value, File):
        return {"file": value.sha256}
    if isinstance(value, tuple):
        several = [one for one in value if isinstance(one, Measured)]
        if len(several) == len(value):
            return [one._asdict() for one in several]
    if isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise ParameterError(
        f"the observation's {name} is {value!r}; measured values and tuples of them, finite numbers, texts, "
        "waveforms and files can be kept as evidence"
    )


WAVEFORM = tuple(member.name for member in fields(Waveform) if member.name != "content")
"""What a journal says of a waveform; its samples stand in a file."""


def unpack(written: Mapping[str, Json], files: Files) -> dict[str, Value]:
    """Return an observation's values from a journal; what stands in files is read from `files` when wanted.

    Raises:
        JournalBroken: an observation can't hold what is written.
        EvidenceError: the journal names no such file.
    """
    return {name: _unpack(value, files) for name, value in written.items()}


class Unpacked:
    """The values of the observations that were looked at last; those of all others stay packed."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._looked_at: OrderedDict[PackedValues, Mapping[str, Value]] = OrderedDict()
        self._sources: dict[Sources, Sources] = {}

    def once(self, told: Sources) -> Sources:
        """Return what an earlier observation told of its sources, if it was the same: most tell the same."""
        return self._sources.setdefault(told, told)

    def hold(self, packed: PackedValues, values: Mapping[str, Value]) -> None:
        """Hold values, and let go of those nobody has looked at for the longest time."""
        self._looked_at[packed] = values
        if len(self._looked_at) > AT_HAND:
            self._looked_at.popitem(last=False)

    def of(self, packed: PackedValues) -> Mapping[str, Value]:
        """Return the values, as they were written."""
        if (values := self._looked_at.get(packed)) is None:
            values = unpack(json.loads(decompress(packed.content)), self._files)
            self.hold(packed, values)
        else:
            self._looked_at.move_to_end(packed)
        return values


AT_HAND = 500
"""Observations whose values are at hand at once."""


class PackedValues(Mapping[str, "Value"]):
    """The values of one observation, packed until somebody looks: a journal may have a hundred thousand.

    Args:
        written: as the journal writes them.
        values: what that says.
        unpacked: holds the values that were looked at last.
    """

    __slots__ = ("_unpacked", "content", "sources")

    def __init__(self, written: Mapping[str, Json], values: Mapping[str, Value], unpacked: Unpacked) -> None:
        self.content = compress(json.dumps(written).encode(), 1)
        self._unpacked = unpacked
        self.sources = unpacked.once(sources(values))
        """As the function of that name, without unpacking."""
        unpacked.hold(self, values)

    def __hash__(self) -> int:  # one observation's; two are equal where their values are
        return id(self)

    def __getitem__(self, name: str) -> Value:
        return self._unpacked.of(self)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked.of(self))

    def __len__(self) -> int:
        return len(self._unpacked.of(self))

    def __repr__(self) -> str:
        return repr(self._unpacked.of(self))


def _unpack(written: Json, files: Files) -> Value:
    if isinstance(written, Mapping):
        if isinstance(said := written.get("waveform"), Mapping):
            return _waveform(said, files)
        if isinstance(digest := written.get("file"), str):
            return files.file(digest)
        return measured(written)
    if isinstance(written, str | int | float):
        return written
    if isinstance(written, Sequence):
        return tuple(measured(one) for one in written if isinstance(one, Mapping))
    raise JournalBroken(f"an observation can't hold {written!r}")


def _waveform(said: Mapping[str, Json], files: Files) -> Waveform:
    """Return a waveform from a journal (JournalBroken if it is none)."""
    try:
        of = {member: said[member] for member in WAVEFORM}
    except KeyError as error:
        raise JournalBroken(f"a waveform has no {error}") from None
    digest, sample, u = str(of["sha256"]), str(of["sample"]), of["u"]
    count, skip = (_whole(of[member]) for member in ("count", "skip"))
    if not SAMPLE.fullmatch(sample) or count < 1 or skip < 0:
        raise JournalBroken(f"an observation can't hold the waveform {said!r:.200}")
    files.check(digest)
    return Waveform(
        unit=str(of["unit"]),
        sha256=digest,
        count=count,
        sample=sample,
        step=None if of["step"] is None else _float(of["step"]),
        source=str(of["source"]),
        at=_float(of["at"]),
        scale=_float(of["scale"]),
        offset=_float(of["offset"]),
        skip=skip,
        begins=_float(of["begins"]),
        u=(_float(u[0]), _float(u[1])) if isinstance(u, list) else None,
        exchange=None if of["exchange"] is None else _whole(of["exchange"]),
        content=lambda: files.content(digest),
    )


def _whole(written: Json) -> int:
    if type(written) is int:
        return written
    raise JournalBroken(f"{written!r} stands where a whole number is due")


def readings(values: Mapping[str, Value]) -> Iterator[tuple[str, Measured]]:
    """Yield the indications among an observation's values, each with the name it stands under."""
    for name, value in values.items():
        if isinstance(value, Measured):  # itself a tuple, so it comes first
            yield name, value
        elif isinstance(value, tuple):
            yield from ((name, one) for one in value if isinstance(one, Measured))


def waveforms(values: Mapping[str, Value]) -> Iterator[tuple[str, Waveform]]:
    """Yield the waveforms among an observation's values, each with the name it stands under."""
    yield from ((name, value) for name, value in values.items() if isinstance(value, Waveform))


def sources(values: Mapping[str, Value]) -> Sources:
    """Return by what the parts of an observation were read, each pair once."""
    if isinstance(values, PackedValues):
        return values.sources
    return tuple(dict.fromkeys((name, one.source) for name, one in indicated(values)))


def indicated(values: Mapping[str, Value]) -> Iterator[tuple[str, Measured | Waveform]]:
    """Yield the indications and waveforms among an observation's values, as `readings` and `waveforms`."""
    yield from readings(values)
    yield from waveforms(values)


def timed(values: Mapping[str, Value], over: Callable[[int], float | None]) -> dict[str, Value]:
    """Return an observation's values with each reading at the time its exchange was over.

    Its driver has told when the reply was understood, which may be a while later on a slow machine.

    Args:
        values: of the observation.
        over: number of an exchange → when it was over; None where that is not known.
    """

    def when(one: Measured | Waveform) -> float:
        known = None if one.exchange is None else over(one.exchange)
        return one.at if known is None else known

    def at_its_time(value: Value) -> Value:
        if isinstance(value, Measured):
            return value._replace(at=when(value))
        if isinstance(value, Waveform):
            return replace(value, at=when(value))
        if isinstance(value, tuple):
            return tuple(one._replace(at=when(one)) for one in value if isinstance(one, Measured))
        return value

    return {name: at_its_time(value) for name, value in values.items()}


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
