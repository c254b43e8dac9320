"""What an issue of a trust list says otherwise than the one before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.trust import read_trust_list
from remotecal.errors import ConfigurationError, EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.certificates.trust import Body, Revocation, TrustList


class Since(NamedTuple):
    """What has changed since an issue."""

    number: int
    """Of that issue."""
    came: tuple[Body, ...]
    """Bodies that were not on it."""
    went: tuple[Body, ...]
    """Bodies that were."""
    changed: tuple[tuple[Body, tuple[str, ...]], ...]
    """Bodies of which it says something else now, and the names of what (fields of `Body`)."""
    revoked: tuple[Revocation, ...]
    """What is revoked since."""
    taken_back: tuple[Revocation, ...]
    """What was revoked, and is so no more, or otherwise."""


def since_before(path: Path, issuer: PublicKey, now: TrustList) -> Since | None:
    """Return what has changed since the issue before, of those kept beside a list; None where none is.

    Issues are kept under their number (`trust-7.toml`, see `trust_issues`); the one with the largest number
    below that of the list is compared.

    Args:
        path: the list.
        issuer: whose signature the one before must bear, too.
        now: what the list says.

    Raises:
        ConfigurationError, EvidenceError: it can't be read, or is not as its issuer signed it.
    """
    before = _before(path, now.number)
    if before is None:
        return None
    old = read_trust_list(before, issuer)
    if old.number >= now.number:
        raise EvidenceError(f"{before.name} says that it is issue {old.number}: it is not the one before")
    return compared(old, now)


def compared(old: TrustList, new: TrustList) -> Since:
    """Return what one issue says otherwise than another."""
    here, there = _by_id(new.bodies), _by_id(old.bodies)
    both = [(there[name], body) for name, body in here.items() if name in there]
    changed = ((body, _otherwise(before, body)) for before, body in both)
    return Since(
        old.number,
        tuple(body for name, body in here.items() if name not in there),
        tuple(body for name, body in there.items() if name not in here),
        tuple((body, fields) for body, fields in changed if fields),
        tuple(entry for entry in new.revoked if entry not in old.revoked),
        tuple(entry for entry in old.revoked if entry not in new.revoked),
    )


def _before(path: Path, number: int) -> Path | None:
    pattern = re.compile(rf"{re.escape(path.stem)}-(\d{{1,9}}){re.escape(path.suffix)}")
    try:
        kept = [
            (int(found[1]), file) for file in path.parent.iterdir() if (found := pattern.fullmatch(file.name))
        ]
    except OSError as error:
        raise ConfigurationError(f"{path.parent} can't be read: {error}") from error
    earlier = [one for one in kept if one[0] < number]
    return max(earlier)[1] if earlier else None


def _by_id(bodies: Iterable[Body]) -> dict[str, Body]:
    return {body.id: body for body in bodies}


def _otherwise(before: Body, now: Body) -> tuple[str, ...]:
    return tuple(name for name in type(now).model_fields if getattr(before, name) != getattr(now, name))
