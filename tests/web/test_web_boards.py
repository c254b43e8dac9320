"""What several look at is made once for all; who comes sees nothing older, who is slow the latest."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import pytest
from laboratories import PATIENCE
from test_web_far_viewers import goes_on
from web_laboratory import Web

from remotecal.errors import RemotecalError
from remotecal.web import boards
from remotecal.web.boards import Boards
from remotecal.web.bodies import CommandWanted
from remotecal.web.callers import Caller
from remotecal.web.office import Office
from remotecal.web.runs import command_run


class Looked:
    """Something that is looked at when a test says so.

    Args:
        fails: at which look it can't be made; 0 for none.
    """

    def __init__(self, fails: int = 0) -> None:
        self.made, self.ended, self._fails = 0, 0, fails
        self.goes_on = threading.Event()
        self.goes_on.set()

    async def looks(self, again: asyncio.Event) -> AsyncGenerator[None]:
        try:
            while True:
                again.clear()
                yield
                await again.wait()
        finally:
            self.ended += 1

    def make(self) -> int:
        self.made += 1
        number = self.made
        if number == self._fails:
            raise ValueError("it can't be made")
        self.goes_on.wait()
        return number


def test_it_is_made_once_for_all_and_no_more_once_nobody_looks() -> None:
    async def look() -> tuple[Looked, list[int], list[int]]:
        boards, looked = Boards(), Looked()
        all_ = [boards.looks("it", looked.looks, looked.make) for _ in range(50)]
        first = [each async for each in _together(all_)]
        made = looked.made
        boards._boards["it"].again.set()
        then = [each async for each in _together(all_)]
        assert looked.made - made == 1
        for one in all_:
            await one.aclose()
        while not looked.ended:
            await asyncio.sleep(0)
        assert not boards._boards
        return looked, first, then

    looked, first, then = asyncio.run(look())
    assert set(first) <= {1, 2}, "all came while the first look was on, or before"
    assert set(then) == {looked.made}
    assert looked.made <= 3


def test_while_a_command_is_worked_on_nothing_is_begun_for_who_looks_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look(gives_way: float) -> list[int]:
        monkeypatch.setattr(boards, "GIVES_WAY", gives_way)
        both, looked, made = Boards(), Looked(), list[int]()
        async with aclosing(both.looks("it", looked.looks, looked.make)) as it:
            with both.after_this(), both.after_this():
                first = asyncio.ensure_future(anext(it))
                for _ in range(20):
                    await asyncio.to_thread(int)
                made.append(looked.made)
            made.append(await first)
            return made

    assert asyncio.run(look(gives_way=PATIENCE)) == [0, 1]
    assert asyncio.run(look(gives_way=0.0)) == [1, 1], (
        "one whose station does not answer keeps nobody waiting"
    )


def test_what_has_begun_gives_way_between_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "GIVES_WAY", PATIENCE)

    async def look() -> list[str]:
        both, made, begun, goes_on = Boards(), list[str](), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def parts() -> None:
            made.append("a part")
            loop.call_soon_threadsafe(begun.set)
            goes_on.wait()
            both.give_way()
            made.append("another")

        work = asyncio.ensure_future(both.make(parts))
        await begun.wait()
        with both.after_this():
            goes_on.set()
            for _ in range(20):
                await asyncio.to_thread(int)
            made.append("a command")
        await work
        return made

    assert asyncio.run(look()) == ["a part", "a command", "another"]


def test_a_command_goes_before_what_is_made_for_who_looks_on(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "GIVES_WAY", PATIENCE)
    goes_on(web, "commanded")
    office, caller = Office(web.hub.laboratory, web.clock), Caller("operator", frozenset({"operator"}), None)

    async def command() -> bool:
        wanted = CommandWanted(verb="pause")
        async with web.site.up():
            sent = asyncio.ensure_future(command_run("here", "commanded", wanted, caller, office))
            await asyncio.sleep(0)
            first = await office.boards.make(sent.done)
            with suppress(RemotecalError):  # whatever the station says of a run that it does not know
                await sent
            return first

    assert web.do(command())


async def _together(all_: list[AsyncGenerator[int]]) -> AsyncGenerator[int]:
    for each in await asyncio.gather(*(anext(one) for one in all_)):
        yield each


def test_who_comes_sees_nothing_that_was_made_before() -> None:
    """Nor what was being made when they came."""

    async def look() -> list[int]:
        boards, looked = Boards(), Looked()
        looked.goes_on.clear()
        one, other = (boards.looks("it", looked.looks, looked.make) for _ in range(2))
        first = asyncio.ensure_future(anext(one))
        while not looked.made:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(anext(other))
        await asyncio.sleep(0)
        looked.goes_on.set()
        seen = [await first, await second]
        for each in (one, other):
            await each.aclose()
        return seen

    assert asyncio.run(look()) == [1, 2]


def test_who_is_slow_is_given_the_latest() -> None:
    async def look() -> tuple[int, int, int]:
        boards, looked = Boards(), Looked()
        async with (
            aclosing(boards.looks("it", looked.looks, looked.make)) as slow,
            aclosing(boards.looks("it", looked.looks, looked.make)) as quick,
        ):
            each = await asyncio.gather(anext(slow), anext(quick))
            for _ in range(5):
                boards._boards["it"].again.set()
                latest = await anext(quick)
            return each[0], latest, await anext(slow)

    first, latest, seen = asyncio.run(look())
    assert first < latest - 3
    assert seen == latest


def test_what_can_not_be_made_is_told_to_all_and_tried_again_for_who_comes() -> None:
    async def look() -> int:
        boards, looked = Boards(), Looked(fails=1)
        both = [boards.looks("it", looked.looks, looked.make) for _ in range(2)]
        for failed in await asyncio.gather(*(anext(one) for one in both), return_exceptions=True):
            assert isinstance(failed, ValueError)
        async with aclosing(boards.looks("it", looked.looks, looked.make)) as later:
            return await anext(later)

    assert asyncio.run(look()) == 2


def test_what_differs_is_made_for_itself() -> None:
    async def look() -> set[int]:
        boards, looked = Boards(), Looked()
        found = set()
        for name in ("one", "other"):
            async with aclosing(boards.looks(name, looked.looks, looked.make)) as each:
                found.add(await anext(each))
        return found

    assert asyncio.run(look()) == {1, 2}
