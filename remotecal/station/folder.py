"""A station's directory: its settings, its keys, and how it gets them.

| file | what |
|---|---|
| `station.toml` | name, benches, what is allowed (`StationSettings`) |
| `identity.pem` | key and certificate with which it connects |
| `journal.key.pem` | Ed25519 key with which it signs journals |
| `authority.pem` | certificate of the laboratory's authority |
| `agent.sock`, `agent.lock` | where the person on site talks to the agent, and that there is one only |
| `consent.json` | the order that waits for the person on site, and since when |
| `laboratory.json` | the laboratory it enrolled with: its servers, the key of its orders |
| `procedures/` | procedures that came in signed bundles |
| `orders/` | for each order the signed order, the claim, and the laboratory's signed words: granted, done |
| `runs/` | a directory for each run |
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from pydantic import Field

from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.seal import PublicKey, SealKey, new_seal_key
from remotecal.clock import Zone, local_zone
from remotecal.configuration import Written, as_toml, checked, read_toml
from remotecal.errors import ConfigurationError, TransportError
from remotecal.journal.files import LARGEST, LARGEST_EVER
from remotecal.private_files import write_private
from remotecal.transport.enrolment import Application, Code, apply, ask_authority
from remotecal.transport.identities import station_uri
from remotecal.transport.pki import Credentials, new_key, parse_certificate, request
from remotecal.transport.tls import client_context

NONE_THERE = "say where the station's directory is with --station, or make one with `remotecal station enrol`"
"""What to do where there are no settings."""
FILE = "station.toml"
"""Name of the settings in a station's directory."""


class RemoteSettings(Written):
    """What the laboratory may do to single instruments while no run is on."""

    write: tuple[str, ...] = ()
    """`bench/role` of the instruments it may also set; all others it may only read."""


class StationSettings(Written):
    """What a person at the site has decided."""

    name: str
    """Name of the station."""
    benches: tuple[str, ...] = ()
    """Bench files, from where this file lies."""
    consent: bool = False
    """Whether a person on site must agree before an order is begun."""
    largest_file: int = Field(default=LARGEST, ge=1, le=LARGEST_EVER)
    """Bytes a photo or another file may have that is added to a run's evidence."""
    trusted: tuple[str, ...] = ()
    """Ed25519 public keys, base64, whose bundles of procedures may be installed."""
    time_zone: Zone | None = None
    """In which its pages tell times; the computer's if not given."""
    remote: RemoteSettings = RemoteSettings()
    """What the laboratory may do to single instruments."""


class EnrolledWith(Written):
    """The laboratory a station belongs to."""

    name: str
    """Its name."""
    key: str
    """Ed25519 public key that signs its orders and commands, base64."""
    servers: tuple[str, ...] = Field(min_length=1)
    """Where to connect."""


class StationFolder:
    """A station's directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        written = read_toml(path / FILE, ConfigurationError, NONE_THERE)
        self.settings = checked(StationSettings, written, str(path / FILE), ConfigurationError)

    @classmethod
    def make(cls, path: Path, name: str) -> Self:
        """Make the directory of a new station, or take the one that is there for this name."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path / FILE
        if not file.exists():
            write_private(file, as_toml({"name": name, "benches": []}).encode())
        folder = cls(path)
        if folder.settings.name != name:
            raise ConfigurationError(
                f"{file} is of the station {folder.settings.name}, the code is for {name}"
            )
        return folder

    @property
    def name(self) -> str:
        """Name of the station."""
        return self.settings.name

    @property
    def time_zone(self) -> str:
        """IANA name of the time zone in which times are told at the site."""
        return self.settings.time_zone or local_zone()

    @property
    def identity(self) -> Path:
        """Key and certificate with which it connects."""
        return self.path / "identity.pem"

    @property
    def journal_key(self) -> Path:
        """Ed25519 key with which it signs journals."""
        return self.path / "journal.key.pem"

    @property
    def authority(self) -> Path:
        """Certificate of the laboratory's authority."""
        return self.path / "authority.pem"

    @property
    def runs(self) -> Path:
        """Directory of the runs."""
        return self.path / "runs"

    @property
    def orders(self) -> Path:
        """Directory of the orders."""
        return self.path / "orders"

    @property
    def procedures(self) -> Path:
        """Directory of the procedures from bundles."""
        return self.path / "procedures"

    @property
    def consent(self) -> Path:
        """Which order waits for the person on site, and since when."""
        return self.path / "consent.json"

    @property
    def socket(self) -> Path:
        """Where the person on site talks to the agent."""
        return self.path / "agent.sock"

    @property
    def laboratory(self) -> EnrolledWith:
        """The laboratory it enrolled with (`ConfigurationError` if it never did)."""
        file = self.path / "laboratory.json"
        try:
            content = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            raise ConfigurationError(
                f"{self.path} is not enrolled: ask the laboratory for a code, then `remotecal station enrol`"
            ) from None
        return checked(EnrolledWith, content, str(file), ConfigurationError)

    def signing_key(self) -> SealKey:
        """Return the key with which it signs journals."""
        return SealKey.read(self.journal_key)

    def laboratory_key(self) -> PublicKey:
        """Return the key that signs the laboratory's orders and commands."""
        return PublicKey.from_text(self.laboratory.key)


async def enrol_with(path: Path, address: str, code: Code) -> StationFolder:
    """Enrol a station: make its keys, and get a certificate for them.

    Args:
        path: the station's directory.
        address: `host:port` where the laboratory takes enrolments.
        code: from the laboratory.

    Raises:
        TransportError: the laboratory can't be reached, or somebody else is there.
        ConfigurationError: the code is of another station, or not good any more.
    """
    folder = StationFolder.make(path, code.station)
    authority = await ask_authority(address)
    if not code.is_of(fingerprint(parse_certificate(authority))):
        raise TransportError(
            f"whoever answers at {address} is not the laboratory that made the code; nothing was told to "
            "them. Compare the code, its last six signs above all, and the address"
        )
    pending = folder.path / "authority.pending.pem"
    write_private(pending, authority)
    key, journal_key = new_key(), new_seal_key()
    write_private(folder.path / "journal.pending.pem", journal_key)
    application = Application(
        secret=code.secret,
        request=request(key, station_uri(code.station)).decode(),
        key=SealKey.read(folder.path / "journal.pending.pem").public.text,
    )
    admission = await apply(address, client_context(pending, None), application)
    # Only now that there is something better, what was there before is written over.
    pending.replace(folder.authority)
    (folder.path / "journal.pending.pem").replace(folder.journal_key)
    Credentials(key, parse_certificate(admission.certificate.encode())).write(folder.identity)
    belongs = EnrolledWith(
        name=admission.laboratory_name, key=admission.laboratory, servers=admission.servers
    )
    write_private(folder.path / "laboratory.json", belongs.model_dump_json(indent=2).encode())
    return folder
