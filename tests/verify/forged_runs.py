"""Forgeries of who took part in a run and what became of it; each with the check that meets it."""

from __future__ import annotations

import json
import re

from forged import (
    Forgery,
    data,
    exchanges,
    inserted,
    observation,
    of_kind,
    place_of,
    values,
    without,
)

from remotecal.journal.events import Event


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


def counter_that_wraps_elsewhere(events: list[Event]) -> None:
    """So that a total that fell, by a power cut, is taken for one that wrapped."""
    for event in of_kind(events, "instrument"):
        data(event)["wraps"] = {"value": 100.0}


def another_after_the_resumption(events: list[Event]) -> None:
    place = place_of(events, "resume")
    text = json.dumps([event.data for event in events[place:]]).replace("B512874411", "B512870000")
    for event, said in zip(events[place:], json.loads(text), strict=True):
        data(event).update(said)


def another_than_its_certificates(events: list[Event]) -> None:
    for event in events[1:]:
        said = json.loads(json.dumps(event.data).replace("B512874411", "B512870000"))
        data(event).update(said)


def artefact_without_its_certificate(events: list[Event]) -> None:
    """So that the certificate does not name it, where the procedure goes without."""
    data(events[0])["artefacts"]["weight"] = "W-1"


def one_never_opened(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind != "instrument" or event.data["name"] != "balance"]


def one_from_nowhere(events: list[Event]) -> None:
    """No reading names its reply, which may be taken for something that stood by."""
    question = max(
        (one for event in of_kind(events, "replies") for one in event.data["questions"]),
        key=lambda one: len(one["replies"]),
    )
    (event,) = (one for one in of_kind(events, "replies") if question in one.data["questions"])
    *_, entry = question["replies"]
    question["replies"].remove(entry)
    event.data["questions"].append({**question, "instrument": "bystander", "replies": [entry]})


def one_not_opened_again(events: list[Event]) -> list[Event]:
    return without(events, "instrument")


def fact_out_of_date(events: list[Event]) -> None:
    data(events[0])["characteristics"]["granulate_density"]["valid_until"] = "2026-05-01"


def certificate_out_of_date(events: list[Event]) -> None:
    text = json.dumps(data(events[0])["certificates"])
    until = re.search(r'"day": "(\d{4}-\d\d-\d\d)"', text)
    assert until
    data(events[0])["certificates"] = json.loads(text.replace(until[1], "2026-05-01"))


def parameter_of_a_later_text(events: list[Event]) -> None:
    """As a run before it: its procedure then leaves out of the budget what counts since."""
    start = data(events[0])
    del start["parameters"][min(start["parameters"].keys() - start["order"]["parameters"].keys())]


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


def repeats_without_end(events: list[Event]) -> None:
    """More than any memory could list."""
    data(events[0])["points"][-1]["repeats"] = 10**15


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
    values(events)["mass_after"]["corrected"] = 480.0


def unknown_field_of_an_exchange(events: list[Event]) -> None:
    next(exchanges(events))["remark"] = "as found"


def unknown_field_of_the_start(events: list[Event]) -> None:
    data(events[0])["points"][0]["weight"] = 2


def truth_for_a_number(events: list[Event]) -> None:
    next(event for event in of_kind(events, "repeat") if event.data["repeat"] == 1).data["repeat"] = True  # type: ignore[index]


def text_for_a_number(events: list[Event]) -> None:
    values(events)["mass_after"]["value"] = str(values(events)["mass_after"]["value"])


def correlated_by_more_than_one(events: list[Event]) -> None:
    """By which the difference of two weights would be better known than if they had all in common."""
    for used in data(events[0])["certificates"].values():
        used["correlation"] = 1.9


def question_without_words(events: list[Event]) -> None:
    data(of_kind(events, "prompt")[0])["question"] = {}


def safe_before_it_was_asked_for(events: list[Event]) -> None:
    data(of_kind(events, "safe")[0])["seconds"] = -0.5


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


RUNS: tuple[tuple[Forgery, str, str], ...] = (
    (identity_reply_of_another, "instruments", "SN B512870000, the journal that it is"),
    (another_by_a_later_reply, "instruments", "SN E4420099, the journal that it is"),
    (event_of_another, "instruments", "XPR 6003"),
    (counter_that_wraps_elsewhere, "instruments", "wrap elsewhere than its driver says"),
    (another_after_the_resumption, "instruments", "has serial 'B512870000'"),
    (another_than_its_certificates, "instruments", "is for B512874411"),
    (artefact_without_its_certificate, "instruments", "weight is an artefact without a certificate"),
    (one_never_opened, "instruments", "balance took part, and was never opened"),
    (one_from_nowhere, "instruments", "bystander answered, and was never opened"),
    (one_not_opened_again, "instruments", "are not the bench's instruments"),
    (
        fact_out_of_date,
        "facts of the rig",
        "granulate_density was valid until 2026-05-01, used on 2026-05-04",
    ),
    (certificate_out_of_date, "facts of the rig", "was valid until 2026-05-01, used on 2026-05-04"),
    (parameter_of_a_later_text, "results", ", as runs did before the text of dosing that it followed"),
    (class_of_another_order, "results", "the run took 5.0 for accuracy_class, order"),
    (fewer_repeats, "results", "the run took 2 for repeats, order"),
    (fewer_repeats_in_points_alone, "results", "90 % × 1, 40 % × 1, order"),
    (repeats_without_end, "course of the run", "1000000000000002 were due"),
    (point_missing, "results", "asks for 90 % × 2, 40 % × 2"),
    (points_reordered, "course of the run", "where repeat 1 at 40 % was due"),
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
    (point_never_turned_to, "course of the run", "the run had turned to 90 %"),
    (observations_swapped, "course of the run", "where repeat 1 at 40 % was due"),
    (observations_miscounted, "course of the run", "complete with 3 observations, of which 4 came"),
    (written_by_an_older_version, "course of the run", "repeats that were thrown away do not show"),
    (unknown_event, "events", "no run writes an event 'correction'"),
    (unknown_field_of_an_event, "events", "observation has 'weight'"),
    (unknown_field_of_a_reading, "events", "observation.values is"),
    (unknown_field_of_an_exchange, "events", "has 'remark'"),
    (unknown_field_of_the_start, "events", "points.0.weight"),
    (truth_for_a_number, "events", "repeat.repeat is True"),
    (text_for_a_number, "events", "observation.values is"),
    (question_without_words, "events", "prompt.question is {}"),
    (safe_before_it_was_asked_for, "events", "safe.seconds is -0.5"),
    (correlated_by_more_than_one, "events", "correlation"),
    (simulator_by_its_clock, "real instruments", "lived by a virtual clock"),
    (simulator_by_its_serials, "real instruments", "balance (SN B512874411)"),
    (answer_to_nothing, "answers", "where no question is open"),
    (answer_edited, "answers", "no such file was added"),
    (answered_as_nobody_could, "answers", "answer one of: yes, no"),
    (photo_exchanged, "files", "not in"),
)
