"""Whatever is sent to the page beside the rig, it does not fail: while consent is asked, or a question."""

from __future__ import annotations

import re
from pathlib import Path
from zlib import crc32

import httpx
import schemathesis
from hand import read_by_hand
from hypothesis import HealthCheck, Phase, given, seed, settings
from laboratories import PATIENCE
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import Tiny
from windows import asked

from remotecal.clock import RealClock
from remotecal.hub.settings import HubFolder
from remotecal.station.pages.app import StationPages
from remotecal.station.pages.arriving import Arrivals
from remotecal.station.pages.desk import Desk
from remotecal.station.pages.lookout import Lookout

FIELDS = (
    "csrf", "session", "run", "prompt", "verb", "argument", "reason", "sure", "name", "language", "next",
    "about", "ticket", "size", "sha256",
)  # fmt: skip
"""What the forms there have."""
VERBS = ["decline", "agree", "pause", "go_on", "abort", "open", "shut"]
STREAMS = "/news"
FUZZED = settings(
    max_examples=3,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def described(beside: Beside) -> dict[str, object]:
    """Return the description of all that the page answers, by its routes; each form may have any field."""
    keeper, desk = beside.served.keeper, Desk(beside.site.folder, RealClock().now)
    arrivals = Arrivals(beside.site.folder.path, 1)
    pages = StationPages(desk, keeper, beside.served.phones, arrivals, Lookout(desk))
    fields: dict[str, object] = {name: {"type": "string"} for name in FIELDS}
    fields["verb"] = {"anyOf": [{"enum": VERBS}, {"type": "string"}]}
    form = {"type": "object", "properties": fields, "required": FIELDS, "additionalProperties": False}
    photo = {"type": "object", "properties": {"photo": {"type": "string", "format": "binary"}}}
    contents = {"/photo": {"multipart/form-data": {"schema": photo}}}
    typed = {"application/x-www-form-urlencoded": {"schema": form}}
    paths: dict[str, dict[str, object]] = {}
    for route in pages.routes():
        path = route.path.removeprefix(keeper.base)
        if path != STREAMS:
            places = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in re.findall(r"{(\w+)}", path)
            ]
            query = {"name": "ticket", "in": "query", "schema": {"type": "string"}}
            for method in route.methods:
                told: dict[str, object] = {
                    "parameters": [*places, query],
                    "responses": {"default": {"description": ""}},
                }
                if method in {"POST", "PATCH"}:
                    told["requestBody"] = {"content": contents.get(path, typed), "required": True}
                paths.setdefault(path, {})[method.lower()] = told
    return {"openapi": "3.0.3", "info": {"title": "beside the rig", "version": "1"}, "paths": paths}


def fuzzed(beside: Beside, client: httpx.Client) -> int:
    """Send anything to all there is, as who was let in, with what its page hides; returns how often."""
    sent = 0
    for found in schemathesis.openapi.from_dict(described(beside)).get_all_operations():
        operation = found.ok()

        @seed(crc32(operation.path.encode()) + sent)  # the same each time, and another for each form
        @FUZZED
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal sent
            hidden = dict(
                re.findall(
                    r'name="(csrf|session|run|prompt)" value="([^"]*)"', client.get(f"{beside.base}/").text
                )
            )
            if isinstance(case.body, dict):
                case.body |= hidden if sent % 2 else {"csrf": hidden["csrf"]}
            case.headers = {"Origin": beside.served.origin}
            case.cookies = dict(client.cookies)
            answer = case.call(base_url=beside.base, timeout=PATIENCE, allow_redirects=False)
            where = f"{case.method} {case.path} {case.query} {case.body}"
            assert answer.status_code < 500, where
            if "text/html" in answer.headers.get("content-type", [""])[0]:
                assert answer.headers.get("content-security-policy"), where
            sent += 1

        ask()
    return sent


def test_whatever_is_sent_to_the_page_beside_the_rig_it_does_not_fail(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    read_by_hand(tiny)
    with page_up(folder, tiny, tmp_path, consent=True) as beside, beside.browsing() as client:
        beside.do(beside.site.order())
        wait_until(lambda: beside.station.consent.order is not None)
        assert fuzzed(beside, client) > 45, "while consent is asked"
        wait_until(lambda: beside.station.consent.order is not None)
        beside.send(client, "/consent", verb="agree", sure="yes")
        asked(beside, 1)
        assert fuzzed(beside, client) > 45, "while a question is open, and after somebody answered anything"
        assert client.get(f"{beside.base}/last").status_code == 200
