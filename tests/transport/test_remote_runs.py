"""An order given at the laboratory is carried out at the site, and everything comes back."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from at_rest import journal_in
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from laboratories import hub_up
from sites import Site, Watching, enrol_site, until
from sqlalchemy import delete
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.errors import CertificateRefused, ConfigurationError, NotConnected, RemotecalError
from remotecal.hub.issuing import issue
from remotecal.hub.settings import HubFolder
from remotecal.hub.standing import standing
from remotecal.journal.events import ON_SITE, found_in
from remotecal.journal.resting import unpack_journal
from remotecal.order import Order
from remotecal.station import acceptance
from remotecal.station import agent as station_module
from remotecal.station.on_site import Wish, wish_for
from remotecal.station.run import Stage, StationRun
from remotecal.store.tables import journal_lines, runs
from remotecal.transport import subjects
from remotecal.transport.bundles import make_bundle
from remotecal.transport.consent import ConsentAwaited
from remotecal.transport.envelopes import seal, unseal, unseal_reply
from remotecal.transport.messages import (
    AfterCrash,
    Command,
    CommandAnswer,
    ProcedureNamed,
    RemoteOrder,
    Terms,
)
from remotecal.transport.pki import Authority


async def test_from_the_order_to_the_record(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up():
            order = await site.order()
            await site.state(order, "signed")
            await site.recomputed(order)
        assert site.arrived_whole(order)
        kinds = [event["kind"] for event in site.journal(order)]
        assert kinds[0] == "start"
        assert kinds[-2:] == ["finish", "signature"]
        assert kinds.count("observation") == 4
        record = hub.laboratory.store.records.find("here", order.id)
        assert record is not None
        assert record.agrees
        assert json.loads(record.record)["number"] == "T-1"
        assert tiny.world.level == 0, "the rig was left safe"
        (claim,) = hub.laboratory.store.noted(what="claim")
        assert claim.who == "here"


async def test_an_order_issued_while_the_station_was_away(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        first, second = await site.order(), await site.order()
        async with site.up():
            await site.state(first, "signed")
            await site.state(second, "signed")
        rows = {row.run: row.began for row in hub.laboratory.store.pages.runs(100)}
        assert rows[first.id] < rows[second.id]


async def refused(site: Site, **terms: object) -> str:
    async with site.up():
        order = await site.order(**terms)
        reason = await site.refusal(order)
        assert site.run_row(order) is None
        assert not (site.folder.runs / order.id).exists()
    assert site.tiny.world.lines == [], "no instrument was spoken to"
    return reason


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"bench": "Another"}, "there is no bench 'Another' at here; there are: Tiny bench"),
        ({"bundle": ""}, "procedure 'tiny_procedure.py' with the hash"),
    ],
)
async def test_an_order_that_does_not_fit_is_refused(folder, tiny, tmp_path, terms, said) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        assert said in await refused(site, **terms)


async def test_an_unknown_authors_procedure_is_refused(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        reason = await refused(site, author=SealKey(Ed25519PrivateKey.generate()))
        assert "the bundle is not trusted here" in reason
        assert not site.folder.procedures.exists(), "nothing of it was written"


async def test_parameters_that_do_not_fit_are_refused(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    tiny.parameter("repeats = 0")
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        assert "repeats must be at least 1; it is 0" in await refused(site)


async def test_a_procedure_of_another_version_is_refused(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        other = ProcedureNamed(name="dosing", sha256="0" * 64)
        async with site.up():
            order = await hub.laboratory.issue(
                Order.load(tiny.order), other, "here", Terms(bench="Tiny bench"), "Li Wei"
            )
            assert "the order wants 000000000000…" in await site.refusal(order)


async def test_without_consent_nothing_moves(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here", consent=True)
        async with site.up() as station:
            order = await site.order()
            await until(lambda: station.consent.order is not None)
            state = await wish_for(site.folder.socket, Wish(verb="state"))
            assert json.loads(state.content)["waits_for_consent"]["by"] == "Li Wei"
            assert tiny.world.lines == []
            assert (await wish_for(site.folder.socket, Wish(verb="decline"))).done
            assert await site.refusal(order) == "the person on site does not agree"
            again = await site.order()
            await until(lambda: station.consent.order is not None)
            assert (await wish_for(site.folder.socket, Wish(verb="agree"))).done
            await site.state(again, "signed")
        assert site.run_row(order) is None


async def test_who_does_not_answer_in_time_has_not_agreed(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here", consent=True)
        store = hub.laboratory.store

        def waits() -> ConsentAwaited | None:
            return standing(store.stations.get("here"), time.time()).waits

        async with site.up() as station:
            late = await site.order(lasts=2.0)
            assert await site.refusal(late) == "nobody on site has answered before the order expired"
            again = await site.order()
            await until(lambda: station.consent.order is not None)
            assert station.consent.order == again, "the next one is asked about"
            await until(lambda: waits() is not None)
        kept = ConsentAwaited.model_validate_json(site.folder.consent.read_bytes())
        assert (kept.order, kept.expires) == (again.id, again.expires)
        store.orders.withdraw(again.id, "it is handed out no more, as one that expired")
        over = kept.model_copy(update={"expires": again.issued - 1.0})
        site.folder.consent.write_text(over.model_dump_json())
        async with site.up():
            await until(lambda: waits() is None)


async def killed(
    site: Site, tiny: Tiny, after_crash: AfterCrash, left: Callable[[list[bytes]], list[bytes]]
) -> StationRun:
    """Return a run whose station was killed: its journal has what is `left` of the lines, its rig is on.

    The laboratory has nothing of it yet.
    """
    async with site.up():
        order = await site.order(after_crash=after_crash)
        await site.state(order, "signed")
        run = StationRun(order, site.folder)
        await until(run.done)
    cut_back(site, run, left)
    tiny.world.level = 2.0
    return run


def cut_back(site: Site, run: StationRun, left: Callable[[list[bytes]], list[bytes]]) -> None:
    """Leave a station what it had of a run when it was killed, and the laboratory nothing."""
    lines = journal_in(run.directory).splitlines(keepends=True)
    unpack_journal(run.directory)
    found_in(run.directory).write_bytes(b"".join(left(lines)))
    (run.papers / "done").unlink()
    with site.hub.laboratory.store.database.begin() as connection:
        for table in (journal_lines, runs):
            connection.execute(delete(table).where(table.c.run == run.order.id))


def to_the_last_repeat(lines: list[bytes]) -> list[bytes]:
    last = max(at for at, line in enumerate(lines) if b'"kind":"repeat"' in line)
    return lines[: last + 1]


@pytest.mark.parametrize("after_crash", ["resume", "make_safe"])
async def test_the_rig_of_a_killed_run_is_made_safe_though_the_station_refuses_it(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, after_crash: AfterCrash
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        run = await killed(site, tiny, after_crash, to_the_last_repeat)
        as_it_was = tiny.bench.read_text()
        tiny.bench.write_text(as_it_was.replace("2100-01-01", "2020-01-01"))
        async with site.up():
            await until(lambda: bool(run.ended))
        assert tiny.world.level == 0
        assert "was valid until 2020-01-01" in run.ended
        assert "were brought to their safe states" in run.ended
        (run.papers / "ended").unlink()
        tiny.world.level = 2.0
        async with site.up():
            await until(lambda: bool(run.ended))
        assert run.ended.endswith("was valid until 2020-01-01: determine it anew")
        assert tiny.world.level == 2, "somebody may work with it by now"
        tiny.bench.write_text(as_it_was)
        async with site.up():
            await until(lambda: run.stage in {Stage.SIGNED, Stage.STOPPED})
        assert run.stage is (Stage.SIGNED if after_crash == "resume" else Stage.STOPPED)


async def test_the_rig_of_a_killed_run_is_made_safe_though_its_journal_is_broken(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        run = await killed(site, tiny, "resume", lambda lines: [*lines[:9], b"no event\n", *lines[9:12]])
        async with site.up():
            await until(lambda: bool(run.ended))
            again = await site.order()
            await site.state(again, "signed")
        assert tiny.world.level == 0
        assert "were brought to their safe states" in run.ended


async def test_an_order_of_which_a_killed_station_kept_nothing_is_carried_out(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    """It is killed with the folder made, and the order not in it yet."""
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        order = await site.order()
        StationRun(order, site.folder).papers.mkdir(parents=True)
        async with site.up():
            await site.state(order, "signed")
        assert site.arrived_whole(order)


@pytest.mark.parametrize("left", [0, 1, 2])
async def test_who_agreed_stands_in_the_journal_whenever_a_station_is_killed(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, left: int
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here", consent=True)
        async with site.up() as station:
            order = await site.order()
            await until(lambda: station.consent.order is not None)
            assert (await wish_for(site.folder.socket, Wish(verb="agree"))).done
            await site.state(order, "signed")
            run = StationRun(order, site.folder)
            await until(run.done)
        cut_back(site, run, lambda lines: lines[:left])
        async with site.up():
            await until(run.done)
        agreed = [event["data"] for event in site.journal(order) if event["data"].get("verb") == "agree"]
        assert [one["by"] for one in agreed] == [ON_SITE]
        assert site.arrived_whole(order)


async def test_an_agent_stops_while_nobody_answers_its_claim(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station_module, "FAREWELL", 0.1)
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        order = await site.order()
        row = hub.laboratory.store.orders.find(order.id)
        assert row is not None
        run = StationRun(order, site.folder)
        run.keep(row.envelope)
    async with site.up() as station:
        await until(lambda: bool(station.liaison.control.trouble))
    assert not run.done(), "it is claimed the next time"
    async with hub_up(folder) as site.hub, site.up():
        await site.state(order, "signed")


async def test_a_forged_certificate_does_not_replace_the_good_one(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What brings the next certificate is not signed, and a station has but one to connect with."""
    hub_toml = folder.path / "hub.toml"
    hub_toml.write_text(hub_toml.read_text() + "\n[certificates]\ndays = 0.00005\n")
    async with hub_up(HubFolder(folder.path)) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        first = site.folder.identity.read_bytes()
        hub._authority = Authority.create("Water laboratory")
        async with site.up():
            registered = hub.laboratory.store.stations.get("here").certificate
            await until(lambda: hub.laboratory.store.stations.get("here").certificate != registered)
            await until(lambda: "not the authority's" in caplog.text)
            assert site.folder.identity.read_bytes() == first


