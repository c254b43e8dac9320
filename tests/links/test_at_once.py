"""Several requests under way on one channel, and many channels in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from peers import PtyPeer, TcpPeer
from ways import WAYS

from remotecal.drivers.awaiting import awaited
from remotecal.drivers.links import WiredLink, exchanges, open_link
from remotecal.drivers.links.exchanges import Free
from remotecal.drivers.links.streams import Stream
from remotecal.drivers.talks import Carriage, Questions, Talk, Work, attended
from remotecal.drivers.together import Round
from remotecal.errors import ExchangeCancelled, GarbledReply, LinkError, LinkLost, NoReply
from remotecal.testing.peers import PATIENT, SOON, Late, Lines, Planned, RtuQuestions, TcpQuestions, Wire

Way = Callable[[Any, Talk[Any]], Any]


@pytest.fixture
def server() -> Iterator[TcpPeer]:
    peer = TcpPeer(TcpQuestions(), "modbus+tcp://127.0.0.1:{port}", tells_late_replies_apart=True)
    with contextlib.closing(peer):
        yield peer


@pytest.fixture
def link(server: TcpPeer) -> Iterator[WiredLink]:
    opened = server.open()
    assert isinstance(opened, WiredLink)
    with contextlib.closing(opened):
        yield opened


@pytest.fixture(params=WAYS)
def ask_all(request: pytest.FixtureRequest, link: WiredLink, server: TcpPeer) -> Callable[..., list[int]]:
    way: Way = WAYS[request.param]

    def ask(numbers: Sequence[int], timeout: float = PATIENT) -> list[int]:
        questions = Questions(tuple(server.question(number) for number in numbers), timeout)
        return [server.number(reply) for reply in way(link, _talk(questions))]

    return ask


def _talk(questions: Questions) -> Talk[tuple[bytes, ...]]:
    replies = yield questions
    return replies


class Held:
    """Keeps replies back until all are there, and sends them in an order of its own."""

    def __init__(self, order: Sequence[int]) -> None:
        self.order = order
        self.behaviours = [self._keep(place) for place in range(len(order))]
        self._kept: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def _keep(self, place: int) -> Callable[[Wire, bytes], None]:
        def keep(wire: Wire, reply: bytes) -> None:
            with self._lock:
                self._kept[place] = reply
                whole = len(self._kept) == len(self.order)
            if whole:
                wire.put(b"".join(self._kept[each] for each in self.order))

        return keep


def test_replies_in_any_order_are_told_by_their_numbers(
    server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink
) -> None:
    """And all requests are out before the first is answered: nothing is sent until they are."""
    server.plan(*Held((2, 0, 3, 1)).behaviours)
    assert ask_all((11, 12, 13, 14)) == [11, 12, 13, 14]
    assert not link.suspect
    assert ask_all((1, 2)) == [1, 2]


def test_replies_cut_up_on_their_way_are_put_together(
    server: TcpPeer, ask_all: Callable[..., list[int]]
) -> None:
    def cut(wire: Wire, reply: bytes) -> None:
        for byte in reply:
            wire.put(bytes((byte,)))

    server.plan(cut)
    assert ask_all((5,)) == [5]
    assert ask_all((6, 7)) == [6, 7]


def test_a_reply_to_another_question_makes_the_link_suspect(
    server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink
) -> None:
    def otherwise(wire: Wire, reply: bytes) -> None:
        wire.put(reply[:5] + b"\x04\x01\x03\x01\x00")  # one byte of data where four were asked for

    server.plan(otherwise)
    with pytest.raises(GarbledReply, match="were asked for"):
        ask_all((1, 2))
    assert link.suspect
    assert ask_all((3, 4)) == [3, 4]


def test_a_number_that_is_answered_twice_makes_the_link_suspect(
    server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink
) -> None:
    server.plan(lambda wire, reply: wire.put(reply + reply))
    with pytest.raises(GarbledReply, match="answered twice"):
        ask_all((1, 2))
    assert link.suspect
    assert ask_all((3, 4)) == [3, 4]


def test_a_late_reply_is_no_answer_to_what_is_asked_next(
    server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink
) -> None:
    late = Late()
    server.plan(late)
    with pytest.raises(NoReply) as caught:
        ask_all((1, 2, 3), SOON)
    assert caught.value.replies == ()  # the others came, but behind one that did not
    assert link.suspect
    late.arrive()
    assert ask_all((4, 5, 6)) == [4, 5, 6]


def test_what_was_answered_before_a_failure_is_told_with_it(
    server: TcpPeer, ask_all: Callable[..., list[int]]
) -> None:
    late = Late()
    server.plan(lambda wire, reply: wire.put(reply), late)
    with pytest.raises(NoReply, match="read holding registers 2 to 3") as caught:
        ask_all((1, 2, 3), SOON)
    assert [server.number(reply) for reply in caught.value.replies] == [1]
    late.arrive()


def test_a_connection_dropped_among_them_is_made_anew(
    server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink
) -> None:
    def drop(wire: Wire, reply: bytes) -> None:
        wire.put(reply[:3])
        wire.drop()

    server.plan(lambda wire, reply: wire.put(reply), drop)
    with pytest.raises(LinkError):
        ask_all((1, 2, 3))
    assert link.suspect
    with contextlib.suppress(LinkLost):
        ask_all((4,))
    assert ask_all((5, 6)) == [5, 6]


def test_they_can_be_called_off(server: TcpPeer, ask_all: Callable[..., list[int]], link: WiredLink) -> None:
    late = Late()
    server.plan(late)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask_all, (1, 2))
        assert late.asked.wait(PATIENT)
        link.cancel()
        with pytest.raises(ExchangeCancelled):
            waiting.result(PATIENT)
    late.arrive()
    assert ask_all((3, 4)) == [3, 4]


class Nobody(Executor):
    """Has nothing done in a thread."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        raise AssertionError("a thread was wanted")


