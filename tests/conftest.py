"""What holds for all tests."""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from remotecal.source import watch

# How long an example takes is the computer's affair, and no test's.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Where remotecal is installed, pytest knows this by itself.
pytest_plugins = ["remotecal.testing.plugin"]

# A package of somebody else's is installed, here and in what tests start: the bench of the engine's tests.
NEUTRAL = str(Path(__file__).parent / "neutral")
sys.path.insert(0, NEUTRAL)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (NEUTRAL, os.environ.get("PYTHONPATH"))))
watch("dosing")
pytest.register_assert_rewrite("heeded")

# Bytecode is kept, as users have it and `check` sets it: not every process begins by compiling what it needs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What is printed is in the language of whoever runs it; the tests are written in English.
os.environ["LC_ALL"] = "C.UTF-8"

# A shell starts what runs in the background (`nohup ./check &`) deaf to these, and so would be all that the
# tests start and then stop.
for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)

LONGEST_FIRST = ("transport", "whole", "web", "verify", "cli")
"""Folders whose tests take longest: begun last, one of them would be waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; otherwise tests stay in their order."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was imported to collect the tests out of later searches for garbage: it stays to the end."""
    gc.collect()
    gc.freeze()


class FailuresAtOnce:
    """Names what failed when it did: all else that is said of it comes at the end, half an hour later."""

    def __init__(self, plugins: pytest.PytestPluginManager) -> None:
        self._plugins = plugins

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._plugins.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write(f"\nfailed: {report.nodeid}\n")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(FailuresAtOnce(config.pluginmanager))
