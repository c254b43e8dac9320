"""`remotecal trust`: make a trust list, put bodies and what is new of them on it, renew it, look at it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from remotecal.cli.commands import add_password, command, password_of, today_here
from remotecal.cli.terminal import say

KINDS = ("laboratory", "institute", "accreditation body", "time-stamping authority")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    new = command(commands, "new", "make a list, on which nobody is yet", _new)
    add = command(commands, "add", "put a body on a list, in its next issue", _add)
    extend = command(commands, "extend", "add keys to a body on a list, in its next issue", _extend)
    renew = command(commands, "renew", "sign the next issue of a list, also after a change by hand", _renew)
    show = command(commands, "show", "tell who is on a list, and what is revoked", _show)
    for one in (new, add, extend, renew, show):
        one.add_argument("list", type=Path, metavar="LIST", help="the trust list (TOML)")
    _add_name(new, "issuer", "who makes the list")
    new.add_argument(
        "--demonstration",
        action="store_true",
        help="it recognises what simulated rigs gave, and nothing else",
    )
    for one in (add, extend):
        _add_keys(one)
    _add_name(add, "name", "the body's name, as certificates give it")
    add.add_argument("--kind", choices=KINDS, default="laboratory", help="laboratory if not given")
    add.add_argument("--recognised-by", metavar="ID", help="the body on the list that accredited it")
    add.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="first day; today if not given")
    add.add_argument(
        "--scope", type=Path, metavar="FILE", help="what it may certify: a TOML file with tables [[scope]]"
    )
    for one, what in ((new, "the list may be used"), (add, "the body counts"), (renew, "it may be used")):
        one.add_argument(
            "--until", type=date.fromisoformat, required=True, metavar="DAY", help=f"last day {what}"
        )
    for one in (new, add, extend, renew):
        one.add_argument(
            "--key", type=Path, required=True, metavar="FILE", help="key of the list's issuer (PEM)"
        )
        add_password(one)


def _add_name(parser: argparse.ArgumentParser, option: str, about: str) -> None:
    parser.add_argument(f"--{option}", required=True, metavar="TEXT", help=about)
    parser.add_argument(f"--{option}-zh", metavar="TEXT", help="the same in Chinese")


def _add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--body", required=True, metavar="ID", help="what the list calls it")
    parser.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="of its authority, or one it signs with (PEM); may be given again",
    )
    parser.add_argument(
        "--journal-key",
        action="append",
        default=[],
        metavar="KEY",
        help="a station's: an Ed25519 public key in base64, or a PEM file; may be given again",
    )


def _named(english: str, chinese: str | None) -> dict[str, str]:
    return {"en": english} | ({"zh": chinese} if chinese else {})


def _new(asked: argparse.Namespace) -> None:
    """Write and sign the first issue."""
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust_issues import found
    from remotecal.model import Text

    key = SealKey.read(asked.key, password_of(asked))
    issuer = Text(_named(asked.issuer, asked.issuer_zh))
    found(asked.list, issuer, key, today_here(), asked.until, demonstration=asked.demonstration)
    print(
        say(
            f"Issue 1 of {asked.list} is signed; whoever uses it pins the key {key.public.text}",
            f"{asked.list} 第 1 期已签名；使用者须固定此密钥：{key.public.text}",
        )
    )
    print(
        say(
            f"Next: remotecal trust add {asked.list} --body …",
            f"下一步：remotecal trust add {asked.list} --body …",
        )
    )


def _add(asked: argparse.Namespace) -> None:
    """Put a body on the list.

    Raises:
        ConfigurationError: the list, the key or the body can't be used; nothing was written then.
    """
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust import Body
    from remotecal.certificates.trust_issues import add
    from remotecal.configuration import checked
    from remotecal.errors import ConfigurationError

    content = {
        "id": asked.body,
        "name": _named(asked.name, asked.name_zh),
        "kind": asked.kind,
        "recognised_by": asked.recognised_by,
        "certificates": tuple(map(_pem, asked.certificate)),
        "journal_keys": tuple(map(_journal_key, asked.journal_key)),
        "valid_from": asked.since or today_here(),
        "valid_until": asked.until,
        "scope": _scope(asked.scope),
    }
    body = checked(Body, content, f"body {asked.body}", ConfigurationError)
    new = add(asked.list, (body,), SealKey.read(asked.key, password_of(asked)), today_here())
    print(
        say(
            f"{body.id} is on issue {new.number} of {asked.list}, until {body.valid_until}",
            f"{body.id} 已列入 {asked.list} 第 {new.number} 期，有效期至 {body.valid_until}",
        )
    )


def _extend(asked: argparse.Namespace) -> None:
    """Add certificates and stations' keys to a body on the list.

    Raises:
        ConfigurationError: the list, the key or what is added can't be used; nothing was written then.
    """
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust_issues import extend_body

    certificates, stations = tuple(map(_pem, asked.certificate)), tuple(map(_journal_key, asked.journal_key))
    key = SealKey.read(asked.key, password_of(asked))
    new = extend_body(asked.list, asked.body, certificates, stations, key, today_here())
    print(
        say(
            f"{asked.body} has what is new on issue {new.number} of {asked.list}",
            f"{asked.body} 的新增内容已列入 {asked.list} 第 {new.number} 期",
        )
    )


def _renew(asked: argparse.Namespace) -> None:
    """Sign the next issue."""
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust_issues import renew

    key = SealKey.read(asked.key, password_of(asked))
    new = renew(asked.list, key, today_here(), asked.until)
    print(
        say(
            f"Issue {new.number} of {asked.list} is signed, good until {new.next_update}",
            f"{asked.list} 第 {new.number} 期已签名，有效期至 {new.next_update}",
        )
    )


def _show(asked: argparse.Namespace) -> None:
    """Print who is on a list; whose signature it bears is for who pins the key."""
    from cryptography.x509 import load_pem_x509_certificate

    from remotecal.certificates.signing.keys import common_name, fingerprint
    from remotecal.certificates.trust import TrustList
    from remotecal.cli.tables import plain
    from remotecal.cli.terminal import language
    from remotecal.configuration import checked, read_toml
    from remotecal.errors import ConfigurationError
    from remotecal.pages.words import words

    found = checked(TrustList, read_toml(asked.list, ConfigurationError), str(asked.list), ConfigurationError)
    if found.demonstration:
        print(say("For demonstrations: it recognises nothing else", "仅用于演示：不承认其他证书"))
    number, issuer, first, last = found.number, found.issuer, found.issued, found.next_update
    print(
        plain(
            say(
                f"Issue {number} by {issuer.get('en')}, for {first} to {last}",
                f"第 {number} 期，{issuer.get('zh')} 发布，{first} 至 {last}",
            )
        )
    )
    called = words(language())
    for body in found.bodies:
        print(plain(f"{body.id}: {' / '.join(body.name.root.values())}"))
        kind, days = called.of("trust_kind", body.kind), (body.valid_from, body.valid_until)
        by = body.recognised_by or say("the issuer", "发布者")
        told = say("{}, recognised by {}, {} to {}", "{}，由 {} 承认，{} 至 {}").format(kind, by, *days)
        print(plain(f"  {told}"))
        for held in (load_pem_x509_certificate(text.encode()) for text in body.certificates):
            print(plain(f"  {say('certificate of', '证书：')} {common_name(held)}, {fingerprint(held)}"))
        for text in body.journal_keys:
            print(plain(f"  {say('station', '站点')} {text}"))
        for one in body.scope:
            span = say("{} {} to {} {}", "{} {} 至 {} {}").format(
                called.quantity(one.against), one.low, one.high, one.against_unit
            )
            least = say(f"U at least {one.cmc} {one.unit}", f"U 不小于 {one.cmc} {one.unit}")
            print(plain(f"  {called.quantity(one.quantity)}, {span}: {least}"))
    for entry in found.revoked:
        since = f" {say('since', '自')} {entry.since}" if entry.since else ""
        what, reason = called.of("trust_what", entry.what), called.choose(entry.reason.root)
        print(plain(f"{say('revoked', '已撤销')}{since}: {what} {entry.id}, {reason}"))


def _scope(path: Path | None) -> object:
    """Return the tables [[scope]] of a file.

    Raises:
        ConfigurationError: it can't be read, or has something else.
    """
    from remotecal.configuration import read_toml
    from remotecal.errors import ConfigurationError

    if path is None:
        return []
    content = read_toml(path, ConfigurationError)
    if content.keys() != {"scope"}:
        raise ConfigurationError(f"{path} must have tables [[scope]], and nothing else")
    return content["scope"]


def _pem(path: Path) -> str:
    """Return the first certificate in a file, in PEM."""
    from remotecal.certificates.signing.keys import read_certificate
    from remotecal.transport.pki import certificate_pem

    return certificate_pem(read_certificate(path)).decode()


def _journal_key(said: str) -> str:
    """Return a station's public key in base64, as it was said, or of a PEM file."""
    from remotecal.certificates.signing.seal import read_public_key

    return read_public_key(Path(said)).text if Path(said).is_file() else said
