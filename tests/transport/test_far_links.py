"""A link through a station keeps what every link promises: never another question's answer."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from far_peers import Afar, FarPeer, afar
from peers import PtyPeer, TcpPeer

from remotecal.drivers.links import Link
from remotecal.errors import WrongInstrument
from remotecal.testing import LINK_CHECKS
from remotecal.testing.links import LinkCheck, right_answer
from remotecal.testing.peers import PATIENT, Lines, Peer, RtuQuestions


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afar]:
    with afar(tmp_path_factory.mktemp("afar")) as site:
        yield site


def on_a_socket(_: Path) -> TcpPeer:
    return TcpPeer(Lines(), "TCPIP::127.0.0.1::{port}::SOCKET", tells_late_replies_apart=True)


def on_a_port(place: Path) -> PtyPeer:
    return PtyPeer(RtuQuestions(), "modbus+rtu://{path}", place)


Make = Callable[[Path], TcpPeer | PtyPeer]
DRIVERS: dict[Make, str] = {on_a_socket: "far_peers:FarLines", on_a_port: "far_peers:FarRegisters"}


@contextlib.contextmanager
def at_the_station(far: Afar, make: Make, place: Path) -> Iterator[tuple[Peer, Link]]:
    with contextlib.closing(make(place)) as here:
        peer = FarPeer(far, here, DRIVERS[make])
        with contextlib.closing(peer.open()) as link:
            yield peer, link


@pytest.mark.parametrize("check", LINK_CHECKS)
@pytest.mark.parametrize("make", DRIVERS)
def test_a_link_through_a_station_keeps_what_links_promise(
    make: Make, check: LinkCheck, far: Afar, tmp_path: Path
) -> None:
    with at_the_station(far, make, tmp_path) as (peer, link):
        check(peer, link)


def test_a_power_cycle_between_exchanges_is_no_error(far: Afar, tmp_path: Path) -> None:
    looked: list[None] = []
    with at_the_station(far, on_a_socket, tmp_path) as (peer, link):
        link.on_reopen = lambda: looked.append(right_answer(peer, link, 100))
        right_answer(peer, link, 1)
        peer.restart()
        right_answer(peer, link, 2)
    assert len(looked) == 1


def test_an_instrument_that_answers_and_is_refused_is_looked_at_again(far: Afar, tmp_path: Path) -> None:
    with at_the_station(far, on_a_socket, tmp_path) as (peer, link):

        def refuse() -> None:
            right_answer(peer, link, 100)
            raise WrongInstrument("serial number 124 answers for 123")

        link.on_reopen = refuse
        link.suspect = True
        for _ in range(2):
            with pytest.raises(WrongInstrument):
                link.ask(peer.question(3), PATIENT)
            assert link.suspect
