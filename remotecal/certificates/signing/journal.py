"""The station's signature at the end of a journal.

The last event of a signed journal has the kind `signature`. Its data hold `key`, the station's
Ed25519 public key in base64; `key_id`, the first 16 hexadecimal digits of that key's SHA-256; and
`signature`, in base64, over the 64 ASCII characters of the event's own `prev`, which stands for
every line before. As the event is itself a link of the chain, so does its own hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

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


E = TypeVar("E", bound=ChainedEvent)


class JournalSeal:
    """Follows the events of a journal, whose chain is checked as they come, to the station's signature."""

    def __init__(self) -> None:
        self._lines = self._signed = 0
        self._before, self._last = "", ""
        self._said: Mapping[str, object] = {}

    @property
    def there(self) -> bool:
        """Whether the journal is signed."""
        return self._signed > 0

    def along(self, events: Iterable[E]) -> Iterator[E]:
        """Yield the events, and follow them."""
        for event in events:
            self.follow(event)
            yield event

    def follow(self, event: ChainedEvent) -> None:
        """Go on to the next event."""
        self._lines += 1
        if event.kind == KIND and not self._signed:
            self._signed, self._before, self._said = self._lines, self._last, event.data
        self._last = event.hash

    def signer(self) -> PublicKey:
        """Return the key that signed the journal, once all of it has gone by.

        Raises:
            JournalBroken: it is not signed, was written to after it was signed, or the signature does
                not hold.
        """
        from remotecal.errors import ConfigurationError, EvidenceError

        if not self._signed:
            raise JournalBroken("the journal is not signed: whether its end was cut off can't be told")
        if self._signed != self._lines:
            raise JournalBroken(
                f"the journal was signed in line {self._signed}, and {self._lines - self._signed} lines "
                "follow"
            )
        try:
            key = PublicKey.from_text(str(self._said.get("key")))
            key.check(self._before.encode("ascii"), str(self._said.get("signature")))
        except (ConfigurationError, EvidenceError) as error:
            raise JournalBroken(f"line {self._lines}: {error}") from error
        return key
