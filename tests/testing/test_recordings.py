"""What an instrument said is kept as it was said, and heard again in tests."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import TcpPeer
from tiny import HastyMeter, TinyMeter
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.clock import VirtualClock
from remotecal.drivers.instrument import Identity
from remotecal.drivers.keller.digital import KellerDigital
from remotecal.drivers.links import open_link
from remotecal.errors import ConfigurationError, LinkLost, NeverAsked, NoReply, WrongInstrument
from remotecal.testing import LINK_CHECKS, replay
from remotecal.testing.links import LinkCheck
from remotecal.testing.peers import Lines
from remotecal.testing.recordings import Recorder, Recording, Whom

START = 1_790_000_000.0


def kept(recorder: Recorder, path: Path, **settings: int) -> Path:
    whom = Whom("tiny:TinyMeter", "meter", recorder.address, settings, Identity(serial="M1"), START)
    path.write_text(Recording(whom, tuple(recorder.happened)).text())
    return path


@contextlib.contextmanager
def recorded(tiny: Tiny, driver: type[TinyMeter] = TinyMeter) -> Iterator[tuple[TinyMeter, Recorder]]:
    clock = VirtualClock(START)
    link = Recorder(open_link(tiny.world.address("meter"), driver.wire, name="meter"), clock)
    with driver.over(link, name="meter", clock=clock) as meter:
        yield meter, link


@pytest.mark.parametrize("check", LINK_CHECKS)
def test_a_recorder_keeps_what_links_promise(check: LinkCheck) -> None:
    address = "TCPIP::127.0.0.1::{port}::SOCKET"
    with (
        contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)) as peer,
        contextlib.closing(Recorder(peer.open(), VirtualClock())) as link,
    ):
        check(peer, link)


def test_a_recording_is_read_by_people(tiny: Tiny, tmp_path: Path) -> None:
    tiny.world.level = 1.5
    with recorded(tiny) as (meter, recorder):
        meter.clock.sleep(60)
        meter.value.read()
        meter.tell("DISP:TEXT 20 °C".replace("°", "deg"))
    lines = kept(recorder, tmp_path / "meter.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "address": tiny.world.address("meter"),
        "at": "2026-09-21T14:13:20.000000Z",
        "driver": "tiny:TinyMeter",
        "format": 1,
        "identity": {"maker": "", "model": "", "serial": "M1", "firmware": ""},
        "instrument": "meter",
        "settings": {},
    }
    assert lines[1] == '{"at": "2026-09-21T14:13:20.000000Z", "ask": "*IDN?", "reply": "Maker,Tiny,M1,1.0"}'
    assert lines[3] == '{"at": "2026-09-21T14:14:20.000000Z", "ask": "MEAS:VAL?", "reply": "1.5"}'
    assert lines[4] == '{"at": "2026-09-21T14:14:20.000000Z", "tell": "DISP:TEXT 20 degC"}'


def test_what_was_recorded_is_heard_again(tiny: Tiny, tmp_path: Path) -> None:
    with recorded(tiny) as (meter, recorder):
        said = []
        for tiny.world.level in (1.0, 2.0):
            said.append(meter.value.read()[:4])
    link = replay(kept(recorder, tmp_path / "meter.jsonl"))
    with TinyMeter.over(link, name="meter") as again:
        assert [again.value.read()[:4] for _ in said] == said
    assert link.left == ()
    assert link.recording.whom.identity.serial == "M1"


def test_bytes_that_are_no_text_are_recorded_too(tmp_path: Path) -> None:
    from remotecal.drivers.links.framing import checksum
    from remotecal.testing import frame, on_serial_port

    request, answer = frame("01 03 00 02 00 02"), frame("01 03 04 3F 80 00 00")
    exchange = (request + checksum(request), answer + checksum(answer))
    with on_serial_port(exchange) as device:
        recorder = Recorder(
            open_link(f"modbus+rtu://{device}", KellerDigital.wire, name="gauge"), VirtualClock(START)
        )
        with contextlib.closing(recorder):
            assert recorder.ask(request) == answer
    path = kept(recorder, tmp_path / "gauge.jsonl", unit=1)
    assert '"ask": {"hex": "010300020002"}' in path.read_text()
    link = replay(path)
    assert link.ask(request) == answer
    assert link.recording.whom.settings == {"unit": 1}


def test_what_was_never_recorded_is_told(tiny: Tiny, tmp_path: Path) -> None:
    with recorded(tiny) as (meter, recorder):
        meter.value.read()
        meter.full_scale.read()
    path = kept(recorder, tmp_path / "meter.jsonl")
    meter = TinyMeter.over(replay(path), name="meter")
    with pytest.raises(NeverAsked, match=r"b'MEAS:FULL\?' is asked, b'MEAS:VAL\?' was asked next"):
        meter.full_scale.read()
    meter.value.read()
    meter.full_scale.read()
    with pytest.raises(NeverAsked, match=r"meter: b'MEAS:VAL\?' is asked, and the recording is at its end"):
        meter.value.read()
    meter = TinyMeter.over(replay(path, in_order=False), name="meter")
    with pytest.raises(NeverAsked, match=r"b'MEAS:CELL\? \(@3\)' was never asked: .*b'MEAS:VAL\?'"):
        meter.cells[3].read()


def test_by_request_answers_come_in_turn_and_the_last_for_ever(tiny: Tiny, tmp_path: Path) -> None:
    with recorded(tiny) as (meter, recorder):
        for tiny.world.level in (1.0, 2.0):
            meter.full_scale.read()
            meter.value.read()
    meter = TinyMeter.over(replay(kept(recorder, tmp_path / "meter.jsonl"), in_order=False))
    assert [meter.value.read().value for _ in range(4)] == [1, 2, 2, 2]
    assert meter.full_scale.read().value == 10


def test_a_failure_and_what_the_driver_made_of_it_are_recorded(tiny: Tiny, tmp_path: Path) -> None:
    with recorded(tiny, HastyMeter) as (meter, recorder):
        tiny.world.deaf.add("MEAS:VAL?")
        with pytest.raises(NoReply) as silence:
            meter.value.read()
        tiny.world.deaf.clear()
        assert meter.value.read().value == 0
        tiny.world.deaf.add("MEAS:VAL?")
        with pytest.raises(NoReply):
            meter.value.read()
        tiny.world.deaf.clear()
        tiny.world.serials["meter"] = "M7"
        with pytest.raises(WrongInstrument) as exchanged:
            meter.value.read()
    path = kept(recorder, tmp_path / "meter.jsonl")
    assert [one.kind for one in Recording.load(path).happened].count("renewed") == 2
    again = TinyMeter.over(replay(path), name="meter")
    with pytest.raises(NoReply) as silence_again:
        again.value.read()
    assert str(silence_again.value) == str(silence.value)
    assert again.link.suspect
    assert again.value.read().value == 0
    with pytest.raises(NoReply):
        again.value.read()
    with pytest.raises(WrongInstrument) as exchanged_again:
        again.value.read()
    assert str(exchanged_again.value) == str(exchanged.value)


def test_an_error_nobody_knows_is_still_one_of_the_link(tmp_path: Path) -> None:
    whom = Whom("x", "x", "x", {}, Identity(), START)
    line = '{"at": "2026-09-21T14:13:20.000000Z", "ask": "?", "failure": "%s", "said": "no"}\n'
    for name, kind in (("LinkLost", LinkLost), ("os", Exception), ("OutOfSpan", Exception)):
        path = tmp_path / "one.jsonl"
        path.write_text(Recording(whom, ()).text() + line % name)
        with pytest.raises(kind, match="no") as caught:
            replay(path).ask(b"?")
        assert isinstance(caught.value, LinkLost) is (name == "LinkLost")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: this is no recording"),
        ("[]\n", "line 1: this is no recording"),
        ("[" * 200_000 + "\n", "line 1: this is no recording .RecursionError"),
        ('{"format": 2}\n', "line 1: .*its format is 2, this remotecal reads 1"),
        ("{WHOM}{}\n", "line 2: this is no recording .*'at'"),
        ('{WHOM}{"at": "yesterday", "tell": "?"}\n', "line 2: .*'yesterday' stands where a time is due"),
        (
            '{WHOM}{"at": "2026-09-21T14:13:20Z", "ask": {"hex": "0g"}, "reply": ""}\n',
            "line 2: .*where bytes",
        ),
    ],
)
def test_what_is_no_recording_is_told_by_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text.replace("{WHOM}", Recording(Whom("x", "x", "x", {}, Identity(), START), ()).text()))
    with pytest.raises(ConfigurationError, match=said):
        replay(path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        replay(tmp_path / "none.jsonl")


def test_an_instrument_of_a_bench_is_recorded_by_command(
    tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.world.level = 1.25
    out = tiny.directory / "gauge.jsonl"
    command = ["record", str(tiny.bench), "gauge", "--out", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "value      1.25 V" in said
    assert f"38 exchanges with Maker Tiny, SN M1, firmware 1.0: {out}" in said
    whom = replay(out).recording.whom
    assert (whom.driver, whom.identity.serial) == ("tiny:TinyMeter", "M1")
    with TinyMeter.over(replay(out, in_order=False)) as again:
        assert again.cells[17].read().value == pytest.approx(1.267)
    assert main(command) == 2
    assert "is there already, and nothing is overwritten" in capsys.readouterr().err


def test_what_could_not_be_read_is_recorded_too(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.hasten()
    tiny.world.deaf.add("MEAS:VAL?")
    out = tiny.directory / "gauge.jsonl"
    assert main(["record", str(tiny.bench), "gauge", "value", "full_scale", "--out", str(out)]) == 3
    assert "did not answer" in capsys.readouterr().err
    failures = [one.failure for one in Recording.load(out).happened if one.failure]
    assert failures == ["NoReply"]
    with TinyMeter.over(replay(out, in_order=False)) as again:
        assert again.full_scale.read().value == 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["guage"], "did you mean gauge"), (["gauge", "valeu"], "TinyMeter has no 'valeu', did you mean value")],
)
def test_nothing_is_opened_for_what_is_not_there(
    arguments: list[str], said: str, tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", str(tiny.bench), *arguments, "--out", str(tiny.directory / "x")]) == 2
    assert said in capsys.readouterr().err
    assert tiny.world.lines == []
    assert not (tiny.directory / "x").exists()


def test_what_a_person_reads_is_not_recorded(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    entry = '[instruments.dial]\ndriver = "PressureGaugeByHand"\naddress = "by-hand:recorded"\n'
    tiny.bench.write_text(f"{tiny.bench.read_text()}\n{entry}")
    assert main(["record", str(tiny.bench), "dial", "--out", str(tiny.directory / "x")]) == 2
    assert "dial is read by a person, in a run alone: there is no wire to record" in capsys.readouterr().err
    assert not (tiny.directory / "x").exists()
