"""What stations and the laboratory say to each other."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from remotecal.configuration import Written
from remotecal.drivers.guide import UNGUIDED, Guide
from remotecal.journal.files import Sha256
from remotecal.order import Order
from remotecal.procedures.run import Kind
from remotecal.transport.check_standards import CheckTold
from remotecal.transport.consent import ConsentAwaited, OrderWaiting
from remotecal.transport.limits import LimitTold
from remotecal.transport.versions import Count, Informing, Moment

LONGEST_LINE = 7 * 2**20
"""Bytes a line of a journal may have: a message holds 8 MiB, with what goes before the lines."""

HELLO_EVERY = 30.0
"""Seconds from one hello of a station to the next, and from one look for an order to the next."""

Verb = Literal[
    "pause", "go_on", "abort", "answer", "take_control", "release_control", "state", "read", "link"
]
"""What can be commanded."""
AfterCrash = Literal["resume", "make_safe"]
"""What a station does with a run that was cut off: take it up again, or leave the rig safe."""
LinkLost = Literal["go_on", "make_safe"]
"""What a run does that nobody can follow any more."""


class ProcedureNamed(Written):
    """A procedure as an order names it."""

    name: str
    """Name in the station's catalogue."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of its source file."""


class Terms(Written):
    """What an order to a station says beside the work itself."""

    bench: str
    """Name of the bench there."""
    after_crash: AfterCrash = "resume"
    """What the station does should it be cut off."""
    link_lost: LinkLost = "go_on"
    """What the run does when the laboratory can't be reached for `link_lost_after`."""
    link_lost_after: float = Field(default=60.0, ge=1.0)
    """Seconds."""
    bundle: str = ""
    """The procedure itself, where the station need not have it: a signed bundle."""


class RemoteOrder(Terms):
    """A work order for a station, signed by the laboratory."""

    id: str
    """Unlike that of any other order; also the name of its run."""
    station: str
    """Who is to carry it out."""
    procedure: ProcedureNamed
    """The procedure, by its content."""
    order: Order
    """The work order itself, as for a local run."""
    issued: float
    """When it was signed, in seconds since 1970, UTC."""
    expires: float
    """Until when it may be begun."""
    by: str
    """Who issued it."""


class HeldUntil(Informing):
    """Until when something on a bench is relied on: a standard by its certificate, a fact, an approval."""

    name: str
    """Its name on the bench."""
    serial: str = ""
    """The maker's number; "" of a fact, and where nobody tells it."""
    certificate: str = ""
    """Number of its certificate."""
    valid_until: date
    """The last day."""
    called: dict[str, str] = Field(default_factory=dict)
    """What it is called by language, as its certificate, record or approval has it; nothing if none does."""


class BenchAnnounced(Informing):
    """A bench at a station."""

    name: str
    """Its name."""
    sha256: str
    """SHA-256 of its file."""
    instruments: dict[str, str]
    """Name of the instrument → driver."""
    artefacts: tuple[str, ...] = ()
    """Names of the standards without an interface."""
    roles: dict[str, str | tuple[str, ...]] | None = None
    """Role → name of what fills it, where the names differ, or names; None: it does not say."""
    holds: tuple[HeldUntil, ...] = ()
    """What of it may be relied on until a day; what says no day is not among it."""
    numbers: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """Name of an instrument or artefact → its serial number and its certificate's, "" for none."""
    relies: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name of an instrument → all numbers a run's journal has of it, which are those of its certificate."""
    checks: tuple[CheckTold, ...] = ()
    """Its check standards, of those whose records can be read."""
    simulated: bool = False
    """Whether it lives by a virtual clock, so that nothing but demonstrations and training come of it."""


class Hello(Informing):
    """What a station says of itself."""

    station: str
    """Its name."""
    session: str
    """This start of its agent."""
    nonce: str
    """Unlike that of any other hello, so that no earlier answer answers this one."""
    time: Moment
    """Its clock."""
    version: str
    """Of its program."""
    benches: tuple[BenchAnnounced, ...]
    """Its benches."""
    procedures: dict[str, str]
    """Name → SHA-256 of the procedures it trusts."""
    running: str | None
    """The run that is on."""
    speaks: int = 1
    """Edition of what it signs and obeys (`SPEAKS`)."""
    disk_free: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    """Bytes that are free where its journals lie; None: it does not tell."""
    held_up: dict[str, str] = Field(default_factory=dict)
    """Run → why it does not reach the laboratory, of the first few."""
    waits_for_consent: ConsentAwaited | None = None
    """What the person on site is asked about."""


class Welcome(Informing):
    """The laboratory's answer."""

    time: float
    """The laboratory's clock."""
    hub: str = ""
    """This start of the hub that answers: one that was not met before may have lost what another had."""
    refused: str = ""
    """Why it can't work with the station, and which of both is to be updated first; "" if it can."""


class Claim(Written):
    """A station wants to begin an order's run."""

    station: str
    """Who."""
    order: str
    """Which."""
    claim: str
    """Made up by the station for this start, and kept before it asks."""


class Refusal(Written):
    """A station won't carry out an order."""

    station: str
    """Who."""
    order: str
    """Which."""
    reason: str
    """Why."""


class Acknowledgement(Written):
    """Whether what was asked was done."""

    done: bool
    """Whether."""
    reason: str = ""
    """Why not."""


