"""What runs are about: found by numbers, rebuilt from journals, whatever a station writes."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256

import pytest
import rfc8785
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from asked import asking, plan, searched_whole
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kept_keys import demonstrate
from sqlalchemy import select

from remotecal.certificates.signing.seal import SealKey
from remotecal.hub.beginning import begun_with
from remotecal.hub.order_index import LANGUAGES, rebuild, says
from remotecal.hub.out_of_service import Out
from remotecal.hub.reverse import resting_on
from remotecal.journal.events import FILE, seconds
from remotecal.station.held import CertificateTells
from remotecal.store import Store
from remotecal.store.amendments import AmendmentRow
from remotecal.store.migrations.versions import v0030_orders_say
from remotecal.store.signings import SigningRow
from remotecal.store.tables import run_equipment, run_items
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import BenchAnnounced, RemoteOrder

DAY = 86400.0


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """The events of a whole calibration by which a run is opened."""
    out = tmp_path_factory.mktemp("demo") / "out"
    assert demonstrate("dosing-stand", "--out", str(out)) == 0
    lines = (out / FILE).read_bytes().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] in {"start", "instrument", "replies"}]


def written(events: list[dict]) -> list[bytes]:
    """Return events as lines whose chain is in order."""
    lines, head = [], "0" * 64
    for seq, event in enumerate(events, 1):
        bare = {"at": event["at"], "data": event["data"], "kind": event["kind"], "prev": head, "seq": seq}
        head = sha256(rfc8785.dumps(bare)).hexdigest()
        lines.append(rfc8785.dumps({**bare, "hash": head}))
    return lines


def used_in(events: list[dict]) -> dict[str, tuple[int, int]]:
    """Return name on the bench → first and last line that tells of its use."""
    lines: dict[str, list[int]] = {}
    for seq, event in enumerate(events, 1):
        told = event["data"]
        names = [question["instrument"] for question in told.get("questions", ())]
        names += [told["name"]] if event["kind"] == "instrument" else []
        for name in [*names, *([told["instrument"]] if "instrument" in told else ())]:
            lines.setdefault(name, []).append(seq)
    return {name: (min(seqs), max(seqs)) for name, seqs in lines.items()}


def changed(events: list[dict], change: Callable[[dict], None]) -> list[bytes]:
    """Return the lines of a run that began otherwise."""
    copy = json.loads(json.dumps(events))
    change(copy[0])
    return written(copy)


def test_a_run_is_found_by_what_took_part_in_it_and_what_it_calibrates(enrolled: Store, events) -> None:
    enrolled.journals.append("here", "r", 1, written(events), 1.0)
    start = events[0]["data"]
    dut = start["order"]["dut"]
    (item,) = enrolled.about.numbered(dut["serial"])
    assert (item.station, item.run, item.model) == ("here", "r", dut["model"] or "")
    assert item.certificate == start["order"]["order"]["certificate"] or start["order"]["order"]["number"]
    assert json.loads(item.customer) == start["order"]["customer"]["name"]
    assert enrolled.about.numbered(item.certificate) == (item,)
    used, (same,) = enrolled.about.of_run("here", "r")
    assert same == item
    opened = {event["data"]["name"]: event["data"] for event in events[1:] if event["kind"] == "instrument"}
    assert {one.name for one in used} == set(start["roles"].values())
    for one in used:
        said = opened[one.name]
        assert (one.maker, one.model) == (said["maker"], said["model"])
        if said["serial"]:
            assert one.serial == said["serial"]
            assert one in enrolled.about.took_part(said["serial"])
        stated = start["certificates"].get(one.name)
        assert one.certificate == ("" if stated is None else stated["record"]["number"])
        assert one.certificate_sha256 == ("" if stated is None else stated["sha256"])
        if stated is not None:
            assert one.valid_until > "2026"
            assert one in enrolled.about.took_part(one.certificate)
    assert enrolled.about.took_part("") == (), "who has no number is not found by none"


def test_the_index_made_anew_is_the_same(enrolled: Store, events) -> None:
    sly = {"at": events[-1]["at"], "kind": "prompt", "data": {"question": '"instrument":"nobody"'}}
    read = {**sly, "data": {"instrument": next(iter(used_in(events))), "request": "read", "question": "?"}}
    lines = written([*events, sly, read, sly])
    for number in range(3):
        for first in range(0, len(lines), number + 2):  # in whatever parts they come
            enrolled.journals.append("here", f"r{number}", first + 1, lines[first : first + number + 2], 1.0)
    enrolled.journals.append("there", "r", 1, written(events)[:1], 1.0)

    def whole() -> list[object]:
        with enrolled.database.read() as connection:
            return [
                connection.execute(select(t).order_by(*t.primary_key)).all()
                for t in (run_equipment, run_items)
            ]

    before = whole()
    used = used_in([*events, sly, read])
    for one in enrolled.about.of_run("here", "r1")[0]:
        assert (one.first_line, one.last_line) == used[one.name], one.name
    assert {one.last_line for one in enrolled.about.of_run("here", "r2")[0]} >= {len(lines) - 1}
    (rest, *_) = enrolled.about.uses({one.certificate}, 0, 1e12)
    assert (rest.first_line, rest.last_line) == used[rest.name]
    with enrolled.database.begin() as connection:
        connection.execute(run_items.delete())
        connection.execute(run_equipment.update().values(serial="nonsense", last_line=0))
    assert whole() != before
    assert enrolled.about.rebuild() == 4
    assert whole() == before


@pytest.mark.parametrize(
    "text",
    ["a\0b", "\ud800", "x" * 100_000, "'; DROP TABLE runs; --", "流量 °C"],
    ids=["nul", "half", "long", "sql", "zh"],
)
def test_whatever_a_station_writes_is_taken_in(enrolled: Store, events, text: str) -> None:
    copy = json.loads(json.dumps(events))
    copy[0]["data"]["order"]["dut"]["model"] = text
    if named := text.isprintable():
        names = {"zh": "水" * 300 + text, "en": text}
        copy[0]["data"]["order"]["dut"]["name"] = copy[0]["data"]["order"]["customer"]["name"] = names
    copy[1]["data"]["serial"] = copy[1]["data"]["maker"] = text
    lines, head = [], "0" * 64
    for seq, event in enumerate(copy, 1):  # half a letter is none that rfc8785 writes
        bare = {"at": event["at"], "data": event["data"], "kind": event["kind"], "prev": head, "seq": seq}
        plain = json.dumps(bare, separators=(",", ":"), sort_keys=True).encode()
        head = sha256(plain).hexdigest()
        lines.append(
            plain.replace(
                b'"kind":"%s","prev"' % event["kind"].encode(),
                b'"hash":"%s","kind":"%s","prev"' % (head.encode(), event["kind"].encode()),
            )
        )
    assert enrolled.journals.append("here", "r", 1, lines, 1.0) == len(lines)
    used, items = enrolled.about.of_run("here", "r")
    if named:
        for told in (items[0].name, items[0].customer):
            said = json.loads(told)
            assert said["zh"] == "水" * 165 + "…"
            assert said["en"] == (text if len(text) < 500 else "x" * 497 + "…")
    (one,) = (row for row in used if row.name == copy[1]["data"]["name"])
    assert len(one.serial) <= 500
    if text.isprintable() and len(text) < 500:
        assert one.serial == text
        assert one in enrolled.about.took_part(text)


@pytest.mark.parametrize("data", [{}, {"order": 3}, [], None, "start"])
def test_a_start_that_is_none_is_kept_and_tells_nothing(enrolled: Store, data: object) -> None:
    event = {"at": "2026-11-01T00:00:00.000000Z", "kind": "start", "data": data}
    assert enrolled.journals.append("here", "r", 1, written([event]), 1.0) == 1
    assert enrolled.about.of_run("here", "r") == ((), ())


def measured(
    store: Store, run: str, events: list[dict], day: int, *, standard: str, certificate: str
) -> None:
    """Have a run begin on a day, with a standard's certificate, and its own certificate issued."""

    def change(start: dict) -> None:
        start["at"] = f"2026-03-{day:02}T08:00:00.000000Z"
        start["data"]["order"]["order"]["certificate"] = certificate
        name = next(iter(start["data"]["certificates"]))
        start["data"]["certificates"][name]["record"]["number"] = standard

    store.journals.append("here", run, 1, changed(events[:1], change), 1.0)
    store.signings.add(SigningRow("here", run, "issued", "the hub", day * DAY, b"x", b"p", certificate))


