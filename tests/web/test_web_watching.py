"""Looking on: only whom news concern is woken, no news push out another's, no answer undoes later news."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing

from laboratories import PATIENCE
from web_laboratory import Web

from remotecal.station.agent import Station
from remotecal.transport import subjects
from remotecal.transport.messages import Live, StationState
from remotecal.web.watching import AT_LEAST, AT_MOST, LOOKS, OF_ONE, Shows, Watching, anything, turned


def live(run: str, **told: object) -> Live:
    return Live.model_validate({"run": run, "state": "running", "doing": "measure", **told})


async def say(station: Station, said: Live) -> None:
    """Say something of a run as a station does."""
    subject = subjects.live("here", said.run)
    await station.liaison.control.publish(subject, said.model_dump_json().encode())


async def heard(watching: Watching, station: Station) -> None:
    """Say something until it is heard: a station that has just come connects more than once."""
    async with asyncio.timeout(PATIENCE):
        while watching.of("here", "r-0") is None:
            await say(station, live("r-0"))
            await asyncio.sleep(0.02)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


def test_only_whom_news_concern_are_woken(web: Web) -> None:
    async def look() -> tuple[dict[str, list[str]], int]:
        woken: dict[str, list[str]] = {"one": [], "lists": [], "all": []}
        watching = Watching(web.hub.laboratory)

        def noting(name: str, shows: Shows) -> Shows:
            def asked(station: str, said: Live, before: Live | None) -> bool:
                if shows(station, said, before):
                    woken[name].append(f"{said.run} {said.observed}")
                    return True
                return False

            return asked

        viewers = {
            "one": watching.looks(noting("one", lambda of, said, _: (of, said.run) == ("here", "r-1"))),
            "lists": watching.looks(noting("lists", lambda _, said, before: turned(said, before))),
            "all": watching.looks(noting("all", anything)),
        }
        viewers["idle"] = watching.looks(idle := lambda _, said, _before: said.run == "r-7")
        async with web.site.up() as station:
            for one in viewers.values():
                await anext(one)
            await heard(watching, station)
            for said in (
                live("r-1"),
                live("r-2"),
                live("r-2", observed=1),
                live("r-2", prompt=3, observed=2),
            ):
                await say(station, said)
            await until(lambda: "r-2 2" in woken["all"])
            woken["idle"] = [str(one.woken.is_set()) for one in watching._viewers if one.shows is idle]
        for one in viewers.values():
            await one.aclose()
        told = {name: [one for one in all_ if not one.startswith("r-0")] for name, all_ in woken.items()}
        return told, len(watching._viewers)

    woken, left = web.do(look())
    assert woken["one"] == ["r-1 0"]
    assert woken["lists"] == ["r-1 0", "r-2 0", "r-2 2"]
    assert woken["all"] == ["r-1 0", "r-2 0", "r-2 1", "r-2 2"]
    assert woken["idle"] == ["False"]
    assert left == 0, "who looks away is forgotten"


def test_what_a_station_makes_up_pushes_out_nothing_of_another(web: Web) -> None:
    async def look() -> tuple[object, list[bool]]:
        watching = Watching(web.hub.laboratory)
        async with aclosing(watching.looks()) as looks, web.site.up() as station:
            await anext(looks)
            await heard(watching, station)
            watching._take("elsewhere", live("theirs"))
            for number in range(OF_ONE + 3):
                await say(station, live(f"made-up-{number}"))
            await until(lambda: watching.of("here", f"made-up-{OF_ONE + 2}"))
        known = [watching.of("here", f"made-up-{number}") is not None for number in range(OF_ONE + 3)]
        return watching.of("elsewhere", "theirs"), known

    theirs, known = web.do(look())
    assert theirs is not None
    assert known == [False] * 3 + [True] * OF_ONE


class Slow:
    """The laboratory, whose answer is on its way for longer than what the station says by itself.

    Args:
        web: the laboratory.
        meanwhile: what happens before the answer is here.
    """

    def __init__(self, web: Web, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self.connection, self._meanwhile = web.hub.laboratory.connection, meanwhile

    async def state(self, station: str, by: str) -> StationState:
        await self._meanwhile()
        return StationState(run=live("r-9", observed=1), waits_for_consent=None)


def test_an_answer_does_not_undo_later_news(web: Web) -> None:
    async def look(news: bool) -> Live | None:
        async with web.site.up() as station:

            async def meanwhile() -> None:
                if news:
                    await say(station, live("r-9", observed=2))
                    await until(lambda: watching.of("here", "r-9"))

            watching = Watching(Slow(web, meanwhile))  # type: ignore[arg-type]  # all that it is asked for
            async with aclosing(watching.looks()) as looks:
                await anext(looks)
                await heard(watching, station)
            await watching.ask("here", "r-9", "somebody")
            seen = watching.of("here", "r-9")
            return None if seen is None else seen.live

    without, later = web.do(look(news=False)), web.do(look(news=True))
    assert without is not None
    assert without.observed == 1
    assert later is not None
    assert later.observed == 2


class OneDead:
    """The laboratory, of whose stations one gives no answer."""

    def __init__(self, web: Web) -> None:
        self.connection = web.hub.laboratory.connection

    async def state(self, station: str, by: str) -> StationState:
        if station == "dead":
            await asyncio.Event().wait()
        return StationState(run=live("r-9", prompt=1), waits_for_consent=None)


def test_a_station_that_gives_no_answer_keeps_nobody_from_the_others(web: Web) -> None:
    async def look() -> list[bool]:
        watching = Watching(OneDead(web))  # type: ignore[arg-type]  # all that it is asked for
        waiting = [("dead", "r-1"), ("here", "r-9"), ("there", "r-9")]
        async with asyncio.timeout(PATIENCE):
            await watching.ask_waiting(waiting, "somebody")
            await until(lambda: watching.of("there", "r-9"))
        return [watching.of(*one) is not None for one in waiting]

    assert web.do(look()) == [False, True, True]


def test_the_more_look_on_the_rarer_each_looks(web: Web) -> None:
    async def look(many: int) -> list[float]:
        watching, apart = Watching(web.hub.laboratory), list[float]()
        async with AsyncExitStack() as viewers:
            for _ in range(many):
                await anext(await viewers.enter_async_context(aclosing(watching.looks())))
                apart.append(watching.apart)
        return [*apart, watching.apart]

    many = int(2 * LOOKS * AT_MOST)
    apart = web.do(look(many))
    assert apart[0] == apart[-1] == AT_LEAST
    assert all(number / each <= LOOKS for number, each in enumerate(apart[: many // 2], 1))
    assert max(apart) == apart[-2] == AT_MOST
