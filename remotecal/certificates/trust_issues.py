"""Issues of a trust list: the first, and each next one, which goes on where a signed one ends.

A list is a file people write comments into, so what is there stays as it is. Each issue before is kept beside
the list under its number, such as `trust-7.toml`, with its signature.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.keeping import extend, replace, write_new
from remotecal.certificates.trust import Body, Revocation, TrustList, sign_trust_list, signature_file
from remotecal.configuration import checked, read_toml
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.toml_entries import add_entry, document, put, tables

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.model import Text


def found(
    path: Path, issuer: Text, key: SealKey, day: date, until: date, *, demonstration: bool = False
) -> TrustList:
    """Write and sign the first issue of a list, on which nobody is yet.

    Args:
        path: where.
        issuer: who makes it.
        key: the issuer's.
        day: of issue.
        until: last day it may be used.
        demonstration: whether it is for demonstrations, and for nothing else.

    Raises:
        ConfigurationError: there is a list already, or `until` is over.
    """
    import tomlkit

    first = {"issuer": issuer.model_dump(), "number": 1, "issued": day, "next_update": until}
    if demonstration:
        first["demonstration"] = True
    made = checked(TrustList, first, str(path), ConfigurationError)
    _see_days(made)
    file = tomlkit.document()
    put(file, made)
    write_new(path, tomlkit.dumps(file).encode())
    sign_trust_list(path, key)
    return made


def add(path: Path, bodies: Sequence[Body], key: SealKey, day: date) -> TrustList:
    """Add bodies to a list, in a new issue of it.

    Raises:
        ConfigurationError: as `next_issue`; or a key or certificate is another body's already, which alone
            would speak by it.
    """
    listed = _read(path)
    for body in bodies:
        for other in listed.bodies:
            if {*body.certificates, *body.journal_keys} & {*other.certificates, *other.journal_keys}:
                raise ConfigurationError(
                    f"a key or certificate of {body.id} is {other.id}'s on {path} already: what is new of "
                    f"{other.id} is added with `remotecal trust extend {path} --body {other.id}`"
                )
    return next_issue(path, key, day, bodies=tuple(bodies))


def extend_body(
    path: Path,
    body: str,
    certificates: tuple[str, ...],
    journal_keys: tuple[str, ...],
    key: SealKey,
    day: date,
) -> TrustList:
    """Add certificates in PEM and stations' keys in base64 to a body on a list, in a new issue of it.

    Raises:
        ConfigurationError: as `next_issue`; or the body is not on the list, or has all that already.
    """
    old = next((one for one in _read(path).bodies if one.id == body), None)
    if old is None:
        raise ConfigurationError(f"{body} is not on {path}: `remotecal trust show {path}` tells who is")
    more = {
        "certificates": tuple(dict.fromkeys((*old.certificates, *certificates))),
        "journal_keys": tuple(dict.fromkeys((*old.journal_keys, *journal_keys))),
    }
    new = checked(Body, old.model_dump(exclude_unset=True) | more, f"body {body}", ConfigurationError)
    if new == old:
        raise ConfigurationError(f"{body} has all that on {path} already, or nothing was given to add")
    return next_issue(path, key, day, extended=(new,))


def revoke(path: Path, revocation: Revocation, key: SealKey, day: date) -> TrustList:
    """Add to a list what is not to be believed any more, in a new issue of it; refuses as `next_issue`."""
    return next_issue(path, key, day, revoked=(revocation,))


def renew(path: Path, key: SealKey, day: date, until: date) -> TrustList:
    """Sign the next issue of a list, good until another day, as it is: also where it was changed by hand.

    Raises:
        ConfigurationError: it can't be read, or `until` is over; nothing was written then.
    """
    return next_issue(path, key, day, until=until, by_hand=True)


def next_issue(
    path: Path,
    key: SealKey,
    day: date,
    *,
    bodies: tuple[Body, ...] = (),
    extended: tuple[Body, ...] = (),
    revoked: tuple[Revocation, ...] = (),
    until: date | None = None,
    by_hand: bool = False,
) -> TrustList:
    """Write and sign the next issue of a list, and return it.

    Args:
        path: the list.
        key: its issuer's.
        day: of issue.
        bodies: what is added.
        extended: what takes the place of the bodies with the same ids.
        revoked: likewise.
        until: last day it may be used; as before if not given.
        by_hand: whether it may have been changed since it was signed.

    Raises:
        ConfigurationError: the list can't be read, was changed since `key` signed it, has an entry already,
            or is laid out so that nothing can be added to it; nothing was written then.
    """
    import tomlkit

    old = _read(path)
    signed = _as_signed(path, key)
    if not (signed or by_hand):
        raise ConfigurationError(
            f"{path} is not as this key signed it, and all of it would be signed: look what was changed, and "
            "then sign it with `remotecal trust renew`"
        )
    if any(entry in old.revoked for entry in revoked):
        raise ConfigurationError(f"{path} has this entry already")
    file = document(path)
    told = {"number": old.number + 1, "issued": day, "next_update": until or old.next_update}
    file.update(told)
    for body in bodies:
        add_entry(file, "bodies", body)
    instead = {body.id: body for body in extended}
    for table in tables(file, "bodies"):
        if table["id"] in instead:
            put(table, instead[table["id"]])
    for entry in revoked:
        add_entry(file, "revoked", entry)
    new = tomlkit.dumps(file)
    written = checked(TrustList, tomllib.loads(new), str(path), ConfigurationError)
    kept_on = tuple(instead.get(body.id, body) for body in old.bodies)
    joined = {"bodies": (*kept_on, *bodies), "revoked": (*old.revoked, *revoked)}
    if written != old.model_copy(update=told | joined):
        raise ConfigurationError(f"{path} must be changed by hand: what is added would be read otherwise")
    _see_days(written)
    if signed:
        kept = path.with_name(f"{path.stem}-{old.number}{path.suffix}")
        for there, beside in ((path, kept), (signature_file(path), signature_file(kept))):
            extend(beside, [there.read_bytes()])
    replace(path, new.encode())
    sign_trust_list(path, key)
    return written


def _read(path: Path) -> TrustList:
    return checked(TrustList, read_toml(path, ConfigurationError), str(path), ConfigurationError)


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
