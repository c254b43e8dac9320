"""Photos that come a piece at a time: what counts, whose it is, and what is left of one nobody sends on."""

from __future__ import annotations

import asyncio
import json
import re
import resource
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random

import httpx
import pytest
from laboratories import NO_TLS, PATIENCE, founded
from PIL import Image
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import tiny_bench

from remotecal.errors import ConfigurationError, DiskFull, NotThere
from remotecal.station.on_site import Wish
from remotecal.station.pages.arriving import MOST, OF_ONE, UPLOADS, Arrivals
from remotecal.station.pages.entering import NOTHING, LetIn
from remotecal.station.pages.pieces import PIECE, PIECES

ATTACH = Wish(verb="attach")
PLACE = re.compile(r"/photos/[\w-]{32}/bytes")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """A run that waits for an answer all the while."""
    path = tmp_path_factory.mktemp("pieces")
    (path / "site").mkdir()
    with tiny_bench(path / "site") as tiny:
        tiny.parameter("ask = true")
        with page_up(founded(path / "hub"), tiny, path) as up:
            up.do(up.site.order())
            wait_until(lambda: (live := up.station.live()) is not None and live.prompt == 1)
            yield up
            with up.browsing() as client:
                up.send(client, "/act", verb="abort")
            wait_until(lambda: up.station.live() is None)


def noisy(seed: int, bytes_of_noise: int = 300_000) -> bytes:
    """Return a photo of several pieces, another for each seed."""
    made = BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, "JPEG")
    return made.getvalue() + Random(seed).randbytes(bytes_of_noise)


class Sender:
    """Sends a photo as the script does."""

    def __init__(self, beside: Beside, client: httpx.Client) -> None:
        self._beside, self._client = beside, client
        self.page = client.get(beside.base + "/").text

    def begin(self, content: bytes, **more: str) -> httpx.Response:
        hidden = {
            name: re.search(rf'name="{name}" value="([^"]*)"', self.page)[1]
            for name in ("csrf", "session", "run")
        }
        told = {"size": str(len(content)), "sha256": sha256(content).hexdigest(), "about": "nameplate"}
        return self._client.post(self._beside.base + "/photos", data={**hidden, **told, **more})

    def add(self, where: str, offset: object, piece: bytes, **headers: str) -> httpx.Response:
        told = {"Upload-Offset": str(offset).encode(), "Content-Type": PIECES, **headers}
        return self._client.patch(self._beside.served.origin + where, content=piece, headers=told)

    def send(self, where: str, content: bytes, begin: int = 0) -> httpx.Response:
        for offset in range(begin, len(content), PIECE):
            answer = self.add(where, offset, content[offset : offset + PIECE])
        return answer


def files(beside: Beside) -> list[dict]:
    (run,) = beside.site.folder.runs.iterdir()
    events = [json.loads(line) for line in (run / "journal.jsonl").read_bytes().splitlines()]
    return [event["data"] for event in events if event["kind"] == "file"]


def test_a_photo_in_pieces_counts_once_and_only_as_it_was_sent(beside: Beside) -> None:
    content, second = noisy(1), noisy(2)
    with beside.browsing() as client, beside.browsing("zh") as other:
        sender, stranger = Sender(beside, client), Sender(beside, other)
        begun = sender.begin(content, original="a" * 64, original_size="4123456")
        where = begun.headers["Location"]
        assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
        assert PLACE.fullmatch(where.removeprefix(beside.served.keeper.base))
        twin = sender.begin(content).headers["Location"]
        assert twin != where, "two of one name are two"
        first = content[:PIECE]
        assert sender.add(where, 0, first).headers["Upload-Offset"] == str(PIECE)
        # Offsets that are not where it stands change nothing, and are told where it stands.
        for offset in (0, 1, PIECE - 1, PIECE + 1, 10**11):
            answer = sender.add(where, offset, first)
            assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, str(PIECE)), offset
        for offset in ("", "-1", "1e3", "１", "0x10", "9" * 13):
            assert sender.add(where, offset, first).status_code == 422, offset
        assert sender.add(where, PIECE, bytes(PIECE + 1)).status_code == 413, "too large a piece"
        assert sender.add(where, PIECE, first, **{"Content-Type": "text/plain"}).status_code == 415
        assert sender.add(where, PIECE, b"").headers["Upload-Offset"] == str(PIECE)
        # Another browser's, another site's and nobody's.
        for act in ("HEAD", "PATCH", "DELETE"):
            told = {"Upload-Offset": str(PIECE), "Content-Type": PIECES}
            at = beside.served.origin + where
            assert other.request(act, at, headers=told).status_code == 404, act
            assert client.request(act, at + "x", headers=told).status_code == 404
            with httpx.Client(
                headers={"Origin": beside.served.origin}, timeout=PATIENCE, verify=NO_TLS
            ) as nobody:
                assert nobody.request(act, at, headers=told).status_code == 403
            if act != "HEAD":
                foreign = client.request(act, at, headers={**told, "Origin": "https://evil.example"})
                assert (foreign.status_code, foreign.text) == (403, NOTHING)
        assert stranger.begin(content, csrf="0" * 64).status_code == 422
        head = client.head(beside.served.origin + where).headers
        assert (head["Upload-Offset"], head["Upload-Length"]) == (str(PIECE), str(len(content)))
        # It goes on from there; while another comes between.
        between = stranger.begin(second).headers["Location"]
        stranger.add(between, 0, second[:PIECE])
        done = sender.send(where, content, PIECE)
        assert done.json() == {"done": True, "said": "The photo is kept as evidence."}
        assert sender.add(where, len(content), b"").json() == done.json(), "who did not hear it asks again"
        assert sender.add(where, len(content), b"x").status_code == 413
        assert stranger.send(between, second, PIECE).json()["said"] == "照片已作为证据保存。"
        assert client.delete(beside.served.origin + twin).status_code == 204
        assert client.head(beside.served.origin + twin).status_code == 404
    one, two = files(beside)
    assert (one["sha256"], two["sha256"]) == (sha256(content).hexdigest(), sha256(second).hexdigest())
    assert (
        one["about"]
        == f"nameplate (made smaller on the phone, from 4123456 bytes with the SHA-256 {'a' * 64})"
    )
    assert two["about"] == "nameplate"
    assert list((beside.site.folder.path / UPLOADS).glob("*")) == [], "nothing stays on the way"


