"""What falls due is told: once to whoever it concerns, on the page, by mail, as a calendar."""

import asyncio
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from icalendar import Calendar
from laboratories import NO_TLS, PATIENCE
from test_web_items import entered, today
from test_web_pages import browsing, token
from web_laboratory import Web, problem

from remotecal.cli.processes import free_port
from remotecal.clock import VirtualClock
from remotecal.errors import ConfigurationError
from remotecal.hub.due import falling_due, notices_of
from remotecal.hub.noticing import Noticing
from remotecal.hub.settings import HubFolder, HubSettings, MailSettings, NoticeSettings
from remotecal.private_files import write_private
from remotecal.store.notices import NoticeWanted

DAY = 86400.0


@contextmanager
def set_to(web: Web, notices: NoticeSettings, **issuing: object) -> Iterator[HubFolder]:
    """Have the hub set otherwise while the context lasts."""
    folder = web.hub.laboratory.folder
    before = folder.settings
    changed = {"notices": notices, "issuing": before.issuing.model_copy(update=issuing)}
    folder.settings = HubSettings.model_copy(before, update=changed)
    try:
        yield folder
    finally:
        folder.settings = before


def look(web: Web, day: date, hours: float = 6.0) -> int:
    """Let the hub look what falls due, so many hours after a day began; return how many notices are new.

    The day is said: whatever hour it is by the computer, and if midnight passes in the middle of a test.
    """
    zone = ZoneInfo(web.hub.laboratory.folder.time_zone)
    clock = VirtualClock(datetime.combine(day, time(), zone).timestamp() + hours * 3600.0)
    return Noticing(web.hub.laboratory.folder, web.hub.laboratory.store, clock).look()


def notices(web: Web, user: str, about: str) -> list[tuple[int, str]]:
    """Return what a user was told of a thing, the first first: how long before, and its last day."""
    rows = web.hub.laboratory.store.notices.to(user)
    return [(row.days, row.due) for row in reversed(rows) if row.about == about]


def test_each_is_told_once_at_60_30_14_and_7_days_and_when_it_has_passed(web: Web) -> None:
    day = today(web)
    due = day + timedelta(days=61)
    number = str(entered(web, serial="N-1", account="acme", due=f"{due}")["id"])
    assert look(web, day) == 0
    expected: list[tuple[int, str]] = []
    for days, told in ((1, 60), (2, 0), (30, 0), (31, 30), (47, 14), (50, 0), (54, 7), (61, 0), (62, 99)):
        look(web, day + timedelta(days=days))
        assert look(web, day + timedelta(days=days)) == 0  # another start, or another hub, tells nobody again
        if told:
            expected.append((told % 99, f"{due}"))
        assert notices(web, "customer", number) == expected, days
    assert notices(web, "bolt", number) == notices(web, "operator", number) == []


def test_a_hub_that_is_up_late_tells_the_shortest_time_alone(web: Web) -> None:
    day = today(web)
    due = day + timedelta(days=10)
    number = str(entered(web, serial="N-2", account="bolt", due=f"{due}")["id"])
    look(web, day)
    assert notices(web, "bolt", number) == [(14, f"{due}")]


