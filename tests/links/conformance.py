"""The conformance kit for links: whatever happens, never another question's answer.

It runs against any link. Derive a test class from `LinkConformance` and give it a `peer` fixture:
the instrument's side of the wire, under the tests' control. Its answers carry the number of the
question, so that a swapped answer is seen. What a link may do when the wire misbehaves is raise;
what it must do is give the right answer once the wire behaves again.

    class TestMyLink(LinkConformance):
        @pytest.fixture
        def peer(self):
            with MyPeer() as peer:
                yield peer
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from remotecal.drivers.links import Link
from remotecal.errors import ExchangeCancelled, LinkError, NoReply, WrongInstrument

SOON = 0.05
"""Seconds to wait for a reply that will not come."""

PATIENT = 10.0
"""Seconds to wait for what does come, however busy the computer."""

PROMPT = 1.0
"""Seconds to wait for a reply where a carrier may wait as long to find out that nobody is there."""

NOISE = b"\xff\x00\xa5 Q\x80"


class Wire(Protocol):
    """What a peer lets a behaviour do with the reply to one question."""

    def put(self, data: bytes) -> None:
        """Send these bytes; do nothing if the connection is gone."""

    def drop(self) -> None:
        """End the connection, as a power cut does."""


Behaviour = Callable[[Wire, bytes], None]
"""Given the wire and the right reply as it belongs there, does what the test wants instead."""


class Peer(Protocol):
    """The instrument's side of the wire."""

    tells_late_replies_apart: bool
    """A reply that comes after the next question is recognised: by a number or a new connection."""

    detects_damage: bool
    """A reply with a wrong bit in it is recognised: by a checksum."""

    def open(self) -> Link:
        """Open a link whose slowest reply is `SOON`."""

    def question(self, number: int) -> bytes:
        """Return the payload of question `number`, from 1 to 200."""

    def number(self, reply: bytes) -> int:
        """Return the number a reply's payload carries; ValueError if it carries none."""

    def plan(self, *behaviours: Behaviour) -> None:
        """Treat the next questions so, each in a thread of its own; those after them normally."""

    def foreign(self, number: int) -> bytes:
        """Return bytes that on this wire are the reply to another question."""

    def oversize(self) -> bytes:
        """Return a reply longer than any."""

    def interject(self, data: bytes) -> None:
        """Send bytes nobody asked for; return when they lie in the link's input."""

    def restart(self) -> None:
        """End all connections, as a power cut does, and be ready for new ones."""

    def deafen(self) -> bool:
        """Let what is said on the connections there are go nowhere, while new ones are heard.

        Return whether this wire has connections that can be renewed.
        """


def normally(wire: Wire, reply: bytes) -> None:
    """Reply as it should be."""
    wire.put(reply)


