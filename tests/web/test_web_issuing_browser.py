"""Scenarios of a day in a real browser: several signed in one act, a code scanned, a wrong name amended."""

import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from reading import codes
from test_web_browser import RULES, browser, opened, said
from test_web_certificates import issued
from test_web_review import FILED, sign_as
from test_web_sign_at import key_of, sign_at, signed_by
from web_laboratory import PASSWORD, Web

from remotecal.hub.numbers import NumberSettings
from remotecal.hub.settings import PublicSettings

__all__ = ["browser", "said"]

PUBLIC = "https://cal.example"
MANY = 4
"""Certificates at a day's end; each takes a run."""
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""A 3G line: 300 ms there and back, 400 kbit/s."""


@pytest.fixture(scope="module", autouse=True)
def settings(web: Web) -> None:
    folder = web.hub.laboratory.folder
    numbers = NumberSettings(order="O-{year}-{number:4}", certificate="LNJL-{year}-{number:5}")
    changed = {"numbers": numbers, "public": PublicSettings(address=PUBLIC)}
    folder.settings = folder.settings.model_copy(update=changed)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What was counted, which is printed beside the goal."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        for line in lines:
            print(f"\n{line}")


class Clicking:
    """A page, and how often somebody clicked on it."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def __call__(self, name: str | re.Pattern[str], kind: str = "link") -> None:
        self.count += 1
        self.page.get_by_role(kind, name=name).first.click()


def clear(page: Page, address: str) -> None:
    """Check that everybody can use a page, on a phone as well."""
    found = Axe().run(page, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], address
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.set_viewport_size(size)


def test_a_days_certificates_are_signed_in_one_act(
    browser: Browser, web: Web, said: list[str], told: list[str]
) -> None:
    runs = [web.do(web.carried_out()) for _ in range(MANY)]
    page = opened(browser, web, said)
    click = Clicking(page)
    click(re.compile("Review"))
    command = page.locator("#batch ~ pre code").inner_text()
    words = shlex.split(command)
    named = [word for word in words if word.startswith("here/")]
    assert set(named) == {f"here/{run}" for run in runs}
    assert words[:4] == ["remotecal", "sign", "--at", web.url]
    began = time.perf_counter()
    code, printed = sign_at(web, named, key_of(web, "performed"), f"{PASSWORD}\nyes\n", "--user", "operator")
    took = time.perf_counter() - began
    assert code == 0, printed
    assert printed.count("(yes/no)") == 1
    assert printed.count("computed again from the journal, and the same to the last digit") == MANY
    assert all(signed_by(web, run) == ["performed"] for run in named)
    page.reload()
    expect(page.locator("tbody strong")).to_have_count(0)  # nothing waits for this person any more
    assert said == []
    told.append(
        f"14: {MANY} signed in one act, one PIN, {click.count} click, {took:.1f} s, {took / MANY:.1f} s each "
        "(goal: ten in < 60 s)"
    )


def test_an_auditor_scans_the_code_on_the_paper(
    browser: Browser, web: Web, said: list[str], told: list[str], tmp_path: Path
) -> None:
    run = web.do(web.carried_out())
    number = issued(web, run)
    with web.token("operator") as operator:
        pdf = operator.get(f"/runs/here/{run}/certificate.pdf").content
    (scanned,) = codes(pdf, tmp_path)
    assert re.fullmatch(rf"{PUBLIC}/v/[A-Za-z0-9_-]{{22}}", scanned)
    context = browser.new_context(locale="en", viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    web.clock.ahead += 61.0
    page.goto(scanned.replace(PUBLIC, web.url), wait_until="commit")
    expect(page.locator(".figure")).to_contain_text("neither revoked nor replaced")
    shown = page.evaluate("performance.now()")
    expect(page.locator("main")).to_contain_text(number)
    file = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf}
    expect(page.locator("#file")).to_be_visible()  # once the script is here
    page.locator("#file").set_input_files([file])
    expect(page.locator("#checked")).to_contain_text("✓")
    size = page.evaluate("performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)")
    clear(page, scanned)
    assert said == []
    assert size < 60_000
    told.append(f"16: valid, number and dates after {shown / 1000:.1f} s on 3G, {size} bytes (goal: < 1.5 s)")


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_wrong_customer_is_amended(
    browser: Browser, web: Web, said: list[str], told: list[str], locale: str
) -> None:
    run = web.do(web.carried_out())
    old = issued(web, run)
    words = {
        "en": ("Certificates", "amend", "Customer", "Why", "Draft", "Issue", "Go on", "Password"),
        "zh-CN": ("证书", "更改", "委托单位", "原因", "起草", "签发", "继续", "密码"),
    }[locale]
    certificates, amend, customer, why, draft, issue, go_on, password = words
    page = opened(browser, web, said, locale=locale)
    click = Clicking(page)
    click(certificates)
    clear(page, "/certificates")
    click(f"{amend} {old}")
    clear(page, "/amend")
    row = page.get_by_role("row", name=re.compile(f"^{customer}( \\(|\\s)")).first
    expect(row.locator("td").first).to_contain_text("Customer")
    row.get_by_role("textbox").fill("Righteous Water")
    for language in ("zh", "en"):
        page.get_by_label(f"{why} ({language})").fill("wrong customer")
    with web.clock.put_forward(301.0):
        click(re.compile(draft), "button")
        expect(page.get_by_label(password)).to_be_visible()
        clear(page, "again")
        page.get_by_label(password).fill(PASSWORD)
        click(re.compile(go_on), "button")
        expect(page.locator("#amended")).to_contain_text(old)
    clear(page, "/review")
    for duty in FILED:
        sign_as(web, run, duty)
    seal = opened(browser, web, said, "administrator", locale=locale)
    seal.goto(f"{web.url}/review/here/{run}")
    sealing = Clicking(seal)
    sealing(re.compile(issue), "button")
    expect(seal.get_by_role("link", name=re.compile("trust list|信任列表"))).to_be_visible()
    new = web.hub.laboratory.store.amendments.numbered
    (following,) = web.hub.laboratory.store.amendments.of_run("here", run, "")
    assert new(following.number) == following
    page.goto(f"{web.url}/certificates?q={old}")
    expect(page.locator("tbody strong").first).to_contain_text(following.number)
    token = web.hub.laboratory.store.signings.numbered(old).token
    web.clock.ahead += 61.0
    page.goto(f"{web.url}/v/{token}")
    expect(page.locator("main .refusal strong").first).to_contain_text(following.number)
    for address in (f"/recall?number={old}", f"/label?number={following.number}", "/numbers"):
        seal.goto(web.url + address)
        clear(seal, address)
    assert said == []
    told.append(
        f"17: 1 form, old and new side by side, {click.count} clicks and {sealing.count} to issue, three "
        f"signatures; the old one shows {following.number} everywhere (goal: 1 form, three signatures)"
    )
