"""What an event of a journal may hold: its kind, its members, and of which form each is.

Whatever is unknown here was written by nobody's run: a member that nobody reads may say to a person
what the evaluation does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from remotecal.errors import EvidenceError, JournalBroken
from remotecal.journal.events import KINDS
from remotecal.journal.evidence import read_instrument, read_start
from remotecal.journal.files import read_attached

if TYPE_CHECKING:
    from remotecal.journal.events import Event

Form: TypeAlias = "Callable[[object], bool] | Mapping[str, Form] | list[Form]"
"""Of what form something is: as a function says, with these members ("?": may be missing), or a list."""


def _text(written: object) -> bool:
    return isinstance(written, str)


def _number(written: object) -> bool:
    return isinstance(written, int | float) and not isinstance(written, bool)


def _whole(written: object) -> bool:
    return type(written) is int


def _truth(written: object) -> bool:
    return type(written) is bool


def _texts(written: object) -> bool:
    return isinstance(written, Mapping) and all(map(_text, written.values()))


def _kept(written: object) -> bool:
    told = isinstance(written, Mapping) and set(written) in ({"hex"}, {"file"}) and _texts(written)
    return _text(written) or told


def _values(written: object) -> bool:
    """Tell whether this is what an observation yields; see `procedures.values.pack`."""
    return isinstance(written, Mapping) and all(map(_value, written.values()))


def _value(written: object) -> bool:
    if isinstance(written, list):
        return all(_fault(one, MEASURED) == "" for one in written)
    if isinstance(written, Mapping) and len(written) == 1:
        return any(_fault(written, form) == "" for form in ({"waveform": WAVEFORM}, {"file": _text}))
    return _text(written) or _number(written) or _fault(written, MEASURED) == ""


def _line(written: object) -> bool:
    """Tell whether this is slope and constant of an uncertainty."""
    return (
        isinstance(written, list)
        and len(written) == len(("slope", "constant"))
        and all(map(_number, written))
    )


def _or_none(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda written: written is None or form(written)


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
    "u": _or_none(_line),
    "unit": _text,
}
"""A waveform, whose samples stand in a file."""

_EXCHANGE: Form = {"at": _text, "instrument": _text, "number": _whole, "reply": _kept, "request": _kept}
_FOUND: Form = {
    "mean": _number,
    "quantity": _text,
    "readings": _whole,
    "slope": _number,
    "spread": _number,
    "unit": _text,
}
_ENDED: Mapping[str, Form] = {"error": _text, "occurred?": _text, "text": _text}

SHAPES: Mapping[str, Mapping[str, Form]] = {
    "point": {"point": _text},
    "replies": {"exchanges": [_EXCHANGE]},
    "stable": {"found": [_FOUND], "waited": _number},
    "repeat": {"point": _text, "repeat": _whole},
    "observation": {"began": _text, "point": _text, "repeat": _whole, "values": _values},
    "adjust": {"set": _values},
    "prompt": {
        "kind": _text,
        "options": [_text],
        "question": _texts,
        "instrument?": _text,
        "request?": _text,
        "unit?": _text,
    },
    "answer": {"answer": _text, "by?": _text, "prompt": _whole},
    "control": {"by": _text, "reason": _text, "verb": _text},
    "interlock": _ENDED,
    "abort": _ENDED,
    "suspend": _ENDED,
    "failure": _ENDED,
    "pause": {},
    "go_on": {},
    "safe": {"reached": _or_none(_truth), "seconds?": _number, "text?": _text},
    "resume": {"bench": _text, "bench_sha256": _text, "by?": _text},
    "torn": {"bytes": _whole},
    "finish": {"observations": _whole},
    "signature": {"key": _text, "key_id": _text, "signature": _text},
}
"""Members of each kind of event, but for those that a model describes, and of `note`, which is free."""


def examine_shapes(events: Sequence[Event]) -> str:
    """Check that every event is of a known kind and form; tell how many there are.

    Raises:
        EvidenceError: one is not.
    """
    for event in events:
        fault = _fault_of(event)
        if fault:
            raise EvidenceError(f"line {event.seq}: {fault}")
    return f"{len(events)} events, all of known kinds and forms"


def _fault_of(event: Event) -> str:
    if event.kind not in KINDS:
        return f"no run writes an event {event.kind!r}"
    if event.kind in SHAPES:
        return _fault(event.data, SHAPES[event.kind], event.kind)
    if event.kind == "note":
        return "" if _text(event.data.get("text")) else "a note without a text"
    try:
        if event.kind == "start":
            return "" if event.seq == 1 else "a run begins once"
        read = read_instrument(event) if event.kind == "instrument" else read_attached(event.data, event.seq)
    except JournalBroken as error:
        return str(error)
    return _added(event.data, read.model_dump(mode="json"), event.kind)


def examine_start(events: Sequence[Event]) -> str:
    """Check that the first event says nothing but what the start of a run says.

    Raises:
        JournalBroken, EvidenceError: it says something else, or more.
    """
    start = read_start(events)
    if fault := _added(events[0].data, start.model_dump(mode="json"), "start"):
        raise EvidenceError(f"line 1: {fault}")
    return start.run


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
