"""Nothing is computed, and no certificate made, but of what the laboratory ordered and as it ordered it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ordered_runs import RUN, STATION, Brought, bring
from pydantic import BaseModel
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli import main
from remotecal.errors import CertificateRefused, JournalBroken, NotOrdered
from remotecal.hub.issuing import issue
from remotecal.hub.ordered import check_course, check_start, judge, note_refusal, set_apart, tell_conflict
from remotecal.hub.settings import HubFolder
from remotecal.journal.evidence import Start, read_start
from remotecal.model import Record, Text
from remotecal.pages.words import words
from remotecal.store import Store
from remotecal.transport.messages import RemoteOrder

ALL_OF_THE_HEAD = """
certificate = "C-1"
training = false
country = "CN"
binding = ["zh", "en"]
place = "customer"
"""
ALL_OF_THE_REST = {
    "[dut]": """
model = "Type 1"
owner_number = "17"
interface_serial = "M1"
class_scheme = "JJG 1"
class_name = "0.5"
description = "as new"
on = "gauge"
""",
    "[customer]": """
e_mail = "a@example.org"
phone = "1"
code = "7"
""",
    "[laboratory]": """
e_mail = "b@example.org"
phone = "2"
code = "8"
""",
    "[[persons]]": """
role = "engineer"
""",
    "[parameters]": """
repeats = 1
""",
}

NOT_IN_THE_JOURNAL = {
    "issued": "heeded when the order is claimed",
    "expires": "heeded when the order is claimed",
    "by": "says who asked, and changes nothing at the station",
    "link_lost": "heeded by the station, and seen by nobody afterwards",
    "link_lost_after": "heeded by the station, and seen by nobody afterwards",
    "bundle": "holds the procedure, which its hash stands for",
}
NOT_ORDERED = {
    "format": "another one is no journal",
    "bench": "where the station keeps its bench file",
    "bench_sha256": "the station's own bench file",
    "artefacts": "of the bench; whether they are believed is a verifier's matter",
    "certificates": "of the bench; whether they are believed is a verifier's matter",
    "standards": "in which order a certificate lists those of the bench",
    "characteristics": "of the bench; whether they are believed is a verifier's matter",
    "approvals": "of the bench; the register is asked for them before anybody signs",
    "software": "of the station",
    "time_zone": "of the bench",
    "own_word": "of the version that ran: whether a limit is marked as unverified, and no number",
    "wording": "of the version that ran: what a certificate says beside its results, and no number",
    "clock": "a virtual one is for demonstrations; see below",
}


@pytest.fixture
def whole(tiny: Tiny) -> Tiny:
    """An order that says whatever an order can say."""
    text = tiny.order.read_text().replace("demonstration = true", "demonstration = true" + ALL_OF_THE_HEAD)
    for table, more in ALL_OF_THE_REST.items():
        text = text.replace(table, table + more)
    tiny.order.write_text(text)
    return tiny


@pytest.fixture
def brought(whole: Tiny, folder: HubFolder, store: Store, tmp_path: Path) -> Brought:
    return bring(whole, store, tmp_path / "procedures", SealKey.read(folder.laboratory), bundle="…")


SAID_OTHERWISE = {"id", "station", "order.dut.certificate"}
"""Fields whose change is refused in other words: there is no such order, or it is none."""


def changed(value: object, kind: object) -> object:
    """Return another value of a field that can't hold models."""
    choices = [choice for part in (kind, *get_args(kind)) for choice in get_args(part)]
    if isinstance(value, bool):
        return not value
    if value is None:
        return "another"
    if isinstance(value, str) and value in choices:
        return next(choice for choice in choices if choice != value)
    if isinstance(value, Text):
        return Text.plain("another")
    if isinstance(value, dict):
        return {**value, "repeats": 2}
    if isinstance(value, tuple):
        return value[:1] or ("another",)
    if isinstance(value, float | int):
        return value + 1
    assert isinstance(value, str), f"the order of this test must give {value!r}, so that it can be changed"
    return "DE" if value == "CN" else value[:-1] + ("0" if value[-1] != "0" else "1")


