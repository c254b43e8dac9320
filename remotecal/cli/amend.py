"""`remotecal amend`: draft the certificate that takes the place of an issued one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument("file", type=Path, metavar="FILE", help="the issued certificate (.xml)")
    parser.add_argument(
        "--record",
        type=Path,
        required=True,
        metavar="FILE",
        help="what the new one is to say: record.json of an evaluation, corrected",
    )
    parser.add_argument("--number", required=True, metavar="NUMBER", help="the new certificate's number")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is printed")
    parser.add_argument("--reason-zh", metavar="TEXT", help="the same in Chinese")
    parser.add_argument(
        "--substitute", action="store_true", help="a new certificate altogether, not an amended one"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the draft goes")


def main(asked: argparse.Namespace) -> None:
    """Write the draft, unsigned.

    Raises:
        ConfigurationError: a file can't be read.
        CertificateRefused: the old certificate was never issued, or nothing is changed.
        RecordError: a file is no certificate or no record, or the new one can't be a DCC.
    """
    from remotecal.certificates import write_certificate
    from remotecal.certificates.approval import replace
    from remotecal.cli.terminal import say
    from remotecal.errors import ConfigurationError
    from remotecal.model import Record, Text
    from remotecal.opening import read_whole

    try:
        data, said = read_whole(asked.file), read_whole(asked.record)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} can't be read: {error.strerror}") from error
    record = Record.from_json(said).model_copy(update={"number": asked.number})
    reason = Text(zh=asked.reason_zh or asked.reason, en=asked.reason)
    change: Literal["amended", "substituted"] = "substituted" if asked.substitute else "amended"
    new = replace(data, record, change, reason)
    paths = write_certificate(new, asked.out)
    old = new.replaces.number if new.replaces else ""
    command = (
        f"remotecal revoke TRUST.toml --certificate {old} --superseded-by {new.number} --reason … --key …"
    )
    print(
        say(
            f"{paths.xml} is a draft: let it be signed with `remotecal sign`\n"
            f"then tell that it takes the place of the old one: `{command}`",
            f"{paths.xml} 是草稿：请用 `remotecal sign` 签名\n再声明它替换原证书：`{command}`",
        )
    )
