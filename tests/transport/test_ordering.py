"""An order that can't be carried out is refused where it is written, and whoever wrote it is told."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from dosing.bench import DosingStand
from dosing.procedure import Dosing
from laboratories import hub_up
from sites import BENCH, enrol_site, until
from tiny_bench import Tiny

from remotecal.bench import Bench
from remotecal.certificates.signing.seal import SealKey, new_seal_key
from remotecal.cli import main
from remotecal.errors import OrderError, ParameterError
from remotecal.hub import laboratory
from remotecal.hub.ordering import check_order
from remotecal.hub.settings import HubFolder
from remotecal.order import Order
from remotecal.pages.words import words
from remotecal.private_files import write_private
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find
from remotecal.runs.verification import check_verification
from remotecal.station.held import held
from remotecal.store.stations import StationRow
from remotecal.transport.messages import BenchAnnounced


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Order, Bench]:
    with DosingStand.up(tmp_path_factory.mktemp("rig")) as rig:
        return Order.load(rig.order), Bench.load(rig.bench)


def station(bench: Bench, **changes: object) -> StationRow:
    """Return a station that has said that it has a bench."""
    instruments = {name: entry.driver for name, entry in bench.file.instruments.items()}
    said = BenchAnnounced(
        name=bench.name, sha256=bench.sha256, instruments=instruments, roles=bench.file.roles
    )
    announced = json.dumps({"benches": [said.model_dump() | changes]})
    return StationRow("site-7", "", True, 0.0, "", 0.0, "session", 0.0, announced, 0)


def check(order: Order, at: StationRow, bench: str, **parameters: object) -> None:
    whole = order.model_copy(update={"parameters": {**order.parameters, **parameters}})
    check_order(whole, find(order.order.procedure), at, bench)


def test_what_fits_is_let_pass(stand: tuple[Order, Bench]) -> None:
    order, bench = stand
    check(order, station(bench), bench.name)
    check(order, station(bench, roles=None), bench.name)  # an earlier version does not tell who fills a role
    check(order, station(bench, instruments={"dut": "somebody:Else"}, roles=None), bench.name)
    known = {name: entry.driver for name, entry in bench.file.instruments.items()}
    by_table = {**known, "balance": "LineMap"}  # what it can do stands in a file at the station
    check(order, station(bench, instruments=by_table), bench.name)


def test_what_the_station_would_refuse_is_refused(stand: tuple[Order, Bench]) -> None:
    order, bench = stand
    with pytest.raises(OrderError, match=r"there is no bench 'Dozing' at site-7"):
        check(order, station(bench), "Dozing")
    with pytest.raises(ParameterError, match=r"point 500 %, speed: 500 % is beyond the pump"):
        check(order, station(bench), bench.name, speeds=[500])
    with pytest.raises(ParameterError, match="repeats must be at least 2; it is 1"):
        check(order, station(bench), bench.name, repeats=1)
    fewer = {name: entry.driver for name, entry in bench.file.instruments.items() if name != "balance"}
    with pytest.raises(OrderError, match="nothing fills the role balance: Balance"):
        check(order, station(bench, instruments=fewer), bench.name)
    with pytest.raises(OrderError, match="balance can't fill the role balance"):
        check(order, station(bench, instruments={**fewer, "balance": "VaisalaPtu300"}), bench.name)


def test_a_verification_that_could_not_be_stated_is_refused_in_both_languages(
    stand: tuple[Order, Bench],
) -> None:
    order, bench = stand

    class Unjudged(Dosing):
        def held_against(self) -> tuple[str, ...]:
            return ()

    found = find(order.order.procedure)
    one, second = (order.dut.model_copy(update={"on": place}) for place in ("pump", "other"))
    two = order.model_copy(update={"dut": None, "duts": (one, second)})
    by_regulation = {**order.parameters, "norm": "JJG 1-2026"}
    for changed, procedure, said, chinese in (
        (order, found, "judged by DOSE 1-2026, which is no verification regulation", "不是检定规程"),
        (order, replace(found, procedure=Unjudged), "Unjudged names no document", "没有给出"),
        (two.model_copy(update={"parameters": by_regulation}), found, 'certificates = "each"', "2 台器具"),
    ):
        head = changed.order.model_copy(update={"verification": True})
        wanted = changed.model_copy(update={"order": head})
        with pytest.raises(OrderError, match=said) as why:
            check_order(wanted, procedure, station(bench), bench.name)
        assert chinese in words("zh").refusal(str(why.value))[0]
    single = head.model_copy(update={"certificates": "each"})
    kind = found.procedure(read_parameters(Dosing.accepts(), by_regulation, ""))
    check_verification(wanted.model_copy(update={"order": single}), kind)
    passed = order.model_copy(update={"order": head})
    check(passed, station(bench), bench.name, norm="JJG 1-2026")


def test_a_bench_whose_standard_ends_before_the_day_is_refused_and_others_are_named(
    stand: tuple[Order, Bench],
) -> None:
    order, bench = stand
    ends = {"name": "balance", "serial": "B-1", "certificate": "C-9", "valid_until": "2026-11-30"}
    ended, found = station(bench, holds=[ends]), find(order.order.procedure)
    other = replace(station(bench), name="site-8")
    last, after = date(2026, 11, 30), date(2026, 12, 1)
    check_order(order, found, ended, bench.name, last)
    check_order(order, found, ended, bench.name)
    with pytest.raises(
        OrderError, match=r"balance \(B-1\) holds until 2026-11-30 by its certificate C-9"
    ) as why:
        check_order(order, found, ended, bench.name, after, [ended, other])
    assert f"this could do it: '{bench.name}' at site-8" in str(why.value)
    revoked = replace(other, enabled=False)
    with pytest.raises(OrderError, match="no other bench could do it"):
        check_order(order, found, ended, bench.name, after, [ended, revoked])
    fact = {"name": "drift", "valid_until": "2026-11-30"}
    with pytest.raises(OrderError, match="drift holds until 2026-11-30 by what is said of it"):
        check_order(order, found, station(bench, holds=[fact]), bench.name, after)


def test_a_station_tells_until_when_what_it_has_holds(stand: tuple[Order, Bench]) -> None:
    _, bench = stand
    told = {one.name: one for one in held(bench)}
    day = date(2026, 11, 30)
    for name, entry in bench.standards.items():
        if entry.certificate is None:
            assert name not in told
            continue
        used = bench.certificate(name, day)
        assert told[name].valid_until == used.certificate.valid_until
        assert told[name].certificate == used.certificate.number
        (item,) = used.certificate.record.items
        assert told[name].called == dict(item.name.root)
    assert told.keys() >= bench.file.characteristics.keys()
    assert len(told) > len(bench.file.characteristics)
    name = next(name for name, entry in bench.standards.items() if entry.certificate is not None)
    line = f'certificate = "{bench.standards[name].certificate}"'
    earlier = bench.path.with_name("earlier.toml")
    earlier.write_text(bench.path.read_text().replace(line, f"{line}\nvalid_until = 2026-01-02", 1))
    said = {one.name: one.valid_until for one in held(Bench.load(earlier))}
    assert said[name] == date(2026, 1, 2)


async def test_the_command_ends_by_what_the_station_says(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with hub_up(folder) as hub:
        trusted, stranger = tmp_path / "trusted.pem", tmp_path / "stranger.pem"
        for key in (trusted, stranger):
            write_private(key, new_seal_key())
        pinned = [SealKey.read(trusted).public.text]
        site = await enrol_site(hub, tiny, tmp_path / "here", consent=True, trusted=pinned)

        async def order(author: Path, bench: str = BENCH, at: str = "here") -> tuple[int, str, str]:
            where = ["--hub", str(folder.path), "--station", at, "--bench", bench, "--author", str(author)]
            code = await asyncio.to_thread(main, ["order", str(tiny.order), *where])
            return code, *capsys.readouterr()

        code, run, said = await order(trusted)
        assert code == 0, said
        assert "here can't be reached now" in said
        hub.laboratory.store.orders.withdraw(run.strip(), "a test")
        async with site.up() as agent:
            await agent.liaison.greeted.wait()
            code, run, said = await order(stranger)
            assert code == 2
            assert f"here refuses the order {run.strip()}: the bundle is not trusted here" in said
            code, run, said = await order(trusted, bench="Tiny bensh")
            assert (code, run) == (2, "")
            assert "there is no bench 'Tiny bensh' at here, did you mean 'Tiny bench'?" in said
            code, run, said = await order(trusted, at="there")
            assert (code, run) == (2, "")
            assert "there is no station" in said
            code, run, said = await order(trusted)
            assert code == 0, said
            assert said == "the order waits until somebody at here agrees\n"
            await until(lambda: agent.consent.order is not None)
            decline = ["station", "decline", "--station", str(site.folder.path)]
            with pytest.raises(SystemExit):  # the laboratory is to know why
                await asyncio.to_thread(main, decline)
            assert "REASON" in capsys.readouterr().err
            assert agent.consent.order is not None
            assert await asyncio.to_thread(main, [*decline, "the hose leaks"]) == 0
            assert capsys.readouterr().out == "The order is sent back, and the laboratory is told why.\n"
            assert tiny.world.lines == []


async def test_a_run_is_watched_or_it_is_said_why_not(
    folder: HubFolder,
    tiny: Tiny,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(laboratory, "CONNECT_WITHIN", 1.0)

    async def watch(run: str, *where: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["watch", run, *(where or ("--hub", str(folder.path)))])
        said = capsys.readouterr()
        return code, said.err or said.out

    code, said = await watch("any", "--hub", str(tmp_path / "nowhere"))
    assert code == 2
    assert "say where the hub's directory is with --hub, or make one with `remotecal hub init`" in said
    code, said = await watch("any")
    assert code == 7
    assert "is the hub up?" in said
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        code, said = await watch("any")
        assert (code, "no run begins with 'any': `remotecal runs` lists them all" in said) == (2, True)
        order = await site.order()
        code, said = await watch(order.id)
        assert (code, f"{order.id} has not begun: its order waits for here" in said) == (2, True)
        async with site.up():
            await site.recomputed(order)
            code, said = await watch(order.id)
            assert (code, f"{order.id} is not on; its journal here ends with it signed" in said) == (0, True)
        code, said = await watch(order.id)
        assert code == 7
        assert "can't be watched: here can't be reached now" in said
        assert "`remotecal station up` starts the agent" in said
        refused = await site.order(bench="Another")
        async with site.up():
            await site.refusal(refused)
        code, said = await watch(refused.id)
        assert (code, "its order was refused: there is no bench 'Another'" in said) == (2, True)


async def test_a_revoked_station_is_told_what_to_do(
    folder: HubFolder,
    tiny: Tiny,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as agent:
            await agent.liaison.greeted.wait()
            caplog.clear()
            await hub.laboratory.revoke("here", "Li Wei")
            await until(lambda: "has revoked here" in agent.liaison.control.trouble)
            chinese, language = words("zh").refusal(agent.liaison.control.trouble)
            assert (language, "enrol elsewhere" in chinese) == ("zh", False)
            advice = f"(`remotecal station enrol CODE --at HOST:PORT --station {site.folder.path}`)"
            told = [record for record in caplog.records if advice in record.getMessage()]
            assert len(told) in (1, 2), "once for each connection"
            where = ["--station", str(site.folder.path)]
            assert await asyncio.to_thread(main, ["station", "state", *where]) == 0
            said = capsys.readouterr().out
            assert "There is no connection to" in said
            assert "Ask there for a new code (`remotecal hub invite here`)" in said
            capsys.readouterr()
            monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
            assert (await asyncio.to_thread(main, ["station", *where, "state"])) == 0
            assert re.fullmatch(
                r"与实验室没有连接：.*\n没有正在进行的运行。\n", capsys.readouterr().out, re.DOTALL
            )
            assert (await asyncio.to_thread(main, ["station", *where, "agree"])) == 2
            assert capsys.readouterr().err == "remotecal: 没有等待同意的委托。\n"
