"""`remotecal keys`: make keys that sign, have a laboratory's authority say whose they are, look at them."""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import add_password, command, password_of
from remotecal.cli.terminal import say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.seal import PublicKey

AUTHORITY_LASTS, KEY_LASTS = 20, 5
"""Years a certificate is good for, unless somebody says otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    authority = command(
        commands, "authority", "make a laboratory's authority, which says whose keys are whose", _authority
    )
    authority.add_argument("laboratory", metavar="NAME", help="the laboratory's name")
    _add_new(authority)
    _add_until(authority, AUTHORITY_LASTS)
    new = command(
        commands, "new", "make a key that signs certificates, and the request for its certificate", _new
    )
    new.add_argument("name", metavar="NAME", help="the person's name, or the laboratory's for its seal")
    _add_new(new)
    show_request = command(commands, "request", "write the request of a key once more", _request)
    show_request.add_argument("key", type=Path, metavar="KEY", help="the key (PEM)")
    add_password(show_request)
    issue = command(commands, "issue", "certify, as the authority, whose key a request is for", _issue)
    issue.add_argument("request", type=Path, metavar="REQUEST", help="the request (.csr)")
    issue.add_argument("--to", required=True, metavar="NAME", help="whom you have seen ask for it")
    issue.add_argument("--by", type=Path, required=True, metavar="KEY", help="the authority's key")
    issue.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the certificate goes")
    add_password(issue)
    _add_until(issue, KEY_LASTS)
    take = command(commands, "take", "put the certificate that came back into the key's file", _take)
    take.add_argument("certificate", type=Path, metavar="CERTIFICATE", help="what the authority issued")
    take.add_argument("--into", type=Path, required=True, metavar="KEY", help="the key it is for")
    add_password(take)
    seal = command(commands, "seal", "make an Ed25519 key for journals, trust lists or procedures", _seal)
    _add_new(seal)
    show = command(commands, "show", "tell whose a key or certificate is, and until when", _show)
    show.add_argument(
        "file", type=Path, metavar="FILE", help="a key with its certificate, a certificate, or an Ed25519 key"
    )
    add_password(show)


def _add_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the key goes (.pem)")
    add_password(parser)
    parser.add_argument(
        "--plain", action="store_true", help="do not encrypt it: whoever reads the file signs as its holder"
    )


def _add_until(parser: argparse.ArgumentParser, years: int) -> None:
    parser.add_argument(
        "--until",
        type=date.fromisoformat,
        metavar="DAY",
        help=f"last day it is good for (2031-11-30); {years} years if not given",
    )


def _authority(asked: argparse.Namespace) -> None:
    """Make an authority's key with its certificate."""
    from remotecal.certificates.signing.issuing import BACKDATED, new_authority, new_rsa_key, subject
    from remotecal.certificates.signing.keys import fingerprint

    named = subject(f"{asked.laboratory} CA", asked.laboratory)
    password, key, now = _new_password(asked), new_rsa_key(), _now()
    certificate = new_authority(key, named, now - BACKDATED, _end(asked.until, now, AUTHORITY_LASTS))
    _write_new_key(asked.out, key, password, certificate)
    public = asked.out.with_suffix(".crt")
    _write_certificate(public, certificate)
    print(
        say(
            f"{asked.out} is the authority of {asked.laboratory}: keep it where nobody works, such as a safe",
            f"{asked.out} 是 {asked.laboratory} 的证书颁发机构的密钥：请存放在无人操作处，如保险柜",
        )
    )
    print(
        say(
            f"{public} goes on the trust list, under `certificates`; SHA-256 {fingerprint(certificate)}",
            f"{public} 应列入信任列表的 `certificates`；SHA-256 {fingerprint(certificate)}",
        )
    )


def _new(asked: argparse.Namespace) -> None:
    """Make a key and its request."""
    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.signing.issuing import key_fingerprint, new_rsa_key, request, subject

    named, password, key = subject(asked.name), _new_password(asked), new_rsa_key()
    _write_new_key(asked.out, key, password)
    asking = asked.out.with_suffix(".csr")
    write_new(asking, request(key, named))
    print(
        say(
            f"{asked.out} is the key of {asked.name}: it never leaves this computer",
            f"{asked.out} 是 {asked.name} 的密钥：不得离开本计算机",
        )
    )
    print(
        say(
            f"{asking} goes to the authority; tell them in person: {key_fingerprint(key.public_key())}",
            f"{asking} 交给证书颁发机构，并当面告知：{key_fingerprint(key.public_key())}",
        )
    )


