"""`remotecal revoke`: say in a trust list that a certificate or a key is not to be believed any more."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from remotecal.cli.commands import add_password, password_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument("list", type=Path, metavar="LIST", help="the trust list (TOML)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--certificate", metavar="NUMBER", help="number of a calibration certificate")
    what.add_argument(
        "--signer",
        metavar="ID",
        help="a key: the PEM file of its X.509 certificate, that one's SHA-256, or the id of a journal key",
    )
    parser.add_argument("--superseded-by", metavar="NUMBER", help="the certificate that takes its place")
    parser.add_argument(
        "--since",
        type=date.fromisoformat,
        metavar="DAY",
        help="not before this day (2026-11-30); without it, whatever was signed with it counts for nothing",
    )
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why")
    parser.add_argument("--reason-zh", metavar="TEXT", help="the same in Chinese")
    parser.add_argument(
        "--key", required=True, type=Path, metavar="FILE", help="key of the list's issuer (PEM)"
    )
    add_password(parser)


def main(asked: argparse.Namespace) -> None:
    """Write and sign the next issue of the list.

    Raises:
        ConfigurationError: the list, the key or the entry can't be used; nothing was written then.
    """
    from datetime import UTC, datetime

    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust import Revocation
    from remotecal.certificates.trust_issues import revoke
    from remotecal.configuration import checked
    from remotecal.errors import ConfigurationError

    password = password_of(asked)
    reason = {"en": asked.reason} | ({"zh": asked.reason_zh} if asked.reason_zh else {})
    content: dict[str, object] = {
        "what": "key" if asked.certificate is None else "certificate",
        "id": _key_id(asked.signer) if asked.certificate is None else asked.certificate,
        "reason": reason,
    }
    if asked.since is not None:
        content["since"] = asked.since
    if asked.superseded_by is not None:
        content["superseded_by"] = asked.superseded_by
    entry = checked(Revocation, content, "revocation", ConfigurationError)
    key = SealKey.read(asked.key, password)
    new = revoke(asked.list, entry, key, datetime.now(UTC).astimezone().date())
    fate = f"superseded by {entry.superseded_by}" if entry.superseded_by else "revoked"
    print(f"{entry.what} {entry.id} is {fate}; issue {new.number} of {asked.list} is signed")


def _key_id(said: str) -> str:
    """Return the id of a key: as it was said, or of the certificate in a PEM file."""
    from remotecal.certificates.signing.keys import fingerprint, read_certificate

    path = Path(said)
    return fingerprint(read_certificate(path)) if path.is_file() else said.lower()
