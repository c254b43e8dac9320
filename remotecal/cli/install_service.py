"""`install-service` of hub and station: a systemd unit, so that they are up whenever their computer is."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.cli.commands import Commands

UNIT = """\
[Unit]
Description=remotecal {what} in {folder}
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={start}
WorkingDirectory={folder}
{user}{environment}Restart=on-failure
RestartSec=5
# The {what} ends what it has begun, and ends its own servers; {ending}.
KillMode=mixed
TimeoutStopSec={patience}
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy={wanted}
"""

PATIENCE = {"hub": "2min", "station": "30min"}
"""How long systemd waits for an orderly end before it kills: a rig may take long until it is safe."""
ENDING = {
    "hub": "stations go on by their orders meanwhile",
    "station": "a run is suspended with its rig made safe, and taken up again when the agent is back",
}
ENVIRONMENT = {"hub": {"MALLOC_ARENA_MAX": "1"}, "station": {}}
"""Of the hub's threads one computes at a time; a heap of its own for each would keep what all of them once
needed at once (docs/how-fast.md)."""
SYSTEM, OWN = Path("/etc/systemd/system"), Path("~/.config/systemd/user")
"""Where units go: root's, and anybody else's."""


def add_command(
    commands: Commands, what: str, parents: Sequence[argparse.ArgumentParser]
) -> argparse.ArgumentParser:
    """Declare `install-service` of a hub or a station, and return it."""
    help_text = f"let systemd start the {what} with the computer"
    declared = command(commands, "install-service", help_text, partial(_install, what), parents)
    declared.add_argument(
        "--to", type=Path, metavar="DIR", help="where units go; by default root's, or for others their own"
    )
    return declared


def _install(what: str, asked: argparse.Namespace) -> None:
    """Write the unit, and tell what starts it.

    Raises:
        ConfigurationError: there is no such hub or station, or the unit can't be written.
    """
    from remotecal.certificates.keeping import replace
    from remotecal.errors import ConfigurationError

    folder = getattr(asked, what).resolve()
    if not (folder / f"{what}.toml").is_file():
        raise ConfigurationError(f"{folder} is no {what}: {_first(what)}")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    into = (asked.to or (SYSTEM if as_root else OWN)).expanduser()
    path = into / f"remotecal-{what}.service"
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{into} can't be made: {error.strerror}") from error
    replace(path, unit(what, folder, _options(asked), system=as_root).encode())
    control = "systemctl" if as_root else "systemctl --user"
    print(f"{path} is written. Next:\n  {control} daemon-reload\n  {control} enable --now {path.name}")
    if not as_root:
        print("For it to be up while nobody is logged in:\n  loginctl enable-linger")


def unit(what: str, folder: Path, options: Sequence[str], *, system: bool) -> str:
    """Return the unit of a hub or a station.

    Args:
        what: which of the two.
        folder: its directory.
        options: what else it is started with.
        system: whether it is one of the computer's, which runs as the directory's owner, or a user's own.
    """
    words = (sys.executable, "-m", "remotecal", what, "up", f"--{what}", str(folder), *options)
    return UNIT.format(
        what=what,
        folder=str(folder).replace("%", "%%"),
        start=" ".join(map(_quoted, words)),
        user=f"User={folder.stat().st_uid}\n" if system else "",
        environment="".join(f"Environment={name}={value}\n" for name, value in ENVIRONMENT[what].items()),
        patience=PATIENCE[what],
        ending=ENDING[what],
        wanted="multi-user.target" if system else "default.target",
    )


def _options(asked: argparse.Namespace) -> list[str]:
    """Return the options that go on to `up`, files by whole paths: it is started elsewhere."""
    options = []
    if getattr(asked, "api", None) is not None:
        options += ["--api", asked.api]
    if getattr(asked, "api_certificate", None) is not None:
        options += ["--api-certificate", str(asked.api_certificate.resolve())]
    if getattr(asked, "api_proxied", False):
        options.append("--api-proxied")
    return options


def _quoted(word: str) -> str:
    """Return a word as a unit's command line has it, where percent and dollar signs mean something."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _first(what: str) -> str:
    return (
        "make one with `remotecal hub init`" if what == "hub" else "make one with `remotecal station enrol`"
    )
