"""Bringing a journal to a laboratory that forgets, repeats itself and answers late."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from sites import until

from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.errors import EvidenceError
from remotecal.hub.broker import Broker
from remotecal.hub.laboratory import connection
from remotecal.hub.settings import HubFolder
from remotecal.journal.writing import Journal
from remotecal.station import upload
from remotecal.station.upload import Upload
from remotecal.transport.envelopes import seal_reply, unseal
from remotecal.transport.messages import Committed, FilePiece, FileTaken, JournalHead

KEY, LABORATORY = (SealKey(Ed25519PrivateKey.generate()) for _ in range(2))


class Forgetful:
    """A laboratory behind the real broker: takes what is sent, and answers as it pleases."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.sent: list[JournalHead] = []
        self.lose = 0
        self.take_at_most = 10**9
        self.refuse = ""
        self.forgeries = list[Callable[[bytes], bytes]]()
        """What a broker answers in its place, one after the other."""

    async def take(self, _: str, message: bytes) -> bytes | None:
        envelope, _, text = message.partition(b"\n")
        head = unseal(envelope, "journal-head", JournalHead, [KEY.public])
        assert head.sha256 == sha256(text).hexdigest()
        self.sent.append(head)
        if self.refuse:
            return self.said(message, Committed(committed=len(self.lines), refused=self.refuse))
        lines = text.split(b"\n")[:-1]
        if head.first <= len(self.lines) + 1:
            self.lines += lines[len(self.lines) + 1 - head.first :][: self.take_at_most]
        if self.lose:
            self.lose -= 1
            return None
        return self.said(message, Committed(committed=len(self.lines), missing=self.missing()))

    def missing(self) -> dict[str, int]:
        return {}

    def said(self, message: bytes, answer: BaseModel) -> bytes:
        if self.forgeries:
            return self.forgeries.pop()(message)
        return seal_reply(message, answer, LABORATORY)


@asynccontextmanager
async def sending(folder: HubFolder, hub: Forgetful, run: Path) -> AsyncIterator[Upload]:
    """Bring a run's journal to a laboratory, by a real broker."""
    broker = asyncio.create_task(Broker(folder, SealKey.read(folder.admission).public).run())
    async with connection(folder, "hub") as there, connection(folder, "station") as here:
        there.on("cal.here.journal", hub.take)
        await there.up.wait()
        yield Upload("here", run, KEY, LABORATORY.public, here)
    broker.cancel()
    with suppress(asyncio.CancelledError):
        await broker


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "RETRY_AFTER", 0.0)
    monkeypatch.setattr(upload, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(upload, "BATCH", 1000)
    monkeypatch.setattr(upload, "ANSWER_WITHIN", 0.2)


def write(journal: Journal, notes: int) -> None:
    for number in range(notes):
        journal.append("note", {"text": f"{number}" * (1 + number % 7)}, durable=False)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1, "long": "x" * 5000})
        write(journal, 50)
    return tmp_path / "run"


def lines(run: Path) -> list[bytes]:
    return (run / "journal.jsonl").read_bytes().splitlines()


def over() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_all_lines_arrive_in_batches(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)
    assert len(hub.sent) > 5


async def test_what_is_not_answered_is_sent_again(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    hub.lose = 3
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)


async def test_a_broker_can_not_say_what_the_laboratory_has(folder: HubFolder, run: Path) -> None:
    hub, all_of_it = Forgetful(), Committed(committed=51)
    hub.forgeries = [
        lambda _: all_of_it.model_dump_json().encode(),
        lambda message: seal_reply(message, all_of_it, KEY),
        lambda _: seal_reply(b"an earlier message", all_of_it, LABORATORY),
    ]
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)
    assert not hub.forgeries


async def test_a_laboratory_that_has_some_gets_the_rest(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    hub.lines = lines(run)[:30]
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)
    assert hub.sent[1].first == 31


async def test_a_laboratory_that_takes_a_part_gets_the_rest(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    hub.take_at_most = 3
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)


async def test_a_laboratory_that_lost_lines_gets_them_again(folder: HubFolder, run: Path) -> None:
    """A database that was restored from yesterday's copy."""
    hub = Forgetful()
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
        del hub.lines[20:]
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)


async def test_a_journal_is_followed_while_it_grows(folder: HubFolder, tmp_path: Path) -> None:
    hub, ended = Forgetful(), asyncio.Event()
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        async with sending(folder, hub, tmp_path / "run") as upload:
            arriving = asyncio.create_task(upload.run(ended))
            journal.append("start", {"format": 1})
            await until(lambda: len(hub.lines) == 1)
            write(journal, 10)
            await until(lambda: len(hub.lines) == 11)
            write(journal, 10)
            ended.set()
            assert await arriving == 21
    assert hub.lines == lines(tmp_path / "run")