def _asked(peer: Planned, *numbers: int) -> Talk[list[int]]:
    answers = []
    for number in numbers:
        (reply,) = yield Questions((peer.question(number),), PATIENT)
        answers.append(peer.number(reply))
    return answers


def test_many_are_asked_without_a_thread_and_each_goes_on_when_it_is_answered() -> None:
    """The first to be asked is the last to answer, and keeps nobody waiting."""
    with contextlib.ExitStack() as stack:
        peers = [
            stack.enter_context(
                contextlib.closing(
                    TcpPeer(Lines(), "TCPIP::127.0.0.1::{port}::SOCKET", tells_late_replies_apart=True)
                )
            )
            for _ in range(30)
        ]
        links = [stack.enter_context(contextlib.closing(peer.open())) for peer in peers]
        late = Late()
        peers[0].plan(late)
        answered: list[int] = []

        def noting(number: int) -> Talk[list[int]]:
            answers = yield from _asked(peers[number], 1, 2, 3)
            answered.append(number)
            if len(answered) == len(peers) - 1:
                late.release.set()
            return answers

        carriages = [attended(link, noting(number)) for number, link in enumerate(links)]
        assert Round(Nobody()).carry(carriages) == [[1, 2, 3]] * len(peers)
        assert answered[-1] == 0


def _units(kind: str, folder: Path) -> Planned:
    if kind == "serial line":
        return PtyPeer(RtuQuestions(), "modbus+rtu://{path}", folder)
    address = "modbus+rtu+tcp://127.0.0.1:{port}"
    return TcpPeer(RtuQuestions(), address, tells_late_replies_apart=False)


@pytest.mark.parametrize("kind", ["serial line", "gateway"])
def test_units_on_one_line_take_turns_without_a_thread(kind: str, tmp_path: Path) -> None:
    peer = _units(kind, tmp_path)
    with contextlib.closing(peer), contextlib.ExitStack() as stack:
        links = [stack.enter_context(contextlib.closing(peer.open())) for _ in range(5)]
        carriages: list[Carriage[list[int]]] = [
            attended(link, _asked(peer, place, place + 50)) for place, link in enumerate(links, 1)
        ]
        assert Round(Nobody()).carry(carriages) == [[place, place + 50] for place in range(1, 6)]


