"""The laboratory's trust list as it is, and what it says otherwise than the issue before."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.trust_compared import since_before
from remotecal.errors import ConfigurationError, EvidenceError

if TYPE_CHECKING:
    from remotecal.certificates.trust import Body, TrustList
    from remotecal.certificates.trust_compared import Since
    from remotecal.web.office import Office


class BodyTold(NamedTuple):
    """A body of the list."""

    body: Body
    keys: tuple[str, ...]
    """SHA-256 of its certificates."""


class ListTold(NamedTuple):
    """A trust list as its page tells it."""

    trust: TrustList
    key: str
    """SHA-256 of the key that it is signed with."""
    bodies: tuple[BodyTold, ...]
    since: Since | None
    """What has changed since the issue before; None where that is not kept."""
    doubt: str
    """Why that can't be told, in English; "" if it can."""


def list_told(office: Office, trust: TrustList) -> ListTold:
    """Return the laboratory's trust list, which was read and is as its issuer signed it."""
    from cryptography.x509 import load_pem_x509_certificate

    from remotecal.certificates.signing.seal import read_public_key

    folder, issuing = office.laboratory.folder.path, office.settings.issuing
    if issuing.trust is None or issuing.trust_key is None:
        raise ConfigurationError("the laboratory has no trust list")
    key = read_public_key(folder / issuing.trust_key)
    bodies = tuple(
        BodyTold(
            body,
            tuple(fingerprint(load_pem_x509_certificate(pem.encode())) for pem in body.certificates),
        )
        for body in trust.bodies
    )
    since, doubt = None, ""
    try:
        since = since_before(folder / issuing.trust, key, trust)
    except (ConfigurationError, EvidenceError) as error:
        doubt = str(error)
    return ListTold(trust, sha256(key.raw).hexdigest(), bodies, since, doubt)
