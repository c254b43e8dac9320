"""The page beside the rig, as plain HTML: who is let in, what is asked, and what an answer does."""

from __future__ import annotations

import asyncio
import re
import stat
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

import httpx
import pytest
from hand import DIAL, read_by_hand
from laboratories import PATIENCE
from PIL import Image
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.clock import VirtualClock
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import found_in, read_journal
from remotecal.journal.resting import pack_journal, unpack_journal
from remotecal.journal.writing import Journal
from remotecal.station.folder import StationFolder
from remotecal.station.pages.desk import AGAIN_AFTER, Desk
from remotecal.station.pages.entering import NOTHING, Doorkeeper
from remotecal.station.pages.journals import FollowedJournal
from remotecal.station.pages.phones import Phones
from remotecal.station.pages.serving import another_entrance, is_served, lead_in


@pytest.fixture
def beside(folder: HubFolder, tiny: Tiny, tmp_path: Path) -> Iterator[Beside]:
    with page_up(folder, tiny, tmp_path) as up:
        yield up


def photo(width: int = 40, height: int = 30, form: str = "JPEG") -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, height), "red").save(made, form)
    return made.getvalue()


def asked(beside: Beside, number: int) -> None:
    """Wait until a question is open."""
    wait_until(lambda: (live := beside.station.live()) is not None and live.prompt == number)


def over(beside: Beside) -> None:
    wait_until(lambda: beside.station.live() is None)


# Who is let in


def test_nobody_gets_anything_but_who_was_let_in_by_the_owner(beside: Beside) -> None:
    base, origin = beside.base, beside.served.origin
    paths = ("/", "/readings", "/photo", "/last", "/phone", "/phone/qr.svg", "/news", "/nowhere")
    with httpx.Client(timeout=PATIENCE) as stranger:
        for path in paths:
            answer = stranger.get(base + path)
            assert (answer.status_code, answer.text) == (403, NOTHING), path
        for cookie in ("remotecal_station=guess", "remotecal_station=", "remotecal_station"):
            assert stranger.get(base + "/", headers={"Cookie": cookie}).text == NOTHING
        for where in (origin, origin + "/", origin + "/0123456789abcdef/", origin + "/static/console.css"):
            assert stranger.get(where).text == NOTHING, "not even that there is something"
        for word in ("", "guess"):
            assert stranger.get(base + "/enter", params={"ticket": word}).status_code == 403
            assert stranger.get(base + "/join", params={"ticket": word}).status_code == 403
        assert stranger.post(base + "/ticket", headers={"Authorization": "Bearer guess"}).text == NOTHING
        entrance = beside.call(beside.served.entrance)
        assert stranger.get(entrance.replace("/enter", "/join")).status_code == 403, "no phone's ticket"
        assert not stranger.cookies
        let_in = stranger.get(entrance)
        cookie = let_in.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert f"Path={beside.served.keeper.base}/" in cookie, "another port of this computer is not told"
        assert stranger.get(base + "/").status_code == 200
    with httpx.Client(timeout=PATIENCE) as second:
        assert second.get(entrance).status_code == 403, "a ticket is good once"


def test_other_names_and_other_sites_get_nothing(beside: Beside) -> None:
    port = urlsplit(beside.served.origin).port
    with beside.browsing() as client:
        page = client.get(beside.base + "/")
        csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)[1]
        for host in (f"evil.example:{port}", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}@evil", ""):
            answer = client.get(beside.base + "/", headers={"Host": host})
            assert answer.status_code in {400, 403}, f"rebound by {host}"
            assert "csrf" not in answer.text
        form = {"csrf": csrf, "name": "Mallory"}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{port + 1}"},
            {"Origin": f"https://127.0.0.1:{port}"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = client.post(beside.base + "/name", data=form, headers=headers)
            assert (answer.status_code, answer.text) == (403, NOTHING), headers
        del client.headers["Origin"]
        assert client.post(beside.base + "/name", data=form).text == NOTHING, "a form always has its origin"
        client.headers["Origin"] = beside.served.origin
        assert client.post(beside.base + "/name", data={**form, "csrf": "0" * 64}).status_code == 409
        assert "Mallory" not in client.get(beside.base + "/").text
        assert client.post(beside.base + "/name", data=form).status_code == 303
        assert 'value="Mallory"' in client.get(beside.base + "/").text


def test_the_way_in_is_for_the_owner_only_and_a_second_command_uses_the_page_there_is(beside: Beside) -> None:
    folder = beside.site.folder
    assert is_served(folder)
    door = lead_in(folder, beside.call(beside.served.entrance))
    assert stat.S_IMODE(door.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder.path / "page.json").stat().st_mode) == 0o600
    address = re.search(r'url=([^"]+)"', door.read_text())[1]
    assert address.startswith(beside.base + "/enter?ticket=")
    with httpx.Client(timeout=PATIENCE) as client:
        assert client.get(another_entrance(folder)).status_code == 200
        assert client.get(beside.base + "/").status_code == 200


