"""What an event of a journal may hold: its kind, its members, and of which form each is.

Whatever is unknown here was written by nobody's run: a member that nobody reads may say to a person
what the evaluation does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, cast

from remotecal.errors import EvidenceError, JournalBroken
from remotecal.journal.events import KINDS
from remotecal.journal.evidence import read_instrument, start_of
from remotecal.journal.files import read_attached

if TYPE_CHECKING:
    from pydantic import BaseModel

    from remotecal.journal.events import Event, Json

Form: TypeAlias = "Callable[[object], bool] | Mapping[str, Form] | list[Form]"
"""Of what form something is: as a function says, with these members ("?": may be missing), or a list."""


_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def _text(written: object) -> bool:
    return type(written) is str


def _time(written: object) -> bool:
    """Tell whether this is a time as journals write it, of which no reader makes another one."""
    return isinstance(written, str) and _TIME.fullmatch(written) is not None


def _number(written: object) -> bool:
    return type(written) in {int, float}


def _interval(written: object) -> bool:
    return _number(written) and isinstance(written, int | float) and written > 0


def _span(written: object) -> bool:
    """Tell whether this is a time that something may have taken."""
    return isinstance(written, int | float) and _number(written) and written >= 0


def _whole(written: object) -> bool:
    return type(written) is int


def _truth(written: object) -> bool:
    return type(written) is bool


def _texts(written: object) -> bool:
    return isinstance(written, Mapping) and all(map(_text, written.values()))


def _said(written: object) -> bool:
    """Tell whether this says something in some language."""
    return _texts(written) and bool(written)


def _kept(written: object) -> bool:
    told = isinstance(written, Mapping) and set(written) in ({"hex"}, {"file"}) and _texts(written)
    return _text(written) or told


def _answered(written: object) -> bool:
    """Tell whether this is number, time and reply, and may be how often it came again, and when last."""
    return isinstance(written, list) and (
        (len(written) == 3 or (len(written) == 5 and all(map(_whole, written[3:])) and written[3] > 0))
        and all(map(_whole, written[:2]))
        and _kept(written[2])
    )


def _looks(written: object) -> bool:
    """Tell whether this is what was looked at → how often, first, last and longest."""
    return isinstance(written, Mapping) and all(
        isinstance(one, list) and len(one) == 4 and all(map(_whole, one)) for one in written.values()
    )


def _values(written: object) -> bool:
    """Tell whether this is what an observation yields; see `procedures.values.pack`."""
    return isinstance(written, Mapping) and all(map(_value, written.values()))


def _value(written: object) -> bool:
    if isinstance(written, list):
        return all(map(_measured, written))
    if isinstance(written, dict) and len(written) == 1:
        return _waveform(written) or _file(written)
    return _measured(written) or _text(written) or _number(written)


def _pair(written: object) -> bool:
    """Tell whether these are two numbers, such as slope and constant of an uncertainty."""
    return (
        isinstance(written, list)
        and len(written) == len(("slope", "constant"))
        and all(map(_number, written))
    )


def _or_none(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda written: written is None or form(written)


def _fits(form: Form) -> Callable[[object], bool]:
    """Return what tells whether something is of a form, and nothing more; what is wrong says `_fault`."""
    if isinstance(form, list):
        part = _fits(form[0])
        return lambda written: type(written) is list and all(map(part, written))
    if not isinstance(form, Mapping):
        return form
    parts = {name.rstrip("?"): _fits(part) for name, part in form.items()}
    needed = parts.keys() & form.keys()

    def fits(written: object) -> bool:
        if type(written) is not dict or not needed <= written.keys() <= parts.keys():
            return False
        return all(parts[name](value) for name, value in written.items())

    return fits


MEASURED: Mapping[str, Form] = {
    "at": _number,
    "exchange": _or_none(_whole),
    "source": _text,
    "u": _or_none(_number),
    "unit": _text,
    "value": _number,
}
"""An indication."""

WAVEFORM: Mapping[str, Form] = {
    "at": _number,
    "begins": _number,
    "count": _whole,
    "exchange": _or_none(_whole),
    "offset": _number,
    "sample": _text,
    "scale": _number,
    "sha256": _text,
    "skip": _whole,
    "source": _text,
    "step": _or_none(_number),
    "u": _or_none(_pair),
    "unit": _text,
}
"""A waveform, whose samples stand in a file."""

_measured, _waveform, _file = _fits(MEASURED), _fits({"waveform": WAVEFORM}), _fits({"file": _text})

EXCHANGES: Mapping[str, Form] = {
    "questions": [{"instrument": _text, "replies": [_answered], "request": _kept}],
    "since": _time,
    "watched?": _looks,
}
"""What an event `replies` says; see `remotecal.journal.exchanges`."""
EXCHANGES_OF_FORMAT_1: Mapping[str, Form] = {
    "exchanges": [
        {"at": _time, "instrument": _text, "number": _whole, "reply": _kept, "request": _kept},
    ]
}
"""What older versions wrote."""
_FOUND: Form = {
    "mean": _number,
    "quantity": _text,
    "readings": _whole,
    "slope": _number,
    "spread": _number,
    "unit": _text,
}
_ENDED: Mapping[str, Form] = {"error": _text, "occurred?": _time, "text": _text}

SHAPES: Mapping[str, Mapping[str, Form]] = {
    "point": {"point": _text},
    "watch": {"looks": [{"every": _interval, "limits": [_text], "what": _text}]},
    "stable": {"found": [_FOUND], "waited": _span},
    "repeat": {"point": _text, "repeat": _whole},
    "observation": {"began": _time, "point": _text, "repeat": _whole, "values": _values},
    "adjust": {"set": _values},
    "prompt": {
        "kind": _text,
        "options": [_text],
        "question": _said,
        "instrument?": _text,
        "request?": _text,
        "unit?": _text,
        "low?": _number,
        "high?": _number,
        "digits?": lambda written: _whole(written) and _span(written),
        "likely?": _pair,  # the greater may come first: so a leap to a far set point was told once
        "blind?": _truth,
        "picture?": _text,
    },
    "answer": {"answer": _text, "by?": _text, "prompt": _whole},
    "control": {"by": _text, "reason": _text, "verb": _text},
    "interlock": {**_ENDED, "trend?": [{"unit": _text, "values": [_pair], "what": _text}]},
    "abort": _ENDED,
    "suspend": _ENDED,
    "failure": _ENDED,
    "pause": {},
    "go_on": {},
    "safe": {"reached": _or_none(_truth), "seconds?": _span, "text?": _text},
    "resume": {"bench": _text, "bench_sha256": _text, "by?": _text},
    "torn": {"bytes": _whole},
    "finish": {"observations": _whole},
    "signature": {"key": _text, "key_id": _text, "signature": _text},
}
"""Members of each kind of event, but for those that a model describes, `note`, which is free, and the
exchanges."""

_FITS = {kind: _fits(form) for kind, form in SHAPES.items()}
_EXCHANGES_FIT = _fits(EXCHANGES)


class Shapes:
    """Looks whether every event is of a known kind and form, and the first one the start of a run."""

    def __init__(self) -> None:
        self._count = 0
        self._fault = ""
        self._old = self._resumed = False
        """Whether events are still written as format 1 has them; whether the run was ever taken up again."""

    def follow(self, event: Event) -> None:
        """Go on to the next event."""
        self._count += 1
        if not self._fault and (fault := self._of_its_format(event) or _fault_of(event, old=self._old)):
            self._fault = f"line {event.seq}: {fault}"

    def _of_its_format(self, event: Event) -> str:
        """Return why an event is of a later format than its journal; "" if it is not.

        One of format 1 that is taken up goes on in the present form, and never back.
        """
        if event.seq == 1:
            self._old = event.data.get("format") == 1
        self._resumed = self._resumed or event.kind == "resume"
        if self._old and (event.kind == "watch" or "questions" in event.data):
            if not self._resumed:
                return "no run of format 1 writes that"
            self._old = False
        return ""

    def conclude(self) -> str:
        """Return how many events there are, all of known forms (`EvidenceError`: one is not)."""
        if self._fault:
            raise EvidenceError(self._fault)
        return f"{self._count} events, all of known kinds and forms"


def _fault_of(event: Event, *, old: bool) -> str:
    if not _time(event.at):
        return f"no run writes the time {event.at!r:.40}"
    if event.kind not in KINDS:
        return f"no run writes an event {event.kind!r}"
    if event.kind == "replies":
        if not old and _EXCHANGES_FIT(event.data):
            return _disorder(event.data["questions"])
        return _fault(event.data, EXCHANGES_OF_FORMAT_1 if old else EXCHANGES, event.kind)
    if event.kind in SHAPES:
        return "" if _FITS[event.kind](event.data) else _fault(event.data, SHAPES[event.kind], event.kind)
    if event.kind == "note":
        return "" if _text(event.data.get("text")) else "a note without a text"
    try:
        if event.kind == "start":
            if event.seq != 1:
                return "a run begins once"
            read: BaseModel = start_of(event.data)
        else:
            told = event.kind == "instrument"
            read = read_instrument(event) if told else read_attached(event.data, event.seq)
    except JournalBroken as error:
        return str(error)
    return _added(event.data, read.model_dump(mode="json"), event.kind)


def _disorder(questions: Json) -> str:
    """Return why questions of a known form are not as runs write them: each once, replies as they came."""
    asked = cast("list[Mapping[str, list[list[int]]]]", questions)
    for question in asked:
        replies = question["replies"]
        if not replies or replies[0][1] < 0:
            return f"nothing was answered, or too early, where {question['instrument']} was asked"
        if any(one[0] > other[0] or one[1] > other[1] for one, other in pairwise(replies)):
            return f"replies of {question['instrument']} stand in another order than they came in"
    if len({(question["instrument"], str(question["request"])) for question in asked}) < len(asked):
        return "a question stands there twice"
    return ""


def _fault(written: object, form: Form, place: str = "") -> str:
    """Return what is wrong with something that shall be of a form; "" if nothing is."""
    if isinstance(form, Mapping):
        if not isinstance(written, Mapping):
            return f"{place} is {written!r:.40}"
        known = {name.rstrip("?"): (name, part) for name, part in form.items()}
        if strange := sorted(set(written) - set(known)):
            return f"{place} has {', '.join(map(repr, strange))}, which no run writes"
        for name, (marked, part) in known.items():
            if name not in written:
                if marked == name:
                    return f"{place} lacks {name}"
            elif fault := _fault(written[name], part, f"{place}.{name}"):
                return fault
        return ""
    if isinstance(form, list):
        if not isinstance(written, list):
            return f"{place} is {written!r:.40}"
        faults = (_fault(one, form[0], f"{place}[{number}]") for number, one in enumerate(written))
        return next(filter(None, faults), "")
    return "" if form(written) else f"{place} is {written!r:.40}"


def _added(written: object, understood: object, place: str) -> str:
    """Return what is written that was not understood, or was understood as something else."""
    if isinstance(written, Mapping) and isinstance(understood, Mapping):
        if strange := sorted(set(written) - set(understood)):
            return f"{place} has {', '.join(map(repr, strange))}, which no run writes"
        return next(filter(None, (_added(written[n], understood[n], f"{place}.{n}") for n in written)), "")
    if isinstance(written, list) and isinstance(understood, list) and len(written) == len(understood):
        pairs = enumerate(zip(written, understood, strict=True))
        return next(filter(None, (_added(*pair, f"{place}[{number}]") for number, pair in pairs)), "")
    same = written == understood and isinstance(written, bool) is isinstance(understood, bool)
    return "" if same else f"{place} is {written!r:.40}"
