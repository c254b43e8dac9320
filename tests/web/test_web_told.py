"""What is told of live parts: what changed, made and compressed once for all; all to who missed some."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from remotecal.web.pages.told import OVER, Compressing, Divided, News, Telling

if TYPE_CHECKING:
    from remotecal.web.pages.told import Parts


def cards(**values: str) -> Parts:
    """Return a part with a card for each value."""
    return {"live": Divided("".join(values.values()), values), "head": "two runs"}


def said(event: News) -> dict[str, str]:
    """Return what an event says of the parts."""
    found: dict[str, str] = json.loads(event.plain.decode().partition("data: ")[2])
    return found


def test_who_missed_nothing_is_told_what_changed_and_anybody_else_all() -> None:
    looks = iter([cards(a="1", b="1"), cards(a="2", b="1"), cards(a="2", b="1"), cards(a="2", c="1")])
    telling = Telling(lambda: next(looks))
    first, second, third, fourth = (telling() for _ in range(4))
    assert said(first.since(0)) == {"live": "11", "head": "two runs"}
    assert said(second.since(first.number)) == {"a": "2"}
    assert said(third.since(second.number)) == {}
    assert said(fourth.since(third.number)) == {"live": "21"}, "other cards than before: all of them"
    for missed in (0, first.number):
        assert said(third.since(missed)) == {"live": "21", "head": "two runs"}
    assert third.since(first.number) is third.since(0), "it is made once for all who missed some"


def test_what_is_compressed_once_fits_into_every_stream() -> None:
    """Each event can be read at once, and the whole is what gzip says it is; one came later."""
    events = [News(f"event: parts\ndata: {'a card ' * 50}{number}\n\n") for number in range(5)]
    for missed in range(len(events)):
        stream, inflated = Compressing(), zlib.decompressobj(wbits=31)
        for event in events[missed:]:
            sent = stream.add(event)
            assert inflated.decompress(sent) == event.plain
            assert len(sent) < len(event.plain) / 3
        over = stream.add(News(OVER))
        assert inflated.decompress(over + stream.end()) == OVER.encode()
        assert inflated.eof, "sum and length are right"
