"""A laboratory that has something of everything, so that every page has something to show."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from urllib.parse import urlencode

import httpx
from authenticator import Passkey
from browser_keys import Authority, Kept, certify_source
from laboratories import NO_TLS, PATIENCE
from routes import needed, routes
from sites import BENCH
from test_web_brought import certificate
from test_web_items import ordered
from test_web_passkeys import add
from web_laboratory import Web

from remotecal.certificates.approval import sign
from remotecal.certificates.signing.issuing import new_rsa_key
from remotecal.clock import civil_time
from remotecal.hub.issued import token_of
from remotecal.hub.numbers import NumberSettings
from remotecal.hub.ordering import installed_procedures
from remotecal.hub.run_at import RunAt
from remotecal.hub.settings import PublicSettings
from remotecal.pages.assets import address
from remotecal.store.notices import NoticeWanted
from remotecal.transport.messages import RemoteOrder
from remotecal.web.callers import csrf_of

COOKIE = "remotecal_session"
STAFF = ("operator", "reviewer", "approver", "administrator", "reader")
"""Who works at the laboratory, each with the role they are called after."""
OUT, IN_SERVICE = "W-out", "W-in"
"""Standards out of service, and in it."""
EVERYBODY = (*STAFF, "customer")
"""And a customer: `acme`, whose all of it is. Another one is `bolt`."""

OF_FILES = re.compile(r"/news$|^/static/|^/wall/{|/scan$|/pictures/|/brought/{|\.[a-z]+$")
"""Paths of what is no page."""


@dataclass
class Furnished:
    """The laboratory, and what everything in it is called."""

    web: Web
    url: str
    """Its address, as a browser with passkeys has it."""
    key: Kept
    """A browser's key of who performs calibrations."""
    names: dict[str, str] = field(default_factory=dict)
    """What stands in braces in a path → which there is."""
    of_path: dict[str, dict[str, str]] = field(default_factory=dict)
    """Path → the same where a name means something else in it."""
    queries: dict[str, str] = field(default_factory=dict)
    """What has to stand behind the `?` of an address → what."""
    run: dict[str, str] = field(default_factory=dict)
    """Runs: `issued`, `amended` (that was, and is drafted anew), `open` (returned with a remark), `ready` and
    `fresh` to be signed first, `approved` to be issued, `on` (asks something), `aborted`."""
    passkey: Passkey | None = None
    """Of the operator."""
    wall: str = ""
    """The secret of a screen on a wall."""
    further: list[str] = field(default_factory=list)
    """Addresses of pages that say something else, by what is asked or by what there is."""

    def at(self, path: str, **others: str) -> str:
        """Return an address of a path, with what there is for the names in it; `KeyError`: a name is new."""
        return path.format(**self.names | self.of_path.get(path, {}) | others)

    def addresses(self) -> dict[str, str]:
        """Return path → an address of it, for all that can be got."""
        found = {}
        for route in routes():
            if "GET" in route.methods:
                query = {name: self.queries[name] for name in needed(route)}
                found.setdefault(route.path, f"{self.at(route.path)}?{urlencode(query)}".rstrip("?"))
        return found

    def pages(self) -> dict[str, str]:
        """Return the same without streams and files."""
        return {path: where for path, where in self.addresses().items() if not OF_FILES.search(path)}

    def read_by(self) -> dict[str, str]:
        """Return address → who of those may read it who comes first, for all pages."""
        found: dict[str, str] = {}
        for user in ("operator", "administrator", "customer"):
            with self.browsing(user) as client:
                for where in (*self.pages().values(), *self.further):
                    if where not in found and client.get(where).status_code in {200, 404, 422}:
                        found[where] = user
        unread = {*self.pages().values(), *self.further} - found.keys()
        assert not unread, f"nobody reads {unread}: what they are asked by needs an example (`queries`)"
        return found

    @contextmanager
    def browsing(self, user: str | None, language: str = "en") -> Iterator[httpx.Client]:
        """Give a browser in which somebody has logged in, at no cost of a password's check."""
        spoken = {"Accept-Language": language}
        with httpx.Client(base_url=self.url, headers=spoken, timeout=PATIENCE, verify=NO_TLS) as client:
            client.csrf = ""
            if user is not None:
                secret = self.session(user)
                client.cookies.set(COOKIE, secret)
                client.csrf = csrf_of(secret)
            if self.wall:
                client.cookies.set("remotecal_wall", self.wall, path="/wall")
            yield client

    def begin_to_sign(self) -> str:
        """Prepare what a browser's key is to sign, which lasts five minutes; return where it is signed."""
        wanted = {"certificate": self.key.pem, "which": f"here/{self.run['ready']}", "key": token_hex(8)}
        with self.browsing("operator") as client:
            begun = client.post("/signing", data=wanted | {"csrf": client.csrf})
        assert begun.status_code == 303, begun.text
        where = begun.headers["location"]
        self.names["act"] = where.rpartition("/")[2]
        return where

    def session(self, user: str) -> str:
        """Return the secret of a new session of somebody."""
        now = self.web.clock.now()
        return self.web.users.open_session(self.web.users.find(user), now + 36000, now)


