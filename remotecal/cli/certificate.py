"""`remotecal certificate`: make one of what stands on paper, or give drafts the laboratory's own face."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from remotecal.cli.commands import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.sheet import TypedResult
    from remotecal.model import Face, Record

USUAL = (("indication", ""), ("error", ""), ("U", ""))
"""Columns of a sheet that nobody has typed yet: what each is, and its name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's verbs."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    new = command(verbs, "new", "write a sheet, into which a certificate on paper is typed", begin)
    new.add_argument("sheet", type=Path, metavar="SHEET", help="a new file, such as balance-li.toml")
    new.add_argument(
        "--like",
        type=Path,
        metavar="FIRST",
        help="sheet of the first person: the second gets its columns, and nothing of what the paper says",
    )
    join = command(verbs, "transcribe", "make one certificate of what two persons typed alike", transcribe)
    join.add_argument("first", type=Path, metavar="FIRST", help="the sheet of the first person")
    join.add_argument("second", type=Path, metavar="SECOND", help="the sheet of the second person")
    join.add_argument("--scan", type=Path, required=True, metavar="FILE", help="picture or PDF of the paper")
    join.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new certificate (.xml)")
    face = command(verbs, "face", "check a laboratory's own face, and print drafts with it", put_on)
    face.add_argument("face", type=Path, metavar="FACE", help="its file (TOML), with its pictures beside it")
    face.add_argument(
        "drafts", type=Path, nargs="*", metavar="DRAFT", help="certificates (.xml) that nobody has signed yet"
    )


def begin(asked: argparse.Namespace) -> None:
    """Write a sheet to fill in.

    Raises:
        ConfigurationError: something is there, or the first sheet can't be read.
    """
    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.transcript import read_sheet
    from remotecal.cli.terminal import say
    from remotecal.clock import civil_day, local_zone

    results = () if asked.like is None else read_sheet(asked.like).sheet.results
    tables = "\n".join(map(_as_first, results)) or _empty(
        '{ zh = "示值误差", en = "Errors of indication" }', USUAL
    )
    today = civil_day(time.time(), local_zone()).isoformat()
    name = say("certificate.template", "certificate.zh.template")
    start = files("remotecal.cli").joinpath("starts", name).read_text(encoding="utf-8")
    write_new(asked.sheet, Template(start).substitute(results=tables, today=today).encode())
    print(say(f"{asked.sheet}: type into it what stands on the paper", f"{asked.sheet}：请照纸面填写"))
    if asked.like is None:
        another = f"`remotecal certificate new SECOND.toml --like {asked.sheet}`"
        print(
            say(
                f"then let a second person do the same, from the paper alone: {another}",
                f"然后由另一人只看纸面再录入一遍：{another}",
            )
        )
    else:
        join = f"`remotecal certificate transcribe {asked.like} {asked.sheet} --scan FILE --out FILE.xml`"
        print(say(f"then: {join}", f"然后：{join}"))


def transcribe(asked: argparse.Namespace) -> None:
    """Compare two sheets, and write the certificate that both say.

    Raises:
        ConfigurationError: they differ, or are of one person; a file can't be read; or something is at `out`.
        RecordError: what they say can't be a DCC.
    """
    from remotecal.certificates import dcc
    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.transcribed import transcribe as join
    from remotecal.certificates.transcript import hash_of, read_sheet
    from remotecal.cli.terminal import say
    from remotecal.model import Certificate

    record = join(read_sheet(asked.first), read_sheet(asked.second), asked.scan.name, hash_of(asked.scan))
    with suppress(OSError):  # writing tells what stands in the way
        asked.out.parent.mkdir(parents=True, exist_ok=True)
    write_new(asked.out, dcc.write(record))
    until = Certificate(record).valid_until
    serials = ", ".join(Certificate(record).serials)
    print(
        say(
            f"{asked.out}: certificate {record.number} of {serials}",
            f"{asked.out}：证书 {record.number}，器具 {serials}",
        )
    )
    print(
        say(f"valid until {until}", f"有效期至 {until}")
        if until
        else say(
            "it does not say until when it is valid: say so in the bench file",
            "证书没有写明有效期：请写在台架文件中",
        )
    )
    print(
        say(
            "keep both sheets and the scan beside it; a bench file names it under `certificate`",
            "请把两份表单和扫描件保存在它旁边；台架文件在 `certificate` 下写它的名称",
        )
    )


def put_on(asked: argparse.Namespace) -> None:
    """Check a face, and print drafts with it: all of them or, if one can't be, none.

    Raises:
        ConfigurationError: the face can't be used.
        CertificateRefused: a certificate is signed.
        RecordError: a file is no certificate.
    """
    from remotecal.certificates import JSON_NAME, PDF_NAME
    from remotecal.certificates.keeping import replace
    from remotecal.certificates.pdf.face import digest, read_face

    face = read_face(asked.face)
    print(f"{asked.face} can be used; its SHA-256 is {digest(face)}")
    for draft, (record, xml, pdf) in [(draft, _with_face(draft, face)) for draft in asked.drafts]:
        replace(draft, xml)
        replace(draft.with_name(PDF_NAME), pdf)
        if (draft.with_name(JSON_NAME)).exists():
            replace(draft.with_name(JSON_NAME), record.to_json().encode() + b"\n")
        print(f"{draft} and {PDF_NAME} beside it have the face; now it may be signed")


def _with_face(draft: Path, face: Face) -> tuple[Record, bytes, bytes]:
    """Return record, XML and PDF of a draft with a face; nothing is written."""
    from remotecal.certificates import dcc
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.errors import CertificateRefused, ConfigurationError
    from remotecal.opening import read_whole

    try:
        data = read_whole(draft)
    except OSError as error:
        raise ConfigurationError(f"{draft} can't be read: {error.strerror}") from error
    if read_signatures(data):
        raise CertificateRefused(f"{draft} is signed: a certificate gets its face before its first signature")
    record = dcc.read(data).model_copy(update={"face": face})
    xml = dcc.write(record)
    return record, xml, print_certificate(record, xml)


def _as_first(result: TypedResult) -> str:
    name = ", ".join(f"{key or 'en'} = {_quoted(said)}" for key, said in result.name.root.items())
    columns = [
        (column.is_, "" if column.name is None else column.name.get("zh") or column.name.get("en"))
        for column in result.columns
    ]
    return _empty(f"{{ {name} }}", columns)


def _empty(name: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return a table of a sheet with nothing in it."""
    lines = [
        "[[results]]",
        f"name = {name}",
        'rows = """',
        f"# {'  '.join(is_ for is_, _ in columns)}",
        '"""',
    ]
    for is_, called in columns:
        lines += ["", "[[results.columns]]", f"is = {_quoted(is_)}", 'unit = ""']
        lines += [f"name = {_quoted(called)}"] if called else []
        lines += ['k = ""  # 2', 'p = ""  # 0.95'] if is_ == "U" else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
