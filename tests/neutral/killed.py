"""Killing a run at a moment of its bench's time, and what it had observed by then."""

import signal
import subprocess
import sys
import threading

from remotecal.journal.events import FILE, read_journal

REMOTECAL = [sys.executable, "-m", "remotecal"]
HEARTBEAT_LIMIT = 5.0
LOOK_EVERY = 0.002
"""Seconds between two looks at the bench's clock, in which the run goes on undisturbed."""


def killed(arguments, clock, duration):
    """Start remotecal and kill it when so many seconds of the bench's time have passed."""
    moment = clock.now() + duration
    _killed_when(lambda: clock.now() >= moment, arguments)


def killed_at(bench, reached, arguments):
    """Start remotecal and kill it when something is so at a bench of this process; its time waits."""
    there, gone = threading.Event(), threading.Event()

    def watch():
        if not gone.is_set() and reached():
            there.set()
            gone.wait()

    bench.world.watchers.append(watch)
    try:
        _killed_when(there.is_set, arguments)
    finally:
        gone.set()


def _killed_when(reached, arguments):
    with subprocess.Popen(
        [*REMOTECAL, *arguments], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        while not reached() and process.poll() is None:
            threading.Event().wait(LOOK_EVERY)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said.decode()


def has_observed(directory):
    """Tell whether the journal in a directory has a repeat yet."""
    return (directory / FILE).exists() and b'"kind":"observation"' in (directory / FILE).read_bytes()


def observed(directory):
    """Return point and number of every repeat that the journal in a directory tells."""
    return [
        (event.data["point"], event.data["repeat"])
        for event in read_journal(directory / FILE, torn=True)
        if event.kind == "observation"
    ]