def test_standards_go_to_their_keepers_and_persons_to_administrators(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, folder = web.hub.laboratory.store, web.hub.laboratory.folder
    day = today(web)
    soon = day + timedelta(days=20)
    later = soon + timedelta(days=300)
    own = {serial: entered(web, serial=serial, due=f"{soon}")["id"] for serial in ("B-7", "B-8")}
    held = [
        {"name": "balance", "serial": serial, "certificate": f"C-{serial}", "valid_until": f"{until}"}
        for serial, until in (("B-7", soon), ("B-8", later))
    ]
    bench = {"name": "Rig", "sha256": "", "instruments": {}, "holds": held}
    row = replace(store.stations.get("here"), announced=json.dumps({"benches": [bench]}))
    monkeypatch.setattr(store.stations, "list", lambda: (row,))
    register = tmp_path / "register.toml"
    register.write_text(REGISTER.format(soon=soon, late=later))
    users = store.users.list()
    with set_to(
        web, NoticeSettings(keepers={"B-7": ("reviewer",), "B-8": ("approver",)}), signatories=str(register)
    ):
        found = falling_due(store, folder, web.clock.now())
        told = {(one.kind, one.about, one.to) for one in notices_of(found, users, folder, day)}
    assert ("standard", "B-7", "reviewer") in told
    assert not any(one.kind == "standard" and one.about == "B-7" for one in found if one.day != soon)
    assert ("standard", "B-7", "operator") not in told
    assert {to for kind, about, to in told if (kind, about) == ("item", f"{own['B-8']}")} == {"approver"}
    assert not any(
        (kind, about) == ("item", f"{own['B-7']}") for kind, about, _ in told
    )  # once, as a standard
    assert ("person", "R-1", "administrator") in told
    assert ("accreditation", "L-1", "administrator") in told
    assert not any(about == "R-2" for _, about, _ in told)
    assert not any(to in {"customer", "bolt"} for kind, _, to in told if kind != "item")
    with set_to(web, NoticeSettings()):
        told = {(one.about, one.to) for one in notices_of(found, users, folder, day)}
    assert ("B-7", "operator") in told
    assert ("B-7", "reviewer") not in told


REGISTER = """
procedures = []
standards = []
[laboratory]
name = {{ en = "Laboratory" }}
code = "L-1"
valid_until = {soon}
key = "k"
[[persons]]
name = {{ en = "Li" }}
registration = "R-1"
valid_until = {soon}
duties = ["performed"]
procedures = ["x"]
key = "k"
[[persons]]
name = {{ en = "Wang" }}
registration = "R-2"
valid_until = {late}
duties = ["performed"]
procedures = ["x"]
key = "k"
"""


def test_what_falls_due_is_called_as_the_reader_does(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standard by its certificate's name for it, a fact of a rig by what it is; their names on the bench
    are whoever wrote that file's."""
    store, day = web.hub.laboratory.store, today(web)
    soon = {"valid_until": f"{day + timedelta(days=9)}"}
    held = [
        {
            "name": "balance",
            "serial": "B-9",
            "called": {"zh": "电子天平", "en": "Electronic balance"},
            **soon,
        },
        {"name": "connecting_volume", **soon},
        {"name": "own_fact", **soon},
    ]
    bench = {"name": "Rig", "sha256": "", "instruments": {}, "holds": held, "of_later": 1}
    row = replace(store.stations.get("here"), announced=json.dumps({"benches": [bench]}))
    monkeypatch.setattr(store.stations, "list", lambda: (row,))
    for language, names in (
        ("zh", ("电子天平 · Rig", "连接容积 · Rig", "own_fact · Rig")),
        ("en", ("Electronic balance · Rig", "connecting volume · Rig", "own_fact · Rig")),
    ):
        with (
            web.noon_of(day + timedelta(days=language == "en")),
            browsing(web, "operator", language) as client,
        ):
            page = client.get("/").text
        assert [name in page for name in names] == [True] * 3, language
        assert "connecting_volume" not in page


def test_a_station_whose_certificate_is_not_renewed_is_told(web: Web) -> None:
    store, folder = web.hub.laboratory.store, web.hub.laboratory.folder
    until = store.stations.get("here").certificate_until
    lasts = folder.settings.certificates_last.total_seconds()
    kinds = [{one.kind for one in falling_due(store, folder, until - share * lasts)} for share in (0.3, 0.2)]
    assert ["station" in kind for kind in kinds] == [False, True]


# The page


def test_a_notice_is_seen_and_acknowledged_by_its_reader_alone(web: Web) -> None:
    day = today(web)
    due = day + timedelta(days=5)
    number = entered(web, serial="N-3", account="acme", due=f"{due}")["id"]
    look(web, day)
    with web.token("customer") as acme, web.token("bolt") as bolt:
        (mine,) = [one for one in acme.get("/notices").json() if one["about"] == str(number)]
        assert (mine["days"], mine["due"], mine["acknowledged"]) == (7, f"{due}", None)
        problem(bolt.post(f"/notices/{mine['id']}/acknowledge"), 404)
        assert all(one["about"] != str(number) for one in bolt.get("/notices").json())
    with browsing(web, "customer") as client:
        assert "Notices not acknowledged: " in client.get("/").text
        page = client.get("/notices")
        assert f'value="{mine["id"]}"' in page.text
        assert f"/items/{number}" in page.text
        form = {"csrf": token(page), "notice": str(mine["id"])}
        assert client.post("/notices/acknowledge", data=form | {"csrf": ""}).status_code == 403
        assert client.post("/notices/acknowledge", data=form | {"notice": "x"}).status_code == 404
        assert client.post("/notices/acknowledge", data=form).status_code == 303
        assert f'value="{mine["id"]}"' not in client.get("/notices").text
    assert [who for who, _, _ in web.audit("acknowledge")] == ["customer"]


# By mail


class Post:
    """A mail server on a real socket, with TLS and a password."""

    def __init__(self, path: Path, *, starttls: bool = False) -> None:
        self.leaves = "221 Bye"
        self.taken: list[tuple[list[str], bytes]] = []
        self.refuses = False
        self.logins: list[str] = []
        self.trusted = path / "post.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        self.trusted.write_bytes(pem)
        secret = path / "post.key.pem"
        form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + pem)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(secret)
        self.port = free_port()
        auth = {"authenticator": self._authenticate, "auth_required": starttls}
        if starttls:
            more = {"tls_context": tls, "require_starttls": True}
            self.controller = Controller(self, "127.0.0.1", self.port, **auth, **more)
        else:
            # What came by TLS from the first byte is as safe as after STARTTLS.
            self.controller = Controller(
                self, "127.0.0.1", self.port, ssl_context=tls, auth_require_tls=False, **auth
            )

    def _authenticate(self, server: SMTP, session: Session, _e: object, _m: str, data: object) -> AuthResult:
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"secret")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.leaves

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses:
            return "451 later"
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


