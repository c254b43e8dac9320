"""TLS as both sides use it: version 1.3, both show certificates, and our authority alone is trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

from remotecal.errors import ConfigurationError


def client_context(authority: Path, identity: Path | None) -> ssl.SSLContext:
    """Return how a client connects.

    Args:
        authority: certificate of the authority.
        identity: key and certificate to show; None to enrol, when there is none yet.

    Raises:
        ConfigurationError: a file can't be read.
    """
    return _context(ssl.PROTOCOL_TLS_CLIENT, authority, identity)


def server_context(authority: Path, identity: Path) -> ssl.SSLContext:
    """Return how a server of our own takes connections of those who have no certificate yet."""
    return _context(ssl.PROTOCOL_TLS_SERVER, authority, identity)


def _context(kind: int, authority: Path, identity: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(kind)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The authority is trusted itself, also where it stands below another.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(authority)
        if identity is not None:
            context.load_cert_chain(identity)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"{authority} or {identity} can't be used: {error}") from error
    return context
