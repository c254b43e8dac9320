"""Making a hub's directory: authority, keys, settings, database."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.signing.seal import new_seal_key
from remotecal.configuration import as_toml
from remotecal.errors import ConfigurationError
from remotecal.hub.settings import FILE, HubFolder
from remotecal.private_files import write_private
from remotecal.store import Store
from remotecal.transport.identities import BROKER, HUB, host_and_port
from remotecal.transport.pki import Authority, Credentials, certificate_pem, new_key

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN_LAST = timedelta(days=397)
"""How long the hub's own certificates are valid; `renew_own` makes new ones."""


def found(directory: Path, settings: str, authority: Path | None = None) -> HubFolder:
    """Make a hub's directory.

    Args:
        directory: new or empty.
        settings: content of `hub.toml`.
        authority: key and certificate of an authority an organisation made for this; by default a
            new one of the laboratory's own is made.

    Raises:
        ConfigurationError: the directory is not empty or can't be written, or settings or authority can't be
            used.
        StoreError: the database can't be made. Whatever fails, the directory is empty again.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigurationError(f"{directory} is not empty: a hub's keys are never written over")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _filled(directory, settings, authority)
    except BaseException:
        for made in directory.iterdir():  # half a hub can't be gone on with
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        raise


def _filled(directory: Path, settings: str, authority: Path | None) -> HubFolder:
    write_private(directory / FILE, settings.encode())
    folder = HubFolder(directory)
    own = Authority.read(authority) if authority else Authority.create(folder.settings.laboratory)
    own.identity.write(folder.authority)
    write_private(folder.trusted, certificate_pem(own.certificate))
    for path in (folder.admission, folder.laboratory):
        write_private(path, new_seal_key())
    renew_own(folder)
    Store.migrate(folder.database)
    return folder


def renew_own(folder: HubFolder) -> None:
    """Give hub and servers new keys and certificates."""
    authority = Authority.read(folder.authority)
    key = new_key()
    Credentials(key, authority.client(key.public_key(), HUB, OWN_LAST)).write(folder.hub)
    key = new_key()
    certificate = authority.server(key.public_key(), BROKER, _hosts(folder), OWN_LAST)
    Credentials(key, certificate).write(folder.broker)


def settings_text(
    laboratory: str, host: str, *, listen: str = "0.0.0.0:4222", enrolment: str = "0.0.0.0:4280"
) -> str:
    """Return a `hub.toml` for one machine.

    Args:
        laboratory: name of the laboratory.
        host: under which name or address stations find this machine.
        listen: address and port where stations connect.
        enrolment: address and port where stations enrol.

    Raises:
        ConfigurationError: these are no host and no addresses.
    """
    host_and_port(f"{host}:{_port(listen)}")
    return as_toml(
        {
            "laboratory": laboratory,
            "database": "sqlite:///hub.sqlite",
            "servers": [f"tls://{host}:{_port(listen)}"],
            "broker": {"listen": listen},
            "enrolment": {"listen": enrolment, "address": f"{host}:{_port(enrolment)}"},
        }
    )


def _hosts(folder: HubFolder) -> Sequence[str]:
    """Return the names and addresses under which the hub is reached."""
    settings = folder.settings
    reached = [*(server.split("://")[1] for server in settings.servers), settings.enrolment.address]
    return sorted({host_and_port(where)[0] for where in reached})


def _port(listen: str) -> int:
    return host_and_port(listen)[1]