def examine(envelope: bytes, site: Site) -> None:
    acceptance.check_time(acceptance.read_order(envelope, site.folder), time.time())


async def test_forged_altered_expired_and_foreign_orders(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    """What a broker that is not to be trusted could hand out."""
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        bundle, procedure = site.bundle()
        now = time.time()

        def order(**changes: object) -> RemoteOrder:
            good = RemoteOrder(
                id="forged-1",
                station="here",
                bench="Tiny bench",
                procedure=procedure,
                order=Order.load(tiny.order),
                issued=now,
                expires=now + 100,
                by="somebody",
                bundle=bundle,
            )
            return good.model_copy(update=changes)

        key, stranger = hub.laboratory.key, SealKey(Ed25519PrivateKey.generate())
        altered = json.loads(seal("order", order(), key))
        altered["payload"] = altered["payload"][:-8] + "AAAAAAA="
        cases = {
            "is signed by": seal("order", order(), stranger),
            "the signature is not that": json.dumps(altered).encode(),
            "is for there": seal("order", order(station="there"), key),
            "a signed order was due": seal("command", order(), key),
            "the order expired": seal("order", order(id="late-1", expires=now - 5), key),
            "no name for a run": seal("order", order(id="../../etc"), key),
        }
        for said, envelope in cases.items():
            with pytest.raises(RemotecalError, match=said):
                examine(envelope, site)
        examine(seal("order", order(), key), site)


async def test_a_station_whose_clock_is_wrong_begins_nothing(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        right = time.time

        class WrongTime:
            @staticmethod
            def time() -> float:
                return right() + 3600

        monkeypatch.setattr(acceptance, "time", WrongTime)
        assert "clock differs from the laboratory's by 3600 s: set it right" in await refused(site)


async def test_an_order_handed_out_twice_is_carried_out_once(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            await site.state(order, "signed")
            row = hub.laboratory.store.orders.find(order.id)
            assert row is not None

            before = list(tiny.world.lines)
            hub.laboratory.store.orders.next = lambda *_: row
            station.nudge()
            assert "an order is carried out once" in await site.refusal(order)
        assert len(hub.laboratory.store.pages.runs(100)) == 1
        assert tiny.world.lines == before, "no instrument was spoken to again"


ONE_RUN = 2
"""How often a run asks an instrument who it is."""


async def test_a_cloned_station_carries_nothing_out(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    """Two disks with the same keys: whoever claims the order first runs it."""
    import shutil

    from remotecal.station.folder import StationFolder
    from remotecal.station.run import StationRun

    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        clone = Site(
            hub, tiny, StationFolder(shutil.copytree(site.folder.path, tmp_path / "clone")), site.author
        )
        async with site.up(), clone.up():
            order = await site.order()
            await site.state(order, "signed")
            there = [StationRun(order, folder) for folder in (site.folder, clone.folder)]
            await until(lambda: sum(run.done() or not run.papers.exists() for run in there) == 2)
        begun = [run for run in there if found_in(run.directory).exists()]
        assert len(begun) == 1
        assert tiny.world.lines.count("source *IDN?") == ONE_RUN


@pytest.fixture
def asking(tiny: Tiny) -> Tiny:
    """A bench whose procedure asks before it begins, so that a run can be looked at."""
    tiny.parameter("ask = true")
    return tiny


async def watch(site: Site, order: RemoteOrder) -> Watching:
    watching = Watching()
    await site.hub.laboratory.watch(site.folder.name, order.id, watching)
    return watching


async def test_questions_are_answered_from_afar(folder: HubFolder, asking: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up():
            order = await site.order()
            watching = await watch(site, order)
            asked = await watching.until(lambda live: live.prompt > 0)
            assert asked.question == {"zh": "可以开始吗?", "en": "May it begin?"}
            assert asked.options == ("yes", "no")

            async def answer(text: str, prompt: int = asked.prompt) -> CommandAnswer:
                return await hub.laboratory.command(
                    "here", "answer", "Li Wei", run=order.id, argument=text, prompt=prompt
                )

            assert (await answer("perhaps")).reason == "answer one of: yes, no"
            assert (await answer("yes", 7)).reason == "this question is not open any more"
            assert (await answer("yes")).done
            assert not (await answer("no")).done
            shown = await watching.until(lambda live: live.answered == "yes")
            assert shown.answered_by == "Li Wei"
            await site.state(order, "signed")
        (given,) = (event for event in site.journal(order) if event["kind"] == "answer")
        assert (given["data"]["answer"], given["data"]["by"]) == ("yes", "Li Wei")


async def test_the_person_on_site_may_be_first(folder: HubFolder, asking: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up():
            order = await site.order()
            asked = await (await watch(site, order)).until(lambda live: live.prompt > 0)
            assert (await wish_for(site.folder.socket, Wish(verb="answer", argument="no"))).done
            late = await hub.laboratory.command(
                "here", "answer", "Li Wei", run=order.id, argument="yes", prompt=asked.prompt
            )
            assert not late.done
            await site.state(order, "signed")
        (given,) = (event for event in site.journal(order) if event["kind"] == "answer")
        assert (given["data"]["answer"], given["data"]["by"]) == ("no", "on site")


async def test_pausing_going_on_and_aborting(folder: HubFolder, asking: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up():
            order = await site.order()
            watching = await watch(site, order)
            asked = await watching.until(lambda live: live.prompt > 0)

            async def command(verb, argument: str = "", prompt: int = 0) -> CommandAnswer:
                return await hub.laboratory.command(
                    "here", verb, "Li Wei", run=order.id, argument=argument, prompt=prompt
                )

            assert (await command("pause")).done
            assert (await command("answer", "yes", asked.prompt)).done
            await watching.until(lambda live: live.state == "paused")
            await site.state(order, "paused")
            assert (await command("abort", "the tank leaks")).done
            row = await site.state(order, "aborted")
            await until(lambda: site.arrived_whole(order))
            assert row.state == "aborted"
            with pytest.raises(CertificateRefused, match="aborted before its end"):
                issue(folder, hub.laboratory.store, "here", order.id, tmp_path / "issued")
            ended = await watching.until(lambda live: "the tank leaks" in live.state)
            assert ended.state == "the run was stopped: the tank leaks (Li Wei)"
            assert not (await command("go_on")).done
        journal = site.journal(order)
        assert [event["kind"] for event in journal][-3:] == ["control", "abort", "safe"]
        acts = [event["data"] for event in journal if event["kind"] == "control"]
        assert [(act["verb"], act["by"], act["reason"]) for act in acts] == [
            ("take_control", "Li Wei", ""),
            ("pause", "Li Wei", ""),
            ("abort", "Li Wei", "the tank leaks"),
        ]
        assert asking.world.level == 0
        assert "the tank leaks" in hub.laboratory.store.orders.find(order.id).reason


async def test_one_person_controls_until_another_takes_over(
    folder: HubFolder, asking: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            await until(lambda: station.current is not None and station.current.live().prompt > 0)

            async def command(verb, by: str, argument: str = "") -> CommandAnswer:
                return await hub.laboratory.command(
                    "here", verb, by, run=order.id, argument=argument, prompt=1
                )

            assert (await command("pause", "Li Wei")).done
            refused = await command("go_on", "Zhang")
            assert refused.reason == "Li Wei controls this run: take control first, or ask them"
            assert station.current.live().state == "asking"
            assert (await command("take_control", "Zhang")).done
            assert not (await command("go_on", "Li Wei")).done
            assert (await command("go_on", "Zhang")).done
            assert (await command("release_control", "Zhang")).done
            assert station.current.live().holder == ""
            assert (await command("answer", "Li Wei", "yes")).done
            await site.state(order, "signed")
        noted = [(row.who, row.what) for row in reversed(hub.laboratory.store.noted())]
        assert ("Zhang", "take_control") in noted
        acts = [event["data"] for event in site.journal(order) if event["kind"] == "control"]
        assert {"verb": "take_control", "by": "Zhang", "reason": "from Li Wei"} in acts
        assert {"verb": "release_control", "by": "Zhang", "reason": ""} in acts


async def test_forged_replayed_and_late_commands(folder: HubFolder, asking: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            await until(lambda: station.current is not None)

            def command(**changes: object) -> Command:
                good = Command(
                    id="1",
                    station="here",
                    session=station.liaison.session,
                    verb="pause",
                    run=order.id,
                    by="x",
                    expires=time.time() + 60,
                )
                return good.model_copy(update=changes)

            async def give(content: bytes) -> CommandAnswer:
                reply = await hub.laboratory.connection.request(subjects.command("here", "pause"), content)
                return unseal_reply(reply, content, CommandAnswer, [station.liaison.key.public])

            key, stranger = hub.laboratory.key, SealKey(Ed25519PrivateKey.generate())
            for said, content in {
                "is signed by": seal("command", command(), stranger),
                "is for there": seal("command", command(station="there"), key),
                "an earlier start": seal("command", command(session="before"), key),
                "too late": seal("command", command(expires=time.time() - 1), key),
                "nobody at the laboratory is on site": seal("command", command(by="on site"), key),
                "a signed command was due": seal("hello", command(), key),
                "no signed command": b"abort!",
            }.items():
                answer = await give(content)
                assert not answer.done
                assert said in answer.reason
            assert not station.current.control.paused
            good = seal("command", command(), key)
            assert (await give(good)).done
            station.current.control.go_on()
            assert "obeyed before" in (await give(good)).reason
            assert not station.current.control.paused


async def test_single_instruments_are_read_while_no_run_is_on(
    folder: HubFolder, asking: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, asking, tmp_path / "here")
        async with site.up() as station:
            await station.liaison.greeted.wait()

            async def read(what: str) -> CommandAnswer:
                return await hub.laboratory.command("here", "read", "Li Wei", argument=what)

            measured = json.loads((await read("Tiny bench/gauge.value")).content)
            assert (measured["value"], measured["unit"]) == (0.0, "V")
            assert "has no 'valeu', did you mean value?" in (await read("Tiny bench/gauge.valeu")).reason
            assert "there is no bench 'Other'" in (await read("Other/gauge.value")).reason
            asking.world.deaf.add("source")
            assert (await read("/meter.value")).done, "the one bench, by role, whatever else is dead there"
            asking.world.deaf.clear()
            await site.order()
            await until(lambda: station.current is not None and station.current.live().prompt > 0)
            assert "uses the instruments" in (await read("Tiny bench/gauge.value")).reason


async def test_a_station_nobody_has_heard_of_says_so(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        with pytest.raises(ConfigurationError, match="was never heard of"):
            await hub.laboratory.command("here", "state", "Li Wei")
        async with site.up() as station:
            await station.liaison.greeted.wait()
        with pytest.raises(NotConnected, match="not connected"):
            await hub.laboratory.command("here", "state", "Li Wei")


async def test_certificates_renew_themselves(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    (folder.path / "hub.toml").write_text(
        (folder.path / "hub.toml").read_text() + "\n[certificates]\ndays = 0.00005\n"
    )
    async with hub_up(HubFolder(folder.path)) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        first = site.folder.identity.read_bytes()
        async with site.up() as station:
            await station.liaison.greeted.wait()
            await until(lambda: site.folder.identity.read_bytes() != first)
            second = site.folder.identity.read_bytes()
            await until(lambda: site.folder.identity.read_bytes() != second)
            order = await site.order()
            await site.state(order, "signed")


async def test_what_the_laboratory_hands_out_is_what_was_signed(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        order = await site.order()
        row = hub.laboratory.store.orders.find(order.id)
        assert row is not None
        assert unseal(row.envelope, "order", RemoteOrder, [hub.laboratory.key.public]) == order
        assert make_bundle(Path(__file__).parent.parent / "procedures" / "tiny_procedure.py", site.author)
