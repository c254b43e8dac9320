"""Whoever does not belong is refused by the real server, and logged."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from laboratories import enrol_station, hub_up, station_connection
from nats.aio.client import Client
from nats.errors import Error

from remotecal.cli.processes import free_port
from remotecal.errors import ConfigurationError, NotAnswered, NotConnected, TransportError
from remotecal.hub import refusals
from remotecal.hub.hub import Hub
from remotecal.hub.refusals import Refusals
from remotecal.hub.settings import HubFolder
from remotecal.station.folder import StationFolder
from remotecal.store import Store
from remotecal.transport import subjects
from remotecal.transport.enrolment import Application, apply
from remotecal.transport.identities import HUB, station_uri
from remotecal.transport.pki import Authority, Credentials, certificate_pem, new_key
from remotecal.transport.tls import client_context

DAY = timedelta(days=1)


@pytest.fixture
def authority(folder: HubFolder) -> Authority:
    return Authority.read(folder.authority)


def identity(path: Path, authority: Authority, uri: str, lasts: timedelta = DAY, holder: str = "") -> Path:
    key = new_key()
    Credentials(key, authority.client(key.public_key(), uri, lasts, holder=holder)).write(path)
    return path


def context(trusted: Path | None, shown: Path | None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = trusted is not None
    made.verify_mode = ssl.CERT_REQUIRED if trusted else ssl.CERT_NONE
    if trusted:
        made.load_verify_locations(trusted)
    if shown:
        made.load_cert_chain(shown)
    return made


async def connect(folder: HubFolder, tls: ssl.SSLContext | None) -> Client:
    """Connect as an intruder would; raises what the client raises."""
    client = Client()

    async def hush(_: Exception) -> None:
        pass

    (server,) = folder.settings.servers
    try:
        async with asyncio.timeout(3.0):
            await client.connect(
                server if tls else server.replace("tls:", "nats:"),
                tls=tls,
                tls_handshake_first=tls is not None,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                error_cb=hush,
            )
    except BaseException:
        with suppress(Error, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), 1.0)  # TLS would wait half a minute for a farewell
        raise
    return client


async def is_refused(folder: HubFolder, tls: ssl.SSLContext | None) -> bool:
    try:
        client = await connect(folder, tls)
    except (Error, OSError, TimeoutError):
        return True
    await client.close()
    return False


def reasons(store: Store) -> list[str]:
    return [json.loads(row.data)["reason"] for row in store.noted(what="refused")]


async def test_a_station_in_the_register_is_let_in(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        assert not await is_refused(folder, context(folder.trusted, station.identity))


async def test_without_a_certificate(folder: HubFolder) -> None:
    async with hub_up(folder):
        assert await is_refused(folder, context(folder.trusted, None))


async def test_of_another_authority(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        other = Authority.create("Water laboratory")
        holder = station.signing_key().public.id
        forged = identity(tmp_path / "forged.pem", other, station_uri("here"), holder=holder)
        assert await is_refused(folder, context(folder.trusted, forged))
        forged = identity(tmp_path / "forged.pem", other, HUB)
        assert await is_refused(folder, context(folder.trusted, forged))


async def test_expired(folder: HubFolder, tmp_path: Path, authority: Authority) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        holder = station.signing_key().public.id
        late = identity(
            tmp_path / "late.pem", authority, station_uri("here"), timedelta(hours=-1), holder=holder
        )
        assert await is_refused(folder, context(folder.trusted, late))


async def test_not_in_the_register(
    folder: HubFolder, tmp_path: Path, authority: Authority, store: Store
) -> None:
    async with hub_up(folder):
        for uri in (station_uri("nowhere"), "urn:remotecal:something", "urn:remotecal:broker"):
            stranger = identity(tmp_path / "stranger.pem", authority, uri)
            assert await is_refused(folder, context(folder.trusted, stranger))
    assert {reason.split()[0] for reason in reasons(store)} == {
        "nowhere",
        "urn:remotecal:something",
        "urn:remotecal:broker",
    }


async def test_of_an_enrolment_before(folder: HubFolder, tmp_path: Path, store: Store) -> None:
    async with hub_up(folder) as hub:
        before = await enrol_station(hub, tmp_path / "before", "here")
        assert not await is_refused(folder, context(folder.trusted, before.identity))
        now = await enrol_station(hub, tmp_path / "now", "here")
        assert await is_refused(folder, context(folder.trusted, before.identity))
        assert not await is_refused(folder, context(folder.trusted, now.identity))
    assert reasons(store) == ["here enrolled anew since this certificate was issued"]


async def test_a_revoked_station_is_cut_at_once_and_stays_out(
    folder: HubFolder, tmp_path: Path, store: Store
) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        other = await enrol_station(hub, tmp_path / "there", "there")
        async with station_connection(station) as cut, station_connection(other) as kept:
            await cut.up.wait()
            await kept.up.wait()
            assert await hub.laboratory.revoke("here", "Li Wei") == 1
            while cut.up.is_set():
                await asyncio.sleep(0.01)
            while not reasons(store):
                await asyncio.sleep(0.01)
            assert not cut.up.is_set()
            assert kept.connected == 1
            assert await kept.request(subjects.service("order", "there"), b"") == b""
    assert reasons(store) == ["here was revoked"]


async def test_a_connection_ends_with_its_certificate(
    folder: HubFolder, tmp_path: Path, authority: Authority
) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        holder = station.signing_key().public.id
        soon = identity(
            tmp_path / "soon.pem", authority, station_uri("here"), timedelta(seconds=3), holder=holder
        )
        client = await connect(folder, context(folder.trusted, soon))
        while client.is_connected:
            await asyncio.sleep(0.05)
        assert await is_refused(folder, context(folder.trusted, soon))


async def test_tls_1_2(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        old = context(folder.trusted, station.identity)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await is_refused(folder, old)


async def test_plaintext(folder: HubFolder) -> None:
    async with hub_up(folder):
        assert await is_refused(folder, None)
        host, port = folder.settings.broker.listen.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'CONNECT {"verbose":true}\r\nPING\r\n')
        said = await reader.read(100)
        assert b"INFO" not in said, "the server says nothing before TLS"
        assert b"PONG" not in said
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_man_in_the_middle_who_strips_tls_gets_nothing(folder: HubFolder, tmp_path: Path) -> None:
    """He poses as a server that speaks no TLS; the client must not talk to him."""
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        heard = bytearray()
        arrived = asyncio.Event()

        async def pose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            info = {"server_id": "x", "version": "2.15.1", "max_payload": 1024, "tls_required": False}
            writer.write(b"INFO " + json.dumps(info).encode() + b"\r\nPONG\r\n")
            heard.extend(await reader.read(1000))
            arrived.set()
            writer.close()

        port = free_port()
        async with await asyncio.start_server(pose, "127.0.0.1", port):
            given = json.loads((station.path / "laboratory.json").read_text())
            given["servers"] = [f"tls://127.0.0.1:{port}"]
            (station.path / "laboratory.json").write_text(json.dumps(given))
            async with station_connection(station) as connection:
                await arrived.wait()
                assert not connection.up.is_set()
        assert bytes(heard[:2]) == b"\x16\x03", "a TLS hello and nothing else"
        assert b"CONNECT" not in heard


async def test_a_server_without_our_authority_is_not_believed(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        station.authority.write_bytes(certificate_pem(Authority.create("another").certificate))
        async with station_connection(station) as connection:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connection.up.wait(), 1.5)


async def test_a_station_cannot_pose_as_the_server(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        thief = await enrol_station(hub, tmp_path / "thief", "thief")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(thief.identity)

        async def pose(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        port = free_port()
        async with await asyncio.start_server(pose, "127.0.0.1", port, ssl=tls):
            for trusting in (context(folder.trusted, None), client_context(folder.trusted, None)):
                with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
                    await asyncio.open_connection("127.0.0.1", port, ssl=trusting)


@asynccontextmanager
async def two_stations(
    folder: HubFolder, path: Path
) -> AsyncIterator[tuple[Hub, StationFolder, StationFolder]]:
    async with hub_up(folder) as hub:
        yield (
            hub,
            await enrol_station(hub, path / "here", "here"),
            await enrol_station(hub, path / "there", "there"),
        )


FOREIGN = [
    "cal.there.journal",
    "cal.there.order",
    "cal.there.claim",
    "cal.there.cmd.abort",
    "cal.there.live.run",
    "_INBOX_there.x",
    "_INBOX.x",
    "$SYS.REQ.USER.AUTH",
    "$SYS.REQ.SERVER.PING.CONNZ",
    "$JS.API.INFO",
    "anything",
]


async def violations(folder: HubFolder, station: StationFolder, act, count: int) -> list[str]:
    """Return what the server says to a client that does `count` things it may not."""
    said: list[str] = []
    client = Client()

    async def note(error: Exception) -> None:
        said.append(str(error).lower())

    await client.connect(
        list(folder.settings.servers),
        tls=context(folder.trusted, station.identity),
        tls_handshake_first=True,
        allow_reconnect=False,
        error_cb=note,
        inbox_prefix=subjects.inbox(station.name),
    )
    await act(client)
    async with asyncio.timeout(30):
        while len(said) < count:  # a flush may overtake what the server says of earlier messages
            await client.flush()
    await client.close()
    return said


async def test_foreign_subjects(folder: HubFolder, tmp_path: Path) -> None:
    async with two_stations(folder, tmp_path) as (_, here, _):

        async def publish(client: Client) -> None:
            for subject in FOREIGN:
                await client.publish(subject, b"")

        async def subscribe(client: Client) -> None:
            for subject in [*FOREIGN, "cal.>", "cal.*.cmd.>", "_INBOX_there.>", ">", "cal.here.journal"]:
                await client.subscribe(subject)

        wildcards = ["cal.>", "cal.*.cmd.>", "_INBOX_there.>", ">", "cal.here.journal"]
        said = await violations(folder, here, publish, len(FOREIGN))
        for subject in FOREIGN:
            assert any("publish" in text and subject.lower() in text for text in said), subject
        said = await violations(folder, here, subscribe, len(FOREIGN) + len(wildcards))
        for subject in [*FOREIGN, *wildcards]:
            assert any("subscription" in text and f'"{subject.lower()}"' in text for text in said), subject


async def test_forged_answers_do_not_arrive(folder: HubFolder, tmp_path: Path) -> None:
    """A station may answer the laboratory's commands, and nothing else."""
    async with (
        two_stations(folder, tmp_path) as (hub, here, there),
        station_connection(here) as asking,
        station_connection(there) as forging,
    ):
        await asking.up.wait()
        await forging.up.wait()
        arrived: list[bytes] = []

        async def take(_: str, content: bytes) -> None:
            arrived.append(content)

        await asking.listen("_INBOX_here.guess", take)
        await forging.publish("_INBOX_here.guess", b"forged")
        with pytest.raises(NotConnected, match="nobody answers"):
            await hub.laboratory.connection.request(subjects.command("here", "pause"), b"")
        await asking.publish("cal.here.live.run", b"")
        assert await asking.request(subjects.service("order", "here"), b"") == b""
        assert arrived == []


