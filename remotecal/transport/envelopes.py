"""Signed content: what a laboratory or a station says, whoever carries it.

An envelope is DSSE (Dead Simple Signing Envelope, version 1) with Ed25519 over canonical JSON
(RFC 8785). The signature covers the payload's type as well, so an order can't be passed off as a
command. The broker is trusted with none of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from pydantic import BaseModel

from remotecal.canonical import canonical
from remotecal.configuration import Written, checked
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.transport.versions import Informing, as_sent

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import PublicKey, SealKey

Kind = Literal[
    "order",
    "command",
    "hello",
    "claim",
    "refusal",
    "renewal",
    "journal-head",
    "file-piece",
    "record",
    "inventory",
    "papers",
    "bundle",
    "reply",
]
"""What is said."""

M = TypeVar("M", bound=BaseModel)


class _Signature(Written):
    keyid: str
    sig: str


class _Envelope(Written):
    payloadType: str  # noqa: N815  DSSE's names
    payload: str
    signatures: tuple[_Signature, ...]


class _Reply(Written):
    to: str
    """SHA-256 of the request it answers, and no other."""
    content: str


def seal(kind: Kind, content: BaseModel, key: SealKey) -> bytes:
    """Return `content` as a signed envelope, in canonical JSON."""
    payload = canonical(content.model_dump(mode="json", exclude_defaults=isinstance(content, Informing)))
    return canonical(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": _type(kind),
            "signatures": [{"keyid": key.public.id, "sig": key.sign(_signed(kind, payload))}],
        }
    )


def unseal(envelope: bytes, kind: Kind, model: type[M], keys: Collection[PublicKey]) -> M:
    """Return the content of an envelope that one of `keys` signed.

    Raises:
        EvidenceError: it is no envelope, of another kind, altered, or signed by nobody known.
    """
    try:
        written = checked(_Envelope, _members(envelope), "envelope", ConfigurationError)
        payload = base64.b64decode(written.payload, validate=True)
    except (ValueError, ConfigurationError) as error:
        raise EvidenceError(f"this is no signed {kind}: {error}") from None
    if written.payloadType != _type(kind):
        raise EvidenceError(f"a signed {kind} was due, this is {written.payloadType}")
    known = {key.id: key for key in keys}
    for signature in written.signatures:
        if signature.keyid in known:
            known[signature.keyid].check(_signed(kind, payload), signature.sig)
            break
    else:
        signers = ", ".join(signature.keyid for signature in written.signatures) or "nobody"
        raise EvidenceError(f"the {kind} is signed by {signers}; known are {', '.join(known) or 'none'}")
    try:
        return checked(model, _members(payload), kind, ConfigurationError)
    except (ValueError, ConfigurationError) as error:
        raise EvidenceError(f"the signed {kind} can't be understood: {error}") from None


def seal_reply(request: bytes, content: BaseModel, key: SealKey) -> bytes:
    """Return the signed answer to a request."""
    return seal("reply", _Reply(to=sha256(request).hexdigest(), content=as_sent(content)), key)


def unseal_reply(reply: bytes, request: bytes, model: type[M], keys: Collection[PublicKey]) -> M:
    """Return the answer to a request (`EvidenceError` if it is none, of somebody known, to this one)."""
    found = unseal(reply, "reply", _Reply, keys)
    if found.to != sha256(request).hexdigest():
        raise EvidenceError("this is the answer to another request: somebody replays it")
    try:
        return model.model_validate_json(found.content)
    except ValueError as error:
        raise EvidenceError(f"the signed reply is no {model.__name__}: {error}") from None


def _members(text: bytes) -> Mapping[str, object]:
    try:
        members = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(members, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  as json.loads says it
    return members


def _type(kind: Kind) -> str:
    return f"application/vnd.remotecal.{kind}+json"


def _signed(kind: Kind, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding."""
    name = _type(kind).encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


class _Named(Protocol):
    @property
    def name(self) -> str:
        """What it is called."""
        ...


class _Said(Protocol):
    @property
    def station(self) -> str:
        """Who says it."""
        ...


S = TypeVar("S", bound=_Said)


def spoken_by(station: _Named, said: S) -> S:
    """Return what a station said, once it is sure that it speaks for itself.

    Raises:
        EvidenceError: it speaks for another one.
    """
    if said.station != station.name:
        raise EvidenceError(f"{station.name} speaks for {said.station}")
    return said
