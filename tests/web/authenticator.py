"""A device with passkeys, in software: it signs what Web Authentication says, or what an attacker would."""

import base64
import json
import secrets
import struct
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
ES256 = -7


def text(data: bytes) -> str:
    """Return bytes in base64url, as JSON has them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(told: str) -> bytes:
    return base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))


@dataclass
class Passkey:
    """A key on a device, and all that its answers are made of; an attacker changes what they like."""

    rp_id: str
    origin: str
    handle: str | None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    flags: int = PRESENT | VERIFIED
    count: int = 0
    counts: bool = True
    kind: str = "none"
    """Of the attestation."""

    def cose(self) -> dict[int, object]:
        """Return the public key."""
        point = self.key.public_key().public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}

    def said(self, more: bytes = b"", flags: int = 0) -> bytes:
        """Return what the device says of itself: for whom, how, how often."""
        self.count += self.counts
        head = struct.pack(">BI", self.flags | flags, self.count)
        return sha256(self.rp_id.encode()).digest() + head + more

    def client_data(self, kind: str, challenge: str, **more: object) -> bytes:
        """Return what the browser says."""
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, **more}).encode()

    def made(self, options: dict, **wrong: object) -> dict:
        """Return the answer to being made."""
        cose = wrong.pop("cose", None) or self.cose()
        told = wrong.pop("challenge", options["challenge"])
        key = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        content = {"fmt": self.kind, "attStmt": {}, "authData": self.said(key, ATTESTED)}
        response = {
            "clientDataJSON": text(self.client_data(wrong.pop("type", "webauthn.create"), told, **wrong)),
            "attestationObject": text(cbor2.dumps(content)),
            "transports": ["internal"],
        }
        return self._whole(response)

    def answer(self, options: dict, **wrong: object) -> dict:
        """Return the answer to who somebody is."""
        told = wrong.pop("challenge", options["challenge"])
        tampered = wrong.pop("tampered", b"")
        said = self.said()
        client = self.client_data(wrong.pop("type", "webauthn.get"), told, **wrong)
        signature = self.key.sign(said + sha256(client).digest() + tampered, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(said),
            "signature": text(signature),
            "userHandle": self.handle,
        }
        return self._whole(response)

    def _whole(self, response: dict) -> dict:
        name = text(self.id)
        extras = {"authenticatorAttachment": "platform", "clientExtensionResults": {}}
        return {"id": name, "rawId": name, "type": "public-key", "response": response, **extras}


def passkey_for(options: dict, origin: str, **more: object) -> Passkey:
    """Return a new key of a user for a site, as options for one ask."""
    return Passkey(options["rp"]["id"], origin, options["user"]["id"], **more)
