"""Samples of one quantity over time: a million of them are one block of bytes, never a list of numbers.

A waveform says what its samples mean (unit, scale, time) and names the bytes they stand in by their SHA-256.
The bytes are read when somebody asks for the samples, and are those, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.drivers.contents import OVERLOAD
from remotecal.errors import EvidenceError, ParameterError

if TYPE_CHECKING:
    from typing import Any

    from numpy import float64
    from numpy.typing import ArrayLike, NDArray

SAMPLE: Final = re.compile(r"[<>](?:[iu][1248]|f[48])")
"""How a sample stands in its bytes: byte order, kind and size, as numpy writes it: `<i2`, `>f8`."""

TIMES: Final = "<f8"
"""How times stand behind samples that are not evenly spaced, in seconds."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Samples of one quantity, in the order they were taken."""

    unit: str
    """Short notation of the samples' unit."""
    sha256: str
    """SHA-256 of the bytes they stand in, in hexadecimal."""
    count: int
    """How many there are."""
    sample: str
    """How one stands in the bytes; see `SAMPLE`."""
    step: float | None
    """Seconds from one to the next; None where times stand behind the samples."""
    source: str
    """Instrument and quantity, "scope.trace"; "" of what a procedure has from elsewhere."""
    at: float
    """When they were there, in seconds since 1970, UTC."""
    scale: float = 1.0
    """A value is `offset` + `scale` × what stands in the bytes."""
    offset: float = 0.0
    """Value of a sample that is 0 in the bytes, in `unit`."""
    skip: int = 0
    """Bytes before the first sample."""
    begins: float = 0.0
    """Time of the first sample, in seconds from where its source counts, such as the trigger."""
    u: tuple[float, float] | None = None
    """Standard uncertainty by the maker's limit of error: part of a sample's magnitude, and a constant in
    `unit`; None where the maker states no limit."""
    exchange: int | None = None
    """Number of the kept exchange it was read from."""
    content: Callable[[], bytes] = field(default=lambda: b"", compare=False, repr=False)
    """Reads the bytes, which are those of `sha256`, or refused (EvidenceError)."""

    def samples(self) -> NDArray[float64]:
        """Return the samples in `unit`.

        Raises:
            EvidenceError: the bytes are not at hand, or not those.
        """
        import numpy as np

        values = self.raw().astype(np.float64)
        if self.scale != 1:
            values *= self.scale
        if self.offset:
            values += self.offset
        return values

    def raw(self) -> NDArray[Any]:
        """Return the samples as they stand in the bytes, such as the codes of a converter (EvidenceError)."""
        import numpy as np

        return np.frombuffer(self._bytes(self._behind), np.dtype(self.sample), self.count, self.skip)

    def times(self) -> NDArray[float64]:
        """Return the time of each sample, in seconds from where its source counts (EvidenceError)."""
        import numpy as np

        if self.step is not None:
            return self.begins + self.step * np.arange(self.count, dtype=np.float64)
        kind = np.dtype(TIMES)
        content = self._bytes(self._behind + self.count * kind.itemsize)
        return np.frombuffer(content, kind, self.count, self._behind).astype(np.float64)

    def to(self, unit: str) -> Waveform:
        """Return the same samples in another unit (UnitError if that is of another dimension)."""
        if unit == self.unit:
            return self
        slope = units.scale(self.unit, unit)
        return replace(
            self,
            unit=unit,
            scale=self.scale * slope,
            offset=units.convert(self.offset, self.unit, unit),
            u=None if self.u is None else (self.u[0], self.u[1] * slope),
        )

    def fault(self) -> str:
        """Return why the samples are none: NaN, infinity or SCPI's overload among them; "" where all are."""
        import numpy as np

        raw = self.raw()
        if raw.dtype.kind == "f" and not bool(np.all(np.abs(raw) < OVERLOAD)):
            return "among its samples there are some that are no numbers (NaN, infinity, overload)"
        return ""

    @property
    def _behind(self) -> int:
        """Where the samples end in the bytes."""
        return self.skip + self.count * int(self.sample[2:])

    def _bytes(self, least: int) -> bytes:
        """Return the bytes, of which there must be some."""
        content = self.content()
        if len(content) < least:
            raise EvidenceError(
                f"{self.source or 'a waveform'} has {self.count} samples, and only {len(content)} bytes"
            )
        return content


def in_bytes(
    samples: ArrayLike,
    unit: str,
    *,
    step: float | None = None,
    times: ArrayLike | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
) -> Waveform:
    """Return samples as a waveform that holds its bytes: in their own kind, the least significant byte first.

    Arguments as `Run.waveform`.

    Raises:
        ParameterError: there are no samples, or none that are numbers, or neither step nor times.
        UnitError: nobody knows the unit.
    """
    import numpy as np

    units.check(unit)
    array = np.asarray(samples)
    if (
        array.ndim != 1
        or not array.size
        or not SAMPLE.fullmatch(array.dtype.newbyteorder("<").str.replace("|", "<"))
    ):
        raise ParameterError(
            f"samples of shape {array.shape} and kind {array.dtype} can't be kept: give one row of integers, "
            "or of numbers of 32 or 64 bits"
        )
    if (step is None) is (times is None) or (step is not None and not step > 0):
        raise ParameterError("a waveform needs either a step above 0 or a time for each sample")
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    if times is not None:
        moments = np.asarray(times, np.dtype(TIMES))
        if moments.shape != array.shape or not bool(np.all(np.diff(moments) > 0)):
            raise ParameterError(f"{array.size} samples need as many times, each later than the one before")
        content += moments.tobytes()
    found = Waveform(
        unit=unit,
        sha256=sha256(content).hexdigest(),
        count=int(array.size),
        sample=f"<{array.dtype.kind}{array.dtype.itemsize}",
        step=step,
        source="",
        at=0.0,
        scale=scale,
        offset=offset,
        content=lambda: content,
    )
    if fault := found.fault():
        raise ParameterError(f"the waveform can't be kept: {fault}")
    return found
