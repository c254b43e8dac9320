"""Somebody beside a simulated bench, who reads dials and does with their hands what a procedure asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal.errors import RunError

if TYPE_CHECKING:
    from remotecal.sim.instruments.dial import Dial
    from remotecal.sim.world import World

Deed = Callable[[re.Match[str]], str | None]
"""Does what was asked for, the world held at its present; returns the answer, None for the first option."""

_READ = re.compile(r"(?P<name>\S+): what does the (?P<what>.+) show(?:, in (?P<unit>.+))?\?")
_SERIAL = re.compile(r"(?P<name>\S+): which serial number stands on it\?")


class Bystander:
    """Somebody who understands some sentences, and is at a loss with any other.

    Args:
        world: where they are; each deed takes its time.
        deeds: pattern of the English sentence, found anywhere in it, to what is done; the first one counts.
        dials: name on the bench → what can be read there.
        pace: seconds a deed takes, half of them after it is done.
        glance: seconds that reading a dial takes.
    """

    def __init__(
        self,
        world: World,
        deeds: Mapping[str, Deed],
        dials: Sequence[Dial] = (),
        *,
        pace: float = 30.0,
        glance: float = 5.0,
    ) -> None:
        self._world, self._pace, self._glance = world, pace, glance
        self._deeds = {re.compile(pattern): deed for pattern, deed in deeds.items()}
        self._dials = {dial.name: dial for dial in dials}

    def __call__(self, asked: str, options: Sequence[str]) -> str:
        """Do what is asked for in English, and return the answer.

        Raises:
            RunError: they do not understand it.
        """
        if (found := _SERIAL.search(asked)) and found["name"] in self._dials:
            return self._dials[found["name"]].serial
        if (found := _READ.search(asked)) and found["name"] in self._dials:
            return self._read(self._dials[found["name"]], found["what"])
        for pattern, deed in self._deeds.items():
            if found := pattern.search(asked):
                self._world.clock.sleep(self._pace / 2)
                with self._world.present():
                    answer = deed(found)
                self._world.clock.sleep(self._pace / 2)  # they wait before they say so
                return options[0] if answer is None else answer
        raise RunError(f"nobody at the simulated bench knows what to do: {asked}")

    def _read(self, dial: Dial, what: str) -> str:
        self._world.clock.sleep(self._glance)
        with self._world.present():
            return dial.shown(what)