def test_phones_are_served_once_however_often_it_is_pressed(tmp_path: Path) -> None:
    on: list[str] = []

    @asynccontextmanager
    async def serve(host: str, _: Path) -> AsyncIterator[str]:
        on.append(host)
        yield "https://127.0.0.1:1"
        on.remove(host)

    async def pressed_twice() -> None:
        phones = Phones(Doorkeeper(), tmp_path, "127.0.0.1", serve)
        await asyncio.gather(phones.open(), phones.open())
        assert (on, phones.waiting) == (["127.0.0.1"], True)
        await asyncio.gather(phones.close(), phones.close())
        assert (on, phones.waiting) == ([], False)

    asyncio.run(pressed_twice())


# What is asked, and answered


def test_consent_is_asked_with_what_will_move_and_the_laboratory_hears_who_declined_and_why(
    folder: HubFolder,
    tiny: Tiny,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        page_up(folder, tiny, tmp_path, consent=True, time_zone="Asia/Shanghai") as beside,
        beside.browsing() as client,
    ):
        order = beside.do(beside.site.order())
        wait_until(lambda: beside.station.consent.order is not None)
        page = client.get(beside.base + "/").text
        for said in ("Li Wei asks", "Comparison", "Meter M1", "Tiny bench", "source: level: ", "1 V × 2"):
            assert said in page
        assert "By the procedure about" not in page, "its procedure does not say"
        consent = beside.station.consent
        assert consent.foreseen is not None
        consent.foreseen = consent.foreseen.model_copy(
            update={
                "seconds": 2341.0,
                "expires": time.time() + 8771.5 * 60,
                "points": ("998.2 kg/m3 × 3",),
                "moves": (*consent.foreseen.moves, *(f"dut_{number}.initiate" for number in range(1, 31))),
            }
        )
        assert "about 40 min, or longer; preparing" in client.get(beside.base + "/").text
        for language, said in (
            ("en", "+08:00 (6 days left)"),
            ("zh", "+08:00（剩余 6 天）"),
            ("zh", "<li>源：标尺示值："),
            ("zh", "kg/m³ × 3"),
            ("zh", "<li>被检仪器 1–30：启动测量</li>"),
        ):
            assert said in client.get(beside.base + "/", headers={"Accept-Language": language}).text
        for locale, said in (("C.UTF-8", "about 40 min by"), ("zh_CN.UTF-8", "约需：40 分钟，")):
            monkeypatch.setenv("LC_ALL", locale)
            assert main(["station", "state", "--station", str(beside.site.folder.path)]) == 0
            assert said in capsys.readouterr().out
        assert "look at the rig first" in beside.send(client, "/consent", verb="agree", run=order.id).text
        assert beside.station.consent.order is not None
        assert beside.send(client, "/consent", verb="", sure="yes").status_code == 409, "no button says so"
        assert beside.station.consent.order is not None
        late = beside.send(client, "/consent", verb="agree", sure="yes", run="another")
        assert "does not wait for consent any more" in late.text
        beside.send(client, "/name", name="王芳")
        assert "Say why you decline" in beside.send(client, "/consent", verb="decline").text
        beside.send(client, "/consent", verb="decline", reason="the hose leaks")
        assert beside.do(beside.site.refusal(order)) == "on site: 王芳 does not agree: the hose leaks"
        order = beside.do(beside.site.order())
        wait_until(lambda: beside.station.consent.order is not None)
        beside.send(client, "/consent", verb="agree", sure="yes")
        beside.do(beside.site.recomputed(order))
    agreed = [event["data"] for event in beside.site.journal(order) if event["kind"] == "control"]
    assert agreed == [{"by": "on site: 王芳", "reason": "", "verb": "agree"}]