@pytest.mark.parametrize("kind", ["serial line", "gateway"])
def test_units_on_one_line_take_turns_in_an_event_loop(kind: str, tmp_path: Path) -> None:
    """Whoever gives up while it waits for its turn, or when it has come, keeps nobody else waiting."""
    peer = _units(kind, tmp_path)
    late = Late()
    peer.plan(late)

    async def ask() -> list[list[int] | BaseException]:
        asking = [
            asyncio.create_task(awaited(link, _asked(peer, place, place + 50)))
            for place, link in enumerate(links, 1)
        ]
        await asyncio.to_thread(late.asked.wait, PATIENT)
        asking[1].cancel()
        asking[3].cancel()
        await asyncio.to_thread(late.arrive)
        return await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), PATIENT)

    with contextlib.closing(peer), contextlib.ExitStack() as stack:
        links = [
            stack.enter_context(contextlib.closing(open_link(peer.address, peer.language.wire, name="unit")))
            for _ in range(5)
        ]
        for link in links:
            link._slowest_reply = PATIENT
        outcomes = asyncio.run(ask())
    assert [type(each) for each in outcomes if not isinstance(each, list)] == [asyncio.CancelledError] * 2
    assert [each for each in outcomes if isinstance(each, list)] == [[1, 51], [3, 53], [5, 55]]


def test_who_is_called_off_in_an_event_loop_leaves_the_link_suspect(server: TcpPeer, link: WiredLink) -> None:
    late = Late()
    server.plan(late)

    async def ask() -> None:
        asking = asyncio.create_task(awaited(link, _asked(server, 1)))
        await asyncio.to_thread(late.asked.wait, PATIENT)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert link.suspect
        await asyncio.to_thread(late.arrive)
        assert await awaited(link, _asked(server, 2)) == [2]

    asyncio.run(ask())


def test_a_thread_that_conducts_an_exchange_is_not_kept_waiting_for_another(
    server: TcpPeer, link: WiredLink
) -> None:
    """It would wait for itself."""
    late = Late()
    server.plan(late)

    async def ask() -> None:
        asking = asyncio.create_task(awaited(link, _asked(server, 1)))
        await asyncio.to_thread(late.asked.wait, PATIENT)
        with pytest.raises(RuntimeError, match="aread"):
            link.ask(server.question(2), PATIENT)
        await asyncio.to_thread(late.arrive)
        assert await asking == [1]

    asyncio.run(ask())
    assert server.number(link.ask(server.question(3), PATIENT)) == 3


def test_a_round_waits_for_another_threads_exchange_in_a_thread(server: TcpPeer, link: WiredLink) -> None:
    late = Late()
    server.plan(late)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(link.ask, server.question(1), PATIENT)
        assert late.asked.wait(PATIENT)
        this = Round(pool)
        threading.Thread(target=late.arrive).start()
        assert this.carry([attended(link, _asked(server, 2, 3))]) == [[2, 3]]
        assert server.number(slow.result(PATIENT)) == 1


def test_who_is_called_off_when_its_turn_has_come_passes_it_on(tmp_path: Path) -> None:
    peer = _units("serial line", tmp_path)
    late = Late()
    peer.plan(late)

    def first() -> Talk[None]:
        yield Questions((peer.question(1),), PATIENT)
        asking[1].cancel()  # its turn has come just now, and it has not noticed yet

    asking: list[asyncio.Task[Any]] = []

    async def ask() -> list[int]:
        talks: list[Talk[Any]] = [first(), _asked(peer, 2), _asked(peer, 3)]
        for link, talk in zip(links, talks, strict=True):
            asking.append(asyncio.create_task(awaited(link, talk)))
            await asyncio.sleep(0)
        await asyncio.to_thread(late.asked.wait, PATIENT)
        await asyncio.to_thread(late.arrive)
        return await asyncio.wait_for(asking[2], PATIENT)

    with contextlib.closing(peer), contextlib.ExitStack() as stack:
        links = [stack.enter_context(contextlib.closing(peer.open())) for _ in range(3)]
        assert asyncio.run(ask()) == [3]
    assert asking[1].cancelled()


