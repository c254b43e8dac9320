"""Issues of a trust list: the first, and each next one, which goes on where a signed one ends.

A list is a file people write comments into, so what is there stays as it is; entries are added at its end.
Each issue before is kept beside the list under its number, such as `trust-7.toml`, with its signature.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.keeping import extend, replace, write_new
from remotecal.certificates.trust import Body, Revocation, TrustList, sign_trust_list, signature_file
from remotecal.configuration import checked, read_toml
from remotecal.errors import ConfigurationError, EvidenceError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from remotecal.certificates.signing.seal import SealKey
    from remotecal.model import Text


def found(path: Path, issuer: Text, key: SealKey, day: date, until: date) -> TrustList:
    """Write and sign the first issue of a list, on which nobody is yet.

    Raises:
        ConfigurationError: there is a list already, or `until` is over.
    """
    first = {"issuer": issuer.model_dump(), "number": 1, "issued": day, "next_update": until, "bodies": ()}
    made = checked(TrustList, first, str(path), ConfigurationError)
    _see_days(made)
    write_new(path, "".join(_lines(made, leave=("bodies", "revoked", "demonstration"))).encode())
    sign_trust_list(path, key)
    return made


def add(path: Path, bodies: Sequence[Body], key: SealKey, day: date) -> TrustList:
    """Add bodies to a list, in a new issue of it; refuses as `next_issue`."""
    blocks = "".join(f"\n{block}" for body in bodies for block in _body(body))
    return next_issue(path, key, day, blocks, bodies=tuple(bodies))


def revoke(path: Path, revocation: Revocation, key: SealKey, day: date) -> TrustList:
    """Add to a list what is not to be believed any more, in a new issue of it; refuses as `next_issue`."""
    block = "\n[[revoked]]\n" + "".join(_lines(revocation))
    return next_issue(path, key, day, block, revoked=(revocation,))


def renew(path: Path, key: SealKey, day: date, until: date) -> TrustList:
    """Sign the next issue of a list, good until another day, as it is: also where it was changed by hand.

    Raises:
        ConfigurationError: it can't be read, or `until` is over; nothing was written then.
    """
    return next_issue(path, key, day, "", until=until, by_hand=True)


def next_issue(
    path: Path,
    key: SealKey,
    day: date,
    more: str,
    *,
    bodies: tuple[Body, ...] = (),
    revoked: tuple[Revocation, ...] = (),
    until: date | None = None,
    by_hand: bool = False,
) -> TrustList:
    """Write and sign the next issue of a list, and return it.

    Args:
        path: the list.
        key: its issuer's.
        day: of issue.
        more: what is added at the end, in TOML.
        bodies: what that says.
        revoked: likewise.
        until: last day it may be used; as before if not given.
        by_hand: whether it may have been changed since it was signed.

    Raises:
        ConfigurationError: the list can't be read, was changed since `key` signed it, has an entry already,
            or is laid out so that nothing can be added to it; nothing was written then.
    """
    old = checked(TrustList, read_toml(path, ConfigurationError), str(path), ConfigurationError)
    signed = _as_signed(path, key)
    if not (signed or by_hand):
        raise ConfigurationError(
            f"{path} is not as this key signed it, and all of it would be signed: look what was changed, and "
            "then sign it with `remotecal trust renew`"
        )
    if set(map(repr, revoked)) & set(map(repr, old.revoked)):
        raise ConfigurationError(f"{path} has this entry already")
    told = {"number": old.number + 1, "issued": day, "next_update": until or old.next_update}
    text = path.read_text("utf-8")
    for name, value in told.items():
        text = re.sub(rf"^{name}\s*=.*$", f"{name} = {value}", text, count=1, flags=re.MULTILINE)
    new = text.rstrip("\n") + "\n" + more
    try:
        content = tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} must be changed by hand, to use `[[…]]`: {error}") from error
    written = checked(TrustList, content, str(path), ConfigurationError)
    joined = {"bodies": (*old.bodies, *bodies), "revoked": (*old.revoked, *revoked)}
    if written != old.model_copy(update=told | joined):
        raise ConfigurationError(f"{path} must be changed by hand: its number and days were not found")
    _see_days(written)
    if signed:
        kept = path.with_name(f"{path.stem}-{old.number}{path.suffix}")
        for there, beside in ((path, kept), (signature_file(path), signature_file(kept))):
            extend(beside, [there.read_bytes()])
    replace(path, new.encode())
    sign_trust_list(path, key)
    return written


def _see_days(issue: TrustList) -> None:
    if issue.next_update < issue.issued:
        raise ConfigurationError(
            f"the list would begin on {issue.issued} and end on {issue.next_update}: name a later day"
        )


def _as_signed(path: Path, key: SealKey) -> bool:
    """Tell whether a list bears the signature of a key."""
    try:
        key.public.check(path.read_bytes(), signature_file(path).read_text("ascii").strip())
    except (EvidenceError, OSError, UnicodeDecodeError):
        return False
    return True


def _body(body: Body) -> Iterator[str]:
    """Yield the tables of a body: itself, then each capability."""
    yield "[[bodies]]\n" + "".join(_lines(body, leave=("scope",)))
    for capability in body.scope:
        yield "[[bodies.scope]]\n" + "".join(_lines(capability))


def _lines(entry: BaseModel, leave: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of an entry in TOML, whose strings and lists of strings are JSON's.

    What is as it is without being said is left out.
    """
    for name, value in entry.model_dump(exclude_defaults=True).items():
        if name in leave:
            continue
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(tongue)} = {_text(said)}" for tongue, said in value.items())
            yield f"{name} = {{ {inner} }}\n"
        elif isinstance(value, tuple | list):
            yield f"{name} = [\n" + "".join(f"{_text(each)},\n" for each in value) + "]\n"
        else:
            yield f"{name} = {value if isinstance(value, date | int) else _text(value)}\n"


def _text(value: object) -> str:
    """Return a string in TOML: several lines as they are, such as a certificate in PEM."""
    said = str(value)
    if "\n" in said and "'''" not in said and said.isascii():
        return f"'''\n{said}'''"
    return json.dumps(said, ensure_ascii=False)
