"""The laboratory looks at single instruments of a site through its station."""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from laboratories import hub_up
from processes import Processes, call, call_process, processes
from sites import Site, enrol_site, until
from tiny import PatientSource, TinyMeter, TinySource
from tiny_bench import Tiny

from remotecal.bench import Bench
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links import Serial
from remotecal.errors import (
    BenchError,
    BenchInUse,
    ConfigurationError,
    ExchangeCancelled,
    ForbiddenCommand,
    LinkError,
    LinkLost,
    RemotecalError,
    WrongInstrument,
)
from remotecal.hub.remote_link import LaboratoryStations
from remotecal.hub.settings import HubFolder
from remotecal.station import lending
from remotecal.station.agent import Station
from remotecal.station.folder import RemoteSettings, StationFolder
from remotecal.transport.lent import LinkAnswer, LinkRequest
from remotecal.transport.messages import CommandAnswer

ADDRESS = "station://here/"
LATE = 20.0
"""Seconds; no test waits for it to pass."""


class Far:
    """A site's instruments, as somebody at the laboratory sees them."""

    def __init__(self, site: Site, station: Station) -> None:
        self.site, self.station = site, station
        self.stations = LaboratoryStations(site.hub.laboratory, asyncio.get_running_loop(), "Li Wei")

    @property
    def leases(self) -> dict[str, lending.Lease]:
        return self.station.lending._leases

    async def open(self, driver: type, role: str, **settings: object):
        return await asyncio.to_thread(
            driver.open, ADDRESS + role, **{"name": role, "stations": self.stations, **settings}
        )

    async def ask(self, instrument, line: str, timeout: float = LATE) -> str:
        return await asyncio.to_thread(instrument.ask, line, timeout)

    def noted(self) -> list[dict]:
        rows = self.site.hub.laboratory.store.noted(what="link")
        return [{"who": row.who, **json.loads(row.data)} for row in reversed(rows)]


@asynccontextmanager
async def far_away(
    folder: HubFolder, tiny: Tiny, path: Path, write: tuple[str, ...] = ()
) -> AsyncIterator[Far]:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, path / "here")
        remote = RemoteSettings(write=write)
        site.folder.settings = site.folder.settings.model_copy(update={"remote": remote})
        async with site.up() as station:
            await station.liaison.greeted.wait()
            yield Far(site, station)


async def test_the_laboratorys_own_driver_reads_through_the_station(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    tiny.world.level = 4.5
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "Tiny bench/meter", serial="M1")
        assert (await asyncio.to_thread(meter.value.read)).value == 4.5
        (opened,) = far.noted()
        assert (opened["who"], opened["station"], opened["role"]) == ("Li Wei", "here", "meter")
        assert opened["request"] == "open"
        assert opened["done"]
        assert len(far.leases) == 1
        await asyncio.to_thread(meter.close)
        assert not far.leases
        again = await far.open(TinyMeter, "gauge")
        assert str(await asyncio.to_thread(again.identify)) == "Maker Tiny, SN M1, firmware 1.0"