def test_each_reply_has_its_time_from_the_one_before_it(
    server: TcpPeer, link: WiredLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six requests to an instrument that answers one after the other take six times as long."""
    now = [0.0]
    monkeypatch.setattr(exchanges.time, "monotonic", lambda: now[0])
    numbers = (1, 2, 3)
    found = link.free()
    assert isinstance(found, Free)
    requests = [server.question(number) for number in numbers]
    conduct = link.conduct_all(*found, requests, 1.0)
    waits = [next(conduct)]
    replies = _all(found.stream, 3 * 13)
    for place in range(2):
        now[0] += 0.9
        waits.append(conduct.send(replies[13 * place : 13 * (place + 1)]))
    now[0] += 0.9
    with pytest.raises(StopIteration) as done:
        conduct.send(replies[26:])
    found.channel.pass_on()
    assert [server.number(reply) for reply in done.value.value] == list(numbers)
    assert waits == pytest.approx([1.0, 1.0, 1.0])


def _all(stream: Stream, size: int) -> bytes:
    received = b""
    while len(received) < size:
        received += stream.receive(PATIENT)
    return received


def test_what_comes_after_its_time_ends_nothing_that_is_over() -> None:
    """One does not answer in time; its late reply comes while another is still waited for."""
    with contextlib.ExitStack() as stack:
        address = "TCPIP::127.0.0.1::{port}::SOCKET"
        silent, slow = (
            stack.enter_context(contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)))
            for _ in range(2)
        )
        links = [stack.enter_context(contextlib.closing(peer.open())) for peer in (silent, slow)]
        late, over = Late(), threading.Event()

        def after_it(wire: Wire, reply: bytes) -> None:
            assert over.wait(PATIENT)
            late.arrive()
            wire.put(reply)

        silent.plan(late)
        slow.plan(after_it, after_it)

        def gives_up() -> Talk[str]:
            try:
                yield Questions((silent.question(1),), SOON)
            except NoReply:
                over.set()
                return "no reply"
            return "a reply"

        with ThreadPoolExecutor(1) as pool:
            carriages: list[Carriage[Any]] = [
                attended(links[0], gives_up()),
                attended(links[1], _asked(slow, 2, 3)),
            ]
            assert Round(pool).carry(carriages) == ["no reply", [2, 3]]


def test_an_interrupt_leaves_what_was_under_way_suspect_and_the_rest_as_it_was() -> None:
    with contextlib.ExitStack() as stack:
        address = "TCPIP::127.0.0.1::{port}::SOCKET"
        peers = [
            stack.enter_context(contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)))
            for _ in range(2)
        ]
        links = [stack.enter_context(contextlib.closing(peer.open())) for peer in peers]
        late = Late()
        peers[0].plan(late)

        def interrupted() -> Talk[None]:
            yield Questions((peers[1].question(1),), PATIENT)
            raise KeyboardInterrupt

        carriages: list[Carriage[Any]] = [
            attended(links[0], _asked(peers[0], 1)),
            attended(links[1], interrupted()),
        ]
        with pytest.raises(KeyboardInterrupt):
            Round(Nobody()).carry(carriages)
        assert [link.suspect for link in links] == [True, False]
        late.arrive()
        with ThreadPoolExecutor(1) as pool:
            for peer, link in zip(peers, links, strict=True):
                assert peer.number(pool.submit(link.ask, peer.question(2), PATIENT).result(PATIENT)) == 2


WHO: ContextVar[str] = ContextVar("who", default="nobody")


def test_who_asks_is_known_in_the_threads_that_do_what_blocks() -> None:
    """So what the watch over a rig is told is never taken for a reading of the run, whoever reads it."""

    def conversation() -> Carriage[Any]:
        return (yield Work(WHO.get))

    before = WHO.set("the watch")
    try:
        with ThreadPoolExecutor(2) as pool:
            assert Round(pool).carry([conversation() for _ in range(3)]) == ["the watch"] * 3
    finally:
        WHO.reset(before)
