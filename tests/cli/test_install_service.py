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


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    folder = tmp_path / ODD / "hub"
    made = ("hub", "init", "--hub", str(folder), "--laboratory", "Laboratory", "--host", "127.0.0.1")
    assert main(list(made)) == 0
    return folder


def read(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(path.read_text("utf-8"))
    return found


def installed(hub: Path, to: Path, *options: str) -> configparser.ConfigParser:
    assert main(["hub", "install-service", "--hub", str(hub), "--to", str(to), *options]) == 0
    return read(to / "remotecal-hub.service")


def test_systemd_finds_nothing_wrong(hub: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not here")
    installed(hub, tmp_path, "--api", "127.0.0.1:4290")
    path = tmp_path / "remotecal-hub.service"
    found = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    about = [line for line in found.stderr.splitlines() if path.name in line]
    assert (found.returncode, about) == (0, [])


def test_it_starts_what_it_was_made_for(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = installed(
        Path(os.path.relpath(hub)), tmp_path, "--api", "127.0.0.1:4290", "--api-certificate", "a.pem"
    )
    service = found["Service"]
    plain = service["ExecStart"].replace("%%", "%").replace("$$", "$").replace('\\"', "'")
    words = [word.strip('"') for word in plain.split('" "')]
    assert words[:5] == [sys.executable, "-m", "remotecal", "hub", "up"]
    assert words[6].replace("'", '"') == str(hub)
    assert words[7:] == ["--api", "127.0.0.1:4290", "--api-certificate", str(tmp_path / "a.pem")]
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