class Late:
    """Replies when told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.release = threading.Event()
        self.done = threading.Event()

    def __call__(self, wire: Wire, reply: bytes) -> None:
        self.asked.set()
        assert self.release.wait(PATIENT)
        wire.put(reply)
        self.done.set()

    def arrive(self) -> None:
        """Let the reply go, and see it off."""
        self.release.set()
        assert self.done.wait(PATIENT)


def right_answer(peer: Peer, link: Link, number: int, timeout: float = PATIENT) -> None:
    assert peer.number(link.ask(peer.question(number), timeout)) == number


def right_answer_or_error(peer: Peer, link: Link, number: int, timeout: float = PATIENT) -> bool:
    """Ask; tell whether the right answer came. A reply nobody can read counts as an error."""
    try:
        answer = peer.number(link.ask(peer.question(number), timeout))
    except (LinkError, ValueError):
        return False
    assert answer == number
    return True


def flipped(reply: bytes, place: int) -> bytes:
    """Return the reply with one bit wrong."""
    damaged = bytearray(reply)
    damaged[place] ^= 0x10
    return bytes(damaged)


class LinkConformance:
    @pytest.fixture
    def peer(self) -> Iterator[Peer]:
        raise NotImplementedError("give the class a peer")

    @pytest.fixture
    def link(self, peer: Peer) -> Iterator[Link]:
        with contextlib.closing(peer.open()) as link:
            yield link

    def test_it_answers(self, peer, link):
        for number in range(1, 6):
            right_answer(peer, link, number)
        assert not link.suspect

    def test_a_late_reply_is_not_the_next_answer(self, peer, link):
        for number in (1, 11):
            late = Late()
            peer.plan(late)
            with pytest.raises(NoReply):
                link.ask(peer.question(number), SOON)
            assert link.suspect
            late.arrive()
            right_answer(peer, link, number + 1)
            right_answer(peer, link, number + 2)

    def test_a_reply_later_than_the_next_question_is_not_its_answer(self, peer, link):
        if not peer.tells_late_replies_apart:
            pytest.skip("nothing on this wire tells whose reply it is; silence is its only protection")
        late = Late()
        peer.plan(late, lambda wire, reply: (late.arrive(), wire.put(reply)))
        with pytest.raises(NoReply):
            link.ask(peer.question(1), SOON)
        right_answer(peer, link, 2)
        right_answer(peer, link, 3)

    def test_a_reply_split_at_every_byte_is_one_reply(self, peer, link):
        sizes = []

        def measure(wire, reply):
            sizes.append(len(reply))
            wire.put(reply)

        peer.plan(measure)
        right_answer(peer, link, 199)
        for place in range(1, sizes[0]):
            peer.plan(lambda wire, reply, at=place: (wire.put(reply[:at]), wire.put(reply[at:])))
            right_answer(peer, link, place)
        peer.plan(lambda wire, reply: [wire.put(reply[i : i + 1]) for i in range(len(reply))])
        right_answer(peer, link, 199)

    def test_a_damaged_reply_is_no_answer(self, peer, link):
        if not peer.detects_damage:
            pytest.skip("nothing on this wire tells that a bit is wrong")
        for place in (-1, -3, -4):
            peer.plan(lambda wire, reply, at=place: wire.put(flipped(reply, at)))
            assert not right_answer_or_error(peer, link, 1, 4 * SOON)
            right_answer(peer, link, 2)

    @pytest.mark.parametrize("garbage", ["noise", "a foreign reply"])
    @pytest.mark.parametrize("place", ["before", "after"])
    def test_garbage_beside_a_reply(self, peer, link, garbage, place):
        junk = NOISE if garbage == "noise" else peer.foreign(77)
        if place == "before":
            peer.plan(lambda wire, reply: wire.put(junk + reply))
        else:
            peer.plan(lambda wire, reply: wire.put(reply + junk))
        right_answer_or_error(peer, link, 1, 4 * SOON)
        right_answer_or_error(peer, link, 2)
        right_answer(peer, link, 3)

    @pytest.mark.parametrize("garbage", ["noise", "a foreign reply"])
    def test_garbage_between_exchanges(self, peer, link, garbage):
        right_answer(peer, link, 1)
        peer.interject(NOISE if garbage == "noise" else peer.foreign(77))
        right_answer_or_error(peer, link, 2, 4 * SOON)
        right_answer(peer, link, 3)

    def test_a_connection_dropped_in_a_reply(self, peer, link):
        def drop(wire, reply):
            wire.put(reply[: len(reply) // 2])
            wire.drop()

        peer.plan(drop)
        with pytest.raises(LinkError):
            link.ask(peer.question(1), 4 * SOON)
        assert link.suspect
        right_answer_or_error(peer, link, 2)
        right_answer(peer, link, 3)

    def test_threads_take_turns(self, peer, link):
        def ask(first):
            for number in range(first, 200, 4):
                right_answer(peer, link, number)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(1, 5)))

    def test_an_oversize_reply_is_an_error(self, peer, link):
        peer.plan(lambda wire, _: wire.put(peer.oversize()))
        with pytest.raises(LinkError):
            link.ask(peer.question(1), 4 * SOON)
        right_answer_or_error(peer, link, 2)
        right_answer(peer, link, 3)

    def test_another_thread_can_cancel(self, peer, link):
        late = Late()
        peer.plan(late)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(link.ask, peer.question(1), PATIENT)
            assert late.asked.wait(PATIENT)
            link.cancel()
            with pytest.raises(ExchangeCancelled):
                waiting.result(PATIENT / 2)
        assert link.suspect
        late.arrive()
        right_answer(peer, link, 2)

    def test_cancel_without_an_exchange_does_nothing(self, peer, link):
        link.cancel()
        right_answer(peer, link, 1)

    def test_it_makes_sure_of_the_instrument_after_a_power_cycle(self, peer, link):
        seen = []

        def make_sure():
            right_answer(peer, link, 100)
            seen.append(link)

        link.on_reopen = make_sure
        right_answer(peer, link, 1, PROMPT)
        assert not seen
        peer.restart()
        if not right_answer_or_error(peer, link, 2, PROMPT):
            right_answer(peer, link, 3)
        assert seen == [link]
        right_answer(peer, link, 4)
        assert seen == [link]

    def test_another_instrument_after_a_power_cycle_is_refused(self, peer, link):
        def refuse():
            raise WrongInstrument("serial number 124 answers for 123")

        right_answer(peer, link, 1, PROMPT)
        link.on_reopen = refuse
        peer.restart()
        with contextlib.suppress(WrongInstrument):
            right_answer_or_error(peer, link, 2, PROMPT)
        for _ in range(2):
            with pytest.raises(WrongInstrument):
                link.ask(peer.question(3), PATIENT)
            assert link.suspect
        link.on_reopen = None
        right_answer(peer, link, 4)

    def test_a_deaf_connection_is_renewed(self, peer, link):
        right_answer(peer, link, 1, PROMPT)
        if not peer.deafen():
            pytest.skip("there is one wire, and no other to be had")
        assert any(right_answer_or_error(peer, link, number, 4 * SOON) for number in range(2, 22))
        right_answer(peer, link, 30)

    def test_errors_say_who_was_asked_what_for_how_long(self, peer, link):
        link.name = "balance (SN 123)"
        late = Late()
        peer.plan(late)
        with pytest.raises(NoReply) as caught:
            link.ask(peer.question(1), SOON)
        late.arrive()
        for part in (link.name, link.address, f"{SOON:g} s", "Check"):
            assert part in str(caught.value)

    def test_a_closed_link_stays_closed(self, peer, link):
        link.close()
        with pytest.raises(LinkError):
            link.ask(peer.question(1), PATIENT)
