"""Where a run is, on the terminal: one line that changes, or plain lines for a log."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

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
        self._began = time.monotonic()
        self._shown = 0.0
        self._line = ""

    def __call__(self, progress: Progress) -> None:
        if self._terminal:
            asked = progress.doing.startswith("ask")
            if asked or time.monotonic() >= self._shown + REFRESH:
                self._write("" if asked else self.line(progress))
        elif progress.doing in PLAIN and (line := self._place(progress)) != self._line:
            self._line = line
            self._print(line, "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            self._write("")

    def line(self, progress: Progress) -> str:
        """Return all there is to say, as one line."""
        rig = timedelta(seconds=round(progress.now - progress.began))
        here = timedelta(seconds=round(time.monotonic() - self._began))
        last = [
            f"{m.source} {m.value:.6g}{'' if m.unit == '1' else f' {m.unit}'}" for m in progress.last.values()
        ]
        return " · ".join([self._place(progress), f"rig {rig}", f"here {here}", *last])

    def _place(self, progress: Progress) -> str:
        parts = [f"{progress.observed}/{progress.due} observed"]
        if progress.point is not None:
            parts.append(f"point {progress.number}/{progress.points} {progress.point.name}")
            if progress.repeat:
                parts.append(f"repeat {progress.repeat}/{progress.point.repeats}")
        return " · ".join([*parts, progress.doing])

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
