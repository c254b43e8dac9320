"""What a station sends is taken only if the station signed it, and answered only once it is on the disk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from laboratories import PATIENCE
from sqlalchemy import event

from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.errors import ConfigurationError
from remotecal.hub import ingest as ingesting
from remotecal.hub.ingest import Ingest
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Committed, JournalHead

KEY, OTHER, LABORATORY = (SealKey(Ed25519PrivateKey.generate()) for _ in range(3))


@pytest.fixture
def stations(store: Store) -> Store:
    for name, key in (("here", KEY), ("there", OTHER)):
        store.stations.enrol(store.stations.new_code(name, 100.0), key.public.text, "", 1000.0, 50.0)
    return store


@pytest.fixture
def text(tmp_path: Path) -> bytes:
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        for _ in range(9):
            journal.append("note", {"text": "x"})
    return (tmp_path / "run" / "journal.jsonl").read_bytes()


def message(text: bytes, key: SealKey = KEY, **changes: object) -> bytes:
    head = JournalHead(
        station="here", run="r", first=1, count=text.count(b"\n"), sha256=sha256(text).hexdigest()
    )
    return seal("journal-head", head.model_copy(update=changes), key) + b"\n" + text


@asynccontextmanager
async def taking(store: Store) -> AsyncIterator[Ingest]:
    ingest = Ingest(store, LABORATORY.public)
    running = asyncio.create_task(ingest.run())
    yield ingest
    running.cancel()


async def test_what_was_answered_is_there(stations: Store, text: bytes) -> None:
    async with taking(stations) as ingest:
        answer = await ingest.take("cal.here.journal", message(text))
        assert answer == Committed(committed=10)
        assert stations.journals.committed("here", "r") == 10


async def test_many_at_once_are_each_answered(stations: Store, text: bytes) -> None:
    parts = text.splitlines(keepends=True)
    async with taking(stations) as ingest:
        answers = await asyncio.gather(
            *(ingest.take("cal.here.journal", message(part, first=n)) for n, part in enumerate(parts, 1)),
            ingest.take("cal.here.journal", message(parts[1], first=1, run="other")),
        )
    *good, refused = (answer or Committed(committed=-1) for answer in answers)
    assert [answer.committed for answer in good] == list(range(1, 11))
    assert "line 2 stands where 1 is due" in refused.refused
    (noted,) = stations.noted(what="conflict")
    assert noted.who == "here"


async def test_what_comes_soon_after_a_transaction_goes_into_the_next_together(
    stations: Store, text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "APART", 1.0)
    first, *later = (message(part, first=n) for n, part in enumerate(text.splitlines(keepends=True), 1))
    kept: list[object] = []
    async with taking(stations) as ingest:
        event.listen(stations.database._engine, "commit", kept.append)
        assert await ingest.take("cal.here.journal", first) == Committed(committed=1)
        own = len(kept)
        answers = []
        for one in later:
            answers.append(asyncio.create_task(ingest.take("cal.here.journal", one)))
            await asyncio.to_thread(str)  # time enough for a transaction to begin
        assert [answer.committed for answer in await asyncio.gather(*answers) if answer] == list(range(2, 11))
    # The transaction that noted whose order this is came with the first line alone.
    assert len(kept) == own + 1


async def test_who_has_much_to_bring_does_not_wait_for_others(
    stations: Store, text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "APART", 1e6)
    with Journal.create(tmp_path / "long", VirtualClock(0.0)) as journal:
        for _ in range(10):
            journal.append("note", {"text": "x" * 10_000})
    long = (tmp_path / "long" / "journal.jsonl").read_bytes()
    async with taking(stations) as ingest, asyncio.timeout(PATIENCE):
        await ingest.take("cal.here.journal", message(text))
        assert await ingest.take("cal.here.journal", message(long, run="long")) == Committed(committed=10)


@pytest.mark.parametrize(
    "forge",
    [
        lambda text: message(text, OTHER),
        lambda text: message(text, station="there"),
        lambda text: message(text).replace(b"format", b"formal"),
        lambda text: message(text) + b"{}\n",
        lambda text: message(text, count=9),
        lambda text: message(text, run="../../etc"),
        lambda _: b"nonsense",
        lambda _: b"",
    ],
)
async def test_what_the_station_did_not_sign_is_not_even_answered(
    stations: Store, text: bytes, forge
) -> None:
    async with taking(stations) as ingest:
        assert await ingest.take("cal.here.journal", forge(text)) is None
    assert stations.pages.runs(100) == ()


async def test_a_revoked_stations_lines_are_not_taken(stations: Store, text: bytes) -> None:
    stations.stations.revoke("here")
    async with taking(stations) as ingest:
        assert await ingest.take("cal.here.journal", message(text)) is None


async def test_without_a_database_nobody_is_answered(
    stations: Store, text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConfigurationError("the database is gone")

    async with taking(stations) as ingest:
        with monkeypatch.context() as patch:
            patch.setattr(stations.journals, "append_all", fail)
            assert await ingest.take("cal.here.journal", message(text)) is None
        assert await ingest.take("cal.here.journal", message(text)) is not None
