"""Wishes of whoever is on site: what is given up leaves nothing behind."""

import asyncio
import gc
from pathlib import Path

import pytest

from remotecal.station.on_site import Wish, serve_on_site, wish_for
from remotecal.transport.messages import CommandAnswer


def test_a_wish_that_is_given_up_leaves_no_connection_open(tmp_path: Path) -> None:
    async def given_up() -> None:
        begun, over = asyncio.Event(), asyncio.Event()

        async def obey(wish: Wish) -> CommandAnswer:
            begun.set()
            await over.wait()
            return CommandAnswer(done=True, content=wish.verb)

        async with serve_on_site(tmp_path / "agent.sock", obey):
            asked = asyncio.create_task(wish_for(tmp_path / "agent.sock", Wish(verb="state")))
            await begun.wait()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            del asked
            over.set()
            gc.collect()  # what is open still complains of it

    asyncio.run(given_up())
