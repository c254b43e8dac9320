"""Days of a laboratory on a pressure bench, in a real browser: what each takes is printed beside the goal.

One laboratory, one browser and one simulated bench for all of them, in both languages.
"""

import asyncio
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from io import BytesIO
from statistics import fmean
from types import SimpleNamespace

import pytest
from counted import Person
from dosing.bench import DosingStand
from far_lines import Proxy
from playwright.sync_api import Browser, expect
from sites import until
from test_web_browser import browser, opened, said
from test_web_certificates import issued
from test_web_days import LOCALES, person, rows
from test_web_items import entered, today
from test_web_notices import look
from test_web_pages import browsing
from test_web_questions import usable
from test_web_review import sign_as
from test_web_sign_at import key_of, sign_at
from web_laboratory import PASSWORD, Web, tiny, web

from remotecal.bench import Bench
from remotecal.certificates.demonstration import write_trust_list
from remotecal.errors import NotAnswered
from remotecal.journal.gathering import read_evidence
from remotecal.journal.places import places
from remotecal.model import Record, Text
from remotecal.order import Order
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.pressure.places import PRESSURE
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.station.folder import StationFolder
from remotecal.web import watching
from remotecal.web.pages.evidence import budget_of

__all__ = ["browser", "said", "tiny", "web"]

SERIAL = "SIM-0001"
QUICK = {"sequence": "DKD-R 6-1 C", "pressures": [0.0, 5e5, 1e6], "dwell": 120.0, "dwell_at_ends": 180.0}
GOAL = 180.0
"""Seconds of a person, for a review."""
MENDED, OFF = 0.0, 2e-3
"""Offset of the gauge as a part of its full scale; the other is four times what its class permits."""


@dataclass
class Days:
    """A laboratory with a pressure bench, and the gauges that were calibrated there."""

    web: Web
    bench: PressureBench
    item: int
    """Of the gauge, in the register; `acme`'s."""
    first: str
    """Run in which it was good; its certificate is issued."""

    def number(self, run: str) -> str:
        _, (item,) = self.web.hub.laboratory.store.about.of_run("here", run)
        return item.certificate

    def set_offset(self, offset: float) -> None:
        self.bench.device.spec = replace(self.bench.device.spec, offset=offset)