def _request(asked: argparse.Namespace) -> None:
    """Write a request for a key that has a certificate already, under the name that one gives."""
    from remotecal.certificates.keeping import replace
    from remotecal.certificates.signing.issuing import key_fingerprint, request, subject
    from remotecal.certificates.signing.keys import read_key

    key = read_key(str(asked.key), password_of(asked))
    asking = asked.key.with_suffix(".csr")
    replace(asking, request(key.private, subject(key.name)))
    print(
        say(
            f"{asking} is written; the key's SHA-256 is {key_fingerprint(key.private.public_key())}",
            f"{asking} 已写好；密钥的 SHA-256 为 {key_fingerprint(key.private.public_key())}",
        )
    )


def _issue(asked: argparse.Namespace) -> None:
    """Write the certificate a request asks for.

    Raises:
        ConfigurationError: the request is for another name than `--to`, or can't be certified.
    """
    from remotecal.certificates.signing.issuing import BACKDATED, issue, key_fingerprint, requested, subject
    from remotecal.certificates.signing.keys import fingerprint, read_key
    from remotecal.errors import ConfigurationError

    name, public, in_browser = requested(_read(asked.request))
    if name != asked.to:
        raise ConfigurationError(f"{asked.request} asks for {name!r}, not for {asked.to!r}: issue nothing")
    by, now = read_key(str(asked.by), password_of(asked)), _now()
    end = _end(asked.until, now, KEY_LASTS)
    certificate = issue(public, subject(name, in_browser=in_browser), by, now - BACKDATED, end)
    _write_certificate(asked.out, certificate)
    kept = say(", kept by a browser", "（由浏览器保管）") if in_browser else ""
    entry = "browser_key" if in_browser else "key"
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    print(
        say(
            f"{asked.out} says until {until} that this is {name}'s key{kept}:",
            f"{asked.out} 证明以下为 {name} 的密钥{kept}，有效期至 {until}：",
        )
    )
    print(f"  {key_fingerprint(public)}")
    print(
        say(
            f"Hand it out only if its holder read you the same. Into the register, under `{entry}`, goes",
            f"持有人当面读出的与此相同，方可交付。登记册的 `{entry}` 应填",
        )
    )
    print(f"  {fingerprint(certificate)}")


def _take(asked: argparse.Namespace) -> None:
    """Put a certificate in front of whatever certificates a key's file has.

    Raises:
        ConfigurationError: it is no certificate, or another key's; the file is as it was.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from remotecal.certificates.signing.keys import read_certificate
    from remotecal.errors import ConfigurationError
    from remotecal.private_files import read_private, unreadable_key, write_private
    from remotecal.transport.pki import certificate_pem

    password, certificate = password_of(asked), read_certificate(asked.certificate)
    content = read_private(asked.into)
    try:
        private = load_pem_private_key(content, None if password is None else password.encode())
    except (ValueError, TypeError) as error:
        raise unreadable_key(asked.into, error) from error
    if certificate.public_key() != private.public_key():
        raise ConfigurationError(f"{asked.certificate} is for another key than {asked.into}")
    key, mark, _ = content.partition(b"-----BEGIN CERTIFICATE")
    write_private(asked.into, (key if mark else content.rstrip() + b"\n") + certificate_pem(certificate))
    print(
        say(
            f"{asked.into} can sign: `remotecal sign … --key {asked.into}`",
            f"{asked.into} 可以签名：`remotecal sign … --key {asked.into}`",
        )
    )


def _seal(asked: argparse.Namespace) -> None:
    """Make an Ed25519 key, and write its public half beside it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.signing.seal import SealKey

    password, key = _new_password(asked), Ed25519PrivateKey.generate()
    _write_new_key(asked.out, key, password)
    public = asked.out.with_suffix(".pub.pem")
    write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    print(
        say(
            f"{asked.out} is the key; {public} is for whoever checks what it signs",
            f"{asked.out} 是密钥；{public} 供核验其签名者使用",
        )
    )
    called = say(
        "In a trust list, under `journal_keys`, and in station.toml, under `trusted`, it is called",
        "在信任列表的 `journal_keys` 和 station.toml 的 `trusted` 中，其名称为",
    )
    print(f"{called}\n  {SealKey(key).public.text}")


