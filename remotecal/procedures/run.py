"""What a procedure sees of the run it is in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from remotecal.journal.events import ON_SITE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from remotecal.clock import Clock
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.contents import File
    from remotecal.journal.events import Json
    from remotecal.model import Text
    from remotecal.procedures.observed import Observed
    from remotecal.procedures.stability import Stability

Kind = Literal["choice", "number", "text", "file"]
"""What sort of answer is wanted."""


class Run(ABC):
    """One execution of a procedure: time, waiting, reading, asking, remarking."""

    clock: Clock
    """The run's time."""

    @abstractmethod
    def wait(self, duration: float) -> None:
        """Let `duration` seconds pass.

        Raises:
            RunError: the run must stop.
        """

    @abstractmethod
    def read(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        """Read quantities of several instruments at once, in the order asked.

        Raises:
            LinkError: an instrument gave no right answer; the first such error.
            InstrumentError: an instrument has no valid value.
            RunError: the run must stop.
        """

    @abstractmethod
    def expect(self, quantity: BoundReading, value: float, unit: str) -> None:
        """Say what a quantity should be about from now on; a person who reads another value looks again.

        At a point that is what `Procedure.reach` says, until the procedure knows better.
        """

    @abstractmethod
    def settle(self, *criteria: Stability) -> None:
        """Wait until all quantities are stable at the same time.

        Raises:
            NotStable: one was not in time; the text says which, and what was found last.
            RunError: the run must stop.
        """

    @abstractmethod
    def note(self, text: str, **data: Json) -> None:
        """Remark something in the journal."""

    @abstractmethod
    def observe(self, text: str, seen: Observed, **about: float | str) -> None:
        """Keep what was read beside the repeats, on the way to a point, as evidence: `Evidence.kept`.

        Args:
            text: what for; `Procedure.keeps` declares it.
            seen: what was read since the run turned to the point.
            about: what tells it from others, such as the pressure it was read at.

        Raises:
            ParameterError: it is not what is declared.
        """

    @abstractmethod
    def ask(
        self,
        question: Text,
        options: Sequence[str] = (),
        kind: Kind | None = None,
        *,
        unit: str = "",
        low: float | None = None,
        high: float | None = None,
        digits: int | None = None,
        picture: Path | None = None,
    ) -> str:
        """Ask a person; the question, the answer and who gave it are kept.

        Args:
            question: in the languages of the laboratory.
            options: what may be answered; they make it a choice.
            kind: `number` to be answered by a number, `file` by a photo or another file.
            unit: what a number is in; another unit of its dimension may stand beside it then.
            low: smallest number that is taken, in `unit`.
            high: largest number that is taken, in `unit`.
            digits: how many digits behind the point can be read; for whoever reads only.
            picture: shows what is meant; a copy of it is kept with the run, which names it by its SHA-256.

        Returns:
            The answer; a number with its unit, where one was stated; the SHA-256 of a file.

        Raises:
            ConfigurationError: the picture can't be read.
            RunError: nobody answers, or the run must stop.
        """

    @abstractmethod
    def attach(self, path: Path, about: str, by: str = ON_SITE) -> File:
        """Add a photo or another file to the evidence, and return it, such as for an observation.

        Args:
            path: the file; a copy of it is kept beside the journal.
            about: what it shows.
            by: who adds it.

        Raises:
            ConfigurationError: it is missing, unreadable, empty or too large.
            RunError: the disk does not take it.
        """

    @abstractmethod
    def waveform(
        self,
        samples: ArrayLike,
        unit: str,
        about: str,
        *,
        step: float | None = None,
        times: ArrayLike | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
    ) -> Waveform:
        """Keep samples that no driver read, such as those of a card with a library of its own, as they are.

        What an instrument gives in a block a driver declares as `Trace`, whose reply is evidence itself.

        Args:
            samples: integers, or numbers of 32 or 64 bits; they are kept in their own kind.
            unit: of the values.
            about: what they are.
            step: seconds from one sample to the next.
            times: the time of each sample in seconds, where they are not evenly spaced; instead of `step`.
            scale: a value is `offset` + `scale` × sample.
            offset: see `scale`; in `unit`.

        Raises:
            ParameterError: there are no samples, or none that are numbers, or neither step nor times.
            ConfigurationError: there are more than the site takes.
            RunError: the disk does not take them.
        """