@pytest.fixture(scope="module")
def days(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    with PressureBench.up(tmp_path_factory.mktemp("pressure") / "bench", seed=7) as bench:
        file = web.site.folder.path / "station.toml"
        file.write_text(file.read_text().replace("benches = [", f'benches = ["{bench.bench}", '))
        web.site.folder = StationFolder(web.site.folder.path)
        folder = web.hub.laboratory.folder
        scope = (*DosingStand.scope, *PressureBench.scope)
        name = Text(zh="实验室", en="Laboratory")
        write_trust_list(folder.path / "trust.toml", web.keys, name, scope, datetime.now(UTC).date())
        item = entered(web, serial=SERIAL, account="acme", months=1, maker="Simulated", model="0–10 bar")
        made = Days(web, bench, item["id"], "")
        made.set_offset(MENDED)
        made.first = web.do(carried_out(made))
        issued(web, made.first)
        yield made


async def carried_out(days: Days, **parameters: object) -> str:
    """Order the gauge's calibration by the API, have it done, and return the run."""
    web = days.web
    ours = Order.load(web.site.tiny.order)
    order = Order.load(days.bench.order)
    head = order.order.model_copy(update={"certificate": None, "number": "P-1"})
    wanted_of_it = {**order.parameters, **QUICK, **parameters}
    update = {"order": head, "parameters": wanted_of_it, "persons": ours.persons,
              "laboratory": ours.laboratory}  # fmt: skip
    body = order.model_copy(update=update).model_dump(mode="json", exclude_defaults=True)
    wanted = {
        "station": "here",
        "bench": Bench.load(days.bench.bench).name,
        "order": body,
        "item": days.item,
        "account": "acme",
    }

    def ordered() -> str:
        with web.token("operator") as operator:
            answer = operator.post("/orders", json=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    run = await asyncio.to_thread(ordered)
    async with web.site.up():
        await until(lambda: web.hub.laboratory.store.records.find("here", run) is not None)
    return run


@dataclass
class Adjusted:
    """A gauge that was found bad and adjusted, by an order from pages; nobody has signed yet."""

    language: str
    run: str
    someone: Person
    """Who ordered it, and answered what was asked."""


@pytest.fixture(scope="module", params=LOCALES)
def adjusted(request: pytest.FixtureRequest, browser: Browser, days: Days) -> Adjusted:
    """Scenario 19 to the end of its run."""
    web, said = days.web, list[str]()
    someone = person(
        browser, web, said, "19 ordered, adjusted and measured again, goal one order", request.param
    )
    page = someone.page
    days.set_offset(OFF)
    up = web.site.up()
    web.do(up.__aenter__())
    try:
        someone.begin(web.url)
        someone.click(someone.link("menu.items"))
        someone.click(rows(page, SERIAL).get_by_role("checkbox"))
        someone.click(someone.button("items.order"))
        if not page.locator("#adjust").is_checked():  # as in the last order, which is the pattern
            someone.click(page.locator("#adjust"))
        someone.fill(page.locator("#number"), f"P-19-{request.param}")
        someone.click(someone.button("ordering.go", count=1))
        expect(page).to_have_url(re.compile(r"/orders/P-"))
        run = page.url.rpartition("/")[2]
        expect(page.get_by_role("main")).to_contain_text(SERIAL)
        page.goto(f"{web.url}/live")
        someone.click(page.get_by_role("link", name=run, exact=True))
        expect(page.locator("#asked")).to_contain_text("零位" if request.param == "zh" else "Set the zero")
        days.set_offset(MENDED)
        done = "已调好零位" if request.param == "zh" else "zero is set"
        someone.click(page.get_by_role("button", name=done))
        web.do(until(lambda: web.hub.laboratory.store.records.find("here", run) is not None))
    finally:
        web.do(up.__aexit__(None, None, None))
    page.reload()
    heads = page.get_by_role("heading", level=2)
    for state in ("调整前", "调整后") if request.param == "zh" else ("as found", "as left"):
        expect(heads.filter(has_text=state).first).to_be_visible()
    someone.done()
    assert someone.clicks <= 7
    assert said == []
    return Adjusted(request.param, run, someone)


def look_at(
    browser: Browser, days: Days, said: list[str], adjusted: Adjusted, user: str, goal: str
) -> Person:
    """Return somebody else of the laboratory, in the language of the walk."""
    page = opened(browser, days.web, said, user, locale=LOCALES[adjusted.language])
    return Person(page, adjusted.someone.words, goal)


def test_12_differences_come_first_and_a_number_leads_to_its_reply(
    browser: Browser, days: Days, adjusted: Adjusted, said: list[str]
) -> None:
    someone = look_at(browser, days, said, adjusted, "reviewer", "12 number to reply, goal 1 click")
    page = someone.page
    page.goto(f"{days.web.url}/review")
    page.get_by_role("link", name=adjusted.run, exact=True).click()
    headings = page.locator("main section h2[id]")
    for at, name in enumerate(("flags", "last", "checks")):
        expect(headings.nth(at)).to_have_id(name)
    found = "调整前" if adjusted.language == "zh" else "as found"
    beyond = (
        page.locator("#last ~ .wide tr")
        .filter(has_text=found)
        .filter(has_text=someone.words("change.beyond"))
    )
    expect(beyond.first).to_be_visible()  # it was found worse than it was left a month ago
    value = beyond.first.get_by_role("link")
    number = value.inner_text()
    someone.begin(page.url)
    someone.click(value)
    expect(page.locator(".figure")).to_contain_text(number)
    expect(page.locator(".hex").first).to_be_visible()
    expect(page.locator("h3").first).to_contain_text(found)  # the points of that state alone
    expect(page.locator("h3").filter(has_text="as left")).to_have_count(0)
    someone.done()
    assert someone.clicks == 1
    assert said == []


def test_13_a_doubtful_repeat_is_returned_and_answered(
    browser: Browser, days: Days, adjusted: Adjusted, said: list[str]
) -> None:
    web, run = days.web, adjusted.run
    reviewer = look_at(browser, days, said, adjusted, "reviewer", "13 returned with a remark on a line")
    words, page = reviewer.words, reviewer.page
    reviewer.begin(f"{web.url}/review/here/{run}")
    reviewer.click(reviewer.link("course.title"))
    for kind in ("start", "point", "repeat", "prompt", "answer", "adjust", "safe", "finish"):
        expect(page.locator("tr").filter(has_text=words(f"event.{kind}")).first).to_be_visible()
    expect(page.locator("tr").filter(has_text="zero = zero is set")).to_have_count(1)
    doubtful = page.locator("tr").filter(has=reviewer.link("course.remark")).nth(1)
    where = doubtful.get_by_role("link").get_attribute("href")
    (line,) = re.findall(r"line=(\d+)", where)  # that of what was observed; the repeat began before
    reviewer.click(doubtful.get_by_role("link"))
    expect(page.locator("#line")).to_have_value(line)
    reviewer.fill(page.locator("#text"), f"unsteady? {adjusted.language}")
    reviewer.click(reviewer.button("review.return"))
    expect(page.locator("#remarks ~ .refusal")).to_contain_text("unsteady?")
    reviewer.done()
    performer = adjusted.someone
    performer.goal = "13 seen on Today and answered"
    performer.begin(web.url)
    expect(performer.page.locator("#today .calls")).to_contain_text("unsteady?")
    performer.click(performer.link("waiting.returned"))
    again = performer.link("review.measure_again")
    expect(again).to_have_attribute("href", f"/orders/new?item={days.item}&pattern={run}&line={line}")
    named = performer.page.locator("#remarks ~ .refusal").get_by_role("link")
    assert named.get_attribute("href") == f"/runs/here/{run}/course?line={line}#line-{line}"
    performer.fill(performer.page.locator("[id^=answer-]"), "a door was opened")
    performer.click(performer.button("run.answer_go"))
    for text in ("unsteady?", "a door was opened"):  # the history is kept
        expect(performer.page.get_by_role("main")).to_contain_text(text)
    expect(performer.page.locator("#remarks ~ .refusal")).to_have_count(0)
    performer.done()
    performer.page.goto(f"{web.url}/runs/here/{run}/course?line={line}")
    expect(performer.page.locator("tr.marked")).to_contain_text(line)
    assert (reviewer.clicks, performer.clicks) == (3, 2)
    assert said == []


def test_13_a_point_that_is_repeated_is_named_and_asked_for_alone_if_it_can_be(
    days: Days, adjusted: Adjusted
) -> None:
    store, words = days.web.hub.laboratory.store, adjusted.someone.words
    repeat = places(store.journals.lines("here", adjusted.run)).repeats[0]
    point = repeat.point.removesuffix(", as found")
    assert point != repeat.point
    with browsing(days.web, "operator", adjusted.language) as client:
        ordering = f"/orders/new?item={days.item}&pattern={adjusted.run}"
        told = [words(f"ordering.{how}", point=words.place(point)) for how in ("alone", "not_alone")]

        def says(page: str) -> list[bool]:
            return [one in unescape(page) for one in told]

        for line in (repeat.begins, repeat.ends):
            assert sum(says(client.get(f"{ordering}&line={line}").text)) == 1, told
        assert (
            says(client.get(ordering).text) == says(client.get(f"{ordering}&line=1").text) == [False, False]
        )


def test_a_run_is_compared_with_an_earlier_one(days: Days, adjusted: Adjusted) -> None:
    with browsing(days.web, "operator", adjusted.language) as client:
        page = client.get(f"/runs/here/{adjusted.run}").text
        assert f'href="/runs/here/{adjusted.run}/compare"' in page
        page = client.get(f"/runs/here/{adjusted.run}/compare?with=here/{days.first}").text
        state = adjusted.someone.words("item_state.found")
        assert page.count(adjusted.someone.words("frame.beside", text=state)) == 3
        assert len(re.findall(rf'href="/runs/here/{adjusted.run}/results/[0-9/]+"', page)) == 6
        assert days.number(days.first) in page
        assert client.get(f"/runs/here/{days.first}/compare?with=here/{adjusted.run}").status_code == 404
        assert adjusted.someone.words("compare.none") in client.get(f"/runs/here/{days.first}/compare").text
    with browsing(days.web, "bolt", adjusted.language) as stranger:
        for part in ("compare", "course", "standards/controller", "traceability.svg", "evidence.zip"):
            assert stranger.get(f"/runs/here/{adjusted.run}/{part}").status_code in {403, 404}, part


REGISTER = """
[laboratory]
name = {{ zh = "实验室", en = "Laboratory" }}
code = "L1"
valid_until = {far}
key = "00"
{persons}
"""
PERSON = """
[[persons]]
name = {{ zh = "{name}", en = "{name}" }}
registration = "{name}"
valid_until = {until}
duties = ["{duty}"]
procedures = ["pressure.gauge"]
key = "0{number}"
"""


@contextmanager
def registered(days: Days, ended: date) -> Iterator[None]:
    """Let the laboratory have a register, in which its approver's registration has ended."""
    folder, far = days.web.hub.laboratory.folder, today(days.web) + timedelta(days=400)
    who = (("Person", "performed", far), ("Reviewer", "reviewed", far), ("Approver", "approved", ended),
           ("Deputy Wang", "approved", far))  # fmt: skip
    persons = "".join(
        PERSON.format(name=name, duty=duty, until=until, number=number)
        for number, (name, duty, until) in enumerate(who)
    )
    (folder.path / "register.toml").write_text(REGISTER.format(far=far, persons=persons))
    before = folder.settings
    issuing = before.issuing.model_copy(update={"signatories": "register.toml"})
    folder.settings = before.model_copy(update={"issuing": issuing})
    try:
        yield
    finally:
        folder.settings = before


def test_15_whose_registration_ended_is_told_when_and_whose_turn_it_could_be(
    browser: Browser, days: Days, adjusted: Adjusted, said: list[str]
) -> None:
    web, run = days.web, adjusted.run
    for duty in ("performed", "reviewed"):
        sign_as(web, run, duty)
    ended = today(web) - timedelta(days=1)
    someone = look_at(browser, days, said, adjusted, "approver", "15 sees, is told the date and who could")
    with registered(days, ended):
        someone.begin(web.url)
        someone.click(someone.link("waiting.approved").first)
        told = someone.page.locator("#sign ~ .refusal")
        expect(told).to_contain_text(someone.words("turn.ended", day=ended))
        expect(told).to_contain_text("Deputy Wang")
        someone.done()
        assert f"the registration of Approver ended on {ended}" in sign_as(web, run, "approved", 409)
    assert someone.clicks == 1
    someone.page.reload()
    expect(someone.page.locator("#sign ~ .refusal")).to_have_count(0)
    assert said == []


def test_19_the_certificate_shows_both_and_the_customer_is_told_when_it_is_due(
    days: Days, adjusted: Adjusted, tmp_path: object
) -> None:
    web, run = days.web, adjusted.run
    if not web.hub.laboratory.store.signings.latest("here", run, ""):
        for duty in ("performed", "reviewed"):
            sign_as(web, run, duty)
    sign_as(web, run, "approved")
    with web.token("administrator") as administrator:
        answer = administrator.post(f"/runs/here/{run}/certificate/issue")
    assert answer.status_code == 200, answer.text
    number = days.number(run)
    look(web, today(web))
    with browsing(web, "customer", adjusted.language) as customer:
        page = customer.get(f"/items/{days.item}").text
        for state in ("found", "left"):
            assert adjusted.someone.words(f"item_state.{state}") in page
        assert f'">{number}' in page or number in page
        assert SERIAL in customer.get("/notices").text
        xml = customer.get(f"/api/v1/runs/here/{run}/certificate.xml").text
    assert "beforeAdjustment" in xml
    assert "afterAdjustment" in xml
    kinds = [json.loads(line)["kind"] for line in web.hub.laboratory.store.journals.lines("here", run)]
    assert kinds.count("adjust") == 1


def applied(days: Days, row: int) -> float:
    """Return the error in Pa that a row's evaluation took off what the controller read, from the journal."""
    kept = days.web.hub.laboratory.store.records.find("here", days.first)
    budget = budget_of(Record.from_json(kept.record), 0, 0, row)
    evidence = read_evidence(days.web.site.folder.runs / days.first)
    own = next(one.point for one in evidence.observations if one.point.name == budget.points[0])
    seen = [
        one.values["reference"]
        for one in evidence.observations
        if one.point.nominal[PRESSURE] == own.nominal[PRESSURE]
    ]
    used = evidence.certificates["controller"].certificate
    mean = fmean(reading.to("Pa").value for readings in seen for reading in readings)
    return Standard.certified("p_std", used, "Pa").around(mean).inputs[0].told


@pytest.mark.parametrize("language", LOCALES)
def test_18_an_assessor_goes_from_a_certificate_to_the_institute(
    browser: Browser, days: Days, said: list[str], language: str
) -> None:
    someone = person(browser, days.web, said, "18 certificate to institute, goal 4 clicks", language)
    page, number = someone.page, days.number(days.first)
    someone.begin(f"{days.web.url}/certificates?q={number}")
    someone.click(page.get_by_role("link", name=days.first))
    someone.click(page.locator("table.numbers tbody tr").nth(2).locator("td.number a").first)
    row = int(page.url.split("/")[-2])
    read = page.locator("#standards ~ table tbody tr").filter(
        has_text=someone.words.source("controller.pressure")
    )
    taken = read.locator("td").last
    expect(taken).to_contain_text("标准器示值偏差" if language == "zh" else "standard's indication")
    shown = taken.locator(".number").inner_text().replace("−", "-")
    step = 10.0 ** -len(shown.partition(".")[2])
    assert abs(float(shown)) > step, "by an error of nothing nothing would be seen"
    assert float(shown) == pytest.approx(applied(days, row), abs=step / 2 * 1.001)
    usable(page, f"evidence-{language}")
    gauge = page.locator("#standards ~ table tbody tr").filter(has_text=someone.words.source("dut.pressure"))
    expect(gauge.locator("td").first).to_have_text(someone.words("evidence.no_certificate"))
    someone.click(read.get_by_role("link"))
    expect(page.get_by_role("main")).to_contain_text(someone.words("origin.issuer"))
    expect(page.locator("main dl strong")).to_have_text(someone.words("origin.institute"))
    someone.done()
    assert someone.clicks <= 4
    here = f"/runs/here/{days.first}"
    page.goto(days.web.url + here)
    expect(someone.link("origin.drawing")).to_have_attribute("href", f"{here}/traceability.svg")
    with browsing(days.web, "operator", language) as client:
        drawn = client.get(f"{here}/traceability.svg")
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert number in drawn.text
        for word in ("origin.open", "origin.read"):
            assert someone.words(word).split()[0] in drawn.text, word
        assert ("calibrated" in drawn.text) == (language == "en")
        bundle = zipfile.ZipFile(BytesIO(client.get(f"{here}/evidence.zip").content)).namelist()
        assert client.get(f"{here}/standards/nothing").status_code == 404
    assert {name.rpartition("/")[2] for name in bundle} >= {
        "certificate.pdf",
        "certificate.xml",
        "journal.jsonl",
    }
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_3_a_standard_is_found_out_of_tolerance(
    browser: Browser, days: Days, said: list[str], language: str
) -> None:
    web, number = days.web, days.number(days.first)
    goal = "3 reverse trace, goal 2 clicks; drafts 1; assessed 1; signed by one command and a PIN"
    web.clock.ahead += 61  # how people are called is remembered for a minute
    someone = person(browser, web, said, goal, language, "approver")
    page = someone.page
    someone.begin(web.url)
    someone.click(someone.link("menu.resting"))
    someone.fill(page.locator("#number"), "9990001")
    someone.click(someone.button("frame.show"))
    assert someone.clicks == 2
    mine = rows(page, number)
    expect(mine.locator("td").last).to_have_text(re.compile(r"[0-9.]+( … [0-9.]+)?"))
    someone.click(someone.link("resting.drafts"))
    expect(page.locator(".letter")).to_have_count(1)
    expect(page.locator(".letter")).to_contain_text(number)
    assert someone.clicks == 3
    someone.back()
    someone.fill(page.locator("#text"), f"within its drift {language}")
    someone.click(page.locator("form[action='/resting/assess'] button"))
    expect(page.locator("#assessed ~ p:not(.hint)").first).to_contain_text(
        f"Approver{someone.words('frame.colon')}within its drift {language}"
    )
    assessed = page.locator("#assessed ~ p:not(.hint)").first
    expect(assessed.locator(".mark")).to_have_count(0)
    who, _, data = web.audit("assess")[0]
    assert (who, json.loads(data)["number"]) == ("approver", "9990001")
    command = assessed.locator("code").filter(has_text="remotecal sign").inner_text().split()
    assert command[:4] == ["remotecal", "sign", "--at", web.url]
    pin = f"{PASSWORD}\nyes\n"
    code, told = sign_at(web, [], key_of(web, "approved"), pin, *command[4:-1], trusting=False)
    assert code == 0, told
    someone.clicks += 2  # the command is copied, and put into a terminal
    someone.keys += len(pin) + 1  # and the page loaded anew
    page.reload()
    expect(assessed).to_contain_text(someone.words("resting.signed_by", signer="Approver"))
    with page.expect_download() as kept:
        someone.click(assessed.get_by_role("link", name=someone.words("resting.file")))
    someone.done()
    assert someone.clicks == 8
    content = json.loads(kept.value.path().read_bytes())
    assert content["assessment"]["text"] == f"within its drift {language}"
    (one,) = (one for one in content["assessment"]["certificates"] if one["number"] == number)
    assert one["issued"]
    assert len(one["sha256"]) == 64
    assert one["share"]["most"]
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_9_the_line_is_dead_in_a_run(
    browser: Browser, days: Days, said: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, since = days.web, SimpleNamespace(passed=0.0)
    monotonic = watching.time.monotonic
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: monotonic() + since.passed))
    someone = person(browser, web, said, "9 grey by itself, back by itself, goal nothing to press", language)
    with line_to(web) as line, asking(web):
        order = web.do(web.site.order())
        up = web.site.up()
        web.do(up.__aenter__())
        try:
            web.do(web.site.state(order, "asking"))
            web.site.tiny.world.before = lambda _, said: cut(line) if said.startswith("SOUR:LEV 1") else None
            someone.begin(f"{web.url}/live")
            card = someone.page.locator("article").filter(has_text=order.id)
            expect(card.locator(".values")).not_to_have_class(re.compile("old"))
            asked = web.do(web.hub.laboratory.state("here", "Li Wei")).run
            with suppress(NotAnswered):  # the line may be dead before what is said to the answer has come
                web.do(
                    web.hub.laboratory.command(
                        "here", "answer", "Li Wei", run=order.id, argument="yes", prompt=asked.prompt
                    )
                )
            web.do(
                until(
                    lambda: not line.open and web.site.journal(order)[-1]["kind"] in {"finish", "signature"}
                )
            )
            since.passed += 10.0
            expect(card.locator(".values")).to_have_class(re.compile("old"))
            since.passed += 120.0
            expect(card).to_contain_text(someone.words("live.silent_minutes", minutes=2))
            assert not web.site.arrived_whole(order)
            line.open = True
            expect(card).to_have_count(0)
            web.do(web.site.recomputed(order))
        finally:
            line.open = True
            web.site.tiny.world.before = lambda _name, _line: None
            web.do(up.__aexit__(None, None, None))
        assert web.site.arrived_whole(order)
    someone.done()
    assert someone.clicks == 0
    assert said == []


def cut(line: Proxy) -> None:
    line.open = False


@contextmanager
def asking(web: Web) -> Iterator[None]:
    """Have the tiny procedure ask before its first point."""
    order = web.site.tiny.order
    before = order.read_text()
    web.site.tiny.parameter("ask = true")
    try:
        yield
    finally:
        order.write_text(before)


@contextmanager
def line_to(web: Web) -> Iterator[Proxy]:
    """Put a line between station and laboratory that can be cut."""
    file = web.site.folder.path / "laboratory.json"
    before = file.read_text()
    told = json.loads(before)
    proxy = Proxy(0.0, 0.0, 0.0)
    server = told["servers"][0]
    proxy.server = server.rpartition("/")[2]
    file.write_text(json.dumps(told | {"servers": [server.replace(proxy.server, proxy.address)]}))
    web.site.folder = StationFolder(web.site.folder.path)
    try:
        with proxy.working():
            yield proxy
    finally:
        proxy.close()
        file.write_text(before)
        web.site.folder = StationFolder(web.site.folder.path)


@pytest.fixture(scope="module")
def eighteen(days: Days) -> str:
    """A run of 18 observations, of a gauge that has a certificate of three of its points."""
    days.set_offset(MENDED)
    nine = [at * 1.25e5 for at in range(9)]
    return days.web.do(carried_out(days, pressures=nine))


@pytest.mark.parametrize("language", LOCALES)
def test_12_eighteen_observations_are_reviewed_in_three_minutes(
    browser: Browser, days: Days, eighteen: str, said: list[str], language: str
) -> None:
    goal = "12 review of 18 observations, three of them to their replies; goal 180 s of a person"
    someone = person(browser, days.web, said, goal, language)
    page = someone.page
    someone.begin(days.web.url)
    someone.click(page.locator(f"main a[href='/review/here/{eighteen}']"))
    someone.look(page.locator("#flags ~ p, #flags ~ ul li"))
    assert someone.look(page.locator("#last ~ .wide tbody tr")) >= 3
    others = page.locator("#checks ~ table tbody tr")
    assert someone.look(others) == 3  # no certificate of a standard was brought
    folded = page.locator("details.folded")
    someone.look(folded.locator("summary"))
    expect(folded.locator("tbody tr")).to_have_count(22)
    expect(folded.locator("tbody tr").first).to_be_hidden()
    someone.click(page.locator("details.print summary"))
    expect(page.locator("details.print img")).to_be_visible()
    someone.look(page.locator("details.print summary"))  # it is looked over; its numbers stand beside it
    someone.click(someone.link("evidence.all"))
    repeats = page.locator("details.repeat")
    expect(repeats).to_have_count(18)
    assert someone.look_down(repeats.locator("summary"), "h2, .glance") == 18
    usable(page, f"observations-{language}")
    look_into(someone, 4, 11, 17)
    someone.back()
    expect(page.locator("#sign")).to_be_visible()
    someone.look(page.locator("#remarks ~ p, #sign ~ p"))
    someone.done()
    assert someone.seconds <= GOAL
    assert said == []


def look_into(someone: Person, *wanted: int) -> None:
    """Go through the observations by keys, and look at what some were read from, in place."""
    page, at = someone.page, -1
    repeats = page.locator("details.repeat")
    for place in wanted:
        for _ in range(place - at):
            someone.press("j")
        at = place
        expect(repeats.nth(at).locator("summary")).to_be_focused()
        someone.press("Enter")
        reply = repeats.nth(at).locator(".hex").first
        expect(reply).to_be_visible()
        row = (
            repeats.nth(at)
            .locator("tbody tr")
            .filter(has_text=someone.words.source("controller.pressure"))
            .first
        )
        someone.look(row.locator("th, td.number:nth-child(2)"))
        assert someone.look(row.locator("td.reply code:not(.hex)")) == 1  # hex is for what isn't text
        someone.press("Enter")
        expect(reply).to_be_hidden()
    someone.press("k")
    expect(repeats.nth(at - 1).locator("summary")).to_be_focused()
