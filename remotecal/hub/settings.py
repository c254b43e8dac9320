"""What the laboratory's side is set to: `hub.toml`."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from remotecal.clock import Zone, local_zone
from remotecal.configuration import Written, checked, read_toml
from remotecal.errors import ConfigurationError
from remotecal.hub.numbers import NumberSettings
from remotecal.store.shares import Share
from remotecal.transport.identities import host_and_port
from remotecal.transport.messages import LONGEST_LINE

NONE_THERE = "say where the hub's directory is with --hub, or make one with `remotecal hub init`"
"""What to do where there are no settings."""
FILE = "hub.toml"
"""Name of the file in the hub's directory."""


def _reached(place: str) -> str:
    try:
        host_and_port(place.rpartition("://")[2])
    except ConfigurationError as error:
        raise ValueError(str(error)) from None  # pydantic gathers these, and says where they are
    return place


Listen = Annotated[str, AfterValidator(_reached)]
"""`address:port`."""


def _of_a_console(address: str) -> str:
    said = urlsplit(address)
    if said.port == {"http": 80, "https": 443}[said.scheme]:
        raise ValueError("leave out the port that is meant without one: browsers do")
    return address


Console = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?$"
    ),
    AfterValidator(_of_a_console),
]
"""`https://host`, `https://host:port`, as a browser has it: in small letters, without a path."""
Server = Annotated[str, StringConstraints(pattern=r"^(tls|wss)://"), AfterValidator(_reached)]
"""`tls://host:port` or `wss://host:port`."""


class Cluster(Written):
    """A server's place among others."""

    name: str = Field(min_length=1)
    """Name of the cluster, the same on every server."""
    listen: Listen
    """Where the others reach this one."""
    routes: tuple[Listen, ...]
    """Where this one reaches the others."""


class BrokerSettings(Written):
    """The NATS server."""

    start: bool = True
    """Whether the hub starts it; false for servers that are run otherwise."""
    listen: Listen = "0.0.0.0:4222"
    """Where stations connect over TLS."""
    websocket: Listen | None = None
    """Where stations connect over WebSocket, for sites whose firewall lets nothing else out."""
    cluster: Cluster | None = None
    """The servers it works with."""


class EnrolmentSettings(Written):
    """Where stations enrol."""

    listen: Listen = "0.0.0.0:4280"
    """Where the hub takes enrolments."""
    address: Listen
    """Under which address stations find it."""


class CertificateSettings(Written):
    """Certificates of stations."""

    days: float = Field(default=7.0, gt=0, le=398)
    """How long one is valid; a station renews its own after two thirds of that time."""


class IssuingSettings(Written):
    """Who may sign certificates, and the laboratory's own key; paths begin where this file lies."""

    signatories: str | None = None
    """The laboratory's register (TOML): who may sign what, and for which procedures."""
    trust: str | None = None
    """Trust list; every key that signs must be on it, for this laboratory."""
    trust_key: str | None = None
    """Public key of the trust list's issuer (PEM)."""
    key: str | None = None
    """The key that seals certificates: PEM or PKCS#12 file, or PKCS#11 URI; none if it is kept elsewhere."""
    password_file: str | None = None
    """Holds that key's password or PIN."""
    browser_keys: bool = False
    """Whether persons may sign on pages, by keys that their browsers keep: that proves less."""
    face: str | None = None
    """The laboratory's face (TOML), with which its certificates are printed from the first signature on."""

    @model_validator(mode="after")
    def _believable(self) -> Self:
        if (self.trust is None) != (self.trust_key is None):
            raise ValueError("trust and trust_key go together: a list is believed by its issuer's key alone")
        return self


class PublicSettings(Written):
    """The pages that anybody may see."""

    address: Annotated[str, StringConstraints(pattern=r"^https://[!-~]+[^/]$", max_length=80)] | None = None
    """Under which anybody reaches the console, such as `https://cal.example`: certificates state it, and have
    it as a QR code once they are issued. Without it they do neither."""


class ApiSettings(Written):
    """The REST API, and the console."""

    address: Console | None = None
    """Under which people open the console, such as `https://hub.example.org`: passkeys are bound to its host
    name. Without it, with an address that is a number, or without TLS but on `localhost`, there are none."""
    session_hours: float = Field(default=12.0, gt=0, le=168)
    """How long a session lasts at most."""
    idle_minutes: float = Field(default=30.0, gt=0, le=1440)
    """After how long without a request it is over."""
    connections: int = Field(default=256, ge=1, le=4096)
    """How many connections there may be at a time."""
    connections_of_one: int = Field(default=32, ge=1, le=4096)
    """How many of them one client may have, told by its address."""


class ShareSettings(Written):
    """What one station may take of the hub, so that it delays nobody else."""

    bytes: int = Field(default=Share().bytes, ge=1)
    """Bytes of journals and files that are kept for it, of all its runs."""
    run_lines: int = Field(default=Share().run_lines, ge=1)
    """Lines of one run's journal."""
    line_bytes: int = Field(default=LONGEST_LINE, ge=1, le=LONGEST_LINE)
    """Bytes of one line; the first one holds the standards' certificates."""
    evaluation: float = Field(default=120.0, gt=0)
    """Seconds in which a run's record must be computed."""


