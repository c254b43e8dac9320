"""Forgeries of what was read in a run, and when; each with the check that meets it, and what that says."""

from __future__ import annotations

import json
from typing import Any

from exchanged import exchanges_of
from forged import (
    Forgery,
    data,
    exchanges,
    inserted,
    moved,
    observation,
    of_kind,
    place_of,
    values,
)

from remotecal.journal.events import Event, seconds
from remotecal.runs.setups import NOT_SET_UP

YEAR = 365 * 86400.0


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
    said = data(of_kind(events, "replies")[5])
    batch = exchanges_of(said)
    batch[len(batch) // 2].remove()
    said["questions"] = [question for question in said["questions"] if question["replies"]]


def best_sample_again_and_again(events: list[Event]) -> None:
    samples = values(events)["temperature"]
    samples[1:] = [samples[0]] * (len(samples) - 1)


def readings_left_out(events: list[Event]) -> None:
    """So that the warmest alone makes the mean; an order that says how many there are is another check."""
    samples = values(events)["temperature"]
    samples[:] = [max(samples, key=lambda one: float(one["value"]))]


def stable_where_it_was_not(events: list[Event]) -> None:
    found = data(of_kind(events, "stable")[-1])["found"][0]
    found["mean"] += 1000.0


def stable_for_longer_than_it_was_read(events: list[Event]) -> None:
    """So that more readings of a series pass for those of a wait."""
    data(of_kind(events, "stable")[-1])["found"][0]["readings"] *= 10


def set_up_that_was_told(events: list[Event]) -> list[Event]:
    """So that what a device told may be left out."""
    said = {"text": NOT_SET_UP, "instrument": "balance", "failure": "no reply"}
    return inserted(events, place_of(events, "observation"), "note", said)


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


def read_later_than_it_was(events: list[Event]) -> None:
    """What passed from one reading to the other is then divided by more than it took."""
    values(events)["mass_before"]["at"] += 0.1


def read_later_by_a_clock_of_this_world(events: list[Event]) -> None:
    data(events[0])["clock"] = "real"
    values(events)["mass_before"]["at"] += 1.5


def read_a_little_later_by_a_clock_of_this_world(events: list[Event]) -> None:
    data(events[0])["clock"] = "real"
    values(events)["mass_before"]["at"] += 0.5


def waited_for_in_words_alone(events: list[Event]) -> None:
    """The scale was asked at once; that it had come to rest is what the reading's time claims."""
    batches = [exchanges_of(data(event)) for event in of_kind(events, "replies")]
    number = mass(events)["exchange"]
    kept = next(batch for batch in batches if number in {one["number"] for one in batch})
    asked = next(one["at"] for one in kept if one["number"] == number)
    before = max(one["at"] for one in kept if one["at"] < asked)
    for one in kept:
        one["at"] = before if one["at"] == asked else one["at"]


def time_runs_backwards(events: list[Event]) -> None:
    place = place_of(events, "stable")
    events[place] = moved(events[place], -3600)


def time_runs_backwards_at_a_resumption(events: list[Event]) -> list[Event]:
    place = place_of(events, "resume")
    return [*events[:place], *(moved(event, -3 * 3600) for event in events[place:])]


def exchanges_run_backwards(events: list[Event]) -> None:
    one, other, *_ = exchanges_of(data(of_kind(events, "replies")[-1]))
    one["at"] += 60 * 1_000_000
    assert one["at"] > other["at"]


def in_the_future(events: list[Event]) -> list[Event]:
    data(events[0])["clock"] = "real"
    return [moved(event, YEAR) for event in events]


def observed_before_it_began(events: list[Event]) -> None:
    observation(events)["began"] = moved(of_kind(events, "observation")[-1], 60).at


def weighings_exchanged(events: list[Event]) -> None:
    said = values(events)
    said["mass_before"], said["mass_after"] = said["mass_after"], said["mass_before"]


def read_by_another(events: list[Event]) -> None:
    """In the place of what the rig tells stands what tells the air, in the same unit and in time."""
    for one in of_kind(events, "observation"):
        said = data(one)["values"]
        said["pressure"] = [json.loads(json.dumps(said["air_pressure"]))]


READINGS: tuple[tuple[Forgery, str, str], ...] = (
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
    (readings_left_out, "replies", "left out of 1 series"),
    (stable_where_it_was_not, "replies", "is said to be stable at"),
    (stable_for_longer_than_it_was_read, "replies", "are said to be stable"),
    (set_up_that_was_told, "replies", "balance is said not to tell how it is set up, and told it"),
    (roles_swapped, "results", "must be by thermometer.temperature, where ambient has the role thermometer"),
    (read_by_another, "results", "pressure was read by ambient.air_pressure, and must be by rig.pressure"),
    (weighings_exchanged, "results", "was read for mass_after, mass_before, and must in the order"),
    (value_missing, "results", "can't evaluate this evidence"),
    (another_channel, "replies", "was never asked"),
    (another_quantity, "replies", "measure different quantities"),
    (no_such_instrument, "replies", "no instrument 'scale'"),
    (read_before_its_repeat, "times", "the repeat was from"),
    (read_after_its_repeat, "times", "the repeat was from"),
    (read_before_its_exchange, "times", "before its exchange"),
    (read_after_the_next, "times", "nothing it was read from came later"),
    (read_later_than_it_was, "times", "0.1 s after its exchange"),
    (read_later_by_a_clock_of_this_world, "times", "1.5 s after its exchange"),
    (read_a_little_later_by_a_clock_of_this_world, "times", "1 claim to be later than their exchanges"),
    (waited_for_in_words_alone, "times", "nothing it was read from came later"),
    (time_runs_backwards, "times", "before"),
    (time_runs_backwards_at_a_resumption, "times", "'resume' came at"),
    (exchanges_run_backwards, "times", "exchange"),
    (in_the_future, "times", "has not come yet"),
    (observed_before_it_began, "course of the run", "never begun at"),
)
