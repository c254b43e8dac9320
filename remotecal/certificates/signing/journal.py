"""The station's signature at the end of a journal.

The last event of a signed journal has the kind `signature`. Its data hold `key`, the station's
Ed25519 public key in base64; `key_id`, the first 16 hexadecimal digits of that key's SHA-256; and
`signature`, in base64, over the 64 ASCII characters of the event's own `prev`, which stands for
every line before. As the event is itself a link of the chain, so does its own hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from remotecal.certificates.signing.seal import PublicKey
from remotecal.errors import JournalBroken

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import SealKey

KIND = "signature"
"""The event's kind."""


class OpenJournal(Protocol):
    """A journal being written, as far as signing goes."""

    head: str

    def append(self, kind: str, data: Mapping[str, str]) -> object:
        """Write an event."""
        ...


class ChainedEvent(Protocol):
    """An event of a journal whose chain has been checked."""

    @property
    def kind(self) -> str:
        """What happened."""
        ...

    @property
    def data(self) -> Mapping[str, object]:
        """What exactly."""
        ...

    @property
    def hash(self) -> str:
        """Hash of the line."""
        ...


def seal_journal(journal: OpenJournal, key: SealKey) -> None:
    """End a journal with the station's signature; nothing may be written to it any more."""
    public = key.public
    journal.append(
        KIND, {"key": public.text, "key_id": public.id, "signature": key.sign(journal.head.encode("ascii"))}
    )


def journal_signer(events: Sequence[ChainedEvent]) -> PublicKey:
    """Return the key that signed a journal, whose chain has been checked already.

    Raises:
        JournalBroken: it is not signed, was written to after it was signed, or the signature does
            not hold.
    """
    from remotecal.errors import ConfigurationError, EvidenceError

    signed = [number for number, event in enumerate(events, 1) if event.kind == KIND]
    if not signed:
        raise JournalBroken("the journal is not signed: whether its end was cut off can't be told")
    if signed[0] != len(events):
        raise JournalBroken(
            f"the journal was signed in line {signed[0]}, and {len(events) - signed[0]} lines follow"
        )
    data = events[-1].data
    try:
        key = PublicKey.from_text(str(data.get("key")))
        key.check(events[-2].hash.encode("ascii"), str(data.get("signature")))
    except (ConfigurationError, EvidenceError) as error:
        raise JournalBroken(f"line {len(events)}: {error}") from error
    return key
