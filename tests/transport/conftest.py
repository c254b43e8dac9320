"""Asynchronous tests, and a laboratory's directory."""

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))
sys.path.insert(0, str(Path(__file__).parent.parent / "links"))

from laboratories import PATIENCE, founded
from tiny_bench import Tiny, tiny_bench

from remotecal.hub.settings import HubFolder
from remotecal.store import Store


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def run() -> None:
        async with asyncio.timeout(PATIENCE):
            await pyfuncitem.obj(**arguments)

    asyncio.run(run())
    return True


@pytest.fixture
def folder(tmp_path: Path) -> HubFolder:
    return founded(tmp_path / "hub")


@pytest.fixture
def store(folder: HubFolder) -> Iterator[Store]:
    with Store(folder.database) as opened:
        yield opened


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    """A bench over real sockets, at the site."""
    with tiny_bench(tmp_path) as bench:
        yield bench
