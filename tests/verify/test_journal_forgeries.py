"""What a station's own key can't make true: each forgery of a journal, and the check that meets it.

The forger chains and signs the journal anew and computes the certificate from it.
"""

from __future__ import annotations

import copy
import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from forged import (
    BEGAN,
    NOW,
    Forgery,
    RealRun,
    data,
    exchanges,
    inserted,
    moved,
    observation,
    of_kind,
    place_of,
    real_run,
    signed,
    values,
    without,
)
from made import NOW as MADE_NOW
from made import Made

from remotecal.bench import Bench
from remotecal.certificates.library import Library
from remotecal.clock import SharedClock
from remotecal.procedures.catalogue import find
from remotecal.procedures.evidence import read_evidence
from remotecal.procedures.execute import Company, execute
from remotecal.procedures.journal import Event, read_journal, seconds
from remotecal.procedures.order import Order
from remotecal.procedures.prompts import Scripted
from remotecal.procedures.record import evaluate
from remotecal.sim.assemblies import CLOCK, master_line
from remotecal.verify import verify
from remotecal.verify.course import examine_course
from remotecal.verify.journal import examine_journal
from remotecal.verify.reality import SIMULATED, examine_reality
from remotecal.verify.report import Check, Checklist, Unable
from remotecal.verify.subject import Means

YEAR = 365 * 86400.0


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealRun:
    """A run on a simulated rig, aborted and resumed, with a photo; made once for all forgeries."""
    return real_run(tmp_path_factory.mktemp("real"))


def doubted(checks: dict[str, Check]) -> dict[str, Check]:
    """Return the checks that leave the certificate unproven, but for whose key it is."""
    del checks["journal's signature"]
    return {name: check for name, check in checks.items() if check.needed and check.outcome != "passed"}


def test_the_run_itself_holds(real: RealRun, tmp_path: Path) -> None:
    checks = real.forged(lambda events: events, tmp_path / "run")
    said = checks["course of the run"].said
    assert doubted(checks) == {}
    assert re.search(
        r"abort: the run was stopped: a leak \(Li Wei\); taken up again in line \d+ by Zhang", said
    )
    assert "and repeat 2 at 31.5 m3/h, which had begun, thrown away" in said
    assert checks["answers"].said.startswith("Take a photo of the meter")


def mass(events: list[Event]) -> dict[str, Any]:
    found: dict[str, Any] = values(events)["mass_after"]
    return found


def reply_said_to_be_absent(events: list[Event]) -> None:
    mass(events).update(exchange=None, value=mass(events)["value"] + 0.05)


def reply_absent_and_source_disguised(events: list[Event]) -> None:
    mass(events).update(exchange=None, value=mass(events)["value"] + 0.05, source="mean of many")


def value_edited(events: list[Event]) -> None:
    mass(events)["value"] += 0.01


def reply_edited(events: list[Event]) -> None:
    kept = next(one for one in exchanges(events) if one["number"] == mass(events)["exchange"])
    kept["reply"] = "S S     480.00 kg"


def unit_swapped(events: list[Event]) -> None:
    values(events)["air_pressure"]["unit"] = "kPa"


def u_smaller(events: list[Event]) -> None:
    for one in values(events)["pressure"]:
        one["u"] /= 2


def u_larger(events: list[Event]) -> None:
    for one in values(events)["pressure"]:
        one["u"] *= 2


def u_none(events: list[Event]) -> None:
    values(events)["pressure"][0]["u"] = None


def repeat_copied(events: list[Event]) -> None:
    observation(events)["values"] = values(events, -2)


def repeat_copied_with_new_times(events: list[Event]) -> None:
    *_, one, other = of_kind(events, "observation")
    data(other)["values"] = json.loads(json.dumps(data(one)["values"]))
    began = observation(events)["began"]
    for value in values(events).values():
        for reading in value if isinstance(value, list) else [value]:
            reading["at"] = seconds(began)


def another_instruments_exchange(events: list[Event]) -> None:
    mass(events)["exchange"] = values(events)["humidity"]["exchange"]


