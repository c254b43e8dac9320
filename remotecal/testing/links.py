"""The conformance kit for links: whatever happens, never another question's answer.

It runs against any link. A `Peer` is the instrument's side of the wire, under the tests' control. Its
answers carry the number of the question, so that a swapped answer is seen. What a link may do when the
wire misbehaves is raise; what it must do is give the right answer once the wire behaves again.

```python
@pytest.mark.parametrize("check", LINK_CHECKS)
def test_my_link(check):
    with closing(MyPeer()) as peer, closing(peer.open()) as link:
        check(peer, link)
```

A check that does not apply to a wire raises `unittest.SkipTest`, which every runner knows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final
from unittest import SkipTest, TestCase

from remotecal.errors import ExchangeCancelled, LinkError, NoReply, WrongInstrument
from remotecal.testing.peers import PATIENT, SOON, Late

if TYPE_CHECKING:
    from remotecal.drivers.links import Link
    from remotecal.testing.peers import Behaviour, Peer, Wire

LinkCheck = Callable[["Peer", "Link"], None]
"""Raises an AssertionError if a link does not keep what every link promises."""

PROMPT = 1.0
"""Seconds to wait for a reply where a carrier may wait as long to find out that nobody is there."""

NOISE = b"\xff\x00\xa5 Q\x80"

raising = TestCase().assertRaises
"""Expects an error."""


def right_answer(peer: Peer, link: Link, number: int, timeout: float = PATIENT) -> None:
    """Ask question `number`, and see that the answer is its own."""
    assert peer.number(link.ask(peer.question(number), timeout)) == number


def right_answer_or_error(peer: Peer, link: Link, number: int, timeout: float = PATIENT) -> bool:
    """Ask; tell whether the right answer came. A reply nobody can read counts as an error."""
    try:
        answer = peer.number(link.ask(peer.question(number), timeout))
    except (LinkError, ValueError):
        return False
    assert answer == number
    return True


def it_answers(peer: Peer, link: Link) -> None:
    """Questions are answered, and leave the link clean."""
    for number in range(1, 6):
        right_answer(peer, link, number)
    assert not link.suspect


def a_late_reply_is_not_the_next_answer(peer: Peer, link: Link) -> None:
    """What comes after nobody waited for it any more is not taken for the next answer."""
    for number in (1, 11):
        late = Late()
        peer.plan(late)
        with raising(NoReply):
            link.ask(peer.question(number), SOON)
        assert link.suspect
        late.arrive()
        right_answer(peer, link, number + 1)
        right_answer(peer, link, number + 2)


def a_reply_later_than_the_next_question_is_not_its_answer(peer: Peer, link: Link) -> None:
    """Nor is what comes when the next question is already out."""
    if not peer.tells_late_replies_apart:
        raise SkipTest("nothing on this wire tells whose reply it is; silence is its only protection")
    late = Late()

    def after_it(wire: Wire, reply: bytes) -> None:
        late.arrive()
        wire.put(reply)

    peer.plan(late, after_it)
    with raising(NoReply):
        link.ask(peer.question(1), SOON)
    right_answer(peer, link, 2)
    right_answer(peer, link, 3)


def a_reply_split_at_every_byte_is_one_reply(peer: Peer, link: Link) -> None:
    """However a reply is cut up on its way, it is put together."""
    sizes: list[int] = []

    def measure(wire: Wire, reply: bytes) -> None:
        sizes.append(len(reply))
        wire.put(reply)

    def cut(*places: int) -> Behaviour:
        def behave(wire: Wire, reply: bytes) -> None:
            for begin, end in pairwise((0, *places, len(reply))):
                wire.put(reply[begin:end])

        return behave

    peer.plan(measure)
    right_answer(peer, link, 199)
    for place in range(1, sizes[0]):
        peer.plan(cut(place))
        right_answer(peer, link, place)
    peer.plan(cut(*range(1, sizes[0])))
    right_answer(peer, link, 199)


def a_damaged_reply_is_no_answer(peer: Peer, link: Link) -> None:
    """A reply with a wrong bit in it is refused."""
    if not peer.detects_damage:
        raise SkipTest("nothing on this wire tells that a bit is wrong")

    def damaged(place: int) -> Behaviour:
        def behave(wire: Wire, reply: bytes) -> None:
            flipped = bytearray(reply)
            flipped[place] ^= 0x10
            wire.put(bytes(flipped))

        return behave

    for place in (-1, -3, -4):
        peer.plan(damaged(place))
        assert not right_answer_or_error(peer, link, 1, 4 * SOON)
        right_answer(peer, link, 2)


def _junk(peer: Peer) -> tuple[bytes, bytes]:
    return NOISE, peer.foreign(77)


def garbage_beside_a_reply_is_no_answer(peer: Peer, link: Link) -> None:
    """Noise, or a foreign reply, in front of a reply or behind it does no lasting harm."""

    def beside(before: bytes, after: bytes) -> Behaviour:
        return lambda wire, reply: wire.put(before + reply + after)

    for junk, is_before in product(_junk(peer), (True, False)):
        peer.plan(beside(junk, b"") if is_before else beside(b"", junk))
        right_answer_or_error(peer, link, 1, 4 * SOON)
        right_answer_or_error(peer, link, 2)
        right_answer(peer, link, 3)


def garbage_between_exchanges_is_no_answer(peer: Peer, link: Link) -> None:
    """Nor does what comes when nobody asked."""
    for junk in _junk(peer):
        right_answer(peer, link, 1)
        peer.interject(junk)
        right_answer_or_error(peer, link, 2, 4 * SOON)
        right_answer(peer, link, 3)


def a_connection_dropped_in_a_reply_is_made_anew(peer: Peer, link: Link) -> None:
    """Half a reply is none, and the connection is taken up again."""

    def drop(wire: Wire, reply: bytes) -> None:
        wire.put(reply[: len(reply) // 2])
        wire.drop()

    peer.plan(drop)
    with raising(LinkError):
        link.ask(peer.question(1), 4 * SOON)
    assert link.suspect
    right_answer_or_error(peer, link, 2)
    right_answer(peer, link, 3)


def threads_take_turns(peer: Peer, link: Link) -> None:
    """An exchange is done as a whole, whoever else wants one."""

    def ask(first: int) -> None:
        for number in range(first, 200, 4):
            right_answer(peer, link, number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(1, 5)))


def an_oversize_reply_is_an_error(peer: Peer, link: Link) -> None:
    """A reply without end is not read without end."""
    peer.plan(lambda wire, _: wire.put(peer.oversize()))
    with raising(LinkError):
        link.ask(peer.question(1), 4 * SOON)
    right_answer_or_error(peer, link, 2)
    right_answer(peer, link, 3)


def another_thread_can_cancel(peer: Peer, link: Link) -> None:
    """Who waits can be called off, and what comes then is not the next answer."""
    late = Late()
    peer.plan(late)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(link.ask, peer.question(1), PATIENT)
        assert late.asked.wait(PATIENT)
        link.cancel()
        with raising(ExchangeCancelled):
            waiting.result(PATIENT / 2)
    assert link.suspect
    late.arrive()
    right_answer(peer, link, 2)


def cancel_without_an_exchange_does_nothing(peer: Peer, link: Link) -> None:
    """Calling off what is not under way does not spoil what comes."""
    link.cancel()
    right_answer(peer, link, 1)


def it_makes_sure_of_the_instrument_after_a_power_cycle(peer: Peer, link: Link) -> None:
    """`on_reopen` is called once before the first exchange on a new connection."""
    seen = []

    def make_sure() -> None:
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


def another_instrument_after_a_power_cycle_is_refused(peer: Peer, link: Link) -> None:
    """As long as `on_reopen` raises, nothing else is sent."""

    def refuse() -> None:
        raise WrongInstrument("serial number 124 answers for 123")

    right_answer(peer, link, 1, PROMPT)
    link.on_reopen = refuse
    peer.restart()
    with contextlib.suppress(WrongInstrument):
        right_answer_or_error(peer, link, 2, PROMPT)
    for _ in range(2):
        with raising(WrongInstrument):
            link.ask(peer.question(3), PATIENT)
        assert link.suspect
    link.on_reopen = None
    right_answer(peer, link, 4)


def a_deaf_connection_is_renewed(peer: Peer, link: Link) -> None:
    """A connection whose other end hears nothing any more is not kept for ever."""
    right_answer(peer, link, 1, PROMPT)
    if not peer.deafen():
        raise SkipTest("there is one wire, and no other to be had")
    assert any(right_answer_or_error(peer, link, number, 4 * SOON) for number in range(2, 22))
    right_answer(peer, link, 30)


def errors_say_who_was_asked_what_for_how_long(peer: Peer, link: Link) -> None:
    """The text names the instrument, its address and the time, and says what to check."""
    link.name = "balance (SN 123)"
    late = Late()
    peer.plan(late)
    with raising(NoReply) as caught:
        link.ask(peer.question(1), SOON)
    late.arrive()
    for part in (link.name, link.address, f"{SOON:g} s", "Check"):
        assert part in str(caught.exception)


def a_closed_link_stays_closed(peer: Peer, link: Link) -> None:
    """Whoever asks a link that was given up is told."""
    link.close()
    with raising(LinkError):
        link.ask(peer.question(1), PATIENT)


LINK_CHECKS: Final[tuple[LinkCheck, ...]] = (
    it_answers,
    a_late_reply_is_not_the_next_answer,
    a_reply_later_than_the_next_question_is_not_its_answer,
    a_reply_split_at_every_byte_is_one_reply,
    a_damaged_reply_is_no_answer,
    garbage_beside_a_reply_is_no_answer,
    garbage_between_exchanges_is_no_answer,
    a_connection_dropped_in_a_reply_is_made_anew,
    threads_take_turns,
    an_oversize_reply_is_an_error,
    another_thread_can_cancel,
    cancel_without_an_exchange_does_nothing,
    it_makes_sure_of_the_instrument_after_a_power_cycle,
    another_instrument_after_a_power_cycle_is_refused,
    a_deaf_connection_is_renewed,
    errors_say_who_was_asked_what_for_how_long,
    a_closed_link_stays_closed,
)
"""What every link must keep."""