@pytest.mark.parametrize(
    "typed",
    ["nan", "inf", "-inf", "1_000", "１．００", "1,00", "0x10", "1e0", "1.00 V", "", "1.0", "1.000", "٣"],
)
def test_what_is_no_number_as_the_dial_has_it_is_not_taken(typed: str) -> None:
    from remotecal.drivers.guide import Guide
    from remotecal.errors import ConfigurationError
    from remotecal.pages.typed import check_typed

    with pytest.raises(ConfigurationError, match="was not taken"):
        check_typed(typed, Guide(digits=2))
    check_typed("-1.00", Guide(digits=2))


def test_a_dial_is_read_on_the_page_and_of_two_phones_the_first_counts(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    read_by_hand(tiny, DIAL.replace("photo = false", "twice = true"))
    tiny.parameter("levels = [1]\nrepeats = 1")
    with (
        page_up(folder, tiny, tmp_path) as beside,
        beside.browsing() as one,
        beside.browsing("zh") as other,
    ):
        for client, name in ((one, "Li"), (other, "Wang")):
            beside.send(client, "/name", name=name)
        order = beside.do(beside.site.order())
        asked(beside, 1)
        beside.send(one, "/answer", argument="M1")
        asked(beside, 2)
        beside.send(one, "/answer", argument="done")
        asked(beside, 3)
        page = one.get(beside.base + "/").text
        assert "what does the dial show" in page
        assert "2 digits behind the point" in page
        assert 'inputmode="decimal"' in page
        assert "nan was not taken" in beside.send(one, "/answer", argument="nan").text
        assert "the indicator has 2 digits" in beside.send(one, "/answer", argument="1.0").text
        assert beside.station.live().prompt == 3
        assert beside.station.live().guide.likely == (0, 20)
        beside.send(one, "/answer", argument="1.00")
        asked(beside, 4)
        assert "1.00 V" not in one.get(beside.base + "/").text
        grid = one.get(beside.base + "/readings").text
        assert "···" in grid, "whoever reads it a second time does not see the first"
        assert "1.00 V" not in grid
        late = beside.send(other, "/answer", argument="9.99", prompt="3")
        assert "Li 已先回答" in late.text
        beside.send(other, "/answer", argument="1.05")
        asked(beside, 5)
        grid = one.get(beside.base + "/readings").text
        assert "<s>1.00 V</s>" in grid
        assert "1.05 V" in grid
        beside.send(one, "/again", reason="a digit slipped")
        asked(beside, 6)  # who it is is asked anew, for the run is taken up again
        for answer in ("M1", "done", "1.00", "1.00", "1.00", "1.00", "1.00", "1.00"):
            number = beside.station.live().prompt
            beside.send(other, "/answer", argument=answer)
            wait_until(
                lambda was=number: (live := beside.station.live()) is None or live.prompt not in {0, was}
            )
        beside.do(beside.site.recomputed(order))
        over(beside)
        journal = beside.site.journal(order)
        wait_until(lambda: "1.000" in one.get(beside.base + "/last").text)  # it is computed here, too
        assert "complete" in one.get(beside.base + "/last").text
        grid = one.get(beside.base + "/readings").text
        assert "(taken again)" in grid
        beside.send(one, "/last", run=order.id)
        assert "nobody has taken away" in one.get(beside.base + "/last").text
        found_once_it_is_there(beside.site.folder, order.id)
    kinds = [event["kind"] for event in journal]
    assert kinds.count("repeat") == 2, "the first one was thrown away"
    assert kinds.count("observation") == 1
    again = next(event for event in journal if event["kind"] == "control")
    assert again["data"] == {"by": "on site: Li", "reason": "a digit slipped", "verb": "again"}
    answers = [event["data"] for event in journal if event["kind"] == "answer"]
    assert {"on site: Li", "on site: Wang"} == {one["by"] for one in answers}
    assert [one["answer"] for one in answers][2:4] == ["1.00 V", "1.05 V"], "the first is kept"
    row = beside.site.hub.laboratory.store.records.find("here", order.id)
    assert row.agrees


def found_once_it_is_there(folder: StationFolder, run: str) -> None:
    """See that a record that could not be computed is not given up, nor tried again at every look."""
    clock = VirtualClock(0.0)
    desk, kept = Desk(folder, clock.now), found_in(folder.runs / run)
    away = kept.rename(kept.with_name("away"))  # as long as it is put to rest
    assert desk.record(run) is None
    away.rename(kept)
    assert desk.record(run) is None, "it was looked for a moment ago"
    clock.sleep(AGAIN_AFTER)
    found = desk.record(run)
    assert found is not None, "what could not be computed once is not given up"
    other = folder.orders / "other" / "order.json"
    other.parent.mkdir()
    other.write_bytes((folder.orders / run / "order.json").read_bytes())
    kept.rename(away)
    for _ in range(2):
        assert desk.record("other") is None
        assert desk.record(run) is found, "another's failure makes nobody forget it"
        clock.sleep(AGAIN_AFTER)
    away.rename(kept)


def test_an_answer_to_an_earlier_start_of_the_agent_answers_nothing(beside: Beside, tiny: Tiny) -> None:
    tiny.parameter("ask = true")
    beside.do(beside.site.order())
    asked(beside, 1)
    with beside.browsing() as client:
        page = beside.send(client, "/answer", argument="yes", session="0" * 32)
        assert "started anew meanwhile" in page.text
        assert beside.station.live().prompt == 1
        page = beside.send(client, "/answer", argument="yes", run="another")
        assert "the run another is not on" in page.text
        page = beside.send(client, "/act", verb="abort", reason="smoke")
        over(beside)
        page = client.get(beside.base + "/").text
        assert "The rig is in its safe state." in page
        assert "smoke" in client.get(beside.base + "/last").text


def test_of_a_journal_that_several_look_at_each_line_counts_once(tmp_path: Path) -> None:
    dial = {"instrument": "gauge", "request": "read dial", "kind": "number", "question": {"en": "dial?"}}
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:

        def read(times: int) -> None:
            for _ in range(times):
                asked = journal.append("prompt", dial, durable=False)
                journal.append("answer", {"prompt": asked.seq, "answer": "1.00 V"}, durable=False)

        read(2000)
        followed = FollowedJournal(tmp_path / "run")
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(lambda _: followed.look(), range(8)))
        read(1)
        assert [len(cells) for row in followed.look().rows for cells in row.cells.values()] == [2001]
    for told in seen:  # and what was told is not changed while a page is made of it
        assert [len(cells) for row in told.rows for cells in row.cells.values()] == [2000]


