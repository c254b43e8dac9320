"""The pages as plain HTML: whole without a script, in two languages, and no way in for anybody else."""

import re
import string
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import pytest
from laboratories import NO_TLS
from web_laboratory import PASSWORD, Web

from remotecal.certificates.approval import sign
from remotecal.clock import civil_time
from remotecal.journal.events import read_alone, seconds
from remotecal.pages import assets, frame
from remotecal.pages.words import LANGUAGES, Language, words
from remotecal.store.journals import STATES
from remotecal.store.users import ROLES

REMOTECAL = Path(frame.__file__).parent.parent


@contextmanager
def browsing(web: Web, user: str | None = None, language: str = "en") -> Iterator[httpx.Client]:
    """Give a browser without scripts, in which somebody has logged in."""
    spoken = {"Accept-Language": language}
    with httpx.Client(base_url=web.url, headers=spoken, timeout=30, verify=NO_TLS) as client:
        if user is not None:
            answer = client.post("/login", data={"name": user, "password": PASSWORD, "next": "/"})
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
        yield client


def token(page: httpx.Response) -> str:
    """Return the token in the forms of a page."""
    return re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)[1]


def key_in(page: httpx.Response) -> str:
    """Return the key by which a form of a page is done once."""
    return re.search(r'name="key" value="([A-Za-z0-9_-]{16})"', page.text)[1]


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    run = web.do(web.carried_out())
    web.hub.laboratory.store.orders.assign(run, "acme")
    return run


def pages(run: str) -> tuple[str, ...]:
    return (
        "/", "/orders", f"/orders/{run}", "/live", "/runs", f"/runs/here/{run}", "/search?q=M1",
        f"/runs/here/{run}/results/0/0/0/0/0",
    )  # fmt: skip


def of_staff(run: str) -> tuple[str, ...]:
    return (*pages(run), "/help", "/certificates", "/review", f"/review/here/{run}")


def test_a_draft_has_the_number_it_will_have(web: Web, run: str) -> None:
    with browsing(web, "operator", "en") as client:
        page = client.get(f"/runs/here/{run}").text
        (number,) = re.findall(r">([^<]*)</td><td [^>]*>draft</td>", page)
    assert number == web.hub.laboratory.store.about.of_run("here", run)[1][0].certificate != ""


# Words


def test_every_catalogue_says_the_same() -> None:
    told = {language: words(language).texts for language in LANGUAGES}
    for texts in told.values():
        assert texts.keys() == told["en"].keys()
        for name, text in texts.items():
            fields, english = (
                {field for _, field, _, _ in string.Formatter().parse(one) if field is not None}
                for one in (text, told["en"][name])
            )
            assert fields == english, name
            assert text.strip(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_role_of_a_user_has_a_word(language: Language) -> None:
    assert [role for role in ROLES if not words(language).has("user_role", role)] == []


def test_what_templates_say_stands_in_the_catalogues() -> None:
    used = {
        name
        for path in REMOTECAL.rglob("templates/*.html")
        for name in re.findall(r"\bt\('([a-z0-9_.]+)'[,)]", path.read_text())
    }
    assert len(used) > 80
    assert used <= words("en").texts.keys()
    groups = {f"state.{state}" for state in (*STATES.values(), "new")}
    assert groups <= words("en").texts.keys()


def test_brackets_and_colons_beside_what_is_inserted_are_those_of_the_language() -> None:
    foreign = re.compile(r'lang="en">[^<]*<|translate\([^)]*\)')  # English anyway, and a drawing
    for path in REMOTECAL.rglob("templates/*.html"):
        told = foreign.sub("", path.read_text())
        assert re.findall(r"\(\{\{.*?\}\}\)|[}%]\}: .*", told) == [], f"{path}: frame.beside, frame.colon"


@pytest.mark.parametrize(
    ("asked", "said"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "今日"), ("de,en;q=0.5", "Today"), ("fr", "Today"), ("", "Today")],
)
def test_a_page_comes_in_the_language_of_the_browser_or_of_the_person(
    web: Web, asked: str, said: str
) -> None:
    with browsing(web, "operator", asked) as client:
        page = client.get("/")
        assert f"<h1>{said}</h1>" in page.text
        assert f'<html lang="{"zh" if said == "今日" else "en"}">' in page.text
        answer = client.post("/language", data={"language": "zh", "next": "/orders"})
        assert answer.headers["location"] == "/orders"
        assert "<h1>委托</h1>" in client.get("/orders").text
        client.post("/language", data={"language": "xx", "next": "/"})
        assert "<h1>今日</h1>" in client.get("/").text