def test_reverse_traceability_goes_as_far_as_it_is_asked_to(enrolled: Store, events) -> None:
    measured(enrolled, "a", events, 1, standard="S-1", certificate="C-1")
    measured(enrolled, "b", events, 2, standard="S-1", certificate="C-2")
    measured(enrolled, "c", events, 9, standard="C-1", certificate="C-3")
    measured(enrolled, "d", events, 11, standard="C-3", certificate="C-1x")
    measured(enrolled, "e", events, 12, standard="S-2", certificate="C-9")

    def found(**asked: object) -> list[tuple[int, str]]:
        return [(one.depth, one.use.run) for one in resting_on(enrolled, "S-1", **asked)]

    assert found() == [(1, "a"), (1, "b")]
    assert found(depth=2) == [(1, "a"), (1, "b"), (2, "c")]
    assert found(depth=9) == [(1, "a"), (1, "b"), (2, "c"), (3, "d")]
    noon = 1_772_452_800.0  # 2 March 2026, 12:00 UTC
    assert found(until=noon - DAY, depth=9) == [(1, "a"), (2, "c"), (3, "d")]
    assert found(since=noon, depth=9) == []
    use = next(iter(resting_on(enrolled, "S-1"))).use
    assert (use.certificate, use.by, use.issued) == ("C-1", "S-1", DAY)


