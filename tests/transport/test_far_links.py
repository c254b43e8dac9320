"""A link through a station keeps what every link promises: never another question's answer."""

import contextlib
from collections.abc import Iterator

import pytest
from conformance import PATIENT, LinkConformance, right_answer
from far_peers import Afar, FarPeer, afar
from peers import Lines, PtyPeer, RtuQuestions, TcpPeer

from remotecal.errors import WrongInstrument


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afar]:
    with afar(tmp_path_factory.mktemp("afar")) as site:
        yield site


class TestRawSocketAtAStation(LinkConformance):
    @pytest.fixture
    def peer(self, far):
        address = "TCPIP::127.0.0.1::{port}::SOCKET"
        with contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)) as peer:
            yield FarPeer(far, peer, "far_peers:FarLines")

    def test_a_power_cycle_between_exchanges_is_no_error(self, peer, link):
        looked = []
        link.on_reopen = lambda: looked.append(right_answer(peer, link, 100))
        right_answer(peer, link, 1)
        peer.restart()
        right_answer(peer, link, 2)
        assert len(looked) == 1

    def test_an_instrument_that_answers_and_is_refused_is_looked_at_again(self, peer, link):
        def refuse():
            right_answer(peer, link, 100)
            raise WrongInstrument("serial number 124 answers for 123")

        link.on_reopen = refuse
        link.suspect = True
        for _ in range(2):
            with pytest.raises(WrongInstrument):
                link.ask(peer.question(3), PATIENT)
            assert link.suspect


class TestModbusRtuAtAStation(LinkConformance):
    @pytest.fixture
    def peer(self, far, tmp_path):
        with contextlib.closing(PtyPeer(RtuQuestions(), "modbus+rtu://{path}", tmp_path)) as peer:
            yield FarPeer(far, peer, "far_peers:FarRegisters")