# Whole without a script, and nothing written into it


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_brings_nothing_of_its_own_but_html(web: Web, run: str, language: str) -> None:
    with browsing(web, "operator", language) as client:
        for address in ("/login", "/nowhere", *of_staff(run)):
            page = client.get(address)
            assert page.headers["content-security-policy"] == frame.POLICY
            assert page.headers["cache-control"] == "no-store"
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text), address
            assert re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL) == [""], address
            assert page.text.count("<h1>") == 1
            assert len(page.content) < 60_000
            assert not set(re.findall(r'(?:src|href|action)="(https?:)?//', page.text))


def test_style_and_script_are_kept_under_names_of_their_content(web: Web) -> None:
    with browsing(web) as client:
        page = client.get("/login").text
        for name in re.findall(r'"(/static/[^"]+)"', page):
            answer = client.get(name)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert re.fullmatch(r"/static/[a-z-]+\.[0-9a-f]{12}\.(css|js|svg)", name)
        assert client.get("/static/console.css").status_code == 404
        assert client.get("/static/..%2fwords%2fen.toml").status_code == 404
        assert len(assets.assets()) == 6


def test_pages_are_compressed_and_files_are_not(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        assert client.get(f"/runs/here/{run}").headers["content-encoding"] == "gzip"
        journal = client.get(f"/api/v1/runs/here/{run}/journal")
        assert journal.status_code == 200
        assert "content-encoding" not in journal.headers


# Coming in


def test_who_is_not_logged_in_is_led_to_where_one_does_and_back(web: Web) -> None:
    before = len(web.audit())
    with browsing(web) as client:
        answer = client.get("/orders?stage=waits")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/login?next=/orders%3Fstage%3Dwaits",
        )
        page = client.get(answer.headers["location"])
        assert '<p class="laboratory">' in page.text, "whose log-in it is"
        assert 'name="next" value="/orders?stage=waits"' in unescape(page.text)
        told = {"name": "operator", "password": PASSWORD, "next": "/orders?stage=waits"}
        assert client.post("/login", data=told).headers["location"] == "/orders?stage=waits"
        assert client.get("/orders").status_code == 200
    assert [what for _, what, _ in web.audit()[: len(web.audit()) - before]] == ["login"]


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\nb"]
)
def test_nobody_is_led_elsewhere_by_logging_in(web: Web, where: str) -> None:
    with browsing(web) as client:
        told = {"name": "operator", "password": PASSWORD, "next": where}
        assert client.post("/login", data=told).headers["location"] == "/"


def test_a_wrong_password_is_said_in_the_language_of_the_page(web: Web) -> None:
    with browsing(web, language="zh") as client:
        for told in ({"name": "operator", "password": "wrong"}, {"name": "Ä" * 99}, {}):
            page = client.post("/login", data=told)
            assert page.status_code == 401
            assert "用户名或密码错误" in page.text
        told = {"name": 'op"er', "password": "wrong", "next": "/orders?stage=waits"}
        page = client.post("/login", data=told).text
        assert 'value="op&#34;er"' in page, "they need not be typed again"
        assert 'name="next" value="/orders?stage=waits"' in page
        assert "wrong" not in page


def test_logging_out_ends_the_session(web: Web) -> None:
    with browsing(web, "reviewer") as client:
        page = client.get("/")
        kept = dict(client.cookies)
        assert client.post("/logout", data={"csrf": token(page)}).headers["location"] == "/login"
        client.cookies.update(kept)
        assert client.get("/").status_code == 303


def test_a_form_is_taken_from_its_session_and_this_site_only(web: Web, run: str) -> None:
    with browsing(web, "operator") as client, browsing(web, "reviewer") as other:
        mine, theirs = token(client.get("/")), token(other.get("/"))
        commands = f"/runs/here/{run}/commands"
        for sent in ({}, {"csrf": theirs}, {"csrf": mine[:-1]}):
            assert client.post(commands, data={"verb": "pause"} | sent).status_code == 403
        for said in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for address in (commands, "/logout", "/language", "/login"):
                sent = client.post(address, data={"csrf": mine, "verb": "pause"}, headers=said)
                assert sent.status_code == 403, address
        assert client.get("/").status_code == 200
        assert other.post(commands, data={"csrf": theirs, "verb": "pause"}).status_code == 403


