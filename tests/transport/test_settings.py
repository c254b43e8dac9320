"""Hub and station say what is wrong with what people wrote."""

import asyncio
from pathlib import Path

import pytest
from laboratories import enrol_station, hub_up
from little_room import files_up_to

from remotecal.errors import ConfigurationError, StoreError
from remotecal.hub.founding import found, settings_text
from remotecal.hub.settings import HubFolder
from remotecal.station.agent import Station
from remotecal.station.folder import StationFolder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("laboratory =", "labratory ="), "labratory is unknown, did you mean laboratory?"),
        (('"tls:', '"nats:'), "servers.0: string should match"),
        (('"tls:', '"wss:'), "names a wss address, but broker.websocket is not set"),
        (("listen = ", "lisen = "), "lisen is unknown"),
    ],
)
def test_a_hubs_settings(folder: HubFolder, change: tuple[str, str], said: str) -> None:
    file = folder.path / "hub.toml"
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(ConfigurationError, match=r"hub\.toml") as refusal:
        HubFolder(folder.path)
    assert said in str(refusal.value)


def test_a_directory_without_a_hub(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"hub\.toml does not exist"):
        HubFolder(tmp_path)


def test_a_database_stands_beside_the_settings(tmp_path: Path) -> None:
    folder = found(tmp_path / "hub", settings_text("W", "host"))
    assert folder.database == f"sqlite:///{tmp_path}/hub/hub.sqlite"
    file = folder.path / "hub.toml"
    file.write_text(file.read_text().replace("sqlite:///hub.sqlite", "postgresql+psycopg://u@h/n"))
    assert HubFolder(folder.path).database == "postgresql+psycopg://u@h/n"


@pytest.mark.parametrize("size", [10, 900, 20_000])
def test_a_hub_the_disk_has_no_room_for_is_made_once_there_is(tmp_path: Path, size: int) -> None:
    """Whether settings, a certificate or the database was too long, none of it is left in the way."""
    settings, place = settings_text("W", "host"), tmp_path / "hub"
    with files_up_to(size), pytest.raises((ConfigurationError, StoreError)):
        found(place, settings)
    assert list(place.iterdir()) == []
    assert found(place, settings).path == place


def test_a_station_the_disk_has_no_room_for_is_made_once_there_is(tmp_path: Path) -> None:
    with files_up_to(3), pytest.raises(ConfigurationError, match=r"station\.toml can't be written"):
        StationFolder.make(tmp_path / "here", "here")
    assert StationFolder.make(tmp_path / "here", "here").settings.name == "here"


def test_a_station_that_never_enrolled(tmp_path: Path) -> None:
    folder = StationFolder.make(tmp_path / "here", "here")
    with pytest.raises(ConfigurationError, match="is not enrolled: ask the laboratory for a code"):
        _ = folder.laboratory


def test_a_code_for_another_station(tmp_path: Path) -> None:
    StationFolder.make(tmp_path / "here", "here")
    with pytest.raises(ConfigurationError, match="is of the station here, the code is for there"):
        StationFolder.make(tmp_path / "here", "there")


async def test_an_agent_does_not_begin_with_a_wrong_bench(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        await enrol_station(hub, tmp_path / "here", "here")
        (tmp_path / "here" / "station.toml").write_text('name = "here"\nbenches = ["none.toml"]\n')
        with pytest.raises(ConfigurationError, match=r"none\.toml does not exist"):
            await Station(StationFolder(tmp_path / "here")).run()


async def test_one_agent_at_a_time(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        first = Station(station)
        running = asyncio.create_task(first.run())
        await first.liaison.greeted.wait()
        with pytest.raises(ConfigurationError, match="another agent is at work"):
            await Station(station).run()
        station.socket.unlink()
        with pytest.raises(ConfigurationError, match="another agent is at work"):
            await Station(station).run()
        first.stop()
        await running
        assert not station.socket.exists()
        assert hub.laboratory.store.stations.get("here").seen