def test_what_leans_on_a_certificate_leans_on_it_under_every_number_it_was_amended_by(
    enrolled: Store, events
) -> None:
    measured(enrolled, "a", events, 1, standard="S-1", certificate="C-1")
    for edition, (number, before) in enumerate((("C-1-A1", "C-1"), ("C-1-A2", "C-1-A1")), 1):
        row = AmendmentRow("here", "a", "", edition, number, before, "{}", "Li", 2 * DAY)
        enrolled.amendments.add(row)
    measured(enrolled, "b", events, 9, standard="C-1-A2", certificate="C-2")
    measured(enrolled, "c", events, 9, standard="C-1", certificate="C-3")
    found = {(one.depth, one.use.run) for one in resting_on(enrolled, "S-1", depth=2)}
    assert found == {(1, "a"), (2, "b"), (2, "c")}
    for number in ("C-1", "C-1-A1", "C-1-A2"):
        assert {one.use.run for one in resting_on(enrolled, number)} == {"b", "c"}, number


def each(start: dict) -> None:
    """Have a run be of two devices, with a certificate for each."""
    order = start["data"]["order"]
    dut = order.pop("dut") | {"certificate": None}
    order["dut"] = None
    order["duts"] = [dut | {"serial": f"M-{n}", "on": f"meter_{n}"} for n in (1, 2)]
    order["order"] |= {"certificates": "each", "certificate": "L-7"}
    name = next(iter(start["data"]["certificates"]))
    start["data"]["certificates"][name]["record"]["number"] = "S-1"
    start["at"] = "2026-03-01T08:00:00.000000Z"


def test_of_a_run_with_a_certificate_for_each_device_every_one_is_found(enrolled: Store, events) -> None:
    enrolled.journals.append("here", "lot", 1, changed(events[:1], each), 1.0)
    (item,) = enrolled.about.numbered("L-7-2")
    assert (item.serial, item.place) == ("M-2", 1)
    assert enrolled.about.numbered("L-7") == ()
    sealed = SigningRow("here", "lot", "issued", "the hub", DAY, b"x", b"p", "L-7-2", device="dut-2")
    enrolled.signings.add(sealed)
    uses = [one.use for one in resting_on(enrolled, "S-1")]
    assert [(use.certificate, use.issued) for use in uses] == [("L-7-1", None), ("L-7-2", DAY)]
    measured(enrolled, "b", events, 9, standard="L-7-2", certificate="C-2")
    measured(enrolled, "c", events, 9, standard="L-7-1", certificate="C-3")
    found = [(one.depth, one.use.certificate) for one in resting_on(enrolled, "S-1", depth=2)]
    assert found == [(1, "L-7-1"), (1, "L-7-2"), (2, "C-2")], "one that was not issued leads nowhere"


def test_a_certificate_for_all_devices_is_told_once(enrolled: Store, events) -> None:
    def together(start: dict) -> None:
        each(start)
        start["data"]["order"]["order"]["certificates"] = "together"

    enrolled.journals.append("here", "lot", 1, changed(events[:1], together), 1.0)
    enrolled.signings.add(SigningRow("here", "lot", "issued", "the hub", DAY, b"x", b"p", "L-7"))
    (one,) = resting_on(enrolled, "S-1")
    assert (one.use.certificate, one.use.issued) == ("L-7", DAY)
    assert len(enrolled.about.numbered("L-7")) == 2


def test_a_circle_of_certificates_comes_to_an_end(enrolled: Store, events) -> None:
    measured(enrolled, "a", events, 1, standard="C-2", certificate="C-1")
    measured(enrolled, "b", events, 2, standard="C-1", certificate="C-2")
    assert [one.use.run for one in resting_on(enrolled, "C-1", depth=20)] == ["b", "a"]


