"""Keys and a trust list for demonstrations: they prove nothing about anybody.

Every certificate says DEMONSTRATION in its name, and every trust list made with them says so too.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from remotecal.certificates.signing.issuing import BACKDATED, issue, new_authority, new_rsa_key, subject
from remotecal.certificates.signing.keys import SigningKey
from remotecal.certificates.signing.seal import SealKey
from remotecal.model import Text
from remotecal.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    from remotecal.certificates.trust import Capability

MARK = "DEMONSTRATION"
"""Organisation in the name of whoever holds a demonstration's key."""
AUTHORITY = "DEMONSTRATION authority of remotecal (proves nothing)"
LIFE = timedelta(days=3650)
YEAR = timedelta(days=365)

TOGETHER = 2
"""Keys that are looked for at the same time: even small computers have two cores."""


@dataclass(frozen=True, slots=True)
class DemonstrationKeys:
    """Everybody's keys: nobody would hold them all outside a demonstration."""

    authority: Certificate
    """The certificate that issued the others; a trust list may name it."""
    signers: Mapping[str, SigningKey]
    """Three persons by their duty, the laboratory under `issued`, whoever else was named."""
    station: SealKey
    """Seals journals."""
    list_issuer: SealKey
    """Signs the trust list."""

    def write(self, folder: Path) -> None:
        """Write the keys as PEM files: `performed.pem` …, `authority.pem`, `station.pem`, `list-issuer.pem`.

        The private keys are not encrypted; the public ones of the Ed25519 keys end in `.pub.pem`.
        """
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "authority.pem").write_bytes(self.authority.public_bytes(Encoding.PEM))
        for name, key in self.signers.items():
            write_private(folder / f"{name}.pem", pem(key))
        for name, seal in (("station", self.station), ("list-issuer", self.list_issuer)):
            private = seal.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(folder / f"{name}.pem", private)
            public = seal.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            (folder / f"{name}.pub.pem").write_bytes(public)


class NewKeys:
    """RSA keys that are made beside whatever else goes on, until the context is left.

    Half of making a certificate for a demonstration is making keys; OpenSSL looks for primes without the
    interpreter's lock.

    Args:
        count: how many to begin with; more are made when they are asked for.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="new keys")
        self._begun = [self._pool.submit(new_rsa_key) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self) -> RSAPrivateKey:
        """Return a key that nobody else has."""
        return self._begun.pop(0).result() if self._begun else new_rsa_key()


def make_demonstration_keys(
    names: Mapping[str, str], at: datetime, keys: NewKeys | None = None
) -> DemonstrationKeys:
    """Return new keys for the signers named, valid for ten years from a day before `at`.

    `names` gives the persons as the certificates name them under `performed`, `reviewed` and
    `approved`, the laboratory under `issued`, and others, such as an institute, as you like.

    Args:
        names: duty, or another word → name.
        at: when they are to be good.
        keys: where they are being made already.
    """
    if keys is not None:
        return _certified(names, at, keys)
    with NewKeys(1 + len(names)) as made:
        return _certified(names, at, made)


def _certified(names: Mapping[str, str], at: datetime, keys: NewKeys) -> DemonstrationKeys:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    begin, end = at - BACKDATED, at - BACKDATED + LIFE
    root = keys.take()
    authority = new_authority(root, subject(AUTHORITY, MARK), begin, end)
    above = SigningKey(root, (authority,))
    signers: dict[str, SigningKey] = {}
    for duty, name in names.items():
        private = keys.take()
        certificate = issue(private.public_key(), subject(name, MARK), above, begin, end)
        signers[duty] = SigningKey(private, (certificate,))
    return DemonstrationKeys(
        authority, signers, SealKey(Ed25519PrivateKey.generate()), SealKey(Ed25519PrivateKey.generate())
    )


def write_trust_list(
    path: Path,
    keys: DemonstrationKeys,
    laboratory: Text,
    scope: Sequence[Capability],
    day: date,
    span: timedelta = YEAR,
) -> None:
    """Write and sign a trust list for demonstrations.

    On it are the laboratory, with its persons, its station and its scope, accredited by a made-up
    body; and, if there is a key under `institute`, the made-up institute that keeps the standards,
    under the name on its key.

    Args:
        path: where to; `path` with `.sig` is the signature.
        keys: everybody's.
        laboratory: its name.
        scope: what it may certify.
        day: the list is good around this day.
        span: for so long before and after it; a year by default.
    """
    from remotecal.certificates.trust import sign_trust_list

    begin, end = day - span, day + span
    valid = {"valid_from": begin, "valid_until": end}
    people = [key for name, key in keys.signers.items() if name != "institute"]
    text = _table("", {"issuer": DEMONSTRATION, "number": 1, "issued": begin, "next_update": end})
    text += "demonstration = true\n"
    text += _table(
        "[bodies]", {"id": "accreditor", "name": DEMONSTRATION, "kind": "accreditation body", **valid}
    )
    of_laboratory = {
        "id": "laboratory",
        "name": laboratory,
        "kind": "laboratory",
        "recognised_by": "accreditor",
    }
    text += _table("[bodies]", {**of_laboratory, **valid, "journal_keys": [keys.station.public.text]})
    text += _certificates(people)
    for capability in scope:
        text += _table("[bodies.scope]", capability.model_dump())
    if "institute" in keys.signers:
        institute = keys.signers["institute"]
        name = Text(en=institute.name)
        text += _table("[bodies]", {"id": "institute", "name": name, "kind": "institute", **valid})
        text += _certificates([institute])
    path.write_text(text, "utf-8")
    sign_trust_list(path, keys.list_issuer)


DEMONSTRATION = Text(zh="演示，不证明任何事", en="demonstration, proves nothing")


def _table(heading: str, entries: Mapping[str, object]) -> str:
    """Return a TOML table; JSON's strings and lists of them are TOML's."""
    lines = [f"\n[{heading}]"] if heading else []
    for name, value in entries.items():
        if isinstance(value, Text):
            languages = ", ".join(
                f"{language} = {json.dumps(text, ensure_ascii=False)}"
                for language, text in value.root.items()
            )
            lines.append(f"{name} = {{ {languages} }}")
        else:
            lines.append(f"{name} = {value if isinstance(value, date) else json.dumps(value)}")
    return "\n".join([*lines, ""])


def _certificates(keys: Sequence[SigningKey]) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    blocks = ",\n".join(f"'''\n{key.chain[0].public_bytes(Encoding.PEM).decode()}'''" for key in keys)
    return f"certificates = [\n{blocks},\n]\n"


def pem(key: SigningKey) -> bytes:
    """Return a key held in memory with its certificates, unencrypted."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + b"".join(found.public_bytes(Encoding.PEM) for found in key.chain)