def every_change(model: BaseModel, path: str = "") -> Iterator[tuple[str, BaseModel]]:
    """Give for each field of a model, however deep, its name and the model with it changed."""
    for name, field in type(model).model_fields.items():
        value, here = getattr(model, name), f"{path}.{name}" if path else name
        if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            yield here, model.model_copy(update={name: (*value, value[0])})
            for inner, other in every_change(value[0], f"{here}.0"):
                yield inner, model.model_copy(update={name: (other, *value[1:])})
        elif name == "duts":
            continue  # stands in the place of `dut`; see below
        elif isinstance(value, BaseModel) and not isinstance(value, Text):
            for inner, other in every_change(value, here):
                yield inner, model.model_copy(update={name: other})
        elif name == "valid_months":  # of a verification alone
            yield here, model.model_copy(update={name: 12, "verification": True})
        else:
            yield here, model.model_copy(update={name: changed(value, field.annotation)})


def test_whatever_an_order_says_the_journal_must_say(brought: Brought) -> None:
    passed = set()
    for name, order in every_change(brought.order):
        assert isinstance(order, RemoteOrder)
        assert order != brought.order, name
        brought.ordered(order)
        compared = brought.recompute()
        row = brought.store.journals.find("here", RUN)
        assert row is not None
        if compared.agrees:
            passed.add(name)
            assert not row.unordered
            with brought.store.database.begin() as connection:
                connection.exec_driver_sql("DELETE FROM records")
        else:
            assert row.unordered == compared.reason, name
            last = name.removeprefix("order.").partition(".0")[0]
            assert last in compared.reason or name in SAID_OTHERWISE, (name, compared.reason)
    assert passed == {*NOT_IN_THE_JOURNAL, "after_crash"}, "another field: say why nobody need look at it"
    brought.ordered(brought.order)
    assert brought.recompute().agrees


def test_several_devices_are_those_that_were_ordered(brought: Brought) -> None:
    first = brought.order.order.dut
    assert first is not None
    several = tuple(first.model_copy(update={"on": place}) for place in ("gauge", "second"))
    work = brought.order.order.model_copy(update={"dut": None, "duts": several})
    order = brought.order.model_copy(update={"order": work})
    with pytest.raises(NotOrdered, match=r"duts\.0\.on: ordered 'gauge', the journal has nothing"):
        check_start(order, brought.events[0].data)


def test_what_a_journal_begins_with_is_what_was_ordered(brought: Brought) -> None:
    data = brought.events[0].data
    found = brought.library.find(brought.order.procedure)
    other = {"run": "out-2", "bench_name": "Tiny", "roles": {"pump": "source"}, "parameters": {"repeats": 9}}
    passed = set()
    for name in Start.model_fields:
        value = data[name]
        start = dict(data) | {name: other.get(name, value)}
        if name == "points":
            start[name] = [dict(point) | {"nominal": {"level": 9.0}} for point in value]
        elif name == "procedure":
            start[name] = dict(value) | {"sha256": "0" * 64}
        elif name == "order":
            start[name] = dict(value) | {"dut": dict(value["dut"]) | {"serial": "M2"}}
        elif name not in other:
            passed.add(name)
            continue
        events = (brought.events[0]._replace(data=start), *brought.events[1:])
        with pytest.raises(NotOrdered, match="is not as it was ordered") as why:  # noqa: PT012  one or the other
            check_start(brought.order, start)
            check_course(brought.order, found, read_start(events), resumed=False)
        chinese, language = words("zh").refusal(str(why.value))
        assert (language, "ordered" in chinese) == ("zh", False)
    assert passed == set(NOT_ORDERED), "another field: say why it need not be what was ordered"


def test_a_virtual_clock_is_for_demonstrations_alone(brought: Brought) -> None:
    head = brought.order.order.order.model_copy(update={"demonstration": False})
    whole = brought.order.order.model_copy(update={"order": head})
    order = brought.order.model_copy(update={"order": whole})
    start = dict(brought.events[0].data) | {"order": whole.model_dump(mode="json")}
    with pytest.raises(NotOrdered, match="clock: ordered 'real', the journal has 'virtual'"):
        check_start(order, start)
    check_start(order, start | {"clock": "real"})


def test_a_run_that_was_taken_up_though_it_should_have_been_made_safe(brought: Brought) -> None:
    found = brought.library.find(brought.order.procedure)
    order = brought.order.model_copy(update={"after_crash": "make_safe"})
    start = read_start(brought.events)
    check_course(order, found, start, resumed=False)
    check_course(brought.order, found, start, resumed=True)
    with pytest.raises(NotOrdered, match="after_crash: ordered 'make_safe', the journal has 'resume'"):
        check_course(order, found, start, resumed=True)