@contextmanager
def furnish(web: Web) -> Iterator[Furnished]:
    """Let a laboratory have something of everything, and a run that asks while the context lasts."""
    authority = Authority(new_rsa_key())
    authority.believed_by(web)
    certify_source(web)
    home = Furnished(
        web, web.url.replace("127.0.0.1", "localhost"), authority.certify(new_rsa_key(), "Person")
    )
    _set(web, home.url)
    home.names |= {"station": "here", "name": "Source", "measurement": "0", "result": "0", "table": "0"}
    home.names |= {"row": "0", "column": "0", "sha256": "0" * 64}  # pictures: see test_web_files
    for name in ("issued", "amended", "open", "ready", "approved", "fresh"):
        home.run[name] = web.do(web.carried_out())
        web.hub.laboratory.store.orders.assign(home.run[name], "acme")
    _certificates(home)
    _people(home)
    _things(home)
    _standards(home)
    with _on(home):
        _further(home)
        yield home


def _set(web: Web, url: str) -> None:
    """Have browsers keep keys and passkeys, and certificates a public address."""
    folder = web.hub.laboratory.folder
    before = folder.settings
    changed = {
        "issuing": before.issuing.model_copy(update={"browser_keys": True}),
        "api": before.api.model_copy(update={"address": url}),
        "numbers": NumberSettings(order="O-{year}-{number:4}", certificate="N-{year}-{number:5}"),
        "public": PublicSettings(address="https://cal.example"),
    }
    folder.settings = before.model_copy(update=changed)


def sign_as(home: Furnished, run: str, duty: str, role: str) -> None:
    """Sign a run's certificate for a duty, and file that."""
    where = f"/runs/here/{run}/certificate"
    with home.web.token(role) as client:
        now = civil_time(home.web.clock.now(), home.web.hub.laboratory.folder.time_zone)
        signed = sign(client.get(f"{where}.xml").content, home.web.keys.signers[duty], now)
        assert client.post(f"{where}/signatures", content=signed).status_code == 200


def _certificates(home: Furnished) -> None:
    """Have three certificates signed, issue two, and amend one of these."""
    web, run = home.web, home.run["issued"]
    for duty, role in {"performed": "operator", "reviewed": "reviewer", "approved": "approver"}.items():
        for name in ("issued", "amended", "approved"):
            sign_as(home, home.run[name], duty, role)
    with web.token("administrator") as administrator:
        for name in ("issued", "amended"):
            where = f"/runs/here/{home.run[name]}/certificate"
            assert administrator.post(f"{where}/issue").status_code == 200
        said = {"reason": {"zh": "名称有误", "en": "a wrong name"}, "customer": {"zh": "水厂", "en": "Works"}}
        drafted = administrator.post(f"{where}/amendments", json=said | {"number": "C-2-A1"})
        assert drafted.status_code == 201, drafted.text
    folder = web.hub.laboratory.folder
    number = RunAt(folder, web.hub.laboratory.store, "here", run).record().number
    home.names |= {"run": run, "order": run, "token": token_of(folder, number)}
    home.queries["number"] = number


def _people(home: Furnished) -> None:
    """Have people ask, remark, be told and keep passkeys."""
    web, store = home.web, home.web.hub.laboratory.store
    with web.token("customer") as acme, web.token("reviewer") as reviewer:
        asked = {"item": "meter 4711", "wanted": "calibration"}
        assert acme.post("/requests", json=asked).status_code == 201
        said = {"text": "repeat 2 looks odd", "line": 3}
        answer = reviewer.post(f"/runs/here/{home.run['open']}/remarks", json=said)
        assert answer.status_code == 201, answer.text
    (request,) = store.requests.open(9)
    (remark,) = store.remarks.open()
    home.names |= {"request": str(request.id), "remark": str(remark.id)}
    for user in EVERYBODY:
        told = NoticeWanted("item", "ZZ-77", "Meter", "", user, "2036-12-30", 30)
        store.notices.make([told], web.clock.now())
    with web.log_in("operator") as client:
        home.passkey = add(client, home.url)
    home.names["secret"] = store.notices.new_feed("operator")


