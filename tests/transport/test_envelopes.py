"""Signed content: what was altered, forged or meant for something else is refused, and why."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remotecal.certificates.signing.seal import SealKey
from remotecal.errors import EvidenceError
from remotecal.transport.envelopes import seal, seal_reply, unseal, unseal_reply
from remotecal.transport.messages import Claim, Command, Hello, Welcome

KEY, OTHER = SealKey(Ed25519PrivateKey.generate()), SealKey(Ed25519PrivateKey.generate())
CLAIM = Claim(station="here", order="水-1", claim="abc")


def test_what_goes_in_comes_out() -> None:
    envelope = seal("claim", CLAIM, KEY)
    assert unseal(envelope, "claim", Claim, [OTHER.public, KEY.public]) == CLAIM
    assert seal("claim", CLAIM, KEY) == envelope, "the same each time"


def test_the_signature_is_that_of_the_specification() -> None:
    """DSSE, protocol: PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body."""
    envelope = json.loads(seal("claim", CLAIM, KEY))
    payload = base64.b64decode(envelope["payload"])
    kind = "application/vnd.remotecal.claim+json"
    assert envelope["payloadType"] == kind
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    KEY.public.check(signed, envelope["signatures"][0]["sig"])


def test_a_reply_answers_one_request_and_no_other() -> None:
    reply = seal_reply(b"may I?", CLAIM, KEY)
    assert unseal_reply(reply, b"may I?", Claim, [KEY.public]) == CLAIM
    for said, request, model, key in (
        ("the answer to another request", b"may I now?", Claim, KEY),
        ("is signed by", b"may I?", Claim, OTHER),
        ("is no Welcome", b"may I?", Welcome, KEY),
    ):
        with pytest.raises(EvidenceError, match=said):
            unseal_reply(reply, request, model, [key.public])
    with pytest.raises(EvidenceError, match="no signed reply"):
        unseal_reply(CLAIM.model_dump_json().encode(), b"may I?", Claim, [KEY.public])


def change(envelope: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(envelope) | changes).encode()


def test_an_altered_payload_is_refused() -> None:
    envelope = seal("claim", CLAIM, KEY)
    payload = base64.b64decode(json.loads(envelope)["payload"]).replace(b"abc", b"abd")
    with pytest.raises(EvidenceError, match=f"not that of key {KEY.public.id}"):
        unseal(change(envelope, payload=base64.b64encode(payload).decode()), "claim", Claim, [KEY.public])


def test_a_stranger_is_refused() -> None:
    with pytest.raises(EvidenceError, match=f"signed by {OTHER.public.id}; known are {KEY.public.id}"):
        unseal(seal("claim", CLAIM, OTHER), "claim", Claim, [KEY.public])


def test_a_strangers_signature_under_a_known_name_is_refused() -> None:
    envelope = json.loads(seal("claim", CLAIM, OTHER))
    envelope["signatures"][0]["keyid"] = KEY.public.id
    with pytest.raises(EvidenceError, match=f"not that of key {KEY.public.id}"):
        unseal(json.dumps(envelope).encode(), "claim", Claim, [KEY.public])


def test_one_kind_cannot_pass_for_another() -> None:
    envelope = seal("claim", CLAIM, KEY)
    with pytest.raises(
        EvidenceError, match=r"a signed order was due, this is application/vnd\.remotecal\.claim"
    ):
        unseal(envelope, "order", Claim, [KEY.public])
    with pytest.raises(EvidenceError, match="the signature is not that"):
        unseal(
            change(envelope, payloadType="application/vnd.remotecal.order+json"), "order", Claim, [KEY.public]
        )


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b'{"payload":"","payloadType":"x","signatures":[],"more":1}',
        b"hello",
        b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused(text: bytes) -> None:
    with pytest.raises(EvidenceError, match="no signed claim"):
        unseal(text, "claim", Claim, [KEY.public])


def test_nobodys_signature_is_refused() -> None:
    with pytest.raises(EvidenceError, match="signed by nobody"):
        unseal(change(seal("claim", CLAIM, KEY), signatures=[]), "claim", Claim, [KEY.public])


def test_content_that_does_not_fit_is_refused() -> None:
    with pytest.raises(EvidenceError, match=r"can't be understood: .*nonce is missing"):
        unseal(seal("hello", CLAIM, KEY), "hello", Hello, [KEY.public])
    command = seal("command", Welcome(time=1.0), KEY)
    with pytest.raises(EvidenceError, match="verb is missing"):
        unseal(command, "command", Command, [KEY.public])


def test_content_without_a_bottom_is_refused() -> None:
    """Lines of several stations are committed together: what one of them signs must not stop the others'."""
    deep = b"[" * 100_000
    kind = "application/vnd.remotecal.claim+json"
    payload = {"payload": base64.b64encode(deep).decode(), "payloadType": kind}
    signed = f"DSSEv1 {len(kind)} {kind} {len(deep)} ".encode() + deep
    signature = {"keyid": KEY.public.id, "sig": KEY.sign(signed)}
    with pytest.raises(EvidenceError, match="nested too deeply"):
        unseal(json.dumps({**payload, "signatures": [signature]}).encode(), "claim", Claim, [KEY.public])