# What is shown, and to whom


def test_a_number_opens_what_it_rests_on(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get(f"/runs/here/{run}")
        (first, *_) = re.findall(rf'href="(/runs/here/{run}/results/[0-9/]+)"', page.text)
        shown = client.get(first)
        assert shown.status_code == 200
        assert "MEAS:VAL?" in shown.text
        lines = web.hub.laboratory.store.journals.lines("here", run)
        for number, digest in re.findall(r"Journal line (\d+), SHA-256 <code>([0-9a-f]{64})", shown.text):
            assert digest.encode() in lines[int(number) - 1]
        assert client.get(f"/runs/here/{run}/results/0/0/0/99/0").status_code == 404
        assert client.get(f"/runs/here/{run}/results/0/0/0/x/0").status_code == 422


def test_what_is_of_others_does_not_exist(web: Web, run: str) -> None:
    with browsing(web, "bolt") as bolt:
        for address in pages(run):
            page, other = bolt.get(address), bolt.get(address.replace(run, "nothing"))
            assert page.status_code == (404 if run in address else 200), address
            assert page.text.replace(run, "nothing") == other.text
            assert run in address or run not in page.text
        assert "/runs/here" not in bolt.get(f"/search?q={run}").text
    with browsing(web, "customer") as acme:
        page = acme.get(f"/runs/here/{run}").text
        assert run in acme.get("/runs").text
        assert "/results/" not in page  # not before its certificate is issued
        assert "Took part" not in page
        assert acme.get(f"/runs/here/{run}/results/0/0/0/0/0").status_code == 404


def test_what_people_and_stations_write_is_text(web: Web) -> None:
    store, bad = web.hub.laboratory.store, '<img src=x onerror="alert(1)">&{{7*7}}'
    store.orders.issue("hostile", bad, "here", b"e", 1.0, 2.0, bad)
    store.journals.append("here", "hostile", 1, [], 1.0)
    store.journals.note_unordered("here", "hostile", bad)
    with browsing(web, "operator") as client:
        for address in ("/", "/orders", f"/search?q={httpx.QueryParams({'q': bad})}", "/runs/here/hostile"):
            page = client.get(address)
            assert page.status_code == 200
            assert "<img" not in page.text
            assert "49" not in re.findall(r"&amp;(\S+)", page.text)
        assert bad in unescape(client.get("/").text)
    store.journals.note_unordered("here", "hostile", "")


def test_today_tells_each_what_waits_for_them(web: Web) -> None:
    run = web.do(web.carried_out())
    here = f"/runs/here/{run}"
    for duty, role in {"performed": "operator", "reviewed": "reviewer", "approved": "approver"}.items():
        for user in ("operator", "reviewer", "approver", "administrator"):
            with browsing(web, user) as client:
                waiting = client.get("/").text.partition('id="abnormal"')[0]
                assert (here in waiting) is (user == role), (duty, user)
        with web.token(role) as client:
            draft = client.get(here + "/certificate.xml").content
            signed = sign(draft, web.keys.signers[duty], datetime.now(UTC))
            assert client.post(here + "/certificate/signatures", content=signed).status_code == 200
    with browsing(web, "administrator") as client, web.token("administrator") as issuing:
        assert "To be issued" in client.get("/").text
        assert issuing.post(here + "/certificate/issue").status_code == 200
        page = client.get("/").text
        assert here not in page.partition('id="abnormal"')[0]
        assert here in page.partition('id="issued"')[2]


# What is done


def test_why_a_site_declined_is_told_in_the_readers_language(web: Web) -> None:
    order = web.do(web.site.order()).id
    web.hub.laboratory.store.orders.refuse(order, "here", "on site: 周工 does not agree: 漏水")
    for language, said in (("zh", "现场的 周工 不同意：漏水"), ("en", "周工, on site, does not agree: 漏水")):
        with browsing(web, "operator", language) as client:
            for address in ("/orders", f"/orders/{order}"):
                assert f'<span class="why">{said}</span>' in client.get(address).text


def test_an_order_is_taken_back_by_a_form(web: Web) -> None:
    order = web.do(web.site.order())
    with browsing(web, "operator") as client:
        page = client.get(f"/orders/{order.id}")
        empty = client.post(f"/orders/{order.id}/cancel", data={"csrf": token(page), "reason": ""})
        assert empty.status_code == 422
        done = client.post(f"/orders/{order.id}/cancel", data={"csrf": token(page), "reason": "not needed"})
        assert (done.status_code, done.headers["location"]) == (303, f"/orders/{order.id}")
        assert "not needed" in client.get(f"/orders/{order.id}").text
    assert web.audit("cancel")[0][0] == "operator"
    with browsing(web, "reviewer") as client:
        sent = {"csrf": token(client.get("/")), "reason": "mine"}
        assert client.post(f"/orders/{order.id}/cancel", data=sent).status_code == 403


def test_looking_on_ends_no_session_and_prolongs_none(web: Web) -> None:
    idle = web.hub.laboratory.folder.settings.api.idle_minutes * 60
    with browsing(web, "operator") as client:
        with web.clock.put_forward(idle * 0.8), client.stream("GET", "/news") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert next(stream.iter_lines()) == "event: parts"
        with web.clock.put_forward(idle * 1.2):
            assert client.get("/").status_code == 303  # the stream did not count as use
            with client.stream("GET", "/news") as stream:
                assert next(stream.iter_lines()) == "event: parts"
        client.post("/logout", data={"csrf": token(client.get("/"))})
        over = client.get("/news", headers={"Accept": "text/event-stream"})  # as a browser asks for a stream
        assert over.text == "event: over\ndata: {}\n\n"
    with browsing(web) as client, client.stream("GET", "/news") as stream:
        assert stream.status_code == 303


def test_a_run_is_gone_through_moment_by_moment_without_a_script(web: Web, run: str) -> None:
    address, steps = f"/runs/here/{run}/moment", []
    lines = web.hub.laboratory.store.journals.find("here", run).committed
    zone = web.hub.laboratory.folder.time_zone
    with browsing(web, "operator") as client, browsing(web, "bolt") as bolt:
        page = client.get(f"{address}?line=1").text
        while later := re.search(rf'href="({address}\?line=(\d+))">to what came next', page):
            steps.append(int(later[2]))
            page = client.get(later[1]).text
            assert f"line {later[2]} / {lines}" in page
            assert f'value="{later[2]}"' in page
            with web.hub.laboratory.store.journals.opened("here", run, [(steps[-1],) * 2]) as kept:
                line = next(kept).rstrip(b"\n")
            written = civil_time(seconds(read_alone(line, steps[-1]).at), zone)
            assert f"{written:%Y-%m-%d %H:%M:%S}" in page.partition('id="said"')[2].partition("</dl>")[0]
            part = client.get(f"{later[1]}&part=1").text
            assert part.strip() in page
            assert len(part) < 15_000
        assert steps == sorted(set(steps))
        assert len(steps) > 5
        assert "4 / 4" in page
        assert "Observed last" in page
        first = client.get(f"{address}?line=1&part=1").text
        assert "Observed last" not in first
        assert "0 / 4" in first
        assert client.get(f"{address}?line=9999&part=1").text == client.get(f"{address}?part=1").text
        for query in ("line=-1", "line=x", "part=2"):
            assert client.get(f"{address}?{query}").status_code == 422
        assert bolt.get(address).status_code == 404
        assert bolt.get(f"{address}?line=1&part=1").status_code == 404


def test_pages_speak_as_who_reads_them_does(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(web.hub.laboratory.folder.settings.called, "zh", "水流量实验室")
    with browsing(web, "operator", "zh") as zh, browsing(web, "operator") as en:
        course = zh.get(f"/runs/here/{run}/course").text
        assert words("zh")("course.virtual") in course
        assert 'class="marked"' not in course, "no line was asked for"
        assert re.findall(r"安全状态</td><td[^>]*><span>([^<]*)<", course) == ["已到达"] * 2
        assert re.search(r"完成</td><td[^>]*><span>完成 \d+ 次观测<", course)
        lists = [client.get("/runs").text for client in (zh, en)]
        for shown in re.findall(r"<time [^>]*>([^<]*)</time>", "".join(lists)):
            assert re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d[+-]\d\d:\d\d)?", shown)
        heads = [re.search('class="laboratory">([^<]*)<', page)[1] for page in lists]
        assert heads == ["水流量实验室", "Water laboratory"]
