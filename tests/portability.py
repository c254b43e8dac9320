"""Run by a test in a process of its own: remotecal as it is where there is no POSIX.

Everything else stays as this system has it. remotecal's own modules are imported while Python says that
this is Windows, and what only POSIX has is out of their reach; then real work is done with them.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import importlib
import os
import pkgutil
import pty
import signal
import sys
import threading
import tty
from pathlib import Path

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
FUNCTIONS = (
    "chown", "fchmod", "fchown", "fdatasync", "fork", "forkpty", "getuid", "geteuid", "killpg",
    "pidfd_open", "pread", "pwrite", "setsid", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW",
)  # fmt: skip
NOT_IMPORTED = {"remotecal.__main__", "remotecal.store.migrations.env"}
"""Runs the command line; is run by Alembic."""
SIGNALS = ("SIGHUP", "SIGQUIT", "SIGKILL", "SIGSTOP")


def everything() -> list[str]:
    import remotecal

    return sorted(found.name for found in pkgutil.walk_packages(remotecal.__path__, "remotecal."))


def import_all() -> None:
    for name in everything():
        if name not in NOT_IMPORTED:
            importlib.import_module(name)


def hide_posix() -> None:
    """Forget remotecal, and take from it what Windows does not have."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "remotecal"]:
        del sys.modules[name]
    # What it put there is of classes that are forgotten now, too.
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if type(finder).__module__.partition(".")[0] != "remotecal"
    ]
    real = builtins.__import__

    def importing(name, globals=None, locals=None, fromlist=(), level=0):  # noqa: A002
        ours = str((globals or {}).get("__name__", "")).partition(".")[0] == "remotecal"
        if ours and name in MODULES:
            raise ImportError(f"there is no {name} on Windows")
        return real(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
    os.O_BINARY, os.O_NOINHERIT = 0, os.O_CLOEXEC
    sys.platform = "win32"
    for name in FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    for name in SIGNALS:
        delattr(signal, name)


def keep_a_journal(place: Path) -> None:
    from remotecal.clock import SharedClock, SteadyClock
    from remotecal.errors import BenchInUse, RunError
    from remotecal.journal.events import FILE, read_journal
    from remotecal.journal.writing import Journal
    from remotecal.locks import hold

    clock = SharedClock.begin(place / "clock", 1_790_000_000.0)
    clock.advance(5.0)
    assert SteadyClock().now() > clock.now() - 1e9
    with Journal.create(place / "run", clock) as journal:
        journal.append("start", {"format": 1})
        with contextlib.suppress(RunError):
            Journal.open(place / "run", clock)
            raise AssertionError("two write one journal")
        journal.append("note", {"text": "校准"})
    Journal.open(place / "run", clock).close()
    assert [event.kind for event in read_journal(place / "run" / FILE)] == ["start", "note"]
    with hold(["a bench"], "testing"), contextlib.suppress(BenchInUse):
        hold(["a bench"], "testing")
        raise AssertionError("two have one bench")


def talk_to_a_serial_port() -> None:
    """Over a pseudo-terminal of this system, by pyserial alone, as an instrument's link does."""
    from remotecal.drivers.links import Line, open_link
    from remotecal.drivers.links.portable_serial import PortableSerialStream
    from remotecal.errors import ExchangeCancelled, NoReply

    master, slave = pty.openpty()
    tty.setraw(slave)
    path = Path(f"/proc/self/fd/{slave}").readlink()
    link = open_link(f"ASRL{path}::INSTR", Line(slowest_reply=0.1), name="balance")
    assert isinstance(link._channel.stream, PortableSerialStream)
    with contextlib.suppress(NoReply):
        link.ask(b"S")
        raise AssertionError("nobody answered")
    assert os.read(master, 100) == b"S\n"
    answering = threading.Thread(target=lambda: os.write(master, os.read(master, 100).upper()))
    answering.start()
    assert link.ask(b"si", 10.0) == b"SI"
    answering.join()
    caller = threading.Thread(target=lambda: (os.read(master, 100), link.cancel()))
    caller.start()
    with contextlib.suppress(ExchangeCancelled):
        link.ask(b"slow", 60.0)
        raise AssertionError("it was called off")
    caller.join()
    link.close()


def read_a_bench(place: Path) -> None:
    """A whole simulated rig, whose serial lines end in gateways here."""
    from dosing.bench import DosingStand

    from remotecal.bench import Bench

    with DosingStand.up(place / "rig", seed=7) as rig:
        bench = Bench.load(rig.bench)
        with bench.open(rig.clock) as opened:
            assert opened.reading("rig.flow").read().unit
            assert opened.instruments["balance"].identify().serial


def end_in_good_order() -> None:
    from remotecal.signals import on_ending

    heard: list[str] = []
    with on_ending(heard.append):
        signal.raise_signal(signal.SIGTERM)
    assert heard == ["SIGTERM"]


def ask_at_a_terminal() -> None:
    from remotecal.model import Text
    from remotecal.runs.prompts import Question, Terminal

    reader, writer = os.pipe()
    os.dup2(reader, 0)
    os.write(writer, b"7.5\n")
    assert Terminal().answer(Question(Text(en="How much?", zh="多少?")), lambda: None).text == "7.5"
    os.close(writer)


def talk_to_the_agent(place: Path) -> None:
    import json

    from remotecal.errors import NotConnected
    from remotecal.station.on_site import Wish, serve_on_site, wish_for
    from remotecal.transport.messages import CommandAnswer

    async def talk() -> None:
        async def obey(wish: Wish) -> CommandAnswer:
            return CommandAnswer(done=True, content=wish.verb)

        agent = place / "agent.sock"
        async with serve_on_site(agent, obey):
            assert (await wish_for(agent, Wish(verb="state"))).content == "state"
            told = json.loads(agent.read_text())
            agent.write_text(json.dumps(told | {"word": "guessed"}))
            with contextlib.suppress(NotConnected):
                await wish_for(agent, Wish(verb="abort"))
                raise AssertionError("somebody else was obeyed")
        assert not agent.exists()

    asyncio.run(talk())


def main() -> None:
    place = Path(sys.argv[1])
    os.environ |= {"PROGRAMDATA": str(place), "USERNAME": "tester"}  # which Windows sets
    import_all()  # what others bring along is as this system has it
    hide_posix()
    import_all()
    keep_a_journal(place)
    talk_to_a_serial_port()
    read_a_bench(place)
    end_in_good_order()
    talk_to_the_agent(place)
    ask_at_a_terminal()
    print(f"{len(everything())} modules")


if __name__ == "__main__":
    main()
