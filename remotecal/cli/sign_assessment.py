"""`remotecal sign --at HUB --assessment NUMBER`: sign what one found of all that rests on a standard."""

from __future__ import annotations

import json
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from remotecal.cli.terminal import say

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from remotecal.certificates.assessment import AssessmentDocument


def sign_assessment(asked: argparse.Namespace, now: datetime, password: str | None) -> None:
    """Fetch an assessment from a hub, show all of it, sign it here, and file the signature there.

    Raises:
        RecordError: what came is no assessment, or its list is another than its digest tells.
        CertificateRefused: whoever sits here says no.
        ConfigurationError: an option, the key or the hub's address can't be used.
        NotConnected, RequestRefused: the hub can't be reached, or refuses.
    """
    from remotecal.certificates.assessment import read_assessment
    from remotecal.cli.at_hub import AtHub
    from remotecal.cli.sign_at import introduce, key_of

    path = f"/resting/assessments/{asked.assessment}"
    with AtHub(asked.at) as hub, TemporaryDirectory(prefix="remotecal-sign-") as kept:
        introduce(hub, asked)
        document = read_assessment(hub.get(f"{path}/file", Path(kept) / "assessment.json")).assessment
        _show(document)
        what = f"the assessment of {document.number}", f"关于 {document.number} 的评估"
        signed = json.loads(document.signed_by(key_of(asked.key, password, what), now))
        if hub.asks_again:
            hub.say_again(
                getpass(say(f"Password of {asked.user} again: ", f"请再次输入 {asked.user} 的密码："))
            )
        made = {name: signed[name] for name in ("signed", "signature")}
        hub.post(f"{path}/signature", json.dumps(made).encode(), "application/json")
    print(say(f"The assessment of {document.number} is signed", f"关于 {document.number} 的评估已签署"))


def _show(document: AssessmentDocument) -> None:
    """Print what is signed: which standard, what was looked into, every certificate, and what was found."""
    from remotecal.cli.tables import plain

    since, until = document.since or "…", document.until or "…"
    count = len(document.certificates)
    print(
        plain(
            say(
                f"{document.number}: runs begun {since} to {until}, depth {document.depth}, "
                f"{count} certificates, list {document.digest}",
                f"{document.number}：{since} 至 {until} 开始的运行，层数 {document.depth}，证书 {count} 份，"
                f"清单 {document.digest}",
            )
        )
    )
    for one in document.certificates:
        share = "" if one.share is None else f"  {one.share.least} … {one.share.most} %"
        without = ("issued, without its hash", "已签发，无摘要") if one.issued else ("not issued", "未签发")
        hashed = one.sha256 or say(*without)
        print(plain(f"  {one.number}  {one.station}/{one.run}  {one.through}{share}  {hashed}"))
    print(plain(f"{document.by}: {document.text}"))
