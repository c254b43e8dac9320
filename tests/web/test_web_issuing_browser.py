"""Scenarios of a day in a real browser: ten signed in one act, a code scanned, a wrong name amended."""

import re
import shlex
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from counted import Person
from laboratories import GROSS
from playwright.sync_api import Browser, Page, expect
from reading import codes
from soft_token import PIN, needs_softhsm, put_into_token
from test_web_browser import RULES, browser, said
from test_web_certificates import issued
from test_web_days import LOCALES, announce, person
from test_web_items import ordered
from test_web_review import FILED, sign_as
from test_web_sign_at import sign_at, signed_by, spoil
from web_laboratory import PASSWORD, Web

from remotecal.hub.numbers import NumberSettings
from remotecal.hub.settings import PublicSettings
from remotecal.pages.words import words

__all__ = ["browser", "said"]

PUBLIC = "https://cal.example"
TEN = 10
"""Certificates at a day's end."""
SAME = (
    "computed again from the journal, and the same to the last digit",
    "已由日志重新计算，直至最后一位数字都相同",
)
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""A 3G line: 300 ms there and back, 400 kbit/s."""


@pytest.fixture(scope="module", autouse=True)
def settings(web: Web) -> None:
    folder = web.hub.laboratory.folder
    numbers = NumberSettings(order="O-{year}-{number:4}", certificate="LNJL-{year}-{number:5}")
    changed = {"numbers": numbers, "public": PublicSettings(address=PUBLIC)}
    folder.settings = folder.settings.model_copy(update=changed)


def clear(page: Page, address: str) -> None:
    """Check that everybody can use a page, on a phone as well."""
    found = Axe().run(page, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], address
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.set_viewport_size(size)


def read_at(page: Page, address: str) -> str:
    """Return what somebody reads on a page."""
    page.goto(address)
    return page.get_by_role("main").inner_text()


@needs_softhsm
@pytest.mark.parametrize("language", LOCALES)
def test_14_ten_are_signed_in_one_act_at_a_days_end(
    browser: Browser,
    web: Web,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    card = put_into_token(web.keys.signers["performed"], tmp_path, monkeypatch)
    runs = [f"here/{run}" for run in web.do(web.all_carried_out(TEN + 1))]
    good = web.hub.laboratory.store.records.find(*runs[TEN // 2].split("/"))
    spoil(web, runs[TEN // 2])
    goal = f"14 {TEN} signed in one act, goal one PIN, 60 s"
    someone = person(browser, web, said, goal, language)
    someone.begin(web.url)
    someone.click(someone.link("menu.review"))
    someone.click(someone.page.locator("#batch ~ pre code"))
    named = [
        word
        for word in shlex.split(someone.page.locator("#batch ~ pre code").inner_text())
        if "here/" in word
    ]
    assert sorted(named) == sorted(runs)
    typed = f"{PASSWORD}\n{PIN}\n"
    someone.keys += len(typed)
    code, printed = sign_at(
        web, named, card, typed, "--user", "operator", locale=f"{LOCALES[language]}.UTF-8"
    )
    assert someone.done() < GROSS
    left_out = runs.pop(TEN // 2)
    assert code != 0
    assert printed.count("PIN") == 1, printed
    assert printed.count(SAME[language == "zh"]) == TEN
    (why,) = re.findall(rf"^! {left_out} .*$", printed, re.MULTILINE)
    assert {"en": "results: the journal gives another", "zh": "结果不通过：由日志得到另一"}[language] in why
    assert all(signed_by(web, run) == ["performed"] for run in runs)
    assert signed_by(web, left_out) == []
    web.hub.laboratory.store.records.put(good)
    sign_as(web, left_out.partition("/")[2], "performed")
    someone.page.reload()
    expect(someone.page.locator("tbody strong")).to_have_count(0)  # nothing waits for this person any more
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_16_an_auditor_scans_the_code_on_the_paper(
    browser: Browser, web: Web, said: list[str], tmp_path: Path, language: str
) -> None:
    run = web.do(web.carried_out())
    number = issued(web, run)
    with web.token("operator") as operator:
        pdf = operator.get(f"/runs/here/{run}/certificate.pdf").content
    (scanned,) = codes(pdf, tmp_path)
    assert re.fullmatch(rf"{PUBLIC}/v/[A-Za-z0-9_-]{{22}}", scanned)
    context = browser.new_context(locale=LOCALES[language], viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    web.clock.ahead += 61.0
    say = words(language)
    auditor = Person(page, say, "16 valid, number and dates on 3G, then the file, goal 1.5 s")
    auditor.begin(scanned.replace(PUBLIC, web.url))
    expect(page.locator(".figure")).to_have_text(say("public.valid"))
    shown = page.evaluate("performance.now()") / 1000
    print(f"\n16 shown after {shown:.1f} s")
    expect(page.locator("main")).to_contain_text(number)
    file = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf}
    expect(page.locator("#file")).to_be_visible()  # once the script is here
    auditor.choose(page.locator("#file"), file)
    same = say("public.same") + say("frame.beside", text=file["name"])
    expect(page.locator("#checked")).to_have_text(same)
    assert auditor.done() < GROSS
    assert 0 < auditor.bytes < 60_000
    clear(page, scanned)
    assert said == []


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("zh", True), ("en", False)])
def test_17_a_wrong_customer_is_amended(
    browser: Browser, web: Web, said: list[str], language: str, scripts: bool
) -> None:
    order = ordered(web, account="acme")
    run = order["id"]
    web.do(web.carry_out(run))
    old = issued(web, run)
    looking = {"language": language, "java_script_enabled": scripts}
    goal = f"17 amended {'by' if scripts else 'without a'} script, goal 1 form"
    someone = person(browser, web, said, goal, **looking)
    page, say = someone.page, someone.words

    def clear_to_all(address: str, page: Page = page) -> None:
        if scripts:  # which the examination is
            clear(page, address)

    someone.begin(web.url)
    someone.click(someone.link("menu.certificates"))
    clear_to_all("/certificates")
    someone.click(page.get_by_role("link", name=f"{say('amend.link')} {old}", exact=True))
    clear_to_all("/amend")
    row = page.get_by_role("row", name=re.compile(rf"^{say('amend.customer')}[（\s]")).first
    expect(row.locator("td").first).to_contain_text("Customer")
    someone.fill(row.get_by_role("textbox"), "Righteous Water")
    for each in LOCALES:
        someone.fill(page.locator(f"[name='reason.{each}']"), "wrong customer")
    with web.clock.put_forward(301.0):
        someone.click(someone.button("amend.go"))
        expect(page.get_by_label(say("login.password"))).to_be_visible()
        clear_to_all("again")
        someone.fill(page.get_by_label(say("login.password")), PASSWORD)
        someone.click(someone.button("again.go").first)
        expect(page.locator("#amended")).to_contain_text(old)
    someone.done()
    clear_to_all("/review")
    for duty in FILED:
        sign_as(web, run, duty)
    seal = person(
        browser, web, said, "17 the amended one is sealed, goal 1 click", user="administrator", **looking
    )
    seal.begin(f"{web.url}/review/here/{run}")
    seal.click(seal.button("review.issue"))
    expect(seal.link("certificates.list_it")).to_be_visible()
    seal.done()
    (following,) = web.hub.laboratory.store.amendments.of_run("here", run, "")
    replaced = say("certificates.replaced", number=following.number)
    web.clock.ahead += 61.0
    public = f"/v/{web.hub.laboratory.store.signings.numbered(old).token}"
    shown = {"/certificates", f"/certificates?q={old}", f"/runs/here/{run}", f"/orders/{run}", public}
    shown |= {f"/search?q={number}" for number in (old, following.number)}
    others = {f"/items/{order['item']}", "/orders", "/runs"}
    acme = person(browser, web, said, "", user="customer", **looking)
    review = f"/review/here/{run}"
    for reader, own in ((page, {"/", review}), (acme.page, {"/my"})):
        told = {address: read_at(reader, web.url + address) for address in shown | own | others}
        assert {address for address, text in told.items() if replaced in text} >= (shown | own) - {review}
        # On the page where the new one is reviewed it is said the other way round.
        assert [address for address in told if old in told[address] and replaced not in told[address]] in (
            [],
            [review],
        )
    for address in (f"/recall?number={old}", f"/label?number={following.number}", "/numbers"):
        seal.page.goto(web.url + address)
        clear_to_all(address, seal.page)
    assert said == []


NO_POINTER = (
    "for (const kind of ['pointerdown', 'mousedown']) addEventListener(kind, () => console.error(kind), true)"
)


@pytest.mark.parametrize("language", LOCALES)
def test_a_run_is_ordered_and_its_certificate_issued_by_keys_alone(
    browser: Browser, web: Web, said: list[str], language: str
) -> None:
    item = ordered(web, account="acme")["item"]
    announce(web)
    someone = person(browser, web, said, "a run ordered by keys alone, goal 0 clicks", language)
    someone.page.context.add_init_script(NO_POINTER)
    someone.begin(web.url)
    someone.type("/M1\n")
    someone.tab_to(someone.page.locator(f"a[href='/items/{item}']"))
    someone.type("\n")
    someone.tab_to(someone.link("items.order_one"))
    someone.type("\n")
    someone.tab_to(someone.button("ordering.go", count=1))
    someone.type("\n")
    expect(someone.page).to_have_url(re.compile(r"/orders/O-"))
    someone.done()
    run = someone.page.url.rpartition("/")[2]
    web.do(web.carry_out(run))
    for duty in FILED:
        sign_as(web, run, duty)
    goal = "a certificate issued by keys alone, goal 0 clicks"
    sealer = person(browser, web, said, goal, language, "administrator")
    sealer.page.context.add_init_script(NO_POINTER)
    sealer.begin(web.url)
    sealer.tab_to(sealer.page.locator(f"a[href='/review/here/{run}']").first)
    sealer.type("\n")
    sealer.tab_to(sealer.button("review.issue"))
    with web.clock.put_forward(301.0):
        sealer.type("\n")
        expect(sealer.page.get_by_label(sealer.words("login.password"))).to_be_focused()
        sealer.type(f"{PASSWORD}\n")
        expect(sealer.page.locator("main > p strong")).to_contain_text(sealer.words("signed.issued"))
    sealer.done()
    assert web.hub.laboratory.store.signings.latest("here", run).duty == "issued"
    assert someone.clicks == sealer.clicks == 0
    assert said == []
