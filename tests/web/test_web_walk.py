"""Every page and every form there is, walked: what intruders, strangers and a busy hand do.

Nothing here names a page to be walked: what the application answers to is asked of the application, and a
page with a name in its address that nothing here has is a failure (`Furnished.at`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape

import httpx
import pytest
import schemathesis
from asked import asking
from axe_playwright_python.base import AXE_SCRIPT
from filled import BY_DEVICE, Filled, bad_files, every_form
from furnished import COOKIE, EVERYBODY, Furnished, furnish
from hypothesis import HealthCheck, Phase, given, settings
from laboratories import PATIENCE
from playwright.sync_api import Browser, Page
from routes import described, kinds, needed, paths, routes
from sqlalchemy import select
from test_web_browser import RULES, browser
from test_web_papers import SCAN
from web_laboratory import DIGEST, PASSWORD, Web
from windows import COLOUR_ALONE, VALUES_SPOKEN

from remotecal.pages.assets import assets
from remotecal.pages.words import words
from remotecal.store.audit_log import REFUSALS
from remotecal.store.tables import audit, metadata
from remotecal.web.callers import csrf_of

OPEN = frozenset({"/login", "/login/passkey", "/language"})
"""Forms of whoever is not logged in: they have no session that a token could be of."""
UNTOLD = frozenset({"audit", "sessions", "stations", "forms", "alembic_version"})
"""Tables that change when anybody looks, logs in or says hello, or that tell who did what."""
NUMBERED = frozenset({"notice", "number", "wall", "item"})
"""Fields by which forms name something."""
LAST = (
    "/signing",
    "/review/{station}/{run}/issue",
    "/review/{station}/{run}/remarks",
    "/standard/out",
    "/runs/{station}/{run}/commands",
)
"""Forms in the order in which they come after all others, which would not be done after them."""
TWICE: Mapping[str, set[str]] = {
    "/notices/calendar": {"notice_ways"},
    "/runs/{station}/{run}/commands": {"journal_lines", "orders", "run_equipment", "runs"},
}
"""Form → tables that change when it is sent again: an address is shown once, so who presses again is given
another one, and the one before is none any more; and a run goes on by itself, and its order with it."""
FOREIGN = ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"})


__all__ = ["browser"]


def violations(page: Page) -> list[list[str]]:
    """Return what axe finds wrong with a page."""
    asked = json.dumps(RULES | {"resultTypes": ["violations"]})
    return page.evaluate(
        f"axe.run({asked}).then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))"
    )


@pytest.fixture(scope="module")
def home(web: Web) -> Iterator[Furnished]:
    with furnish(web) as home:
        yield home


@pytest.fixture(scope="module")
def filled(home: Furnished) -> Mapping[str, Filled]:
    """Path → its form as a person fills it in, read from the pages they find it on."""
    home.begin_to_sign()
    return every_form(home)


@pytest.fixture(scope="module")
def readers(home: Furnished) -> Mapping[str, str]:
    """Address of each page → who reads it."""
    return home.read_by()


def kept(home: Furnished) -> dict[str, list[str]]:
    """Return all that the database keeps, but for what changes by looking."""
    with home.web.hub.laboratory.store.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in UNTOLD
        }


def done(home: Furnished, after: int = 0) -> list[tuple[int, str, str, str]]:
    """Return what was done, later than an entry of the audit log: number, who, what, and the details."""
    query = select(audit.c.id, audit.c.who, audit.c.what, audit.c.data).order_by(audit.c.id)
    with home.web.hub.laboratory.store.database.read() as connection:
        rows = connection.execute(query.where(audit.c.id > after)).all()
    return [tuple(row) for row in rows if row.what not in REFUSALS]


def last(home: Furnished) -> int:
    return max((number for number, *_ in done(home)), default=0)


MOST = 5
"""Queries of a page, who looks included."""


def test_no_page_asks_the_database_more_than_five_times(home: Furnished, readers: Mapping[str, str]) -> None:
    store, found = home.web.hub.laboratory.store, {}
    for user in set(readers.values()):
        with home.browsing(user) as client:
            for where in (one for one, reader in readers.items() if reader == user):
                client.get(where)  # what is remembered is found
                with asking(store, by_pages=True) as asked:
                    client.get(where)
                found[where] = len(asked)
    assert {where: n for where, n in found.items() if n > MOST} == {}


UNSEEN = "[...document.querySelectorAll('main table')].filter((table) => !table.checkVisibility()).length"
"""How many tables of a page are not seen; on paper that is none, also of those that are folded up."""
SHOWN_ALTHOUGH_HIDDEN = """[...document.querySelectorAll("[hidden]")]
.filter((one) => one.checkVisibility()).map((one) => one.outerHTML)"""
"""What a page shows although it says that it is hidden."""
SQUEEZED = """[...document.querySelectorAll("main :is(th, td)")].filter((cell) => {
  const em = parseFloat(getComputedStyle(cell).fontSize), text = document.createRange();
  const { right, width } = cell.getBoundingClientRect();
  text.selectNodeContents(cell);
  const high = text.getBoundingClientRect().height, broken = high > 2 * em && cell.textContent.trim();
  return broken && right > 0 && width < (high > 6 * em ? 4.5 : 3) * em && cell.checkVisibility();
}).map((cell) => cell.textContent)"""
"""Cells so narrow that their text is broken within words."""
TALL = """[...document.querySelectorAll("body > header")].map((one) => one.offsetHeight)
.filter((height) => height > 18 * parseFloat(getComputedStyle(document.body).fontSize))"""
"""How high the head of a page is, where it leaves little of a phone's screen."""
UNTOLD_CELLS = """[...document.querySelectorAll("table.list td:not(:has(:not(span, div)))")]
.filter((cell) => !cell.textContent.trim() && cell.checkVisibility()).map((cell) => cell.dataset.label)"""
"""What a phone names although nothing is told of it."""
CUT_OFF = """[...document.querySelectorAll(".label")].filter((one) => one.scrollHeight > one.clientHeight)
.map((one) => one.textContent)"""
"""Labels that say more than there is room for on 50 mm × 30 mm."""
SCREENS = (360, 1280)
"""Widths of a phone and of a desk's screen, with letters of 16 pixels."""