def mailing(post: Post, path: Path, **changed: object) -> NoticeSettings:
    password = path / "password"
    write_private(password, b"secret\n")
    said = {
        "server": f"localhost:{post.port}",
        "sender": "hub@laboratory.example",
        "user": "hub",
        "password_file": str(password),
        "trusted": str(post.trusted),
        "console": "https://hub.example",
    }
    return NoticeSettings(mail=MailSettings(**{**said, **changed}))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_notices_go_by_mail_once_and_again_where_the_server_would_not(
    web: Web, tmp_path: Path, security: str
) -> None:
    day = today(web)
    due = day + timedelta(days=25)
    serial = f"P-{security}"
    entered(web, serial=serial, account="bolt", due=f"{due}")
    with web.token("bolt") as bolt:
        assert bolt.put("/notices/mail", json={"mail": "no address"}).status_code == 422
        assert bolt.put("/notices/mail", json={"mail": "bolt@bolt.example"}).status_code == 200
    with Post(tmp_path, starttls=security == "starttls") as post:
        post.refuses = True
        with set_to(web, mailing(post, tmp_path, security=security)):
            look(web, day)
            assert post.taken == []
            assert "451" in web.audit("mail failed")[0][2]
            post.refuses = False
            look(web, day)
            assert post.taken == []  # not again at once
            post.leaves = "421 closing"  # after it has taken the mail
            look(web, day, hours=8.5)
            look(web, day, hours=11.0)
        ((to, content),) = post.taken
    assert to == ["bolt@bolt.example"]
    message = message_from_bytes(content, policy=policy.default)
    assert message["To"] == "bolt@bolt.example"
    text = message.get_content()
    assert serial in text
    assert "剩余 25 天 / 25 days left" in text
    assert "https://hub.example/notices" in text
    assert post.logins == ["hub", "hub"]
    with web.token("bolt") as bolt:
        assert all(one["sent"] for one in bolt.get("/notices").json() if serial in one["what"])


def test_an_address_that_takes_no_mail_is_tried_ever_more_seldom_and_told_on_today(
    web: Web, tmp_path: Path
) -> None:
    store, begun = web.hub.laboratory.store, web.clock.now() - 20 * DAY
    store.notices.make([NoticeWanted("item", "gone", "Meter", "bolt", "bolt", "2026-01-01", 7)], begun)
    store.notices.set_mail("bolt", "gone@bolt.example")

    def tried(hours: range) -> list[int]:
        told = [(hour, store.notices.to_send(begun + hour * 3601.0)) for hour in hours]
        return [hour for hour, found in told if any(row.about == "gone" for row in sum(found.values(), ()))]

    try:
        hours = tried(range(20 * 24))
        assert hours[:7] == [0, 1, 3, 7, 15, 31, 55]
        assert max(hours) < 14 * 24
        with set_to(web, NoticeSettings(mail=MailSettings(server="localhost:25", sender="hub@lab.example"))):
            for user, told in (("bolt", True), ("administrator", True), ("operator", False)):
                with browsing(web, user) as client:
                    assert ("not by mail to gone@bolt.example" in client.get("/").text) is told, user
        store.notices.set_mail("bolt", "bolt@bolt.example")  # whoever has another address is told at once
        assert tried(range(13 * 24, 13 * 24 + 1)) == [13 * 24]
    finally:
        store.notices.set_mail("bolt", "")


@pytest.mark.parametrize("address", ["'@[!é", "(!@\u200b"])
def test_an_address_that_no_mail_can_be_written_to_keeps_nobody_from_being_told(
    web: Web, tmp_path: Path, address: str
) -> None:
    """Python's own reader of addresses fails on these, each in a way of its own."""
    with web.token("bolt") as bolt:
        assert bolt.put("/notices/mail", json={"mail": address}).status_code == 422
    day = today(web)
    due = day + timedelta(days=25)
    serial = f"P-{len(address)}"
    for account in ("bolt", "acme"):
        entered(web, serial=serial, account=account, due=f"{due}")
    store = web.hub.laboratory.store
    store.notices.set_mail("bolt", address)  # as an older hub took it
    store.notices.set_mail("customer", "acme@acme.example")
    try:
        with Post(tmp_path) as post, set_to(web, mailing(post, tmp_path)):
            look(web, day)
        assert [to for to, _ in post.taken] == [["acme@acme.example"]]
        assert address in json.loads(web.audit("mail failed")[0][2])["to"]
    finally:
        for user in ("bolt", "customer"):
            store.notices.set_mail(user, "")


