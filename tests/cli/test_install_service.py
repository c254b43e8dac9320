"""Units of hub and station: systemd takes them, and they start the hub or station they were made for."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remotecal.cli import main
from remotecal.cli.install_service import unit

ODD = 'of "50 %" $HOME'
"""A directory's name with all that means something in a unit."""


OPTIONS = {"hub": ("--api", "127.0.0.1:4290", "--api-certificate", "a.pem"), "station": ()}
"""What a unit is told to start with; a certificate's path is from where the command was given."""


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    folder = tmp_path / ODD / "hub"
    made = ("hub", "init", "--hub", str(folder), "--laboratory", "Laboratory", "--host", "127.0.0.1")
    assert main(list(made)) == 0
    return folder


@pytest.fixture(params=["hub", "station"])
def whose(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """Return a hub and its directory, then a station and its own."""
    if request.param == "hub":
        return "hub", request.getfixturevalue("hub")
    folder = tmp_path / ODD / "station"
    folder.mkdir(parents=True)
    (folder / "station.toml").write_text('name = "here"\nbenches = []\n', "utf-8")
    return "station", folder


def read(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(path.read_text("utf-8"))
    return found


def installed(what: str, folder: Path, to: Path) -> configparser.ConfigParser:
    asked = [what, "install-service", f"--{what}", str(folder), "--to", str(to), *OPTIONS[what]]
    assert main(asked) == 0
    return read(to / f"remotecal-{what}.service")


def test_systemd_finds_nothing_wrong(whose: tuple[str, Path], tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not here")
    installed(*whose, tmp_path)
    path = tmp_path / f"remotecal-{whose[0]}.service"
    found = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    about = [line for line in found.stderr.splitlines() if path.name in line]
    assert (found.returncode, about) == (0, [])


def test_it_starts_what_it_was_made_for(
    whose: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    what, folder = whose
    monkeypatch.chdir(tmp_path)
    service = installed(what, Path(os.path.relpath(folder)), tmp_path)["Service"]
    plain = service["ExecStart"].replace("%%", "%").replace("$$", "$").replace('\\"', "'")
    words = [word.strip('"') for word in plain.split('" "')]
    assert words[:6] == [sys.executable, "-m", "remotecal", what, "up", f"--{what}"]
    assert words[6].replace("'", '"') == str(folder)
    assert words[7:] == [str(tmp_path / one) if one == "a.pem" else one for one in OPTIONS[what]]
    assert "systemctl" in capsys.readouterr().out


def test_one_of_the_computers_runs_as_the_directorys_owner(hub: Path) -> None:
    owner = f"User={hub.stat().st_uid}\n"
    assert owner in unit("hub", hub, (), system=True)
    assert "User=" not in unit("hub", hub, (), system=False)
    assert "TimeoutStopSec=30min" in unit("station", hub, (), system=True)


@pytest.mark.parametrize("what", ["hub", "station"])
def test_a_folder_that_is_none_is_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([what, "install-service", f"--{what}", str(tmp_path), "--to", str(tmp_path)]) == 2
    assert f"is no {what}: make one with" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