class MailSettings(Written):
    """Who carries notices; paths begin where this file lies. Nothing needs mail to be seen."""

    server: Listen
    """The server for mail, `host:port`."""
    security: Literal["tls", "starttls"] = "tls"
    """TLS from the first byte (port 465), or after STARTTLS (port 587); never without."""
    sender: Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+$")]
    """Address that notices come from."""
    user: str | None = None
    """With which name the hub logs in there."""
    password_file: str | None = None
    """Holds the password; nobody but its owner may read it."""
    trusted: str | None = None
    """Certificates (PEM) by which the server is believed; those of the computer where not given."""
    console: str | None = None
    """Address of the console, to which mails lead."""

    @model_validator(mode="after")
    def _with_password(self) -> Self:
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file go together")
        return self


class NoticeSettings(Written):
    """Who is told what falls due; days ahead as in `hub.due.AHEAD`."""

    keepers: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Serial number of a standard, or of an item of the laboratory's own → users who keep it; of others it is
    every operator's business."""
    mail: MailSettings | None = None
    """By which server notices go as mail; by none where not given."""


class HubSettings(Written):
    """Everything."""

    laboratory: str = Field(min_length=1)
    """Name of the laboratory."""
    called: dict[Literal["zh", "en"], str] = Field(default_factory=dict)
    """Language → the laboratory's name on pages in it; where none is given they say `laboratory`."""
    time_zone: Zone | None = None
    """Time zone of the laboratory, whose days count: its IANA name; the computer's own where not given."""
    database: str = "sqlite:///hub.sqlite"
    """SQLAlchemy URL; a relative SQLite path begins at this file."""
    servers: tuple[Server, ...] = Field(min_length=1)
    """Where stations are told to connect."""
    broker: BrokerSettings = BrokerSettings()
    """The NATS server."""
    enrolment: EnrolmentSettings
    """Where stations enrol."""
    certificates: CertificateSettings = CertificateSettings()
    """Certificates of stations."""
    issuing: IssuingSettings = IssuingSettings()
    """Calibration certificates."""
    numbers: NumberSettings = NumberSettings()
    """Series of numbers."""
    public: PublicSettings = PublicSettings()
    """The pages that anybody may see."""
    api: ApiSettings = ApiSettings()
    """The REST API."""
    notices: NoticeSettings = NoticeSettings()
    """Who is told what falls due, and by which mail server."""
    share: ShareSettings = ShareSettings()
    """What one station may take of the hub."""
    trusted: tuple[str, ...] = ()
    """Ed25519 public keys, base64, whose bundles of procedures the API takes."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        wanted = any(server.startswith("wss:") for server in self.servers)
        if wanted and self.broker.start and not self.broker.websocket:
            raise ValueError("servers names a wss address, but broker.websocket is not set")
        return self

    def name(self, language: str) -> str:
        """Return what the laboratory is called in a language."""
        said = {str(given): name for given, name in self.called.items()}
        return said.get(language) or self.laboratory

    @property
    def certificates_last(self) -> timedelta:
        """How long a station's certificate is valid."""
        return timedelta(days=self.certificates.days)


class HubFolder:
    """The hub's directory: its settings and its keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        written = read_toml(path / FILE, ConfigurationError, NONE_THERE)
        self.settings = checked(HubSettings, written, str(path / FILE), ConfigurationError)

    @property
    def time_zone(self) -> str:
        """IANA name of the time zone whose days count in the laboratory."""
        return self.settings.time_zone or local_zone()

    @property
    def authority(self) -> Path:
        """Key and certificate of the authority."""
        return self.path / "authority.key.pem"

    @property
    def trusted(self) -> Path:
        """Certificate of the authority, which everybody trusts."""
        return self.path / "authority.pem"

    @property
    def hub(self) -> Path:
        """Key and certificate with which the hub connects."""
        return self.path / "hub.pem"

    @property
    def broker(self) -> Path:
        """Key and certificate of the servers."""
        return self.path / "broker.pem"

    @property
    def admission(self) -> Path:
        """Ed25519 key that signs who may connect."""
        return self.path / "admission.key.pem"

    @property
    def laboratory(self) -> Path:
        """Ed25519 key that signs orders and commands."""
        return self.path / "laboratory.key.pem"

    @property
    def procedures(self) -> Path:
        """Directory of the procedures from bundles."""
        return self.path / "procedures"

    @property
    def issued(self) -> Path:
        """Directory of the certificates that were issued; what is in there is never changed."""
        return self.path / "issued"

    @property
    def share(self) -> Share:
        """What each station may take of the database."""
        share = self.settings.share
        return Share(share.bytes, share.run_lines, share.line_bytes)

    @property
    def database(self) -> str:
        """URL of the database."""
        relative = re.fullmatch(r"sqlite:///([^/].*)", self.settings.database)
        return f"sqlite:///{self.path.resolve() / relative[1]}" if relative else self.settings.database
