"""At a station a person reads an instrument that has no interface, or the laboratory types what it hears."""

import json
from hashlib import sha256
from pathlib import Path

from hand import DIAL, examine, read_by_hand
from laboratories import hub_up
from sites import Site, Watching, enrol_site
from tiny_bench import Tiny

from remotecal.hub.recomputing import write_journal
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import read_journal
from remotecal.journal.files import check_file, named_files
from remotecal.station.on_site import Wish, wish_for
from remotecal.transport.messages import CommandAnswer, Live, RemoteOrder

PHOTO = b"\xff\xd8 a photo of the dial"


async def wish(site: Site, verb: str, argument: str = "", file: str = "") -> CommandAnswer:
    return await wish_for(site.folder.socket, Wish(verb=verb, argument=argument, file=file))


async def by_laboratory(site: Site, order: RemoteOrder, live: Live, text: str) -> CommandAnswer:
    return await site.hub.laboratory.command(
        "here", "answer", "Li Wei", run=order.id, argument=text, prompt=live.prompt
    )


async def asked(watching: Watching, number: int) -> Live:
    return await watching.until(lambda live: live.prompt == number)


async def test_a_question_for_a_dial_reaches_laboratory_and_site_and_either_answers(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    read_by_hand(tiny, DIAL.replace("photo = false", "photo = true"))
    tiny.parameter("levels = [1]\nrepeats = 1")
    photo = tmp_path / "dial.jpg"
    photos = {number: PHOTO + bytes([number]) for number in (3, 5, 7)}
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up():
            order, watching = await site.order(), Watching()
            await hub.laboratory.watch("here", order.id, watching)
            live = await asked(watching, 1)
            assert live.question["zh"] == "gauge：仪器上的编号是多少？没有请填 0。"
            assert (await wish(site, "answer", "M1")).done
            assert (await asked(watching, 2)).options == ("done",)
            assert (await wish(site, "answer", "done")).done
            for number, taken in photos.items():
                photo.write_bytes(taken)
                assert (await asked(watching, number)).kind == "file"
                assert (await wish(site, "attach", file=str(photo))).done
                live = await asked(watching, number + 1)
                assert (live.kind, live.question["en"]) == ("number", "gauge: what does the dial show, in V?")
                if number == 3:
                    refused = await by_laboratory(site, order, live, "1 kg")
                    assert "kg is no unit of the dimension of V" in refused.reason
                    state = json.loads((await wish(site, "state")).content)["run"]
                    assert state["question"] == live.question
                    assert (await by_laboratory(site, order, live, "１，０ Ｖ")).done
                else:
                    assert (await wish(site, "answer", "1000 mV")).done
            await site.recomputed(order)
        write_journal(hub.laboratory.store, "here", order.id, tmp_path / "brought")
        row = hub.laboratory.store.records.find("here", order.id)
        assert row is not None
        assert row.agrees
    events = read_journal(tmp_path / "brought" / "journal.jsonl")
    for file in named_files(events):
        assert file.sha256 in {sha256(taken).hexdigest() for taken in photos.values()}
        check_file(file, tmp_path / "brought")
    assert examine(events)["read by hand"] == "gauge: 3 by on site; gauge: 1 by Li Wei"


async def test_an_open_question_for_a_dial_does_not_hold_up_an_abort(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    read_by_hand(tiny)
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up():
            order, watching = await site.order(), Watching()
            await hub.laboratory.watch("here", order.id, watching)
            await asked(watching, 1)
            await wish(site, "answer", "M1")
            await asked(watching, 2)
            await wish(site, "answer", "done")
            await asked(watching, 3)
            aborted = await hub.laboratory.command(
                "here", "abort", "Li Wei", run=order.id, argument="the hose leaks"
            )
            assert aborted.done
            await site.state(order, "aborted")
    assert [event["kind"] for event in site.journal(order)][-3:] == ["control", "abort", "safe"]
    assert tiny.world.level == 0