def _things(home: Furnished) -> None:
    """Enter an item, a certificate on paper, a screen, and begin to sign by a browser's key."""
    web, store = home.web, home.web.hub.laboratory.store
    with web.token("operator") as operator:
        meter = {"name": "Meter", "serial": "ZZ-77", "model": "DN 50", "account": "acme", "months": 12}
        home.names["item"] = home.queries["item"] = str(operator.post("/items", json=meter).json()["id"])
    scan = b"%PDF-1.7"
    name, digest = f"{'scan' * 20}.pdf", sha256(scan).hexdigest()
    home.names["paper"] = str(store.papers.add("operator", web.clock.now(), name, digest, scan))
    with web.log_in("administrator") as client:
        made = client.post("/walls", json={"place": "hall", "language": "en", "full": True}).json()
        home.wall = made["address"].rpartition("/")[2]
    home.of_path = {
        "/static/{name}": {"name": address("mark.svg").rpartition("/")[2]},
        "/wall/{secret}": {"secret": home.wall},
    }
    home.begin_to_sign()


def _standards(home: Furnished) -> None:
    """Have a standard out of service and one in it, neither on a bench, each with a certificate brought."""
    with home.web.token("operator") as operator:
        for serial in (OUT, IN_SERVICE):
            assert operator.post("/items", json={"name": "Weight", "serial": serial}).status_code == 201
            content = certificate(f"C-{serial}", serial=serial)
            kept = operator.post(f"/standards/brought?number={serial}", content=content)
            assert kept.status_code == 201, kept.text
        said = {"number": OUT, "reason": "dropped"}
        assert operator.post("/standards/out-of-service", json=said).status_code == 201
    home.names["certificate"] = str(kept.json()["id"])
    home.queries |= {"station": "here", "bench": BENCH, "name": "check"}


def _further(home: Furnished) -> None:
    """Find the addresses of pages that say something else, by what is asked or by what there is."""
    web, store = home.web, home.web.hub.laboratory.store
    order = ordered(web, account="acme")["id"]  # it waits: the bench is taken
    store.journals.append("here", "ended", 1, [], 1.0)
    store.journals.note_unordered("here", "ended", "nobody ordered the run ended")
    home.run["waits"] = order
    store.stations.new_code("invited", time.time() + 86400)
    code = store.stations.new_code("spare", time.time() + 60)
    store.stations.enrol(code, "key", "print", time.time() + 86400, time.time())
    (first, *_) = installed_procedures()
    bench = urlencode({"at": f"here/{BENCH}"})
    home.further += [
        f"/orders/{order}",
        f"/orders/sheets?order={order}",
        f"/orders/labels?order={order}",
        "/stations/spare",
        f"/runs/here/{home.run['aborted']}/course",
        f"/runs/here/{home.run['aborted']}/moment",
        *(f"/runs/here/{home.run[name]}" for name in ("on", "open", "ready")),
        *(f"/review/here/{home.run[name]}" for name in ("fresh", "open", "ready", "approved", "amended")),
        f"/resting?number={home.queries['number']}",
        "/resting?number=S-CERT",
        f"/orders/first?{bench}",
        f"/orders/first?{bench}&procedure={first.name}",
        *(f"/standard?number={serial}" for serial in (OUT, IN_SERVICE)),
        f"/standard/label?number={OUT}",
        f"/standard/drift?number={OUT}",
        "/standard?number=S1",
        f"/orders/new?item={home.queries['item']}&pattern={order}&line=1",
        "/passkeys/new?name=laptop",
        "/search?q=ZZ-77",
        "/search?q=S1",
        f"/certificates?q={home.queries['number']}",
        "/statistics/spread?by=item",
        "/items/import/kept?new=2&item=1",
        f"/my?before=here/{home.run['issued']}",
        "/nowhere",
        "/orders/none",
    ]


def _aborted(web: Web) -> str:
    """Have a run begun and aborted; return it."""
    order = web.do(web.site.order())
    web.do(web.site.state(order, "asking"))
    _abort(web, order)
    return order.id


def _abort(web: Web, order: RemoteOrder) -> None:
    """Abort a run, which somebody else may have taken over by a form."""
    for verb, why in (("take_control", ""), ("abort", "enough")):
        web.do(web.hub.laboratory.command("here", verb, "Li Wei", run=order.id, argument=why))
    web.do(web.site.state(order, "aborted", "signed"))


@contextmanager
def _on(home: Furnished) -> Iterator[None]:
    """Let a run ask something while the context lasts."""
    web = home.web
    web.site.tiny.parameter("ask = true")
    up = web.site.up()
    web.do(up.__aenter__())
    try:
        home.run["aborted"] = _aborted(web)
        order = web.do(web.site.order())
        try:
            web.do(web.site.state(order, "asking"))
            web.hub.laboratory.store.orders.assign(order.id, "acme")
            home.run["on"] = order.id
            yield
        finally:
            _abort(web, order)
    finally:
        web.do(up.__aexit__(None, None, None))