def test_a_journal_that_grew_and_was_compressed_between_two_looks_is_told_to_its_end(tmp_path: Path) -> None:
    """Nobody looked from when the run was suspended until the laboratory had all of it."""
    run = tmp_path / "run"
    with Journal.create(run, VirtualClock(0.0)) as journal:
        journal.append("suspend", {"error": "RunSuspended", "text": "again"})
        followed = FollowedJournal(run)
        assert followed.look().kind == "suspend"
        journal.append("resume", {})
        assert (followed.look().kind, followed.look().ended) == ("", "")
        journal.append("suspend", {"error": "RunSuspended", "text": "again"})
        assert followed.look().kind == "suspend"
        journal.append("resume", {})
        journal.append("safe", {"reached": True, "seconds": 0.0})
        journal.append("finish", {"observations": 0})
    pack_journal(run)
    for written_out in (False, True):
        if written_out:
            unpack_journal(run)
        told = followed.look()
        assert (told.kind, told.safe, told.lines) == ("finish", True, 6)


def test_what_comes_next_is_told_of_a_run_that_was_taken_up(tmp_path: Path) -> None:
    """Killed while it went to its first point, or behind it: nobody is told that this one was had."""
    points = [{"name": name, "repeats": 1} for name in ("1 V", "2 V", "3 V")]
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        followed, coming = FollowedJournal(tmp_path / "run"), []

        def told(kind: str, **data: object) -> None:
            journal.append(kind, data)
            coming.append(followed.look().next_point)

        told("start", points=points)
        told("point", point="1 V")
        told("resume")
        told("repeat", point="1 V", repeat=1)
        told("observation")
        told("resume")
    assert coming == ["1 V", "2 V", "1 V", "2 V", "2 V", "2 V"]


# Photos


