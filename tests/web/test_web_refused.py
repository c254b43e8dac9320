"""What pages refuse: noted and counted as the API's, with all headers, and in the reader's language."""

import re

import httpx
import pytest
from test_web_pages import browsing, token
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.pages import frame
from remotecal.pages.words import words
from remotecal.sayings import LONGEST
from remotecal.web.pages import frame as frame_of_hub
from remotecal.web.proving import OF_ONE


def refused(web: Web, who: str) -> list[tuple[str, str]]:
    return [(what, data) for name, what, data in web.audit() if name == who]


def test_guessing_on_the_page_is_noted_and_stopped_as_at_the_api(web: Web) -> None:
    for name in ("by-page", "by-api"):
        web.users.put(name, roles={"operator"}, password=DIGEST)
    with browsing(web) as page, web.client() as api:
        for guess in (*range(OF_ONE), PASSWORD):
            sent = {"password": f"guess {guess}" if guess != PASSWORD else PASSWORD}
            one = page.post("/login", data={"name": "by-page", "next": "/", **sent})
            other = api.post("/session", json={"name": "by-api", **sent})
            assert one.status_code == other.status_code == (429 if guess == PASSWORD else 401)
        told = api.post("/session", json={"name": "by-page", "password": PASSWORD})
        assert "wait" in problem(told, 429), "failures on the page count at the API"
    by_page, by_api = (
        [(what, data.replace("/api/v1/session", "/login")) for what, data in refused(web, name)]
        for name in ("by-page", "by-api")
    )
    assert by_page[1:] == by_api  # but for the last, which was asked of the API
    assert [what for what, _ in by_api] == ["refused", *["login refused"] * OF_ONE]
    wrong = [data for who, what, data in web.audit("refused") if who == "somebody"]
    assert any("POST /login" in data for data in wrong)


def test_a_form_of_nobody_known_is_noted(web: Web) -> None:
    with browsing(web) as client:
        assert client.get("/orders").status_code == 303, "who only comes is led to where one logs in"
        assert client.post("/orders/x/cancel", data={"reason": "no"}).status_code == 401
    noted = [data for _, _, data in web.audit("refused")]
    assert any("POST /orders/x/cancel" in data for data in noted)
    assert not any("GET /orders" in data for data in noted)


REFUSED = [
    ("GET", "/nowhere", {}, 404),
    ("POST", "/", {}, 405),
    ("POST", "/orders/x/cancel", {}, 401),
    ("POST", "/logout", {"data": {}}, 403),
    ("POST", "/login", {"data": {"name": "x" * 2**21}}, 413),
    ("GET", "/resting?depth=x", {}, 422),
    ("GET", "/runs/here/a/results/0/0/0/x/0", {}, 422),
    ("GET", "/runs/here/a", {}, 404),
    ("GET", "/orders/a", {}, 404),
    ("GET", "/standard?number=nothing", {}, 404),
    ("GET", "/v/nothing", {}, 404),
    ("GET", "/static/nothing", {}, 404),
]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_refusal_has_all_headers_and_is_in_the_language_of_the_page(web: Web, language: str) -> None:
    with browsing(web, "operator", language) as known, browsing(web, None, language) as nobody:
        for method, address, sent, status in REFUSED:
            client = nobody if status == 401 else known
            answer = client.request(method, address, **sent)
            assert answer.status_code == status, address
            assert answer.headers["content-security-policy"] == frame.POLICY
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert ("allow" in answer.headers) is (status == 405)
            assert ("www-authenticate" in answer.headers) is (status == 401)
            assert ('<nav aria-label="' in answer.text) is (client is known), (address, "goes on by the menu")
            assert ('<a href="/login">' in answer.text) is (client is nobody), address
            assert 'class="laboratory">' in answer.text
            assert 'class="language"' in answer.text
            if status != 401:
                (said,) = re.findall(r'<p class="refusal" role="alert"([^>]*)>([^<]+)</p>', answer.text)
                assert said[0] == "", (address, said)
                assert (re.search(r"[一-鿿]", said[1]) is not None) is (language == "zh"), (address, said)
        page = known.get("/")
        for address, sent in (
            ("/orders/x/cancel", {"reason": ""}),
            ("/runs/here/a/commands", {"verb": "abort", "argument": ""}),
            ("/runs/here/a/commands", {"verb": "fly"}),
            ("/runs/here/a/acknowledge", {"lines": "x"}),
            ("/review/here/a/remarks/1/settle", {"answer": "\n"}),
        ):
            answer = known.post(address, data={"csrf": token(page), **sent})
            assert answer.status_code == 422, address
            assert 'role="alert">' in answer.text, address
            assert 'href="/orders"' in answer.text, "who was refused goes on by the menu"


def test_what_was_typed_is_said_again_also_to_whose_session_is_over(web: Web) -> None:
    typed = "the reason, at <length>"
    with browsing(web, "operator") as client:
        form = {"csrf": token(client.get("/")), "key": "a-secret-key", "reason": typed, "password": "s3cret"}
        form |= dict.fromkeys(("passkey", "made", "value", "certificate", "request"), "proof of mine")
        form["long"] = "y" * (frame_of_hub.LONGEST_TYPED + 1)
        for over in (False, True):
            if over:
                client.cookies.clear()
            page = client.post("/orders/X/cancel", data=form)
            assert page.status_code == (401 if over else 404)
            assert "the reason, at &lt;length&gt;" in page.text
            assert "a-secret-key" not in page.text
            assert "s3cret" not in page.text
            assert "proof of mine" not in page.text
            cut = f"these are the first {frame_of_hub.LONGEST_TYPED} of {len(form['long'])} characters"
            assert cut in page.text
        foreign = client.post("/orders/X/cancel", data=form, headers={"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403
        assert "the reason" not in foreign.text


def test_a_sentence_of_any_length_is_looked_for_in_no_other_language() -> None:
    said = words("zh").refusal
    assert said("there is no order X") != ("there is no order X", "en")
    long = f"there is no order {'; ' * LONGEST}"
    assert said(long) == (long, "en")


def test_a_reason_within_a_refusal_is_said_in_the_language_too() -> None:
    said = words("zh").refusal
    weak = "the key of Li can't be used: it has 1024 bits, and 3072 are the least"
    assert said(weak) == ("Li 的密钥不能使用：只有 1024 位，至少须 3072 位。", "zh")
    assert words("en").refusal(weak) == (f"The key of Li{weak.removeprefix('the key of Li')}.", "en")
    assert said("the key can't be used: of late") == ("此密钥不能使用：of late", "zh")


def test_a_program_is_told_what_is_wrong_in_english(web: Web) -> None:
    with web.token("operator") as program:
        answer = program.get("/runs?limit=x", headers={"Accept-Language": "zh"})
    assert isinstance(answer, httpx.Response)
    assert "limit" in problem(answer, 422)