class JournalHead(Written):
    """The lines that go with it are this station's."""

    station: str
    """Who."""
    run: str
    """The run."""
    first: int = Field(ge=1)
    """Number of the first line."""
    count: int = Field(ge=0)
    """How many lines."""
    sha256: str
    """SHA-256 of the lines, each with its line feed."""


class Committed(Written):
    """How far a journal has arrived."""

    committed: int
    """Number of the last line that is on the laboratory's disk."""
    refused: str = ""
    """Why lines were not taken; asking again will not help."""
    missing: dict[Sha256, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """SHA-256 of the files that are not there yet → bytes that are, from the beginning."""


class FilePiece(Written):
    """The bytes that go with it are this station's: a piece of a file that a journal names."""

    station: str
    """Who."""
    run: str
    """The run."""
    file: Sha256
    """SHA-256 of the whole file."""
    begin: int = Field(ge=0)
    """How many bytes of the file come before."""
    sha256: Sha256
    """SHA-256 of the piece."""


class FileTaken(Written):
    """How far a file has arrived."""

    here: int = Field(ge=0)
    """Bytes that are on the laboratory's disk, from the beginning."""
    refused: str = ""
    """Why the piece was not taken; sending the same again will not help."""


class Computed(Written):
    """What the station makes of a complete journal."""

    station: str
    """Who."""
    run: str
    """The run."""
    head: str
    """Hash of the journal's last line."""
    record: str
    """The record, in JSON; "" where it could not be computed."""


class Compared(Written):
    """What the laboratory makes of the same journal."""

    agrees: bool
    """Whether it is the same."""
    reason: str = ""
    """Why not."""


class Renewal(Written):
    """A station asks for its next certificate."""

    station: str
    """Who."""
    request: str
    """Certificate signing request, PEM."""


class Renewed(Written):
    """The next certificate, or why not."""

    certificate: str = ""
    """PEM."""
    reason: str = ""
    """Why not."""


class Command(Written):
    """Somebody at the laboratory wants a station to do something."""

    id: str
    """Unlike that of any other command."""
    station: str
    """Who is to do it."""
    session: str
    """The start of its agent it is meant for; a later one won't obey it."""
    verb: Verb
    """What."""
    run: str = ""
    """Which run is meant; "" for none."""
    argument: str = ""
    """The answer, the reason of an abort, what to read."""
    prompt: int = 0
    """Number of the question that is answered, as `Live` tells it."""
    by: str
    """Who wants it."""
    expires: float
    """When it is too late, by the laboratory's clock."""


class CommandAnswer(Written):
    """What came of a command."""

    done: bool
    """Whether it was carried out."""
    reason: str = ""
    """Why not."""
    content: str = ""
    """What was asked for, in JSON."""


class Live(Informing):
    """Where a run is."""

    run: str
    """The run."""
    state: str
    """`running`, `asking`, `paused`, or how it ended."""
    doing: str
    """What it does."""
    point: str = ""
    """The point it is at."""
    number: Count = 0
    """Number of the point."""
    points: Count = 0
    """How many points there are."""
    repeat: Count = 0
    """Number of the repeat; 0 outside of one."""
    observed: Count = 0
    """Observations made."""
    due: Count = 0
    """Observations there shall be."""
    began: Moment = 0.0
    """When it began, by its clock."""
    now: Moment = 0.0
    """Time by its clock."""
    last: dict[str, tuple[float, str]] = Field(default_factory=dict)
    """Source → latest indication and its unit, of what the run read and of what is watched."""
    digits: dict[str, Annotated[int, Field(ge=0, le=15)]] = Field(default_factory=dict)
    """Source → digits behind the point that its indication has; none where that is not known."""
    limits: dict[str, tuple[LimitTold, ...]] = Field(default_factory=dict)
    """Source → what of it stops the run."""
    left: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """Seconds until it is over, preparing the rig apart: by what its procedure says, then at the pace of what
    was done; None where neither tells."""
    sent: Count = 0
    """How many of these the station has sent of this run by itself; 0: it does not say."""
    prompt: Count = 0
    """Number of the open question; 0 if there is none."""
    question: dict[str, str] = Field(default_factory=dict)
    """The open question, by language."""
    options: tuple[str, ...] = ()
    """What may be answered."""
    kind: Kind = "text"
    """What sort of answer is wanted."""
    unit: str = ""
    """What a number is in; "" for a bare one."""
    guide: Guide = UNGUIDED
    """Limits of a number, digits and the like."""
    picture: str = ""
    """SHA-256 of a file of the run that shows what is meant."""
    about: str = ""
    """What is read, where it is for an instrument that a person reads."""
    answered: str = ""
    """What was answered last, unless that is to be read a second time unseen; the SHA-256 of a file."""
    answered_by: str = ""
    """By whom."""
    holder: str = ""
    """Who controls the run from the laboratory; "" for nobody."""


class StationState(Informing):
    """What a station does; content of the answer to a command `state`."""

    run: Live | None
    """The run that is on."""
    waits_for_consent: OrderWaiting | None
    """The order the person on site is asked about."""
    session: str = ""
    """This start of the agent."""
    arrived: dict[str, int] = Field(default_factory=dict)
    """Run on its way → lines of its journal that the laboratory has."""
    cut_off: str = ""
    """Why there is no connection to the laboratory."""
    not_served: str = ""
    """Why the laboratory can't work with this station, and which is to be updated first."""
    held_up: dict[str, str] = Field(default_factory=dict)
    """Run → why it does not reach the laboratory."""
    failed: dict[str, str] = Field(default_factory=dict)
    """Run → why the laboratory has no record of it."""
