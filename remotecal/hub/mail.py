"""Notices by mail: SMTP over TLS to one server, whose certificate is checked; one mail for each person."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from hashlib import sha256
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError, RemotecalError
from remotecal.hub.due import PASSED
from remotecal.hub.unanswered import PATIENCE as UNANSWERED
from remotecal.private_files import read_private
from remotecal.store.notices import CERTIFICATE
from remotecal.transport.identities import host_and_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from remotecal.hub.settings import MailSettings
    from remotecal.store.notices import NoticeRow

PATIENCE = 30.0
"""Seconds in which the server must answer."""
MINUTES = int(UNANSWERED // 60)
"""Minutes after which a question that nobody has answered is told."""
KINDS = {
    "standard": ("标准器", "Standard"),
    "fact": ("装置特性", "Fact of a rig"),
    "item": ("器具", "Item"),
    "person": ("人员", "Person"),
    "accreditation": ("认可/考核", "Accreditation"),
    "station": ("站点", "Station"),
    "revoked": ("证书撤销", "Certificate revoked"),
    "question": ("提问", "Question"),
    "certificate": ("证书", "Certificate"),
}
"""What notices are about, in both languages: a mail can't know which its reader wants."""


def mail_address(written: str) -> Address:
    """Return an address for mail (`ValueError`: no mail can be written to it)."""
    try:
        return Address(addr_spec=written)
    except Exception as error:  # what the library raises on strange ones is its own affair
        raise ValueError(f"{written!r} is no address for mail") from error


class Mail:
    """Sends notices.

    Args:
        settings: by which server.
        folder: where the paths in the settings begin.
        laboratory: name of the laboratory.

    Raises:
        ConfigurationError: the password's file is missing, or others can read it.
    """

    def __init__(self, settings: MailSettings, folder: Path, laboratory: str) -> None:
        self._settings, self._laboratory = settings, laboratory
        self._password = ""
        if settings.password_file is not None:
            self._password = read_private(folder / settings.password_file).decode().strip()
        try:
            trusted = None if settings.trusted is None else folder / settings.trusted
            self._tls = ssl.create_default_context(cafile=trusted)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"notices.mail.trusted: {settings.trusted}: {error}") from error

    def send(self, to: str, notices: Sequence[NoticeRow], today: date) -> str:
        """Send somebody what they are to be told; returns why it can't be, "" once the server has it."""
        taken = False
        try:
            message = self._message(to, notices, today)
            with self._connection() as server:
                if self._settings.user is not None:
                    server.login(self._settings.user, self._password)
                server.send_message(message, self._settings.sender, [to])
                taken = True
        except (OSError, smtplib.SMTPException, RemotecalError, ValueError) as error:
            # What a server says when it is left changes nothing: a mail it has would come again and again.
            return "" if taken else f"{type(error).__name__}: {error}"
        return ""

    def _connection(self) -> smtplib.SMTP:
        host, port = host_and_port(self._settings.server)
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=self._tls)
        server = smtplib.SMTP(host, port, timeout=PATIENCE)
        try:
            server.starttls(context=self._tls)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, to: str, notices: Sequence[NoticeRow], today: date) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(self._laboratory, addr_spec=self._settings.sender)
        message["To"] = mail_address(to)
        message["Subject"] = _subject(notices)
        # The same notices give the same id: a mail that came twice is seen to be one.
        told = sha256(" ".join(str(one.id) for one in notices).encode() + to.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{told}@{self._settings.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        lines = [_line(one, today) for one in sorted(notices, key=lambda one: (one.due, one.id))]
        if self._settings.console is not None:
            lines += ["", f"{self._settings.console.rstrip('/')}/notices"]
        message.set_content("\n".join([self._laboratory, "", *lines, ""]))
        return message


def _subject(notices: Sequence[NoticeRow]) -> str:
    revoked = sum(one.kind == "revoked" for one in notices)
    asked = sum(one.kind == "question" for one in notices)
    told = sum(one.kind == CERTIFICATE for one in notices)
    due = len(notices) - revoked - asked - told
    zh = [f"{asked} 个提问待回答"] * bool(asked)
    zh += [f"{revoked} 份证书撤销"] * bool(revoked) + [f"{due} 项到期提醒"] * bool(due)
    zh += [f"{told} 项证书通知"] * bool(told)
    en = [f"{asked} not answered"] * bool(asked)
    en += [f"{revoked} revoked"] * bool(revoked) + [f"{due} falling due"] * bool(due)
    en += [f"{told} about certificates"] * bool(told)
    return f"{'，'.join(zh)} / {', '.join(en)}"


def _line(notice: NoticeRow, today: date) -> str:
    from datetime import date

    left = (date.fromisoformat(notice.due) - today).days
    zh, en = KINDS[notice.kind]
    if notice.kind == CERTIFICATE:
        return f"{notice.due}  {zh} / {en}: {notice.what}"
    if notice.kind == "revoked":
        how = "自该日起 / since that day"
    elif notice.kind == "question":
        how = f"{MINUTES} 分钟以上无人回答 / not answered for {MINUTES} minutes"
    elif notice.days == PASSED or left < 0:
        how = f"已过期 {-left} 天 / ended {-left} days ago"
    else:
        how = f"剩余 {left} 天 / {left} days left"
    return f"{notice.due}  {zh} / {en}: {notice.what}  ({how})"
