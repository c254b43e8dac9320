"""Looking at the station once for all who look on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from remotecal.station.pages import shown

if TYPE_CHECKING:
    from remotecal.station.pages.desk import Desk
    from remotecal.station.pages.shown import SeenHere

LOOK_EVERY: Final = 0.5
"""Seconds from one look at what is new to the next."""


class Lookout:
    """Looks at a station for everybody.

    Args:
        desk: the station.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: SeenHere | None = None
        self.looks = 0
        """How often it was looked."""
        self._turn = asyncio.Lock()
        self._round: asyncio.Task[SeenHere] | None = None

    async def look(self) -> SeenHere:
        """Return the station as it is now: by a look that begins after this, shared by all who ask meanwhile.

        While nothing has changed it is the very same.
        """
        came = self.looks
        async with self._turn:
            if self._seen is None or self.looks == came:
                self.looks += 1
                seen = await shown.look(self._desk)
                if self._seen is None or seen != self._seen:
                    self._seen = seen
            return self._seen

    async def next(self) -> SeenHere:
        """Return the station as it is a little later, for all who wait for it."""
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._later(), name="look")
        return await asyncio.shield(self._round)

    async def _later(self) -> SeenHere:
        await asyncio.sleep(LOOK_EVERY)
        return await self.look()
