"""Tasks end, also those that do not listen at once."""

import asyncio
from contextlib import suppress

import pytest

from remotecal.transport.ending import end


async def test_a_task_that_swallows_a_cancellation_is_ended() -> None:
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            heard += 1
            if heard == 2:
                return

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end(task)
    assert heard == 2


async def test_what_a_task_raised_is_not_lost() -> None:
    async def fail() -> None:
        raise ValueError("lost")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="lost"):
        await end(task)


async def test_nothing_to_end() -> None:
    await end()