@pytest.mark.parametrize(("locale", "width", "size"), [("en", 360, 16), ("zh-CN", 1280, 32)])
def test_every_page_can_be_used_by_everybody(
    browser: Browser, home: Furnished, readers: Mapping[str, str], locale: str, width: int, size: int
) -> None:
    """On a phone, with letters twice as large, and on paper; and none does what its policy forbids."""
    said: list[str] = []
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script(AXE_SCRIPT)
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
    sizes = {"fontSizes": {"standard": size, "fixed": size}}
    context.new_cdp_session(page).send("Page.setFontSizes", sizes)
    wrong = {}
    for user in sorted(set(readers.values())):
        cookies = {COOKIE: home.session(user), "remotecal_wall": home.wall}
        context.add_cookies([{"name": name, "value": one, "url": home.url} for name, one in cookies.items()])
        for where in (one for one, reader in readers.items() if reader == user):
            page.goto(home.url + where)
            refused = [one for one in said if "status of 4" not in one]
            wide = page.evaluate("document.documentElement.scrollWidth") > width
            broken = violations(page)
            page.emulate_media(media="print")
            unprinted = page.evaluate(UNSEEN)
            page.emulate_media(media="screen")
            unquiet = [*page.evaluate(COLOUR_ALONE), *page.evaluate(VALUES_SPOKEN)]
            unquiet += page.evaluate(SHOWN_ALTHOUGH_HIDDEN)
            for screen in SCREENS:
                page.set_viewport_size({"width": screen * size // 16, "height": 800})
                unquiet += page.evaluate(SQUEEZED)
                unquiet += page.evaluate(TALL)
                unquiet += page.evaluate(CUT_OFF) if size == 16 else []
                unquiet += page.evaluate(UNTOLD_CELLS) if screen < SCREENS[-1] else []
            page.set_viewport_size({"width": width, "height": 800})
            if refused or wide or broken or unprinted or unquiet:
                wrong[where] = refused, wide, broken, unprinted, unquiet
            said.clear()
    context.close()
    assert wrong == {}


WRITTEN_IN_ENGLISH = (
    "Levels to compare at.|Repeats at each level.|Ask (.* )?before the first point.|Path of a picture, .*|"
    "Cells of the meter to read as well.|Read again and again, .*|"  # parameters, by the procedure's author
    r"offset 0.5 V, U = 0.1 V \(characterisation\)"  # a fact and its source, by who characterised it
)
"""What stands in English on pages in Chinese, because somebody wrote it so."""
IN_ENGLISH = re.compile(
    r'<(?!html|button|input|option|textarea)[a-z]+[^>]*\blang="en"[^>]*>(.*?)</', re.DOTALL
)
"""An element in English; a button to read English, and a field in which it is written, are none."""


NAMES_IN_CODE = re.compile(
    r"（(?:gauge|source|dut|zh|en)）"
    r"|\b(?:take_control|release_control|go_on|abort|the run was|host|agrees|performed|reviewed|approved"
    r"|(?:check|source|dut|gauge|ambient|rig)\.\w+)\b"
)
"""What programs call something that has a name for people."""
UNREAD = re.compile(r"<(code|script|option)\b.*?</\1>|<[^>]*>", re.DOTALL)
"""What nobody reads as the page's own words."""


AS_WRITTEN = re.compile(r"&lt;/?(?:a|code|span|strong|time)\b|`")
"""What a person reads of a page's own making: a tag, or the quotes of a command in a terminal's sentence."""


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_nobody_reads_a_tag_or_a_terminals_quotes(
    home: Furnished, readers: Mapping[str, str], locale: str
) -> None:
    found = {}
    for user in sorted(set(readers.values())):
        with home.browsing(user, locale) as client:
            for where in (one for one, reader in readers.items() if reader == user):
                if told := AS_WRITTEN.findall(UNREAD.sub(" ", client.get(where).text)):
                    found[where] = told
    assert found == {}


def test_pages_in_chinese_say_in_english_what_somebody_wrote_alone(
    home: Furnished, readers: Mapping[str, str]
) -> None:
    found = {}
    for user in sorted(set(readers.values())):
        with home.browsing(user, "zh-CN") as client:
            for where in (one for one, reader in readers.items() if reader == user):
                page = client.get(where).text
                if in_code := NAMES_IN_CODE.findall(UNREAD.sub(" ", page)):
                    found[where] = in_code
                for told in map(unescape, IN_ENGLISH.findall(page)):
                    if not re.fullmatch(WRITTEN_IN_ENGLISH, told):
                        found.setdefault(where, []).append(told)
    assert found == {}


def test_every_form_is_on_a_page(filled: Mapping[str, Filled]) -> None:
    """Else the walks below would send nothing that could do anything."""
    assert set(filled) == set(paths("POST"))


def test_no_form_is_taken_but_from_its_session_and_this_site(
    home: Furnished, filled: Mapping[str, Filled]
) -> None:
    before, entry, tried = kept(home), last(home), 0
    for user in (*EVERYBODY, None):
        with home.browsing(user) as client, home.browsing("operator") as other:
            for path, form in filled.items():
                fields = dict(form.fields)
                forged = [(fields | {"csrf": one}, {}) for one in ("", other.csrf) if path not in OPEN]
                if user in {None, form.user}:
                    forged += [(fields | {"csrf": client.csrf}, one) for one in FOREIGN]
                for sent, headers in forged:
                    answer = client.post(form.action, data=sent, files=form.files, headers=headers)
                    expected = 401 if user is None and not headers else 403
                    assert (path, user, answer.status_code) == (path, user, expected)
                    tried += 1
    assert tried > 600
    assert done(home, entry) == []
    assert kept(home) == before


NOTHING = {
    "run": "none",
    "order": "none",
    "act": "A" * 22,
    "token": "A" * 22,
    "secret": "A" * 43,
    "number": "NONE-1",
}
"""What there is none of, by its name in an address; of what has a number, `99999999`."""
NAMED = frozenset({"run", "order", "item", "request", "remark", "paper", "act", "number"})
"""Names of what is somebody's, in paths, behind the `?` and in forms."""


def anothers(home: Furnished, path: str, needs: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield an address with what is acme's in it, one with what there is none of, and what both are."""
    for name in NAMED & {*re.findall(r"{(\w+)", path), *needs}:
        there, none = home.names.get(name, needs.get(name, "")), NOTHING.get(name, "99999999")
        query = [
            str(httpx.QueryParams(needs | ({name: one} if name in needs else {}))) for one in (there, none)
        ]
        addresses = (
            f"{home.at(path, **({} if name in needs else {name: one}))}?{asked}".rstrip("?")
            for one, asked in zip((there, none), query, strict=True)
        )
        yield *addresses, there, none


def told(answers: Sequence[httpx.Response], *asked: str) -> list[tuple[int, str]]:
    """Return what answers say, without what was asked for, numbers, and what is made up for each page."""
    names = "|".join(map(re.escape, asked))
    made_up = re.compile(rf'value="[^"]*"|{names}|[0-9]+')
    return [(one.status_code, made_up.sub("", unescape(one.text))) for one in answers]


def test_what_is_another_customers_is_as_if_there_were_none(
    home: Furnished, filled: Mapping[str, Filled]
) -> None:
    """For a customer, by every address and every form that names something."""
    before, entry, walked = kept(home), last(home), 0
    with home.browsing("bolt") as bolt:
        for route in routes():
            needs = {name: home.queries[name] for name in needed(route)}
            for theirs, nothing, *there in anothers(home, route.path, needs):
                if "GET" in route.methods:
                    two = [bolt.get(one) for one in (theirs, nothing)]
                else:
                    form = filled[route.path]
                    fields = dict(form.fields) | {"csrf": bolt.csrf}
                    two = [bolt.post(one, data=fields, files=form.files) for one in (theirs, nothing)]
                first, second = told(two, theirs, nothing, *there)
                assert (first[0], first) == (first[0], second), theirs
                assert first[0] in {403, 404}, theirs
                walked += 1
        for path, form in filled.items():
            for field in sorted(name for name in NUMBERED if form.fields.get(name, "").isdigit()):
                there, ours = form.fields[field], dict(form.fields) | {"csrf": bolt.csrf}
                two = [
                    bolt.post(form.action, data=ours | {field: one}, files=form.files)
                    for one in (there, "99999999")
                ]
                first, second = told(two, there)
                assert (path, first) == (path, second)
                assert first[0] in {403, 404}, path
                walked += 1
    assert walked > 40
    assert done(home, entry) == []
    assert kept(home) == before


def test_a_session_that_was_there_before_is_not_the_one_after(home: Furnished) -> None:
    """Neither one that somebody made up nor one that was good: an intruder may know it."""
    with home.browsing(None) as client:
        for planted in ("A" * 43, home.session("customer")):
            client.cookies.clear()
            client.cookies.set(COOKIE, planted, domain="localhost.local")
            answer = client.post("/login", data={"name": "operator", "password": PASSWORD, "next": "/"})
            assert answer.status_code == 303
            given = answer.cookies[COOKIE]
            assert given != planted
            for secret, expected in ((planted, 303), (given, 200)):
                with home.browsing(None) as one:
                    seen = one.get("/", headers={"Cookie": f"{COOKIE}={secret}"})
                    assert (secret == given, seen.status_code) == (secret == given, expected)


def test_a_file_that_is_none_of_those_a_form_takes_is_not_kept(
    home: Furnished, filled: Mapping[str, Filled]
) -> None:
    before, entry = kept(home), last(home)
    with_files = {path: form for path, form in filled.items() if form.files}
    assert len(with_files) >= 4
    for path, form in with_files.items():
        with home.browsing(form.user) as client:
            for name, content in bad_files():
                files = dict.fromkeys(form.files, ("../../../etc/cron.d/x.xlsx", content, "image/png"))
                answer = client.post(form.action, data=sent(home, client, path, form), files=files)
                assert (path, name, answer.status_code) in {(path, name, 413), (path, name, 422)}
    assert done(home, entry) == []
    assert kept(home) == before


def test_a_files_name_leads_nowhere(home: Furnished, filled: Mapping[str, Filled]) -> None:
    form = filled["/standards/papers"]
    with home.browsing(form.user) as client:
        for name in ("../../../etc/passwd.pdf", "..\\..\\x.pdf", "/etc/x.pdf", "\0.pdf", "a" * 5000, ""):
            fields = form.fields | {
                "csrf": client.csrf,
                "key": f"named-{len(name)}-{name[:2].encode().hex()}",
            }
            answer = client.post(form.action, data=fields, files={"scan": (name, SCAN, "application/pdf")})
            if answer.status_code in {400, 422}:
                assert name in {"", "a" * 5000}, name  # no file was chosen; and no name is that long
                continue
            where = answer.headers["location"]
            kept_as = home.web.hub.laboratory.store.papers.get(int(where.rpartition("/")[2])).scan_name
            assert re.fullmatch(r"[\w.()-]{1,104}\.pdf", kept_as), name
            given = client.get(f"{where}/scan").headers["content-disposition"]
            assert re.fullmatch(r'attachment; filename="paper-[0-9]+\.pdf"', given), name


IN_ADVANCE = frozenset({"/language", "/login", "/login/passkey", "/logout"})
"""Forms that begin or end a session, or say how one reads: their own tests send them twice."""
AT_STATIONS = frozenset(f"/stations/{{station}}/{act}" for act in ("read", "revoke", "withdraw"))
ELSEWHERE = AT_STATIONS | {"/orders/first"}
"""No procedure that is installed fits the tiny bench; `first_orders.carry_out` sends this form twice. A
run that is on here uses what would be read, and needs its station; and what was withdrawn can't be again:
`test_web_stations` sends these."""
ONLY_SHOWN = frozenset({"/items/import", "/my/table", "/signing/key/certificate", "/passkeys/new"})
"""Forms that do nothing yet: what they lead to asks first."""


def sent(home: Furnished, client: httpx.Client, path: str, form: Filled) -> dict[str, str]:
    """Return the fields of a form, with what a device or a person says at that very moment."""
    fields = dict(form.fields) | {"csrf": client.csrf}
    return fields | (BY_DEVICE[path](home, client, form.page) if path in BY_DEVICE else {})


def why(answer: httpx.Response) -> list[str]:
    """Return what a page says against what was sent."""
    return re.findall(r'class="refusal"[^>]*>(.*?)</p>', answer.text, re.DOTALL)


def test_what_a_form_does_is_done_once_and_stands_in_the_audit_log(
    home: Furnished, filled: Mapping[str, Filled]
) -> None:
    in_order = [*(one for one in filled if one not in IN_ADVANCE | ELSEWHERE | {*LAST}), *LAST]
    for path in in_order:
        form = filled[path]
        if path == "/signing/{act}":  # what was prepared may be over by now, on a busy machine
            where = home.begin_to_sign()
            form = replace(form, action=where, page=where)
        with home.browsing(form.user) as client:
            fields, entry, before = sent(home, client, path, form), last(home), kept(home)
            first = client.post(form.action, data=fields, files=form.files)
            assert first.status_code in {200, 303}, (path, why(first))
            acts, now = done(home, entry), kept(home)
            if path in ONLY_SHOWN:
                assert (path, acts, now == before) == (path, [], True)
                continue
            assert form.user in {who for _, who, _, _ in acts}, path
            details = {f"detail.{name}" for *_, data in acts for name in json.loads(data)}
            assert details <= words("zh").texts.keys(), path
            entry = last(home)
            again = client.post(form.action, data=fields, files=form.files)
            if "key" in fields:
                led = first.headers.get("location", form.action)  # or what is shown this once stands there
                assert (path, again.headers.get("location")) == (path, led)
                assert (path, done(home, entry)) == (path, [])
            assert again.status_code in {200, 303, 404, 409, 422}, (path, why(again))
            changed = {name for name, rows in kept(home).items() if rows != now[name]}
            assert changed <= TWICE.get(path, set()), path


FUZZED = settings(
    max_examples=2,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def test_whatever_is_sent_no_page_fails(home: Furnished, filled: Mapping[str, Filled]) -> None:
    """It answers as it should, with a policy, also where a form is of the right session and says anything."""
    home.web.users.put("staff", roles={"operator", "reviewer", "approver", "administrator"}, password=DIGEST)
    secret, asked = home.session("staff"), 0
    cookies = {"Cookie": f"{COOKIE}={secret}; remotecal_wall={home.wall}"}
    fields = {path: (*form.fields, *form.files) for path, form in filled.items()}
    for found in schemathesis.openapi.from_dict(described(fields)).get_all_operations():
        operation = found.ok()

        @FUZZED
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            for name in (case.path_parameters or {}).keys() & home.names.keys():
                case.path_parameters[name] = home.names[name]
            if isinstance(case.body, dict):
                case.body["csrf"] = csrf_of(secret)
            case.headers, case.cookies = cookies, {}
            answer = case.call(base_url=home.url, timeout=PATIENCE, allow_redirects=False)
            where = f"{case.method} {case.path} {case.query} {case.body}"
            assert answer.status_code < 500, where
            assert answer.headers.get("content-security-policy"), where
            if answer.content:
                given_as = answer.headers["content-type"][0].partition(";")[0]
                assert given_as in kinds(case.path, case.query), where
            asked += 1

        ask()
    assert asked > 120


def test_nothing_is_green_and_nothing_moves() -> None:
    """Colour is for what wants a person: what is as it should be has none (ISA-101)."""
    style = "".join(path.read_text() for path in assets().values() if path.suffix in {".css", ".svg"})
    assert not re.search(r"animation|transition|@keyframes|<animate|smooth|blink", style)
    assert not re.search(r":[^;{}]*\b(green|lime|teal|olive|aqua|cyan|turquoise)\b", style)
    assert not re.search(r"\b(rgb|hsl|hwb|lab|lch|oklch|color)\(", style), "say it as #rrggbb"
    colours = re.findall(r"#([0-9a-fA-F]{3,8})\b", style)
    assert len(colours) > 15
    for one in colours:
        red, green, blue = (
            int(2 * c if len(one) < 6 else one[2 * n : 2 * n + 2], 16) for n, c in enumerate(one[:3])
        )
        assert green <= max(red, blue) + 8, one