async def test_a_torn_line_is_not_sent(folder: HubFolder, run: Path) -> None:
    with (run / "journal.jsonl").open("ab") as file:
        file.write(b'{"at":"torn')
    hub = Forgetful()
    async with sending(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert hub.lines == lines(run)[:51]


async def test_nothing_is_sent_that_a_power_cut_could_take(
    folder: HubFolder, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, synced = Forgetful(), []
    sync = os.fdatasync

    def note(file: int) -> None:
        synced.append(len(hub.sent))
        sync(file)

    monkeypatch.setattr(os, "fdatasync", note)
    async with sending(folder, hub, run) as upload:
        await upload.run(over())
    assert synced == list(range(1, len(hub.sent))), "on the disk, then sent, each time"


async def test_a_refusal_is_final(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    hub.refuse = "line 2 is another one"
    async with sending(folder, hub, run) as upload:
        with pytest.raises(EvidenceError, match="refuses the journal: line 2 is another one"):
            await upload.run(over())
    assert len(hub.sent) == 1


async def test_a_journal_that_was_cut_is_noticed(folder: HubFolder, run: Path) -> None:
    hub = Forgetful()
    hub.lines = [*lines(run), b"one more"]
    async with sending(folder, hub, run) as upload:
        with pytest.raises(EvidenceError, match="has 52 lines of run, the journal here has 51: it was cut"):
            await upload.run(over())


class Archive(Forgetful):
    """A laboratory that also takes a file, and notes in which order everything comes."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.content, self.came = name, b"", list[str]()
        self.between = lambda: None

    async def take(self, subject: str, message: bytes) -> bytes | None:
        self.came += ["lines"] * bool(message.partition(b"\n")[2])
        return await super().take(subject, message)

    def missing(self) -> dict[str, int]:
        return {self.name: len(self.content)}

    async def take_piece(self, _: str, message: bytes) -> bytes:
        envelope, _, piece = message.partition(b"\n")
        head = unseal(envelope, "file-piece", FilePiece, [KEY.public])
        assert (head.begin, head.sha256) == (len(self.content), sha256(piece).hexdigest())
        self.content += piece
        self.came.append("piece")
        self.between()
        return self.said(message, FileTaken(here=len(self.content)))


@asynccontextmanager
async def archiving(folder: HubFolder, hub: Archive, run: Path) -> AsyncIterator[Upload]:
    async with sending(folder, hub, run) as upload, connection(folder, "archive") as there:
        there.on("cal.here.file", hub.take_piece)
        await there.up.wait()
        yield upload


async def test_lines_go_before_the_next_piece_of_a_file(folder: HubFolder, tmp_path: Path) -> None:
    content = bytes(range(256)) * 12
    name = sha256(content).hexdigest()
    hub = Archive(name)
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        (tmp_path / "run" / "files").mkdir()
        (tmp_path / "run" / "files" / f"{name}.jpg").write_bytes(content)
        journal.append("start", {"format": 1})
        hub.between = lambda: write(journal, 1)
        async with archiving(folder, hub, tmp_path / "run") as upload:
            assert await upload.run(over()) == 5
    assert hub.content == content
    assert hub.came == ["lines", *["piece", "lines"] * 4]
    assert hub.lines == lines(tmp_path / "run")


@pytest.mark.parametrize("name", ["../journal.jsonl", "*", "", "0" * 63, "/etc/passwd"])
async def test_nothing_but_a_hash_can_be_asked_for(folder: HubFolder, run: Path, name: str) -> None:
    """Answers are not signed: a broker could ask for whatever it likes."""
    hub = Archive(name)
    async with archiving(folder, hub, run) as upload:
        bringing = asyncio.create_task(upload.run(over()))
        await until(lambda: len(hub.sent) >= 3)
        assert not bringing.done(), "what is no answer is none: the station asks again"
        hub.name = "0" * 64
        assert await bringing == 51
    assert "piece" not in hub.came


async def test_what_is_no_file_of_the_run_is_not_sent(folder: HubFolder, run: Path) -> None:
    hub = Archive("0" * 64)
    async with archiving(folder, hub, run) as upload:
        assert await upload.run(over()) == 51
    assert "has no file 0000" in upload.lost["0" * 64]
    assert "piece" not in hub.came
