"""A passkey in a real browser with a virtual device: added, logged in by, asked for again, removed."""

from http import HTTPStatus

import httpx
import pytest
from laboratories import NO_TLS, PATIENCE
from playwright.sync_api import Browser, CDPSession, Page, expect
from test_web_browser import browser, opened, said
from test_web_passkeys import LATER, set_address
from test_web_walls import violations
from web_laboratory import Web

__all__ = ["browser", "said"]

WORDS = {
    "en": {
        "lang": "en",
        "link": "Passkeys",
        "name": "Where it is kept",
        "add": "Add",
        "make": "Make the passkey",
        "log_in": "Log in with a passkey",
        "go_on": "Go on with a passkey",
        "remove": "Remove: ",
        "not_done": "no passkey answered",
        "there": "this device has a passkey of yours",
        "over": "Log in first",
        "not_by": "Not by this passkey",
        "too_often": "requests a minute are answered: wait a minute",
        "away": "the hub did not answer",
    },
    "zh-CN": {
        "lang": "zh",
        "link": "通行密钥",
        "name": "存放在何处",
        "add": "添加",
        "make": "创建通行密钥",
        "log_in": "用通行密钥登录",
        "go_on": "用通行密钥继续",
        "remove": "移除：",
        "not_done": "没有通行密钥应答",
        "there": "此设备已有您的通行密钥",
        "over": "请先登录",
        "not_by": "无法用此通行密钥确认",
        "too_often": "请等待一分钟",
        "away": "中心没有应答",
    },
}


def device(page: Page) -> tuple[CDPSession, str]:
    """Plug a device into a browser that keeps passkeys and knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_passkey_from_first_to_last(browser: Browser, web: Web, said: list[str], locale: str) -> None:
    words = WORDS[locale]
    local = web.url.replace("127.0.0.1", "localhost")
    set_address(web, local)
    page = opened(
        browser, web, said, "reviewer", locale=locale, viewport={"width": 360, "height": 740}, base=local
    )
    wired, authenticator = device(page)
    page.get_by_role("link", name=words["link"], exact=True).click()
    assert violations(page) == []
    page.get_by_label(words["name"]).fill("<i>laptop</i> 1")
    page.get_by_role("button", name=words["add"], exact=True).click()
    expect(page.get_by_role("button", name=words["make"])).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name=words["make"]).click()
    page.wait_for_url(f"{local}/passkeys")
    expect(page.get_by_role("table")).to_contain_text("<i>laptop</i> 1")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label(words["name"]).fill("the same laptop")
    page.get_by_role("button", name=words["add"], exact=True).click()
    page.get_by_role("button", name=words["make"]).click()
    expect(page.get_by_role("alert")).to_contain_text(words["there"])
    page.context.clear_cookies(name="remotecal_session")
    page.get_by_role("button", name=words["make"]).click()
    expect(page.get_by_role("alert")).to_contain_text(words["over"])
    assert violations(page) == []
    page.context.clear_cookies(name="remotecal_session")
    page.goto(f"{local}/passkeys")
    assert violations(page) == []
    wired.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name=words["log_in"]).click()
    expect(page.get_by_role("alert")).to_contain_text(words["not_done"])
    assert violations(page) == []
    wired.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name=words["log_in"]).click()
    page.wait_for_url(f"{local}/passkeys")
    with web.clock.put_forward(LATER):
        page.get_by_role("button", name=f"{words['remove']}<i>laptop</i> 1").click()
        expect(page.get_by_role("button", name=words["go_on"])).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name=words["go_on"]).click()
        page.wait_for_url(f"{local}/passkeys")
        expect(page.get_by_role("cell")).to_have_count(0)
        page.context.clear_cookies(name="remotecal_session")
        page.goto(f"{local}/orders")
        page.get_by_role("button", name=words["log_in"]).click()
        expect(page.get_by_role("alert").first).to_contain_text(words["not_by"])
        with httpx.Client(base_url=f"{web.url}/api/v1", timeout=PATIENCE, verify=NO_TLS) as stranger:
            while stranger.post("/session/passkey/options").status_code != HTTPStatus.TOO_MANY_REQUESTS:
                pass
        page.get_by_role("button", name=words["log_in"]).click()
        expect(page.get_by_role("alert").last).to_contain_text(words["too_often"])
        page.route("**/session/passkey/options", lambda route: route.abort())
        page.get_by_role("button", name=words["log_in"]).click()
        expect(page.get_by_role("alert").last).to_contain_text(words["away"])
    expect(page.locator("html")).to_have_attribute("lang", words["lang"])
    expected = ("401", "429", "ERR_FAILED")
    assert [one for one in said if not any(code in one for code in expected)] == []
    page.context.close()


def test_without_a_script_the_password_alone_is_offered(browser: Browser, web: Web) -> None:
    local = web.url.replace("127.0.0.1", "localhost")
    set_address(web, local)
    page = browser.new_context(locale="en", java_script_enabled=False).new_page()
    page.goto(f"{local}/login")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_hidden()
    page.context.close()
