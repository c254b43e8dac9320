"""Where a run is, on the terminal: one line that changes, or plain lines for a log.

The time left is told in the rig's time and in that of whoever waits, as soon as it is known.
"""

from __future__ import annotations

import shutil
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.cli.listing import catalogue, place
from remotecal.cli.terminal import say
from remotecal.runs.tempo import Tempo

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from remotecal.runs.running import Progress

REFRESH = 0.1
"""Seconds between two changes of the line."""

PLAIN = frozenset({"prepare", "approach", "done", "pause"})
"""What is worth a line in a log."""


class ProgressLine:
    """A watcher that shows a run's progress on standard error, as long as somebody can see it.

    A terminal that is gone, or a reader that is, ends the showing and never the run.
    """

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._seen = True
        self._shown = 0.0
        self._line = ""
        self._began: float | None = None
        self._rig, self._here = Tempo(), Tempo()

    def step(self, text: str) -> None:
        """Show what is done before or after a run."""
        if self._terminal:
            self._write(f"{text} …")
        else:
            self._print(text, "\n")

    def passing(self, text: str) -> None:
        """Show what changes too often for a log, where the line can change, too."""
        if self._terminal and time.monotonic() >= self._shown + REFRESH:
            self._write(text)

    def __call__(self, progress: Progress) -> None:
        here = time.monotonic()
        self._began = here if self._began is None else self._began
        at = (progress.plan, progress.number, progress.repeat)
        self._rig.see(progress.now - progress.began, *at)
        self._here.see(here - self._began, *at)
        if self._terminal:
            asked = progress.doing.startswith("ask")
            if asked or here >= self._shown + REFRESH:
                self._write("" if asked else self._whole(progress))
        elif progress.doing in PLAIN and (line := self._place(progress)) != self._line:
            self._line = line
            self._print(f"{line} · {_of_rig(self._rig)}" if progress.doing == "done" else line, "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Leave the line to what is printed next."""
        if self._terminal:
            self._write("")

    def say(self, text: str) -> None:
        """Print, on standard output, what stays to be read."""
        self.end()
        print(text, flush=True)

    def _whole(self, progress: Progress) -> str:
        """Return all there is to say, as one line."""
        last = [f"{m.source} {m.value:.6g}{_unit(m.unit)}" for m in progress.last.values()]
        here = say(f"here {self._here}", f"此处 {_in_chinese(self._here)}")
        return " · ".join([self._place(progress), _of_rig(self._rig), here, *last])

    def _place(self, progress: Progress) -> str:
        parts = [
            say(f"{progress.observed}/{progress.due} observed", f"已观测 {progress.observed}/{progress.due}")
        ]
        if progress.point is not None:
            of = f"{progress.number}/{progress.points} {place(progress.point.name)}"
            parts.append(say(f"point {of}", f"校准点 {of}"))
            if progress.repeat:
                of = f"{progress.repeat}/{progress.point.repeats}"
                parts.append(say(f"repeat {of}", f"第 {of} 次"))
        return " · ".join([*parts, say(progress.doing, catalogue().doing(progress.doing))])

    def _write(self, line: str) -> None:
        self._shown = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        self._print(f"\r{line[:width]}\x1b[K", "")

    def _print(self, text: str, end: str) -> None:
        try:
            if self._seen:
                print(text, end=end, file=sys.stderr, flush=True)
        except OSError:
            self._seen = False


def _of_rig(pace: Tempo) -> str:
    return say(f"rig {pace}", f"装置时间 {_in_chinese(pace)}")


def _in_chinese(pace: Tempo) -> str:
    spent = f"{timedelta(seconds=round(pace.spent))}"
    return spent if pace.left is None else f"{spent}，剩余 {timedelta(seconds=round(pace.left))}"


def _unit(unit: str) -> str:
    return "" if unit == "1" else f" {units.symbol(unit)}"