def test_the_hub_looks_again_whatever_went_wrong(web: Web) -> None:
    """A password in another encoding, or anything else nobody thought of, ends one look and not all."""
    looks: list[int] = []
    held_up: list[bool] = []
    comparing, looked = threading.Event(), threading.Event()

    class Failing(Noticing):
        def look(self) -> int:
            looks.append(1)
            if len(looks) == 1:
                b"\xc3\xdc".decode()
            comparing.wait(60.0)
            looked.set()
            raise asyncio.CancelledError

        def _compare(self) -> int:  # what takes long holds up no notice
            comparing.set()
            held_up.append(not looked.wait(60.0))
            return 0

    async def run() -> None:
        clock = VirtualClock(web.clock.now())
        folder, store = web.hub.laboratory.folder, web.hub.laboratory.store
        with pytest.raises(asyncio.CancelledError):
            await Failing(folder, store, clock, again=0.0).run()

    asyncio.run(run())
    assert len(looks) == 2
    assert not held_up[0]


def test_no_mail_goes_to_a_server_that_is_not_the_one_or_by_a_password_others_read(
    web: Web, tmp_path: Path
) -> None:
    day = today(web)
    due = day + timedelta(days=25)
    entered(web, serial="P-strange", account="bolt", due=f"{due}")
    with web.token("bolt") as bolt:
        bolt.put("/notices/mail", json={"mail": "bolt@bolt.example"})
    with Post(tmp_path) as post:
        with set_to(web, mailing(post, tmp_path, trusted=None)):
            look(web, day)
        assert post.taken == []
        assert "CERTIFICATE_VERIFY_FAILED" in web.audit("mail failed")[0][2]
        loose = tmp_path / "loose"
        loose.write_bytes(b"secret")
        loose.chmod(0o644)
        with (
            set_to(web, mailing(post, tmp_path, password_file=str(loose))),
            pytest.raises(ConfigurationError, match="can be read by others"),
        ):
            look(web, day, hours=13.0)
        assert post.taken == []
    with web.token("bolt") as bolt:
        bolt.put("/notices/mail", json={"mail": ""})


# As a calendar


def test_a_calendar_tells_its_owners_days_until_it_is_ended(web: Web) -> None:
    due = today(web) + timedelta(days=40)
    entered(web, serial="C-1", account="acme", due=f"{due}")
    entered(web, serial="C-2", account="bolt", due=f"{due}")
    with browsing(web, "customer") as client, httpx.Client(timeout=PATIENCE, verify=NO_TLS) as anybody:
        page = client.get("/notices")
        form = {"csrf": token(page)}
        assert "/calendar/" not in page.text
        addresses = []
        for _ in range(2):
            made = client.post("/notices/calendar", data=form).text
            addresses.append(unescape(re.search(r"<code>([^<]+\.ics)</code>", made)[1]))
        assert "/calendar/" not in client.get("/notices").text  # it is shown once
        assert anybody.get(addresses[0]).status_code == 404
        answer = anybody.get(addresses[1])
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        events = Calendar.from_ical(answer.content).walk("VEVENT")
        told = {str(event["summary"]): event["dtstart"].dt for event in events}
        assert {day for what, day in told.items() if "C-1" in what} == {due}
        assert not any("C-2" in what for what in told)
        assert all(isinstance(day, date) and not isinstance(day, datetime) for day in told.values())
        client.post("/notices/calendar", data=form | {"end": "1"})
        assert anybody.get(addresses[1]).status_code == 404
        assert anybody.get(f"{web.url}/calendar/x.ics").status_code == 404
        made = client.post("/notices/calendar", data=form).text
        address = unescape(re.search(r"<code>([^<]+\.ics)</code>", made)[1])
        assert anybody.get(address).status_code == 200
        users = web.hub.laboratory.store.users
        users.set_password("customer", users.find("customer").password)
        assert anybody.get(address).status_code == 404  # it ends with the password
    kept = web.hub.laboratory.store.notices.way("customer")
    assert kept.feed is None


def test_the_hub_looks_when_it_starts(web: Web) -> None:
    """Its start has looked: what the other tests enter later is not among it, but that it did is noted."""
    due = today(web) + timedelta(days=3)
    number = str(entered(web, serial="S-1", account="acme", due=f"{due}")["id"])
    store, folder = web.hub.laboratory.store, web.hub.laboratory.folder
    noticing = Noticing(folder, store, web.clock)

    async def until_told() -> None:
        running = asyncio.create_task(noticing.run())
        while not notices(web, "customer", number):
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(until_told())
    assert notices(web, "customer", number) == [(7, f"{due}")]
