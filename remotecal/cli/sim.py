"""`remotecal sim`: which simulated benches there are, and one that serves until interrupted."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

from remotecal.cli.terminal import in_their_language, say
from remotecal.clock import RealClock
from remotecal.errors import RunError
from remotecal.signals import on_ending
from remotecal.sim.catalogue import bench, benches, broken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remotecal.sim.assembly import Assembly


def list_benches() -> None:
    """Print every bench that can be put up, the procedures it suits, and what can be chosen of it."""
    from remotecal.cli.procedures import parameter_rows

    for name, kind in benches().items():
        print(f"{name}: {kind.about()}")
        print(f"  suits {', '.join(kind.procedures) or 'no procedure in particular'}")
        for key, limits, default, what in parameter_rows(kind.Options):
            print(f"  {key}={default}  {what}{limits and f' ({limits})'}")
        print()
    for name, reason in broken().items():
        print(f"{name} can't be used: {reason}\n")
    print("remotecal sim up NAME --set CHOICE=VALUE puts one up.")


def up(
    name: str, settings: Mapping[str, object], *, directory: Path | None = None, real: bool = False
) -> None:
    """Serve a bench until interrupted; print its instruments and the bench file to use.

    Args:
        name: which bench.
        settings: what is chosen of it.
        directory: where bench file, certificates and order go; a temporary one if not given.
        real: let the bench's time be the computer's; otherwise a run moves it.

    Raises:
        ConfigurationError: there is no such bench, or it can't be so.
    """
    kind = bench(name)
    with TemporaryDirectory(prefix=f"remotecal-{name}-") as temporary:
        clock = RealClock() if real else None
        with (
            kind.put_up(kind.choose(settings), directory or Path(temporary), clock) as assembly,
            _until_ended(),  # before anybody is told how to end it
        ):
            _tell(name, assembly, real=real)
            if assembly.person is not None and sys.stdin is not None:
                _obey(assembly.person)


def _obey(person: Callable[[str, Sequence[str]], str]) -> None:
    """Do, beside serving, what is typed: what a run asks of a person on site nobody else does to a bench."""
    if hasattr(signal, "SIGTTIN"):  # in the background there is nobody who types: that is an end of the input
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)

    def heed() -> None:
        with suppress(OSError):
            for line in filter(None, map(str.strip, sys.stdin)):
                try:
                    print(f"  {person(line, (DONE,))}", flush=True)
                except RunError as error:
                    print(f"  {in_their_language(str(error))}", flush=True)

    Thread(target=heed, name="what is typed", daemon=True).start()


DONE = "done"
"""What is said when it is, unless there is something to read."""


def _tell(name: str, assembly: Assembly, *, real: bool) -> None:
    print(
        say(
            f"{name} is up, in {'real' if real else 'virtual'} time.\n",
            f"{name} 已启动，使用{'真实' if real else '虚拟'}时间。\n",
        )
    )
    lines = [
        (
            instrument,
            place.simulated.driver.__name__,
            assembly.addresses[instrument],
            _settings(place.settings),
        )
        for instrument, place in assembly.wired.items()
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    print(
        f"\n{say('bench file', '台架文件')}  {assembly.bench}"
        f"\n{say('work order', '委托单  ')}  {assembly.order}\n"
    )
    print(f"{say('In another terminal:', '在另一个终端中：')}\n  remotecal bench check {assembly.bench}")
    print(f"  remotecal run {assembly.order} --out run-1")
    if assembly.person is not None:
        print(
            say(
                "What it asks of a person on site, paste here in English: it is done, "
                "and then answered there.",
                "把它对现场人员的提问用英文粘贴到这里（LC_ALL=C.UTF-8 时以英文提问）："
                "照做之后，再到那里回答。",
            )
        )
    print(say("Ctrl-C ends it.", "按 Ctrl-C 结束。"), flush=True)


def _settings(settings: Mapping[str, float | str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in settings.items())


@contextmanager
def _until_ended() -> Iterator[None]:
    """Stay in the context until somebody interrupts or ends the process."""
    ended: SimpleQueue[str] = SimpleQueue()
    with on_ending(ended.put):
        yield
        while True:
            with suppress(Empty):  # Windows lets no signal through while a thread waits for good
                ended.get(timeout=LOOK_UP)
                return


LOOK_UP = 0.5
"""Seconds from one look for a signal to the next."""