async def test_a_station_speaks_for_itself_only(folder: HubFolder, tmp_path: Path) -> None:
    from remotecal.station.liaison import Liaison
    from remotecal.transport.envelopes import seal
    from remotecal.transport.messages import Acknowledgement, Claim, Hello, Welcome
    from remotecal.transport.versions import SPEAKS

    class Newer(Hello):
        of_later: str

    def hello(station: str) -> Hello:
        return Hello(
            station=station,
            session="s",
            nonce="n",
            time=0.0,
            version="",
            benches=(),
            procedures={},
            running=None,
        )

    async with two_stations(folder, tmp_path) as (hub, here, there), station_connection(here) as connection:
        await connection.up.wait()
        subject = subjects.service("hello", "here")
        for envelope in (
            seal("hello", hello("there"), here.signing_key()),
            seal("hello", hello("here"), there.signing_key()),
            b"nonsense",
        ):
            with pytest.raises(NotAnswered):
                await connection.request(subject, envelope, within=0.3)
        key, of = here.signing_key(), here.laboratory_key()
        for speaks, told in ((SPEAKS, ""), (SPEAKS + 1, "update the hub first")):
            newer = Newer(**hello("here").model_dump(exclude={"speaks"}), speaks=speaks, of_later="x")
            welcome = await connection.ask(subject, seal("hello", newer, key), Welcome, of)
            assert welcome.refused.endswith(told)
            assert bool(welcome.refused) == bool(told)
        hub.laboratory.store.orders.issue("o", "N", "here", b"signed", 1.0, time.time() + 60.0, "liwei")
        claim = seal("claim", Claim(station="here", order="o", claim="c"), key)
        assert await connection.request(subjects.service("order", "here"), b"") == b""
        granted = await connection.ask(subjects.service("claim", "here"), claim, Acknowledgement, of)
        assert (granted.done, granted.reason) == (False, welcome.refused)
        (refused,) = hub.laboratory.store.noted(what="refused", who="here")
        assert "update the hub first" in refused.data
        liaison = Liaison(here, lambda *_: hello("here").model_copy(update={"speaks": 9}), lambda: None, 9.0)
        async with liaison.control:
            await liaison.control.up.wait()
            with pytest.raises(TransportError, match="update the hub first"):
                await liaison.greet()
        assert "edition 9" in liaison.not_served
        assert liaison.greeted.is_set(), "the time was told: a run that is held for its clock is held on"
        assert hub.laboratory.store.stations.get("there").session is None