def test_standards_are_due_by_their_last_certificate(enrolled: Store, events) -> None:
    enrolled.journals.append("here", "old", 1, written(events), 1.0)
    used, _ = enrolled.about.of_run("here", "old")
    ends = {one.serial: one.valid_until for one in used if one.valid_until}
    last = max(ends.values())
    assert {one.serial for one in enrolled.standards.due(last)} == set(ends)
    assert enrolled.standards.due("2020-01-01") == ()
    serial = next(iter(ends))
    with enrolled.database.begin() as connection:
        row = dict(next(one for one in used if one.serial == serial)._asdict())
        connection.execute(run_equipment.insert().values(**row | {"run": "new", "valid_until": "2031-01-01"}))
    assert serial not in {one.serial for one in enrolled.standards.due(last)}


def test_a_number_is_looked_up_in_an_index(enrolled: Store) -> None:
    with asking(enrolled) as sent:
        enrolled.about.took_part("4711")
        enrolled.about.numbered("4711")
        enrolled.about.uses(["4711", "4712"], 0.0, 1.0)
    for one in sent:
        steps = plan(enrolled, one, sorting=True)
        of_tables = [step for step in steps if not any(word in step for word in ("TEMP", "Sort", "anon"))]
        assert searched_whole(of_tables) == []


@pytest.mark.parametrize("made", ["anew", "by the change"])
def test_names_of_any_length_are_kept_and_found_and_a_change_keeps_the_same(
    enrolled: Store, events: list[dict], made: str
) -> None:
    """As many bytes as an index of PostgreSQL takes, of text that nothing makes shorter."""
    draw = random.Random(1)
    names = {
        kind: {one: "".join(chr(draw.randrange(0x4E00, 0x9FFF)) for _ in range(900)) for one in LANGUAGES}
        for kind in ("customer", "dut")
    }
    said = json.loads(json.dumps(events[0]["data"]["order"]))
    said["customer"]["name"], said["dut"]["name"] = names["customer"], names["dut"]
    key = SealKey(Ed25519PrivateKey.generate())
    procedure = {"name": "dosing", "sha256": "0" * 64}
    terms = {"order": said, "bench": "Rig", "procedure": procedure}
    terms |= {"id": "o" * 60, "station": "here", "issued": 1.0, "expires": 2.0, "by": "Li Wei"}
    order = RemoteOrder.model_validate_json(json.dumps(terms))
    enrolled.orders.issue(order.id, "N", "here", seal("order", order, key), 1.0, 2.0, "Li Wei")
    if made == "anew":
        assert rebuild(enrolled, key.public) == 1
    else:
        database = enrolled.database
        with database.begin() as one, Operations.context(MigrationContext.configure(one)):
            v0030_orders_say._fill()
    row = enrolled.orders.find(order.id)
    assert {name: getattr(row, name) for name in asdict(says(order))} == asdict(says(order))
    assert row.bench == "Rig"
    assert all(len(name.encode()) <= 400 for name in row.words.split("\n"))
    for text, found in ((names["dut"]["zh"][:9], 1), ('"', 0), ("zh", 0), ("en", 0), (":", 0)):
        assert len(enrolled.pages.placed(9, 1.0, words=text)) == found, text


def test_what_is_granted_is_not_set_apart_by_another_number_of_a_certificate(store: Store, events) -> None:
    """A certificate of two serial numbers: of an instrument both count, of an artefact the one it has."""
    event = json.loads(json.dumps(events[0]))
    (name, used), *_ = event["data"]["certificates"].items()
    item = used["record"]["items"][0]
    serial = next(one for one in item["identifications"] if one["issuer"] == "manufacturer")
    item["identifications"] = [serial | {"value": value} for value in ("Q-1", "Q-2")]
    event["data"] |= {"clock": "real", "artefacts": {}}
    at = seconds(event["at"])
    tells = CertificateTells("C-1", ("Q-1", "Q-2"), None, ((("Q-1", "Q-2"), {}),))
    items = ((("Q-1", "Q-2"), {}), (("Q-3",), {}))
    of_several = CertificateTells("C-1", ("Q-1", "Q-2", "Q-3"), None, items)
    bare = {"name": "b", "sha256": "", "instruments": {}, "numbers": {name: ("Q-1", "C-1")}}
    store.out_of_service.take_out("Q-2", since="2026-01-01", reason="fell", by="Li Wei", at=at - 30)
    for told in (tells, of_several):
        bench = BenchAnnounced(**bare, relies={name: told.of_one("Q-1")})
        assert [one.name for one in Out.of(store).on(bench)] == [name]
    assert begun_with(store, json.dumps(event).encode()).startswith("Q-2 was"), "so its order is refused"
    assert Out.of(store).on(BenchAnnounced(**bare)) == ()
    event["data"]["artefacts"] = {name: "Q-1"}
    assert begun_with(store, json.dumps(event).encode()) == "", "an artefact, whose order is granted"
    assert of_several.of_one("Q-3") == ("Q-3",)
