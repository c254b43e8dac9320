"""`remotecal register`: who may sign what in a laboratory, with which standards and procedures."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import command, today_here
from remotecal.cli.terminal import say

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from remotecal.model import Text
    from remotecal.register_entries import Entry

DUTIES = ("performed", "reviewed", "approved")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    new = command(commands, "new", "write the register of a laboratory", _new)
    person = command(commands, "person", "enter somebody who answers for certificates", _person)
    standard = command(commands, "standard", "enter a measurement standard, by its certificate", _standard)
    procedure = command(commands, "procedure", "enter a procedure, as its text is now", _procedure)
    show = command(commands, "show", "tell who and what stands in it, and what ends", _show)
    for one in (new, person, standard, procedure, show):
        one.add_argument("register", type=Path, metavar="REGISTER", help="the register (TOML)")
    for one in (new, person):
        one.add_argument("--name", metavar="TEXT", help="as certificates give it; as the key's if not given")
        one.add_argument("--name-zh", metavar="TEXT", help="the same in Chinese")
        one.add_argument(
            "--certificate",
            type=Path,
            required=one is new,
            metavar="FILE",
            help="of the key that signs (PEM)",
        )
    person.add_argument(
        "--browser-certificate", type=Path, metavar="FILE", help="of a key that their browser keeps (PEM)"
    )
    new.add_argument(
        "--demonstration", action="store_true", help="for practice: it lets nothing else be signed"
    )
    new.add_argument("--code", required=True, metavar="TEXT", help="number of the accreditation")
    person.add_argument("--registration", required=True, metavar="TEXT", help="number of the registration")
    person.add_argument("--duty", action="append", required=True, choices=DUTIES, help="may be given again")
    person.add_argument(
        "--procedure", action="append", required=True, metavar="NAME", help="what for; may be given again"
    )
    standard.add_argument(
        "--certificate", type=Path, required=True, metavar="FILE", help="its certificate (DCC)"
    )
    standard.add_argument("--serial", metavar="TEXT", help="which of several instruments it is of")
    standard.add_argument(
        "--approval", required=True, metavar="TEXT", help="number of its approval (计量标准考核证书)"
    )
    standard.add_argument(
        "--certificate-until",
        type=date.fromisoformat,
        metavar="DAY",
        help="where the certificate names no day",
    )
    procedure.add_argument("name", metavar="NAME", help="as `remotecal procedures` lists it, or its file")
    for one in (new, person, standard, procedure):
        one.add_argument("--until", type=date.fromisoformat, required=True, metavar="DAY", help="last day")
    for one in (person, standard, procedure):
        one.add_argument("--replace", action="store_true", help="in the place of the entry for the same")


def _new(asked: argparse.Namespace) -> None:
    """Write a register without entries."""
    from remotecal.register_entries import found
    from remotecal.registers import RegisteredLaboratory

    name, (key,) = _holder(asked, _certificate(asked.certificate, in_browser=False))
    found(
        asked.register,
        RegisteredLaboratory(name=name, code=asked.code, valid_until=asked.until, key=key),
        demonstration=asked.demonstration,
    )
    print(f"{asked.register} is the register of {name.get('en')}")
    print(f"Next: remotecal register person {asked.register} …, standard …, procedure …")


def _person(asked: argparse.Namespace) -> None:
    """Enter a person, by the certificates of their keys.

    Raises:
        ConfigurationError: no certificate was given, or it is of a key that is kept otherwise.
    """
    from remotecal.errors import ConfigurationError
    from remotecal.registers import RegisteredPerson

    files = {"key": asked.certificate, "browser_key": asked.browser_certificate}
    certificates = {
        entry: _certificate(file, in_browser=entry == "browser_key")
        for entry, file in files.items()
        if file is not None
    }
    if not certificates:
        raise ConfigurationError("give the certificate of their key: --certificate, or --browser-certificate")
    name, keys = _holder(asked, *certificates.values())
    known = tuple(dict.fromkeys(map(_known_procedure, asked.procedure)))
    entry = RegisteredPerson(
        name=name,
        registration=asked.registration,
        valid_until=asked.until,
        duties=tuple(dict.fromkeys(asked.duty)),
        procedures=known,
        **dict(zip(certificates, keys, strict=True)),
    )
    _enter(asked, entry, f"{name.get('en')} may sign as {', '.join(entry.duties)}")


def _standard(asked: argparse.Namespace) -> None:
    """Enter a standard, as its certificate names it.

    Raises:
        ConfigurationError: it is of several instruments, or names no last day, and neither was said.
    """
    from remotecal.certificates.dcc import read_file
    from remotecal.register_entries import standard_of

    record = read_file(asked.certificate)
    entry = standard_of(record, asked.approval, asked.until, asked.serial, asked.certificate_until)
    _enter(
        asked,
        entry,
        f"{entry.name.get('en')} {entry.serial} by certificate {entry.certificate}, until "
        f"{entry.certificate_valid_until}",
    )


def _procedure(asked: argparse.Namespace) -> None:
    """Enter a procedure by the hash of its text."""
    from remotecal.registers import RegisteredProcedure
    from remotecal.runs.catalogue import find

    found = find(asked.name)
    entry = RegisteredProcedure(name=found.name, sha256=found.sha256, valid_until=asked.until)
    _enter(asked, entry, f"procedure {found.name}, {found.sha256}")


def _enter(asked: argparse.Namespace, entry: Entry, said: str) -> None:
    from remotecal.cli.tables import plain
    from remotecal.register_entries import enter

    enter(asked.register, entry, instead=asked.replace)
    print(plain(f"{said}; entered until {entry.valid_until}"))


def _show(asked: argparse.Namespace) -> None:
    """Print who and what stands in a register, and what has ended or ends soon."""
    from remotecal.cli.tables import plain, show_table
    from remotecal.register_entries import validities
    from remotecal.registers import LaboratoryRegister

    register = LaboratoryRegister.load(asked.register)
    today = today_here()
    for person in register.persons:
        names = " / ".join(dict.fromkeys(person.name.root.values()))
        print(plain(f"{names}: {', '.join(person.duties)}, for {', '.join(person.procedures)}"))
    rows = [
        (plain(each.what), str(each.until), _state(each.until, today))
        for each in sorted(validities(register), key=lambda each: each.until)
    ]
    show_table((say("what", "内容"), say("until", "有效期至"), say("ends", "到期")), rows)


def _state(until: date, today: date) -> str:
    from remotecal.register_entries import SOON

    if until > today + SOON:
        return ""
    return say("ended", "已过期") if until < today else say("soon", "即将到期")


def _certificate(file: Path, *, in_browser: bool) -> Certificate:
    """Return the certificate of a key (`ConfigurationError`: of one that is kept otherwise)."""
    from remotecal.certificates.signing.keys import names_browser, read_certificate
    from remotecal.errors import ConfigurationError

    certificate = read_certificate(file)
    if names_browser(certificate.subject) is not in_browser:
        raise ConfigurationError(
            f"{file} is of a key that no browser keeps: give it with --certificate"
            if in_browser
            else f"{file} is of a key that a browser keeps: give it with --browser-certificate, of a person"
        )
    return certificate


def _holder(asked: argparse.Namespace, *certificates: Certificate) -> tuple[Text, list[str]]:
    """Return a name, and the SHA-256 of each certificate of a key they sign with."""
    from remotecal.certificates.signing.keys import common_name, fingerprint
    from remotecal.model import Text

    said = {language: name for language, name in (("zh", asked.name_zh), ("en", asked.name)) if name}
    name = Text(said) if said else Text.plain(common_name(certificates[0]))
    return name, [fingerprint(one) for one in certificates]


def _known_procedure(name: str) -> str:
    """Return a procedure's name, if there is such a one here."""
    from remotecal.runs.catalogue import find

    return find(name).name