async def test_the_hub_writes_nowhere_at_a_stations_wish(folder: HubFolder, tmp_path: Path) -> None:
    """Who asks says where the answer goes; there the hub may write where the station may not."""
    async with (
        two_stations(folder, tmp_path) as (_, here, there),
        station_connection(here) as asking,
        station_connection(there) as listening,
    ):
        await asking.up.wait()
        await listening.up.wait()
        heard: list[str] = []

        async def take(subject: str, _: bytes) -> None:
            heard.append(subject)

        await listening.listen(subjects.commands("there"), take)
        client = asking._client
        assert client is not None
        for reply in ("cal.there.cmd.pause", "_INBOX_herefrom.x"):
            await client.publish(subjects.service("order", "here"), b"", reply=reply)
        assert await asking.request(subjects.service("order", "here"), b"") == b""
        await listening.request(subjects.service("order", "there"), b"")
        assert heard == []


def test_a_flood_of_refusals_does_not_fill_the_log(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_REFUSALS", 20)
    refused = Refusals(store)
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda n: refused.note(f"s{n % 30}", "host", "no"), range(200)):
            pass
    assert len(store.noted(limit=200)) == 20


async def test_wrong_codes_are_noted_once(folder: HubFolder, store: Store) -> None:
    async with hub_up(folder):
        trusted = client_context(folder.trusted, None)
        for number in range(3):
            with pytest.raises(ConfigurationError, match="unknown, used or expired"):
                await apply(folder.settings.enrolment.address, trusted, Application(secret=f"guess {number}"))
    assert len(reasons(store)) == 1
