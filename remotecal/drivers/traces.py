"""Quantities an instrument gives as a whole series of samples, in one block of bytes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, cast, overload

from remotecal import units
from remotecal.drivers.declarations import Declaration
from remotecal.drivers.quantity import Measurable, Quantity, measure
from remotecal.drivers.waveform import SAMPLE, Waveform
from remotecal.errors import GarbledReply, InstrumentError

if TYPE_CHECKING:
    from remotecal.drivers.accuracy import Accuracy, Span
    from remotecal.drivers.codecs import TextCodec

Fact = float | str | Quantity
"""A number that says what samples mean: itself, a driver's own setting by its name, or a quantity that is
asked along with every series."""


class Trace(Declaration):
    """A quantity the instrument gives sample by sample, in a block of bytes; the wire must state `blocks`.

    Args:
        wire: where it lives.
        unit: short notation of what `scale` and `offset` give.
        sample: how a sample stands in the block, as numpy writes it: `<i2`, `>f4`.
        span: lowest and highest value the accuracy holds for, in `unit`.
        accuracy: the maker's limit of error, `EXACT` or `UNSTATED`.
        step: time from one sample to the next; seconds where it is a number.
        scale: what one step of a sample is, in `unit` where it is a number; its unit must be one of the
            dimension of `unit` where it is asked for.
        offset: value of a sample that is 0, as `scale`.
        begins: time of the first sample, from where the instrument counts, as `step`.
        takes: longest time the instrument may take to answer, in seconds, where longer than usual.
    """

    def __init__(
        self,
        wire: TextCodec,
        unit: str,
        *,
        sample: str,
        span: Span,
        accuracy: Accuracy,
        step: Fact,
        scale: Fact = 1.0,
        offset: Fact = 0.0,
        begins: Fact = 0.0,
        takes: float | None = None,
    ) -> None:
        super().__init__(wire)
        if not SAMPLE.fullmatch(sample):
            raise ValueError(
                f"{sample!r} is no sample: write its byte order, kind and size, such as <i2 or >f4"
            )
        self.unit, self.sample, self.span, self.accuracy = unit, sample, span, accuracy
        self.step, self.scale, self.offset, self.begins = step, scale, offset, begins
        self.takes = takes

    @property
    def asked(self) -> tuple[Quantity, ...]:
        """What the instrument is asked for along with every series."""
        facts = (self.step, self.scale, self.offset, self.begins)
        return tuple(dict.fromkeys(fact for fact in facts if isinstance(fact, Quantity)))

    @overload
    def __get__(self, instrument: None, owner: type) -> Trace: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundTrace: ...
    def __get__(self, instrument: object, owner: type) -> Trace | BoundTrace:
        return self if instrument is None else BoundTrace(self, cast("Measurable", instrument))


class BoundTrace:
    """A trace of one instrument; `read` asks for it."""

    __slots__ = ("declaration", "instrument", "source")

    def __init__(self, declaration: Trace, instrument: Measurable) -> None:
        self.declaration = declaration
        self.instrument = instrument
        self.source = f"{instrument.name}.{declaration.name}"

    def read(self) -> Waveform:
        """Ask the instrument for the series, and then for what its samples mean.

        Raises:
            LinkError: no right answer came.
            InstrumentError: there are samples that are no numbers, or what they mean is none.
        """
        item = self.declaration
        reply, at, exchange = self.instrument.obtain_block(item)
        head, size = head_of(reply), int(item.sample[2:])
        if len(reply) == head or (len(reply) - head) % size:
            raise GarbledReply(
                f"{self.source}: a block of {len(reply) - head} bytes holds no samples of {size} bytes"
            )
        said = self._said()
        waveform = Waveform(
            unit=item.unit,
            sha256=sha256(reply).hexdigest(),
            count=(len(reply) - head) // size,
            sample=item.sample,
            source=self.source,
            at=at,
            skip=head,
            u=item.accuracy.uncertainty_line(item.span),
            exchange=exchange,
            content=lambda: reply,
            **said,
        )
        fault = waveform.fault() or ("" if said["step"] > 0 else f"they are {said['step']:g} s apart")
        if fault:
            raise InstrumentError(
                f"{self.source} has no valid samples: {fault}: check range, wiring, trigger"
            )
        return waveform

    def _said(self) -> dict[str, float]:
        """Return what samples mean, by the declaration and, where that is so, by the instrument."""
        item = self.declaration
        told = dict(zip(item.asked, measure(self.instrument, item.asked) if item.asked else (), strict=True))

        def number(fact: Fact, unit: str) -> float:
            if isinstance(fact, Quantity):
                return told[fact].to(unit).value
            return float(getattr(self.instrument, fact) if isinstance(fact, str) else fact)

        said = {"step": number(item.step, "s"), "begins": number(item.begins, "s")}
        said["offset"] = number(item.offset, item.unit)
        if isinstance(item.scale, Quantity):
            one = told[item.scale]
            return {**said, "scale": one.value * units.scale(one.unit, item.unit)}
        return {**said, "scale": number(item.scale, item.unit)}


def head_of(block: bytes) -> int:
    """Return how many bytes of a block are its head (IEEE 488.2, 8.7.9 and 8.7.10)."""
    return 2 + int(block[1:2])
