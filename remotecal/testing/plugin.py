"""What pytest knows where remotecal is installed: simulated benches on a virtual clock, and runs on them.

Next to nothing of remotecal is imported before a test asks for one of these fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

from remotecal.source import watch

if TYPE_CHECKING:
    from remotecal.testing.benches import BenchOf, RunOn


GROUPS = ("remotecal.drivers", "remotecal.procedures", "remotecal.benches")
"""Entry points by which packages offer what they have."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Let packages that offer something be read by remotecal, whoever imports them first.

    A procedure is hashed as it was read, and a test that imports it would be first.
    """
    offering = {entry.module.partition(".")[0] for group in GROUPS for entry in entry_points(group=group)}
    for package in sorted(offering - {"remotecal"}):
        watch(package)


@pytest.fixture
def bench_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchOf]:
    """Put a simulated bench up until the test ends: `bench_of("water-rig", seed=3)`; see `BenchOf`."""
    from remotecal.testing.benches import BenchOf

    with closing(BenchOf(tmp_path_factory.mktemp("benches"))) as benches:
        yield benches


@pytest.fixture
def run_on(tmp_path_factory: pytest.TempPathFactory) -> RunOn:
    """Carry a procedure out on a bench: `run_on(bench, MyProcedure, {"readings": 5})`; see `RunOn`."""
    from remotecal.testing.benches import RunOn

    return RunOn(tmp_path_factory.mktemp("runs"))
