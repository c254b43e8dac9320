"""Forgeries of how a run was watched over; each with the check that meets it, and what that says."""

from __future__ import annotations

from typing import Any

from exchanged import exchanges_of
from forged import Forgery, data, moved, of_kind, place_of, without

from remotecal.journal.events import Event

HEART = "rig.heartbeat"
LIMITS = "rig.level, rig.pressure, thermometer.temperature"
TEN_MINUTES = 600.0


def looks(events: list[Event], number: int = -1) -> dict[str, list[int]]:
    """Return what was looked at in one of the events in which that is told."""
    told = [event for event in of_kind(events, "replies") if "watched" in event.data]
    found: dict[str, list[int]] = data(told[number])["watched"]
    return found


def nobody_there_for_ten_minutes(events: list[Event]) -> list[Event]:
    """Between two repeats, and nothing else shows it: whatever came then was cut out."""
    place = place_of(events, "repeat") - 1
    while events[place].kind != "stable":
        place -= 1
    return [*events[: place + 1], *(moved(event, TEN_MINUTES) for event in events[place + 1 :])]


def heart_stopped_for_a_while(events: list[Event]) -> None:
    for event in of_kind(events, "replies")[8:]:
        data(event).get("watched", {}).pop(HEART, None)


def limits_hardly_looked_at(events: list[Event]) -> None:
    told = [data(event)["watched"] for event in of_kind(events, "replies") if "watched" in event.data]
    longest = max((one[LIMITS] for one in told if LIMITS in one), key=lambda looks: looks[2] - looks[1])
    assert longest[2] - longest[1] > 30 * 10**6
    longest[3] = longest[2] - longest[1]


def looked_at_what_nobody_declared(events: list[Event]) -> None:
    looks(events)["rig.door"] = [3, 0, 1, 1]


def apart_for_longer_than_all(events: list[Event]) -> None:
    looks(events)[HEART][3] = 10**9


def looked_at_after_it_was_written(events: list[Event]) -> None:
    looks(events)[HEART][2] += 3600 * 10**6


def looked_at_never(events: list[Event]) -> None:
    looks(events)[HEART][0] = 0


def watch_never_declared(events: list[Event]) -> list[Event]:
    return without(without(events, "watch"), "watch", 0)


def watched_longer_than_the_event(events: list[Event]) -> None:
    """A reply that came again is told as if it had come after what stands below."""
    again = [one for event in of_kind(events, "replies") for one in exchanges_of(event.data) if one.again[0]]
    entry: list[Any] = again[0].entry
    entry[4] += 3600 * 10**6


def came_again_in_the_past(events: list[Event]) -> None:
    again = [one for event in of_kind(events, "replies") for one in exchanges_of(event.data) if one.again[0]]
    again[0].entry[4] = again[0]["at"] - 1


def came_again_no_times(events: list[Event]) -> None:
    again = [one for event in of_kind(events, "replies") for one in exchanges_of(event.data) if one.again[0]]
    again[0].entry[3] = 0


WATCH: tuple[tuple[Forgery, str, str], ...] = (
    (nobody_there_for_ten_minutes, "supervision", f"nobody looked at {HEART} for 60"),
    (heart_stopped_for_a_while, "supervision", f"nobody looked at {HEART} for "),
    (limits_hardly_looked_at, "supervision", f"nobody looked at {LIMITS} for "),
    (looked_at_what_nobody_declared, "supervision", "rig.door was looked at, and nobody said it would be"),
    (looked_at_after_it_was_written, "supervision", f"{HEART} can't have been looked at as is told"),
    (apart_for_longer_than_all, "supervision", f"{HEART} can't have been looked at as is told"),
    (looked_at_never, "supervision", f"{HEART} can't have been looked at as is told"),
    (watch_never_declared, "supervision", "was looked at, and nobody said it would be"),
    (watched_longer_than_the_event, "times", "came again until"),
    (came_again_in_the_past, "times", "came again until"),
    (came_again_no_times, "events", "replies"),
)
UNPROVEN_WATCH = {nobody_there_for_ten_minutes, heart_stopped_for_a_while, limits_hardly_looked_at}
"""Where a computer that was asleep, or a slow instrument on the same line, is thinkable."""