async def test_a_line_is_given_back_whatever_its_name_means_by_then(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host name that another answer comes for: the line that was held is the one to give back."""
    names = iter(range(1_000_000))
    monkeypatch.setattr(Bench, "line", lambda *_: f"the line {next(names)}")
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        assert len(far.station.lending._lines) == 1
        await asyncio.to_thread(meter.close)
        assert not far.station.lending._lines


async def test_the_wrong_instrument_is_refused(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        with pytest.raises(WrongInstrument, match=r"M2 is expected, but .* answers at station://here/meter"):
            await far.open(TinyMeter, "meter", serial="M2")
        assert not far.leases, "nothing is held"
        tiny.world.serials["meter"] = "M3"
        with pytest.raises(WrongInstrument, match="serial number M1 is expected"):
            await far.open(TinyMeter, "meter")
        assert not far.leases
        assert [noted["done"] for noted in far.noted()] == [1, 0]


async def test_nothing_can_be_set_unless_the_site_allows_it(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with far_away(folder, tiny, tmp_path, write=("gauge",)) as far:
        source = await far.open(TinySource, "source")
        before = list(tiny.world.lines)
        with pytest.raises(ForbiddenCommand, match="'SOUR:LEV 3;:SYST:ERR\\?' is none of the questions"):
            await asyncio.to_thread(source.level.set, 3)
        with pytest.raises(ForbiddenCommand, match="none of the questions"):
            await far.ask(source, "SOUR:LEV?;:SOUR:LEV 3")
        with pytest.raises(ForbiddenCommand):
            await asyncio.to_thread(source.tell, "SOUR:LEV?")
        assert tiny.world.lines == before, "nothing was sent"
        assert (await asyncio.to_thread(source.level.read)).value == 0.0
        _, *refused = far.noted()
        assert [noted["done"] for noted in refused] == [0, 0, 0]
        assert refused[0]["who"] == "Li Wei"
        assert refused[0]["request"] == "ask b'SOUR:LEV 3;:SYST:ERR?'"
        assert "none of the questions" in refused[0]["reason"]


async def test_what_somebody_else_on_the_computer_works_with_is_not_lent(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        laboratory = far.site.hub.laboratory
        with Bench.load(tiny.bench).open():
            before = list(tiny.world.lines)
            with pytest.raises(
                ConfigurationError, match=f"is in use by .* \\(process {os.getpid()}\\) since"
            ):
                await far.open(TinyMeter, "meter")
            read = await laboratory.command("here", "read", "Li Wei", argument="/meter.value")
            assert not read.done
            assert f"(process {os.getpid()})" in read.reason
            assert tiny.world.lines == before, "nothing was sent"
            order = await far.site.order()
            assert "is in use by" in await far.site.refusal(order)
            given = laboratory.store.orders.find(order.id)
            assert given is not None
            assert given.state == "refused", "nobody has claimed it: its numbers may be given again"
        read = await laboratory.command("here", "read", "Li Wei", argument="/meter.value")
        assert read.done


async def test_a_channel_is_read_from_afar_by_its_number(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        laboratory = far.site.hub.laboratory
        read = await laboratory.command("here", "read", "Li Wei", argument="/meter.cells[17]")
        assert json.loads(read.content)["source"] == "gauge.cells[17]"
        assert json.loads(read.content)["value"] == 0.017
        refused = await laboratory.command("here", "read", "Li Wei", argument="/meter.cells[18]")
        assert "TinyMeter has no 'cells[18]'" in refused.reason


async def test_what_is_lent_is_kept_from_everybody_else_on_the_computer(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    tiny.bench.write_text(tiny.bench.read_text().replace("[roles]", SAME_LINE + "[roles]"))
    tiny.bench.write_text(tiny.bench.read_text().replace("{meter}", tiny.world.address("meter")))
    async with far_away(folder, tiny, tmp_path) as far:
        one, other = await far.open(TinyMeter, "meter"), await far.open(TinyMeter, "other")
        for instrument in (one, other):
            with pytest.raises(BenchInUse, match="by a link of Li Wei to Tiny bench/gauge of"):
                Bench.load(tiny.bench).connect()
            read = await far.site.hub.laboratory.command("here", "read", "Li Wei", argument="/meter.value")
            assert read.done, "the station itself may"
            await asyncio.to_thread(instrument.close)
        Bench.load(tiny.bench).connect().close()


SAME_LINE = """[instruments.other]
driver = "tiny:TinyMeter"
address = "{meter}"
"""
"""A second instrument on the meter's line, as on one gateway or readout."""


async def test_what_the_site_allows_can_be_set(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path, write=("Tiny bench/source",)) as far:
        source = await far.open(TinySource, "source")
        await asyncio.to_thread(source.level.set, 3)
        assert tiny.world.level == 3.0
        await asyncio.to_thread(source.tell, "SOUR:HEAR 1")
        await until(lambda: tiny.world.beats == [1])


async def test_a_run_goes_before_a_link(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    tiny.parameter("ask = true")
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        order = await far.site.order()
        await until(lambda: far.station.current is not None and far.station.current.live().prompt > 0)
        assert not far.leases
        with pytest.raises(LinkLost, match=f"the run {order.id} uses the instruments"):
            await asyncio.to_thread(meter.value.read)
        with pytest.raises(LinkLost, match="uses the instruments"):
            await far.open(TinySource, "source")
        prompt = far.station.current.live().prompt
        command = far.site.hub.laboratory.command
        assert (await command("here", "answer", "Li Wei", run=order.id, argument="yes", prompt=prompt)).done
        await far.site.state(order, "signed")
        await until(lambda: far.station.current is None)
        looked = looks(meter)
        await asyncio.to_thread(meter.value.read)
        assert looked == ["meter"]


def looks(instrument: Instrument) -> list[str]:
    """Return a list that grows each time the laboratory's driver makes sure who answers."""
    looked: list[str] = []
    usual = instrument.link.on_reopen

    def look() -> None:
        looked.append(instrument.name)
        usual()

    instrument.link.on_reopen = look
    return looked


class Holding:
    """Holds an instrument's answer."""

    def __init__(self, tiny: Tiny, line: str) -> None:
        self.arrived, self.release = threading.Event(), threading.Event()
        self._line = line
        tiny.world.before = self

    def __call__(self, name: str, line: str) -> None:
        if line == self._line and not self.arrived.is_set():
            self.arrived.set()
            self.release.wait(LATE)


@pytest.fixture
def holding(tiny: Tiny) -> Iterator[Holding]:
    held = Holding(tiny, "SOUR:LEV?")
    yield held
    held.release.set()


async def test_a_run_does_not_wait_for_a_reply_to_the_laboratory(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, holding: Holding
) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        source = await far.open(PatientSource, "source")
        waiting = asyncio.create_task(far.ask(source, "SOUR:LEV?"))
        await asyncio.to_thread(holding.arrived.wait, LATE)
        order = await far.site.order()
        with pytest.raises(ExchangeCancelled):
            await waiting
        holding.release.set()
        await far.site.state(order, "signed")
        kinds = [event["kind"] for event in far.site.journal(order)]
        assert kinds.count("observation") == 4


async def test_a_link_nobody_uses_ends(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        monkeypatch.setattr(lending, "LEASE_LASTS", 0.3)
        meter = await far.open(TinyMeter, "meter")
        await until(lambda: not far.leases)
        monkeypatch.undo()
        opened = len(far.noted())
        looked = looks(meter)
        assert (await asyncio.to_thread(meter.value.read)).value == 0.0
        assert looked == ["meter"]
        assert [noted["request"] for noted in far.noted()[opened:]] == ["open"]


async def test_an_instrument_is_lent_to_one_at_a_time(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        with pytest.raises(LinkLost, match="Li Wei has a link to Tiny bench/gauge: wait"):
            await far.open(TinyMeter, "gauge")
        source = await far.open(TinySource, "source")
        await asyncio.gather(*(asyncio.to_thread(item.read) for item in (meter.value, source.level)))
        await asyncio.to_thread(meter.close)
        await far.open(TinyMeter, "gauge")


async def test_the_agent_is_started_anew(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        far.station.stop()
        await until(lambda: not far.leases)
        await until(lambda: not far.site.folder.socket.exists())
        with pytest.raises(LinkError, match="meter at station://here/meter"):
            await asyncio.to_thread(meter.value.read)
        assert meter.link.suspect
        async with far.site.up() as station:
            await station.liaison.greeted.wait()
            assert (await asyncio.to_thread(meter.value.read)).value == 0.0
            assert not meter.link.suspect
            await asyncio.to_thread(meter.close)


async def test_a_request_that_was_overtaken_is_not_sent(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    """What a broker kept back, while the laboratory gave up and went on, must not be done any more."""
    async with far_away(folder, tiny, tmp_path) as far:
        source = await far.open(TinySource, "source")
        lease = next(iter(far.leases))

        async def ask(number: int, **changes: object) -> CommandAnswer:
            request = LinkRequest(what="ask", lease=lease, number=number, request=b"SOUR:LEV?".hex())
            argument = request.model_copy(update=changes).model_dump_json()
            return await far.site.hub.laboratory.send("here", "link", "Li Wei", argument=argument)

        assert (await ask(100)).done
        before = list(tiny.world.lines)
        for answer in (await ask(99), await ask(100)):
            assert not answer.done
            assert answer.reason == "a later request came first: ask again"
        late = await ask(101, timeout=lending.LONGEST_EXCHANGE + 1)
        assert not late.done
        assert "use a run" in late.reason
        other = await ask(102, connection=7)
        assert LinkAnswer.model_validate_json(other.content).missing == ""
        assert tiny.world.lines == [*before, "source SOUR:LEV?"]
        assert "can't be understood" in (await ask(103, request="no hexadecimal")).reason
        await asyncio.to_thread(source.close)


MAKING_SURE = {"meter *IDN?", "meter :SYST:ERR?"}
"""What is asked of an instrument whose line was cleaned."""


async def test_called_off_before_its_turn(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        before = list(tiny.world.lines)
        async with far.station.instruments:
            (lease,) = far.leases.values()
            number = lease.number + 1
            waiting = asyncio.create_task(far.ask(meter, "MEAS:VAL?"))
            await until(lambda: lease.number == number)
            meter.link.cancel()
            with pytest.raises(ExchangeCancelled, match=r"meter at station://here/.*meter.*called off"):
                await waiting
            await until(lambda: lease.called_off == number)
        assert await far.ask(meter, "MEAS:VAL?") == "0.0"
        asked = [line for line in tiny.world.lines[len(before) :] if line not in MAKING_SURE]
        assert asked == ["meter MEAS:VAL?"], "the first was never sent"


async def test_addresses_of_nothing(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    cases = {
        "here/Other/meter": "there is no bench 'Other'; at here there are: Tiny bench",
        "here/metre": "nothing on Tiny bench is called 'metre' or fills that role; there are: meter",
        "nowhere/meter": "nowhere is no station in the register",
    }
    async with far_away(folder, tiny, tmp_path) as far:
        for place, said in cases.items():
            with pytest.raises(RemotecalError, match=said):
                await asyncio.to_thread(TinyMeter.open, f"station://{place}", stations=far.stations)


async def test_doubts_reach_the_instruments_own_link(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        meter = await far.open(TinyMeter, "meter")
        (lease,) = far.leases.values()
        assert lease.connection == 0
        meter.link.suspect = True
        identified = tiny.world.lines.count("meter *IDN?")
        assert await far.ask(meter, "MEAS:VAL?") == "0.0"
        assert lease.connection == 1, "the station cleaned the connection"
        assert tiny.world.lines.count("meter *IDN?") == identified + 2, "station and laboratory looked"
        assert await far.ask(meter, "MEAS:VAL?") == "0.0"
        assert lease.connection == 1


async def test_a_station_with_two_benches_wants_to_know_which(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with far_away(folder, tiny, tmp_path) as far:
        other = tiny.directory / "other.toml"
        other.write_text(tiny.bench.read_text().replace("Tiny bench", "Other bench"))
        settings = far.site.folder.settings.model_copy(update={"benches": (str(tiny.bench), str(other))})
        far.site.folder.settings = settings
        with pytest.raises(
            ConfigurationError, match="say which bench; at here there are: Tiny bench, Other bench"
        ):
            await far.open(TinyMeter, "meter")
        await far.open(TinyMeter, "Other bench/meter")


async def test_a_site_that_allows_what_is_not_there_does_not_start(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        with (site.folder.path / "station.toml").open("a") as settings:
            settings.write('\n[remote]\nwrite = ["Tiny bench/sauce"]\n')
        with pytest.raises(BenchError, match="is called 'sauce' or fills that role"):
            await Station(StationFolder(site.folder.path)).run()


def test_an_address_at_a_station_needs_the_laboratory(tiny: Tiny) -> None:
    text = tiny.bench.read_text().replace(tiny.world.address("meter"), "station://here/meter")
    tiny.bench.write_text(text)
    opened = Bench.load(tiny.bench).connect()
    opened.close()
    assert "gauge: station://here/meter leads through a station" in opened.failed()
    with pytest.raises(BenchError, match=r"the settings of its port stand in the bench file at here"):
        TinyMeter.open("station://here/meter", port=Serial())
    with pytest.raises(BenchError, match=r"(?s)no address.*write one of.*station://site-7/thermometer"):
        TinyMeter.open("station://here")


@pytest.fixture
def both(tmp_path: Path, folder: HubFolder, tiny: Tiny) -> Iterator[Processes]:
    with processes(tmp_path, folder, tiny, 1) as running:
        yield running


def test_on_the_command_line(both: Processes, tmp_path: Path) -> None:
    """`bench check`, by a process of its own, and `hub read` at the laboratory, a station at the site."""
    hub = ["--hub", both.folder.path]
    here = tmp_path / "laboratory.toml"
    text = both.tiny.bench.read_text().replace("PatientSource", "HastySource")
    both.tiny.bench.write_text(text)
    for name in ("source", "gauge"):
        address = both.tiny.world.address("meter" if name == "gauge" else name)
        text = text.replace(address, f"station://here/Tiny bench/{name}")
    here.write_text(text)
    table = " ".join(call_process("bench", "check", here, *hub).split())
    assert "Maker Tiny," in table
    assert "SN M1," in table
    assert table.count("good") == 2
    both.tiny.world.level = 2.5
    both.tiny.world.deaf.add("source")
    assert call("hub", "read", "station://here/meter", "value", *hub) == "gauge.value 2.5 V\n"
    audit = call("hub", "audit", *hub)
    assert audit.count('"request": "open"') == 2
