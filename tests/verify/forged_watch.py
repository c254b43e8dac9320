"""Forgeries of how a run was watched over; each with the check that meets it, and what that says."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from exchanged import exchanges_of
from forged import Forgery, data, moved, of_kind, place_of, without

from remotecal.journal.events import Event, seconds, timestamp

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
    place = place_of(events, "repeat")
    return [*events[:place], *(moved(event, TEN_MINUTES) for event in events[place:])]


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


def behind_the_gap(events: list[Event]) -> int:
    """Return where stands what comes first once the ten minutes are over, and tells of looks."""
    begin = place_of(events, "repeat")
    return next(n for n in range(begin, len(events)) if {HEART, LIMITS} <= looked_at(events[n]))


def looked_at(event: Event) -> set[str]:
    """Return what was looked at while the exchanges of an event were made."""
    return set(data(event).get("watched", ()))


def said_again_behind_a_gap(events: list[Event]) -> list[Event]:
    """As if the watch had begun anew once the ten minutes were over, so that nothing is missed."""
    events, said = nobody_there_for_ten_minutes(events), of_kind(events, "watch")[-1].data
    place = behind_the_gap(events)
    again = Event(0, str(events[place].data["since"]), "watch", said, "")
    return [*events[:place], again, *events[place:]]


def a_remark_instead(events: list[Event], number: int) -> None:
    """Take an event `watch` away, and let all others keep their lines."""
    events[place_of(events, "watch", number)] = of_kind(events, "watch")[number]._replace(
        kind="note", data={"text": "nothing"}
    )


def never_watched_at_all(events: list[Event]) -> None:
    for event in of_kind(events, "replies"):
        data(event).pop("watched", None)
    for _ in range(2):
        a_remark_instead(events, 0)


def not_watched_once_it_was_taken_up(events: list[Event]) -> None:
    for event in events[place_of(events, "resume") :]:
        data(event).pop("watched", None)
        for one in exchanges_of(event.data):
            del one.entry[3:]
    a_remark_instead(events, -1)


def limit_wider_once_it_was_taken_up(events: list[Event]) -> None:
    (limits,) = (look for look in data(of_kind(events, "watch")[-1])["looks"] if look["what"] == LIMITS)
    limits["limits"][0] = "rig.pressure > 900 kPa"


def looks_invented_for_ten_minutes(events: list[Event]) -> list[Event]:
    """Each look that is missing is told, and no reply that it would have had."""
    events = nobody_there_for_ten_minutes(events)
    told = data(events[behind_the_gap(events)])["watched"]
    for looks in told.values():
        looks[0] += 300
        looks[1] -= int(TEN_MINUTES) * 10**6
    return events


def fewer_looks_than_their_distance_tells(events: list[Event]) -> None:
    told = [data(event)["watched"][HEART] for event in of_kind(events, "replies") if "watched" in event.data]
    max(told, key=lambda looks: looks[0])[0] = 2


def came_again_behind_another_reply(events: list[Event]) -> None:
    """The rig said something else in between, and is told to have said the same as before until then."""
    for event in of_kind(events, "replies"):
        for question in data(event)["questions"]:
            for one, following in pairwise(question["replies"]):
                if following[1] > one[1] and following is not question["replies"][0]:
                    one[3:] = [1, following[1] + 10]
                    if one[4] <= _over(event):
                        return
                    del one[3:]
    raise AssertionError("no reply is followed by another")


def _over(event: Event) -> float:
    return (seconds(event.at) - seconds(str(event.data["since"]))) * 1e6


def older_than_it_is(events: list[Event]) -> None:
    """So that nobody asks what was watched."""
    data(events[0])["format"] = 1
    never_watched_at_all(events)


def written_as_an_older_version_did(events: list[Event]) -> None:
    last = of_kind(events, "replies")[-1]
    since = seconds(str(last.data["since"]))
    written = [
        {
            "at": timestamp(since + one["at"] / 1e6),
            **{name: one[name] for name in ("instrument", "number", "reply", "request")},
        }
        for one in exchanges_of(last.data)
    ]
    data(last).clear()
    data(last)["exchanges"] = written


def an_hour_alone_at_the_end(events: list[Event]) -> list[Event]:
    """Behind the last observation, with the pump on."""
    place = place_of(events, "observation") + 1
    behind = [moved(event, 3600.0) for event in events[place:]]
    for event in of_kind(behind, "replies"):
        data(event).pop("watched", None)
    return [*events[:place], *behind]


def looked_at_each_time_by_the_same_reply(events: list[Event]) -> None:
    """What one of two looks was answered is counted for both."""
    for event in of_kind(events, "replies"):
        for one in exchanges_of(event.data):
            if one.again[0]:
                one.entry[3] = 1


def looked_at_every_other_century(events: list[Event]) -> None:
    for event in of_kind(events, "watch"):
        data(event)["looks"][0]["every"] = -1


def longest(events: list[Event]) -> list[dict[str, Any]]:
    """Return the questions of the event that keeps most exchanges."""
    one = max(of_kind(events, "replies"), key=lambda event: len(exchanges_of(event.data)))
    found: list[dict[str, Any]] = data(one)["questions"]
    return found


def question_twice(events: list[Event]) -> None:
    questions = longest(events)
    several = next(question for question in questions if len(question["replies"]) > 1)
    questions.append({**several, "replies": [several["replies"].pop()]})


def question_without_replies(events: list[Event]) -> None:
    longest(events).append({"instrument": "rig", "replies": [], "request": "?"})


def replies_in_another_order(events: list[Event]) -> None:
    for question in longest(events):
        question["replies"].reverse()


def reply_before_the_first(events: list[Event]) -> None:
    longest(events)[0]["replies"][0][1] = -1


def finer_than_the_clock(events: list[Event]) -> None:
    """What is read of it differs between readers."""
    one = of_kind(events, "replies")[-1]
    data(one)["since"] = str(one.data["since"]).replace("Z", "999Z")


def in_another_calendar(events: list[Event]) -> None:
    week = datetime.fromisoformat(events[-1].at).strftime("%G-W%V-%uT%H:%M:%S.%fZ")
    events[-1] = events[-1]._replace(at=week)


WATCH: tuple[tuple[Forgery, str, str], ...] = (
    (nobody_there_for_ten_minutes, "supervision", f"nobody looked at {HEART} for 60"),
    (heart_stopped_for_a_while, "supervision", f"nobody looked at {HEART} for "),
    (limits_hardly_looked_at, "supervision", f"nobody looked at {LIMITS} for "),
    (looked_at_what_nobody_declared, "supervision", "rig.door was looked at, and nobody said it would be"),
    (looked_at_after_it_was_written, "supervision", f"{HEART} can't have been looked at as is told"),
    (apart_for_longer_than_all, "supervision", f"{HEART} can't have been looked at as is told"),
    (looked_at_never, "supervision", f"{HEART} can't have been looked at as is told"),
    (watch_never_declared, "supervision", "came again to a watch that nobody declared"),
    (watched_longer_than_the_event, "times", "came again until"),
    (came_again_in_the_past, "times", "came again until"),
    (came_again_no_times, "events", "replies"),
    (said_again_behind_a_gap, "supervision", "what is watched was said before, in line"),
    (never_watched_at_all, "supervision", "came again to a watch that nobody declared"),
    (not_watched_once_it_was_taken_up, "supervision", "with the same bench file something else was watched"),
    (limit_wider_once_it_was_taken_up, "supervision", "with the same bench file something else was watched"),
    (looks_invented_for_ten_minutes, "supervision", "rig was looked at"),
    (fewer_looks_than_their_distance_tells, "supervision", f"{HEART} can't have been looked at as is told"),
    (came_again_behind_another_reply, "times", "came again until"),
    (older_than_it_is, "events", "no run of format 1 writes that"),
    (an_hour_alone_at_the_end, "supervision", f"nobody looked at {HEART} for 36"),
    (looked_at_each_time_by_the_same_reply, "supervision", "rig was looked at"),
    (looked_at_every_other_century, "events", "watch.looks[0].every is -1"),
    (question_twice, "events", "a question stands there twice"),
    (question_without_replies, "events", "nothing was answered, or too early"),
    (replies_in_another_order, "events", "in another order than they came in"),
    (reply_before_the_first, "events", "nothing was answered, or too early"),
    (finer_than_the_clock, "events", "replies.since is '2026-05-04T08:"),
    (in_another_calendar, "events", "no run writes the time '2026-W19-1T08:"),
    (written_as_an_older_version_did, "events", "replies has 'exchanges', which no run writes"),
)
UNPROVEN_WATCH = {
    nobody_there_for_ten_minutes,
    heart_stopped_for_a_while,
    limits_hardly_looked_at,
    an_hour_alone_at_the_end,
}
"""Where a computer that was asleep, or a slow instrument on the same line, is thinkable."""