def _show(asked: argparse.Namespace) -> None:
    """Tell whose a key or certificate is."""
    from remotecal.certificates.signing.issuing import key_fingerprint
    from remotecal.certificates.signing.keys import common_name, fingerprint, names_browser

    if (seal := _seal_in(asked.file, password_of(asked))) is not None:
        about = say(
            "an Ed25519 key for journals, trust lists or procedures; its public half is",
            "用于运行日志、信任列表或程序的 Ed25519 密钥；其公钥为",
        )
        print(f"{about}\n  {seal.text}")
        return
    certificate = _certificate_in(asked.file, password_of(asked))
    browser = names_browser(certificate.subject)
    kept = say(", by a key that a browser keeps", "（由浏览器保管的密钥）") if browser else ""
    name, issuer = common_name(certificate), certificate.issuer.rfc4514_string()
    print(say(f"{name}{kept}, certified by {issuer}", f"{name}{kept}，由 {issuer} 签发"))
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    print(say(f"good from {begin:%Y-%m-%d} to {end:%Y-%m-%d}", f"有效期 {begin:%Y-%m-%d} 至 {end:%Y-%m-%d}"))
    print(
        say(
            f"SHA-256 of the certificate, for the register: {fingerprint(certificate)}",
            f"证书的 SHA-256（填入登记册）：{fingerprint(certificate)}",
        )
    )
    print(
        say(
            f"SHA-256 of the key, to compare with its holder: {key_fingerprint(certificate.public_key())}",
            f"密钥的 SHA-256（与持有人核对）：{key_fingerprint(certificate.public_key())}",
        )
    )


def _seal_in(path: Path, password: str | None) -> PublicKey | None:
    """Return the public half of an Ed25519 key in a PEM file; None where something else is there.

    Raises:
        ConfigurationError: it is one that others can read.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

    from remotecal.certificates.signing.seal import PublicKey, SealKey

    with suppress(ValueError, TypeError):  # no PEM, or another password: the certificate's reader tells
        content = _read(path)
        if b"PUBLIC KEY" in content:
            public = load_pem_public_key(content)
            return PublicKey(public.public_bytes_raw()) if isinstance(public, Ed25519PublicKey) else None
        private = load_pem_private_key(content, None if password is None else password.encode())
        if isinstance(private, Ed25519PrivateKey):
            return SealKey.read(path, password).public
    return None


def _certificate_in(path: Path, password: str | None) -> Certificate:
    """Return the certificate in a file, which is the first where a key stands there, too.

    Raises:
        ConfigurationError: there is none, or a key that can't be read or that others can read.
    """
    from remotecal.certificates.signing.keys import read_certificate, read_key

    if path.suffix in {".p12", ".pfx"} or b"PRIVATE KEY" in _read(path):
        return read_key(str(path), password).chain[0]
    return read_certificate(path)


def _new_password(asked: argparse.Namespace) -> str | None:
    """Return what a new key is encrypted with; None where that is not wanted.

    Raises:
        ConfigurationError: nobody is there to be asked, or what was typed twice differs or is empty.
    """
    import sys
    from getpass import getpass

    from remotecal.errors import ConfigurationError

    if asked.plain or asked.password_file is not None:
        return None if asked.plain else password_of(asked)
    if not sys.stdin.isatty():
        raise ConfigurationError("say how the key is protected: --password-file FILE, or --plain")
    first = getpass(say(f"Password for {asked.out}: ", f"{asked.out} 的密码："))
    if not first or getpass(say("Again: ", "再输入一次：")) != first:
        raise ConfigurationError("the password is empty, or was typed in two ways; nothing was written")
    return first


def _write_new_key(
    path: Path, key: RSAPrivateKey | Ed25519PrivateKey, password: str | None, *certificates: Certificate
) -> None:
    """Write a key with mode 0600, where there is nothing yet."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    from remotecal.errors import ConfigurationError
    from remotecal.private_files import write_private
    from remotecal.transport.pki import certificate_pem

    if path.exists():
        raise ConfigurationError(
            f"{path} is there already, and a key is never overwritten: name another file"
        )
    how = NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    write_private(path, data + b"".join(map(certificate_pem, certificates)))


def _write_certificate(path: Path, certificate: Certificate) -> None:
    from remotecal.certificates.keeping import write_new
    from remotecal.transport.pki import certificate_pem

    write_new(path, certificate_pem(certificate))


def _read(path: Path) -> bytes:
    from remotecal.errors import ConfigurationError
    from remotecal.opening import read_whole
    from remotecal.private_files import LARGEST_SECRET

    try:
        return read_whole(path, LARGEST_SECRET)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error


def _now() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)


def _end(until: date | None, now: datetime, years: int) -> datetime:
    """Return the end of the last day a certificate is good for.

    Raises:
        ConfigurationError: that day is over.
    """
    from datetime import UTC, time

    from remotecal.errors import ConfigurationError

    last = now.date() + timedelta(days=365 * years) if until is None else until
    if last < now.date():
        raise ConfigurationError(f"--until {last} is over: name a day to come")
    return datetime.combine(last, time(23, 59, 59), UTC)
