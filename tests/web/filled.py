"""All forms of the console, found on the pages they stand on, and filled in as people do."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

import httpx
from authenticator import passkey_for
from furnished import EVERYBODY, OUT, Furnished
from routes import Form, forms, path_of, paths
from test_table_of_items import packed
from test_web_brought import certificate
from test_web_papers import FORM as PAPER
from test_web_papers import SCAN
from web_laboratory import PASSWORD

from remotecal import spreadsheets
from remotecal.certificates.signing.issuing import request, subject
from remotecal.web import papers

TYPED = {
    "text": "looks odd",
    "answer": "a bubble",
    "argument": "a leak",
    "reason": "not needed",
    "reason.zh": "名称有误",
    "reason.en": "the name was wrong",
    "zh": "名称有误",
    "en": "the name was wrong",
    "station": "site-9",
    "place": "hall",
    "name": "laptop",
    "item": "meter 4712",
    "wanted": "calibration",
    "password": PASSWORD,
}
"""What is typed into a field that must be filled in."""
FIRST = "reader reviewer approver customer administrator operator"
"""Who looks at all pages when: the last ones find most forms."""
TABLE = b"name,serial\nGauge,T-1\n"
LOOKED_AT = frozenset({"/items/import", "/my/table"})
"""Forms with a table, of which a further form shows what would come."""
FILES = {
    "/my/table": ("items.csv", TABLE, "text/csv"),
    "/items/import": ("items.csv", TABLE, "text/csv"),
    "/standards/papers": ("scan.pdf", SCAN, "application/pdf"),
    "/standard/brought": ("weight.xml", certificate("C-2", serial=OUT), "text/xml"),
}
"""Form → the file that is brought with it."""


@dataclass(frozen=True)
class Filled:
    """A form that somebody has filled in."""

    user: str
    """Who may send it."""
    action: str
    """Where it goes."""
    fields: Mapping[str, str]
    """Without the session's token."""
    files: Mapping[str, tuple[str, bytes, str]]
    page: str
    """Where it stands."""


def every_form(home: Furnished) -> dict[str, Filled]:
    """Return path → its form, filled in by the first who finds it on a page, in a browser of their own."""
    found: dict[str, Filled] = {}
    wanted, pages = set(paths("POST")), [*home.further, *home.pages().values()]
    for user in sorted(EVERYBODY, key=FIRST.find, reverse=True):
        with home.browsing(user) as client:
            for page in pages:
                if wanted <= found.keys():
                    return found
                _read(home, client, user, page, client.get(page), found)
    return found


def _read(
    home: Furnished,
    client: httpx.Client,
    user: str,
    page: str,
    answer: httpx.Response,
    found: dict[str, Filled],
) -> None:
    """Note the forms of a page that were on none before."""
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return
    for form in forms(answer.text):
        if not form.action:  # its buttons say where (`formaction`): each has a form elsewhere
            continue
        path = path_of(form.action)
        if path is None:
            raise AssertionError(f"a form on {page} is sent to {form.action}, where nothing answers")
        if path in found:
            continue
        found[path] = _filled(home, client, user, page, path, form)
        if path in LOOKED_AT:  # what was looked at is taken in by the page that shows it
            sent = found[path]
            looked = client.post(sent.action, data={**sent.fields, "csrf": client.csrf}, files=sent.files)
            _read(home, client, user, sent.action, looked, found)


def _filled(home: Furnished, client: httpx.Client, user: str, page: str, path: str, form: Form) -> Filled:
    fields = dict(form.fields)
    fields.pop("csrf", None)
    fields |= {name: TYPED[name] for name in form.empty if name in TYPED}
    if path in BY_DEVICE:
        fields |= BY_DEVICE[path](home, client, page)
    file = FILES.get(path)
    if path == "/signing/key/certificate":
        file = ("key.crt", home.key.pem.encode(), "application/x-pem-file")
    files = {form.files[0]: file} if file is not None else dict.fromkeys(form.files, ("", b"", ""))
    return Filled(user, form.action, fields, files, page)


def _login(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"name": "operator", "next": "/"}


def _by_passkey(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    options = client.post("/api/v1/session/passkey/options").json()
    return {"passkey": json.dumps(home.passkey.answer(options)), "next": "/"}


def _new_passkey(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    options = client.post("/api/v1/passkeys/options", headers={"X-CSRF-Token": client.csrf}).json()
    return {"made": json.dumps(passkey_for(options, home.url).made(options))}


def _key_request(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    asked = request(home.key.private, subject("Person", in_browser=True))
    return {"request": asked.decode()}


def _prepare(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"certificate": home.key.pem}


def _sign(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    (info,) = re.findall(r'data-signed-info="([^"]+)"', client.get(page).text)
    return {"value": home.key.sign(unescape(info))}


def _item(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"name_en": "Gauge", "serial": f"N-{len(page)}"}


def _amended(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"customer.": "Another Customer"}


def _mail(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"mail": "operator@cal.example"}


def _chosen(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"item": home.names["item"]}


def _paper(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return dict(PAPER)


def _order(home: Furnished, client: httpx.Client, page: str) -> dict[str, str]:
    return {"parameter.levels": "1, 2", "parameter.repeats": "2", "parameter.ask": ""}


BY_DEVICE: Mapping[str, Callable[[Furnished, httpx.Client, str], dict[str, str]]] = {
    "/login": _login,
    "/login/passkey": _by_passkey,
    "/passkeys": _new_passkey,
    "/signing/key/request": _key_request,
    "/signing": _prepare,
    "/signing/{act}": _sign,
    "/items/new": _item,
    "/my/requests/items": _chosen,
    "/amend": _amended,
    "/notices/mail": _mail,
    "/standards/papers/{paper}": _paper,
    "/orders/new": _order,
}
"""Form → what its script or a person puts into it that is more than a word."""


def bad_files() -> Iterator[tuple[str, bytes]]:
    """Yield files that no form takes."""
    yield "program", b"\x7fELF" + bytes(2000)
    yield "page", b"<html><script>alert(1)</script></html>"
    yield "too large", bytes(papers.LARGEST_SCAN + 1)
    yield "bomb", packed(**{"xl/worksheets/sheet1_xml": b" " * (spreadsheets.LARGEST_UNPACKED + 1)})
    yield "laughs", packed(sheet_xml=b'<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>')
    yield "many", packed(**{f"p{number}_xml": b"" for number in range(201)})