@pytest.mark.parametrize("state", ["issued", "refused", "withdrawn"])
def test_an_order_nobody_claimed_has_no_run(brought: Brought, state: str) -> None:
    brought.ordered(brought.order, state=state)
    assert brought.recompute().reason == f"here never claimed the order out: it is {state}"
    assert brought.store.records.find("here", RUN) is None


def test_an_order_somebody_else_signed_is_none(brought: Brought) -> None:
    brought.ordered(brought.order, by=SealKey(Ed25519PrivateKey.generate()))
    assert "not one that this laboratory signed" in brought.recompute().reason


def test_anothers_order_and_a_second_run_stand_apart(brought: Brought) -> None:
    lines, first = brought.store.journals.lines("here", RUN), brought.events[0]
    laboratory = brought.laboratory.public
    for station, run, why in (
        ("there", RUN, "the order out is for here, the run was at there"),
        ("here", "out-2", "nobody ordered the run out-2"),
    ):
        brought.store.journals.append(station, run, 1, lines, 2.0)
        for _ in range(2):
            assert judge(brought.store, laboratory, station, run, lines[0]) == why
        said = brought.computed.model_copy(update={"station": station, "run": run})
        assert brought.recompute(said).reason == why
        assert brought.store.records.find(station, run) is None
        assert brought.store.journals.lines(station, run) == lines, "it is kept as evidence"
    assert len(brought.store.noted(what="unordered")) == 2, "each once"
    assert brought.store.figures.now(1.0, 1.0).runs_unordered == 2
    assert judge(brought.store, laboratory, "here", RUN, lines[0]) == ""
    assert "no event" in judge(brought.store, laboratory, "here", RUN, b"[]")
    with pytest.raises(JournalBroken, match="not the start of a run"):
        check_start(brought.order, {**first.data, "roles": 7})


def test_what_differs_is_told_and_gets_no_certificate(
    brought: Brought, folder: HubFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, order = brought.store, brought.order
    head = order.order.order.model_copy(update={"certificate": "C-2", "demonstration": False})
    dut = order.order.dut.model_copy(update={"serial": "M2"})
    brought.ordered(
        order.model_copy(update={"order": order.order.model_copy(update={"order": head, "dut": dut})})
    )
    reason = brought.recompute().reason
    assert "order.certificate: ordered 'C-2', the journal has 'C-1'" in reason
    assert "order.demonstration: ordered False, the journal has True" in reason
    assert "dut.serial: ordered 'M2', the journal has 'M1'" in reason
    assert main(["runs", "--hub", str(folder.path)]) == 0
    said = capsys.readouterr().out
    assert "UNORDERED" in said
    assert "dut.serial: ordered 'M2', the journal has 'M1'" in said
    # Even what was computed before, by whatever, gets no certificate.
    brought.ordered(order)
    assert brought.recompute().agrees
    brought.ordered(order.model_copy(update={"order": order.order.model_copy(update={"dut": dut})}))
    with pytest.raises(CertificateRefused, match="of what was not ordered"):
        issue(folder, store, "here", RUN, tmp_path / "issued")
    brought.ordered(order)
    row = store.records.find("here", RUN)
    assert row is not None
    for change in ({"number": "C-9"}, {"demonstration": False}):
        record = Record.from_json(row.record).model_copy(update=change).to_json()
        store.records.put(replace(row, record=record))
        with pytest.raises(CertificateRefused, match="of what was not ordered"):
            issue(folder, store, "here", RUN, tmp_path / "issued")
    assert not (tmp_path / "issued").exists()
    assert STATION.public.text == row.key


def test_what_a_station_says_is_bounded_before_it_is_kept(store: Store, brought: Brought) -> None:
    """With the run or the order, and in the audit log, which keeps it for good."""
    said = "\0" + "器" * 10_000
    set_apart(store, "here", RUN, said, said)
    tell_conflict(store, "here", RUN, said)
    note_refusal(store, "here", RUN, said)
    run, order = store.journals.find("here", RUN), store.orders.find(RUN)
    assert run is not None
    assert order is not None
    kept = [run.unordered, run.conflict, order.reason]
    noted = [json.loads(row.data)["reason"] for row in store.noted(limit=3)]
    for text in (*kept, *noted):
        assert "\0" not in text
        assert 9_000 < len(text.encode()) <= 20_002