def another_requests_exchange(events: list[Event]) -> None:
    kept = [one for one in exchanges(events) if one["number"] < mass(events)["exchange"]]
    mass(events)["exchange"] = next(
        one["number"] for one in reversed(kept) if one["instrument"] == "balance" and one["request"] == "SI"
    )


def exchange_never_kept(events: list[Event]) -> None:
    mass(events)["exchange"] = 10**6


def exchange_twice(events: list[Event]) -> None:
    *_, one, other = exchanges(events)
    other["number"] = one["number"]


def exchange_left_out(events: list[Event]) -> None:
    batch = data(of_kind(events, "replies")[5])["exchanges"]
    del batch[len(batch) // 2]


def best_sample_again_and_again(events: list[Event]) -> None:
    samples = values(events)["temperature"]
    samples[1:] = [samples[0]] * (len(samples) - 1)


def roles_swapped(events: list[Event]) -> None:
    """So that another certificate corrects the readings."""
    roles = data(events[0])["roles"]
    roles["thermometer"], roles["ambient"] = roles["ambient"], roles["thermometer"]


def value_missing(events: list[Event]) -> None:
    del values(events)["mass_after"]


def another_channel(events: list[Event]) -> None:
    for event in of_kind(events, "instrument"):
        if event.data["name"] == "thermometer":
            data(event)["settings"]["channel"] = 2


def another_quantity(events: list[Event]) -> None:
    values(events)["humidity"].update(source="ambient.air_temperature")


def no_such_instrument(events: list[Event]) -> None:
    mass(events)["source"] = "scale.settled_mass"


def read_before_its_repeat(events: list[Event]) -> None:
    mass(events)["at"] = seconds(observation(events)["began"]) - 1


def read_after_its_repeat(events: list[Event]) -> None:
    mass(events)["at"] += 0.5


def read_before_its_exchange(events: list[Event]) -> None:
    mass(events)["at"] -= 1


def read_after_the_next(events: list[Event]) -> None:
    samples = values(events)["temperature"]
    samples[3]["at"] = samples[5]["at"]


def time_runs_backwards(events: list[Event]) -> None:
    place = place_of(events, "stable")
    events[place] = moved(events[place], -3600)


def time_runs_backwards_at_a_resumption(events: list[Event]) -> list[Event]:
    place = place_of(events, "resume")
    return [*events[:place], *(moved(event, -3 * 3600) for event in events[place:])]


def exchanges_run_backwards(events: list[Event]) -> None:
    one, other, *_ = data(of_kind(events, "replies")[-1])["exchanges"]
    one["at"] = moved(Event(0, one["at"], "", {}, ""), 60).at
    assert one["at"] > other["at"]


def in_the_future(events: list[Event]) -> list[Event]:
    data(events[0])["clock"] = "real"
    return [moved(event, YEAR) for event in events]


def observed_before_it_began(events: list[Event]) -> None:
    observation(events)["began"] = moved(of_kind(events, "observation")[-1], 60).at


def identity_reply_of_another(events: list[Event]) -> None:
    for one in exchanges(events):
        if one["request"] == "@":
            one["reply"] = 'I4 A "B512870000"'


def another_by_a_later_reply(events: list[Event]) -> None:
    """The instrument was exchanged in the middle, and only a reconnection tells."""
    *_, one = (one for one in exchanges(events) if one["request"] == "SEND")
    text = one["reply"].replace("E4420011", "E4420099")
    body = text[:-4]
    one["reply"] = body + f"{sum(body.lstrip().encode()) % 65536:04X}"


def event_of_another(events: list[Event]) -> None:
    for event in of_kind(events, "instrument"):
        if event.data["name"] == "balance":
            data(event)["model"] = "XPR 6003"


def another_after_the_resumption(events: list[Event]) -> None:
    place = place_of(events, "resume")
    text = json.dumps([event.data for event in events[place:]]).replace("B512874411", "B512870000")
    for event, said in zip(events[place:], json.loads(text), strict=True):
        data(event).update(said)


def another_than_its_certificates(events: list[Event]) -> None:
    for event in events[1:]:
        said = json.loads(json.dumps(event.data).replace("B512874411", "B512870000"))
        data(event).update(said)


def one_never_opened(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind != "instrument" or event.data["name"] != "balance"]


def one_not_opened_again(events: list[Event]) -> list[Event]:
    return without(events, "instrument")


def fact_out_of_date(events: list[Event]) -> None:
    data(events[0])["characteristics"]["connecting_volume"]["valid_until"] = "2026-05-01"


def certificate_out_of_date(events: list[Event]) -> None:
    text = json.dumps(data(events[0])["certificates"])
    until = re.search(r'"day": "(\d{4}-\d\d-\d\d)"', text)
    assert until
    data(events[0])["certificates"] = json.loads(text.replace(until[1], "2026-05-01"))


def class_of_another_order(events: list[Event]) -> None:
    data(events[0])["parameters"]["accuracy_class"] = 5.0


def fewer_repeats(events: list[Event]) -> list[Event]:
    start = data(events[0])
    start["parameters"]["repeats"] = 2
    start["order"]["parameters"]["repeats"] = 3
    return events


def fewer_repeats_in_points_alone(events: list[Event]) -> list[Event]:
    for point in data(events[0])["points"]:
        point["repeats"] = 1
    data(of_kind(events, "finish")[0])["observations"] = 2
    return [e for e in events if e.kind not in {"observation", "repeat"} or e.data["repeat"] == 1]


def point_missing(events: list[Event]) -> list[Event]:
    data(events[0])["points"].pop()
    data(of_kind(events, "finish")[0])["observations"] = 2
    cut = place_of(events, "point")
    return [*events[:cut], *[e for e in events[cut:] if e.kind in {"safe", "finish"}]]


def points_reordered(events: list[Event]) -> None:
    data(events[0])["points"].reverse()


def results_used_behind_a_trip(events: list[Event]) -> list[Event]:
    said = {"error": "InterlockTripped", "occurred": events[-1].at, "text": "rig.pressure is 600 kPa"}
    return inserted(events, place_of(events, "observation"), "interlock", said)


def trip_forgotten(events: list[Event]) -> list[Event]:
    """Neither safe state nor resumption after it."""
    return without(events, "resume")


def end_not_safe(events: list[Event]) -> None:
    data(of_kind(events, "safe")[-1])["reached"] = False


def end_without_a_safe_state(events: list[Event]) -> list[Event]:
    return without(events, "safe")


def beginning_without_a_safe_state(events: list[Event]) -> list[Event]:
    return without(events, "safe", 0)


def beginning_not_safe(events: list[Event]) -> None:
    data(of_kind(events, "safe")[0])["reached"] = False


def finished_before_the_last_observation(events: list[Event]) -> list[Event]:
    finish = events.pop(place_of(events, "finish"))
    events.insert(place_of(events, "observation"), finish)
    return events


def something_after_the_end(events: list[Event]) -> list[Event]:
    return [*events, events[-1]._replace(kind="note", data={"text": "all well"})]


def beginning_of_a_repeat_removed(events: list[Event]) -> list[Event]:
    return without(events, "repeat")


def thrown_away_repeat_hidden(events: list[Event]) -> list[Event]:
    """Only the beginning of the repeat that was aborted and measured anew."""
    return without(events, "repeat", 1)


def measured_while_paused(events: list[Event]) -> list[Event]:
    return inserted(events, place_of(events, "repeat"), "pause", {})


def point_never_turned_to(events: list[Event]) -> list[Event]:
    return without(events, "point")


def observations_swapped(events: list[Event]) -> None:
    *_, one, other = of_kind(events, "observation")
    data(one)["repeat"], data(other)["repeat"] = 2, 1


def observations_miscounted(events: list[Event]) -> None:
    data(of_kind(events, "finish")[0])["observations"] = 3


def written_by_an_older_version(events: list[Event]) -> list[Event]:
    """Which did not tell when repeats began."""
    del data(events[0])["clock"]
    return [event for event in events if event.kind != "repeat"]


def unknown_event(events: list[Event]) -> list[Event]:
    return inserted(events, place_of(events, "finish"), "correction", {"balance": 0.5})


def unknown_field_of_an_event(events: list[Event]) -> None:
    observation(events)["weight"] = 2


def unknown_field_of_a_reading(events: list[Event]) -> None:
    mass(events)["corrected"] = 480.0


def unknown_field_of_an_exchange(events: list[Event]) -> None:
    next(exchanges(events))["remark"] = "as found"


def unknown_field_of_the_start(events: list[Event]) -> None:
    data(events[0])["points"][0]["weight"] = 2


def truth_for_a_number(events: list[Event]) -> None:
    next(event for event in of_kind(events, "repeat") if event.data["repeat"] == 1).data["repeat"] = True  # type: ignore[index]


def text_for_a_number(events: list[Event]) -> None:
    mass(events)["value"] = str(mass(events)["value"])


def simulator_by_its_clock(events: list[Event]) -> None:
    data(events[0])["order"]["order"]["demonstration"] = False


def simulator_by_its_serials(events: list[Event]) -> None:
    data(events[0])["order"]["order"]["demonstration"] = False
    data(events[0])["clock"] = "real"


def answer_to_nothing(events: list[Event]) -> None:
    data(of_kind(events, "answer")[0])["prompt"] = 1


def answer_edited(events: list[Event]) -> None:
    data(of_kind(events, "answer")[0])["answer"] = "ab" * 32


def answered_as_nobody_could(events: list[Event]) -> None:
    data(of_kind(events, "prompt")[0]).update(kind="choice", options=["yes", "no"])


def photo_exchanged(events: list[Event]) -> None:
    data(of_kind(events, "file")[0])["sha256"] = "ab" * 32


FORGERIES: tuple[tuple[Forgery, str, str], ...] = (
    (reply_said_to_be_absent, "replies", "balance.settled_mass names no exchange"),
    (reply_absent_and_source_disguised, "replies", "1 values name no reply"),
    (value_edited, "replies", "the observation"),
    (reply_edited, "replies", "says 480.0 kg"),
    (unit_swapped, "replies", "kPa, the observation"),
    (u_smaller, "replies", "has u ="),
    (u_larger, "replies", "has u ="),
    (u_none, "replies", "the observation None"),
    (repeat_copied, "times", "the repeat was from"),
    (repeat_copied_with_new_times, "replies", "is of another repeat"),
    (another_instruments_exchange, "replies", "is of ambient"),
    (another_requests_exchange, "replies", "the observation"),
    (exchange_never_kept, "replies", "no exchange 1000000 was kept"),
    (exchange_twice, "replies", "is due"),
    (exchange_left_out, "replies", "is due"),
    (best_sample_again_and_again, "replies", "stands for several readings"),
    (roles_swapped, "results", "was read where ambient has the role thermometer"),
    (value_missing, "results", "can't evaluate run"),
    (another_channel, "replies", "was never asked"),
    (another_quantity, "replies", "measure different quantities"),
    (no_such_instrument, "replies", "no instrument 'scale'"),
    (read_before_its_repeat, "times", "the repeat was from"),
    (read_after_its_repeat, "times", "the repeat was from"),
    (read_before_its_exchange, "times", "before its exchange"),
    (read_after_the_next, "times", "gave before claims"),
    (time_runs_backwards, "times", "before"),
    (time_runs_backwards_at_a_resumption, "times", "'resume' came at"),
    (exchanges_run_backwards, "times", "exchange"),
    (in_the_future, "times", "has not come yet"),
    (observed_before_it_began, "course of the run", "never begun at"),
    (identity_reply_of_another, "instruments", "SN B512870000, the journal that it is"),
    (another_by_a_later_reply, "instruments", "SN E4420099, the journal that it is"),
    (event_of_another, "instruments", "XPR 6003"),
    (another_after_the_resumption, "instruments", "has serial 'B512870000'"),
    (another_than_its_certificates, "instruments", "is for B512874411"),
    (one_never_opened, "instruments", "balance took part, and was never opened"),
    (one_not_opened_again, "instruments", "are not the bench's instruments"),
    (
        fact_out_of_date,
        "facts of the rig",
        "connecting_volume was valid until 2026-05-01, used on 2026-05-04",
    ),
    (certificate_out_of_date, "facts of the rig", "was valid until 2026-05-01, used on 2026-05-04"),
    (class_of_another_order, "results", "the run took 5.0 for accuracy_class, order"),
    (fewer_repeats, "results", "the run took 2 for repeats, order"),
    (fewer_repeats_in_points_alone, "results", "31.5 m3/h × 1, 14 m3/h × 1, order"),
    (point_missing, "results", "asks for 31.5 m3/h × 2, 14 m3/h × 2"),
    (points_reordered, "course of the run", "where repeat 1 at 14 m3/h was due"),
    (results_used_behind_a_trip, "course of the run", "'observation' can't come where the run is stopped"),
    (trip_forgotten, "course of the run", "can't come where the run is stopped safe"),
    (end_not_safe, "course of the run", "'finish' can't come where the run is unsafe"),
    (end_without_a_safe_state, "course of the run", "'finish' can't come where the run is on"),
    (beginning_without_a_safe_state, "course of the run", "can't come where the run is opening"),
    (beginning_not_safe, "course of the run", "can't come where the run is unsafe"),
    (finished_before_the_last_observation, "course of the run", "'finish' can't come"),
    (something_after_the_end, "course of the run", "'note' can't come where the run is finished"),
    (beginning_of_a_repeat_removed, "course of the run", "was observed, and never begun"),
    (measured_while_paused, "course of the run", "'repeat' can't come where the run is paused"),
    (point_never_turned_to, "course of the run", "the run had turned to 31.5 m3/h"),
    (observations_swapped, "course of the run", "where repeat 1 at 14 m3/h was due"),
    (observations_miscounted, "course of the run", "complete with 3 observations, of which 4 came"),
    (written_by_an_older_version, "course of the run", "repeats that were thrown away do not show"),
    (unknown_event, "events", "no run writes an event 'correction'"),
    (unknown_field_of_an_event, "events", "observation has 'weight'"),
    (unknown_field_of_a_reading, "events", "observation.values is"),
    (unknown_field_of_an_exchange, "events", "has 'remark'"),
    (unknown_field_of_the_start, "events", "points.0.weight"),
    (truth_for_a_number, "events", "repeat.repeat is True"),
    (text_for_a_number, "events", "observation.values is"),
    (simulator_by_its_clock, "real instruments", "lived by a virtual clock"),
    (simulator_by_its_serials, "real instruments", "balance (SN B512874411)"),
    (answer_to_nothing, "answers", "where no question is open"),
    (answer_edited, "answers", "no such file was added"),
    (answered_as_nobody_could, "answers", "answer one of: yes, no"),
    (photo_exchanged, "files", "not in"),
)
"""Each forgery, the check that meets it, and what that says."""


@pytest.mark.parametrize(
    ("forgery", "name", "says"), FORGERIES, ids=[forgery.__name__ for forgery, *_ in FORGERIES]
)
def test_a_forged_journal_proves_nothing(
    real: RealRun, tmp_path: Path, forgery: Forgery, name: str, says: str
) -> None:
    found = doubted(real.forged(forgery, tmp_path / "forged"))
    assert name in found
    assert says in found[name].said
    assert found[name].outcome == "failed" or forgery in UNPROVEN


UNPROVEN = {
    reply_absent_and_source_disguised,
    another_channel,
    written_by_an_older_version,
    photo_exchanged,
}
"""Where an honest reason is thinkable, so that nothing is proven and nobody accused."""


def test_repeats_of_the_very_same_values_are_told(real: RealRun, tmp_path: Path) -> None:
    """Their exchanges may have been copied with them; a coarse instrument may say the same twice."""
    events = copy.deepcopy(list(real.events))
    observation(events)["values"] = values(events, -2)
    *_, one, other = of_kind(events, "observation")
    assert examine_course(events).endswith(f"lines {one.seq}, {other.seq} have the very same values")


@pytest.mark.parametrize(
    ("forgery", "name"),
    [(value_edited, "replies"), (end_without_a_safe_state, "course of the run"), (unknown_event, "events")],
)
def test_the_whole_verification_says_so(made: Made, forgery: Forgery, name: str) -> None:
    """Certificate and journal signed anew by keys on the trust list, all of one cast but for one word."""
    events = [event for event in read_journal(made.journal) if event.kind != "signature"]
    mass_of_made = values(events)["mass"]
    values(events)["mass_after"] = values(events).pop("mass")
    events = forgery(events) or events
    values(events)["mass"] = values(events).pop("mass_after", mass_of_made)
    made.journal.write_bytes(signed(events, made.keys.station))
    made.seal(made.recompute(made.run))
    report = verify(
        made.certificate,
        journal=made.run,
        trust=made.trust(),
        library=Library([made.standards]),
        recompute=made.recompute,
        now=MADE_NOW,
    )
    assert report.verdict == "fails"
    assert [check.name for check in report.failures] == [name]


def test_a_run_with_a_master_meter_holds(tmp_path: Path) -> None:
    clock = SharedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with master_line(tmp_path / "rig", seed=5, clock=clock) as rig:
        order = Order.load(rig.order)
        terms = {**order.parameters, "flows": [20.0], "repeats": 2}
        order = order.model_copy(update={"parameters": terms})
        found = find("water_master_meter")
        execute(order, found, Bench.load(rig.bench), tmp_path / "run", Company(Scripted()), clock)
    checks = Checklist()
    record = evaluate(read_evidence(tmp_path / "run"), found)
    examine_journal(
        checks, record, tmp_path / "run", Means(NOW, None, Library([tmp_path / "rig"]), None, None)
    )
    assert list(doubted({check.name: check for check in checks.checks})) == []


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("TCPIP::127.0.0.1::5025::SOCKET", True),
        ("TCPIP0::localhost::inst0::INSTR", True),
        ("TCPIP::[::1]::5025::SOCKET", True),
        ("modbus+tcp://127.8.9.10:502", True),
        ("TCPIP::127.1::5025::SOCKET", True),
        ("modbus+tcp://0x7f000001", True),
        ("ASRL/dev/ttyp0::INSTR", True),
        ("modbus+rtutcp://[::ffff:127.0.0.1]:502", True),
        ("tcpip::0.0.0.0::5025::socket", True),
        ("ASRL/dev/pts/3::INSTR", True),
        ("modbus+rtu:///dev/pts/0", True),
        ("TCPIP::10.0.0.5::5025::SOCKET", False),
        ("TCPIP::balance.example::5025::SOCKET", False),
        ("ASRL/dev/ttyUSB0::INSTR", False),
        ("ASRL/dev/ttyS1::INSTR", False),
        ("GPIB0::7::INSTR", False),
        ("station://site/balance", False),
    ],
)
def test_an_instrument_on_the_station_itself_proves_nothing(real: RealRun, address: str, here: bool) -> None:
    """It may be a simulator; it may be a gateway of which the laboratory must tell."""
    events = copy.deepcopy(list(real.events))
    simulator_by_its_serials(events)
    for event in of_kind(events, "instrument"):
        data(event).update(serial="1", address=address)
    if here:
        with pytest.raises(Unable, match=r"reached on the station itself: ambient at .*a gateway"):
            examine_reality(events, demonstration=False)
    else:
        assert "6 instruments" in examine_reality(events, demonstration=False)
    assert "a demonstration" in examine_reality(events, demonstration=True)


SIMULATORS = ("balance", "counter", "multimeter", "thermometers")


def test_the_simulators_serial_numbers_are_known() -> None:
    told = set()
    for module in (import_module(f"remotecal.sim.{name}") for name in SIMULATORS):
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                serial = inspect.signature(kind).parameters.get("serial")
                told |= {serial.default} if serial else set()
    assert told - {"X0000000", inspect.Parameter.empty} == SIMULATED