def test_what_is_no_photo_or_not_what_was_said_is_no_evidence(beside: Beside) -> None:
    before = files(beside)
    content = noisy(3)
    with beside.browsing() as client:
        sender = Sender(beside, client)
        largest = beside.site.folder.settings.largest_file
        for told, why in (
            ({"size": "0"}, "empty"),
            ({"size": str(largest + 1)}, "choose a lower resolution"),
            ({"size": ""}, "number of bytes"),
            ({"size": "-5"}, "number of bytes"),
            ({"sha256": "A" * 64}, "SHA-256"),
            ({"original": "guess", "original_size": "1"}, "SHA-256"),
            ({"original": "a" * 64, "original_size": ""}, "number of bytes"),
        ):
            answer = sender.begin(content, **told)
            assert (answer.status_code, why in answer.text) == (422, True), answer.text
        strange = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
        answer = sender.send(sender.begin(strange).headers["Location"], strange)
        assert not answer.json()["done"]
        assert "no photo that can be shown" in answer.json()["said"]
        where = sender.begin(content, sha256="0" * 64).headers["Location"]
        assert "did not come as it was sent" in sender.send(where, content).json()["said"]
        where = sender.begin(content, run="another").headers["Location"]
        assert "is not on" in sender.send(where, content).json()["said"]
        for _ in range(OF_ONE):
            sender.begin(content)
        assert client.head(beside.served.origin + where).status_code == 404, "the oldest goes for another"
    assert files(beside) == before


def test_a_photo_that_is_whole_waits_for_the_agent(beside: Beside) -> None:
    content, socket = noisy(5), beside.site.folder.socket
    before = len(files(beside))
    with beside.browsing("zh") as client:
        sender = Sender(beside, client)
        where = sender.begin(content).headers["Location"]
        away = socket.rename(socket.with_name("away.sock"))
        assert sender.send(where, content).status_code == 503
        away.rename(socket)
        assert sender.add(where, len(content), b"").json()["done"], "nothing is sent twice"
        other = b"GIF89a" + bytes(100)
        said = sender.send(sender.begin(other).headers["Location"], other).json()["said"]
        assert said.startswith("未完成：这不是可以显示的照片")
    assert len(files(beside)) == before + 1


def test_a_photo_nobody_sends_on_is_cleared_up_and_so_is_what_a_killed_page_left(tmp_path: Path) -> None:
    left = tmp_path / UPLOADS / "old" / "part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")

    async def look() -> None:
        Arrivals(tmp_path, 100).clear()
        assert not left.exists()
        guest = LetIn(phone=True, until=0.0)
        arrivals = Arrivals(tmp_path, 100, lasts=0.0)
        word = arrivals.begin(guest, 10, "", ATTACH)
        arrival = arrivals.find(guest, word)
        arrival.add(b"half")
        while list((tmp_path / UPLOADS).iterdir()):
            await asyncio.sleep(0)
        with pytest.raises(NotThere):
            arrivals.find(guest, word)
        with pytest.raises(NotThere):
            arrival.add(b"too late")
        many = Arrivals(tmp_path, 100)
        guests = [LetIn(phone=True, until=0.0) for _ in range(MOST)]
        for one in guests:
            many.begin(one, 10, "", ATTACH)
        with pytest.raises(ConfigurationError, match="too many"):
            many.begin(LetIn(phone=True, until=0.0), 10, "", ATTACH)
        many.clear()
        assert not (tmp_path / UPLOADS).exists()

    asyncio.run(look())


def test_a_full_disk_takes_no_photo_and_keeps_what_has_come(tmp_path: Path) -> None:
    async def look() -> None:
        guest = LetIn(phone=True, until=0.0)
        with pytest.raises(DiskFull, match="the run needs them"):
            Arrivals(tmp_path, 10**6, reserve=2**60).begin(guest, 10, "", ATTACH)
        arrivals = Arrivals(tmp_path, 10**6)
        word = arrivals.begin(guest, 200_000, "", ATTACH)
        arrival = arrivals.find(guest, word)
        await arrivals.take(word, arrival, bytes(100_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
        try:
            with pytest.raises(DiskFull, match="make room"):
                arrival.add(b"x" * 100_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert arrival.offset == 100_000
        arrival.add(b"y" * 100_000)
        assert arrival.whole() == bytes(100_000) + b"y" * 100_000
        arrivals.clear()

    asyncio.run(look())