def test_a_photo_answers_is_kept_as_it_is_and_shown_as_drawn_anew(
    beside: Beside, tiny: Tiny, tmp_path: Path
) -> None:
    tiny.parameter("photo = true")
    hostile = photo() + b"<script>alert(1)</script>"
    order = beside.do(beside.site.order())
    asked(beside, 1)
    with beside.browsing() as client:
        page = client.get(beside.base + "/").text
        assert 'capture="environment"' in page
        sent = {"photo": ("../../evil.html", hostile, "text/html")}
        assert "kept as evidence" in beside.send(client, "/photo", files=sent).text
        beside.do(beside.site.recomputed(order))
        (told,) = [event.data for event in read_journal(_journal(beside, order.id)) if event.kind == "file"]
        assert (told["size"], told["by"]) == (len(hostile), "on site")
        assert re.fullmatch(r"photo-[0-9a-f]{12}\.jpg", told["name"])
        shown = client.get(f"{beside.base}/pictures/{order.id}/{told['sha256']}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert b"script" not in shown.content
        assert Image.open(BytesIO(shown.content)).size == (40, 30)
        for digest in ("0" * 64, "../../identity.pem", told["sha256"][:8]):
            assert client.get(f"{beside.base}/pictures/{order.id}/{digest}").status_code in {403, 404}
        strange = photo(50, 50)
        digest = sha256(strange).hexdigest()
        (beside.site.folder.runs / order.id / "files" / f"{digest}.jpg").write_bytes(strange)
        answer = client.get(f"{beside.base}/pictures/{order.id}/{digest}")
        assert answer.status_code == 404, "no journal names it"
    assert list((beside.site.folder.path / "uploads").iterdir()) == [], "nothing stays on the way"


def _journal(beside: Beside, run: str) -> Path:
    from at_rest import journal_in

    path = beside.site.folder.path / "copy.jsonl"
    path.write_bytes(journal_in(beside.site.folder.runs / run))
    return path


def test_hostile_photos_are_refused_and_no_question_is_answered_by_them(beside: Beside, tiny: Tiny) -> None:
    tiny.parameter("photo = true")
    beside.do(beside.site.order())
    asked(beside, 1)
    bomb = bytearray(photo(form="PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2  # says that it is 60 000 × 60 000
    bomb[29:33] = crc32(bomb[12:29]).to_bytes(4, "big")
    with beside.browsing() as client:
        for content, why in (
            (b"", "no file was chosen"),
            (b"GIF89a" + bytes(100), "no photo that can be shown"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photo that can be shown"),
            (b"\xff\xd8 a photo of the dial", "no photo that can be shown"),
            (bytes(bomb), "pixels"),
        ):
            answer = beside.send(client, "/photo", files={"photo": ("x.jpg", content, "image/jpeg")})
            assert (answer.status_code, why in answer.text) == (409, True), answer.text
        assert beside.station.live().prompt == 1
        large = bytes(beside.site.folder.settings.largest_file + 2**17)
        answer = beside.send(client, "/photo", files={"photo": ("x.jpg", large, "image/jpeg")})
        assert answer.status_code in {400, 413}
        answer = beside.send(client, "/answer", argument="x" * 70_000)
        assert answer.status_code == 413
        beside.send(client, "/act", verb="abort")
        over(beside)


# Away


def test_with_the_hub_away_it_works_and_says_what_has_not_been_brought_over(
    beside: Beside, tiny: Tiny
) -> None:
    tiny.parameter("ask = true")
    order = beside.do(beside.site.order())
    asked(beside, 1)
    beside.do(beside.close_hub())
    with beside.browsing() as client:
        page = wait_until(lambda: "be reached" in (text := client.get(beside.base + "/").text) and text)
        assert "goes on by its order" in page
        beside.send(client, "/answer", argument="yes")
        over(beside)
        page = client.get(beside.base + "/").text
        assert re.search(rf"{order.id}: \d+ of \d+ journal lines are at the laboratory", page)
        assert "complete" in client.get(beside.base + "/last").text
        beside.call(beside.station.stop)
        page = wait_until(lambda: "not at work" in (text := client.get(beside.base + "/").text) and text)
        assert re.search(
            rf"{order.id}: how many of its \d+ journal lines are at the laboratory is known", page
        )
