"""Sentences in another language, found by what they are in the one they were written in."""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 4000
"""Characters of a sentence that is looked for: what somebody typed stands in it at any length."""
MOST_PIECES = 12
"""Pieces with `; ` between that are looked for one by one: a sentence may have that within."""
MOST_PLACES = 8
"""Places, one within the other, that may stand before a sentence."""
LONGEST_PLACE = 200
"""Characters of what may stand before a colon as the place that a sentence is about."""
REFUSALS: Final = "refusals.zh.toml"
"""What the modules of a folder refuse, and what that is in Chinese: a file beside them."""
_PART = re.compile(r"\{(\w+)\}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PHRASE = re.compile(r"\b(?:is|are|was|were|has|have|must|can't) [a-z]")
"""What no name has, and most sentences do."""
_SENTENCE = re.compile(r"check|why\d?")
"""Parts that are a sentence, or the name of a check."""


class Sayings:
    """Sentences with parts that stay as they are: `there is no run {run} at {station}`.

    A part that is called `why` (or `why2` …) is a sentence itself, and `check` the name of a check: both are
    said in the other language too where that is known. So is what stands behind a place and a colon, as in
    `order.toml: flows: each once`; the place stays.

    Args:
        said: each sentence → the same in the other language, with the same parts.
    """

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def of(self, sentence: str) -> str | None:
        """Return a sentence, or several with `; ` between, in the other language; None if not known."""
        if len(sentence) > LONGEST:
            return None
        return self._each(sentence, outermost=True)

    def _each(self, sentence: str, *, outermost: bool) -> str | None:
        told = self._in_turn(sentence.split("; "), outermost=outermost)
        if not told:
            return self._of(sentence, outermost=outermost)
        *before, last = told
        between, full = ("; ", ".") if last.endswith(".") else ("；", "。")
        return between.join([*(one.removesuffix(full) for one in before), last])

    def _in_turn(self, pieces: Sequence[str], *, outermost: bool) -> list[str]:
        """Return sentences in the other language, each of one piece or more; none where one is not known."""
        told: list[str] = []
        at = 0
        while at < len(pieces) <= MOST_PIECES:
            for end in range(len(pieces), at, -1):
                joined = "; ".join(pieces[at:end])
                if (one := self._of(joined, outermost=outermost, own=end - at - 1)) is not None:
                    told.append(one)
                    at = end
                    break
            else:
                return []
        return told

    def _of(self, sentence: str, *, outermost: bool, own: int | None = None) -> str | None:
        """Return one sentence; with `own`, one that has so many `; ` itself, and none in its parts."""
        places: list[str] = []
        while (told := self._alone(sentence, outermost=outermost, own=own)) is None:
            place, stands, sentence = _parted(sentence)
            if not stands or "; " in place or len(place) > LONGEST_PLACE or len(places) == MOST_PLACES:
                return None
            places.append(place)
        said = [self._alone(place, outermost=False) or place for place in places]
        return ("：" if _CHINESE.search(told) else ": ").join([*said, told])

    def _alone(self, sentence: str, *, outermost: bool, own: int | None = None) -> str | None:
        """Return a sentence that has no place before it."""
        if (whole := self._said.get(sentence)) is not None and not _PART.search(whole):
            return whole
        for pattern in self._patterns:
            if own not in (None, pattern.breaks) or (parts := pattern.parts_of(sentence)) is None:
                continue
            sentences = {name for name in parts if _SENTENCE.fullmatch(name)}
            if any(_PHRASE.search(parts[name]) for name in parts.keys() - sentences):
                continue  # another sentence, of which this one has a few words
            if outermost:
                parts |= {name: self._reason(parts[name]) for name in sentences}
            return _put_in(pattern.other, parts)
        return None

    def _reason(self, text: str) -> str:
        """Return a reason within a sentence in the other language; as it is where that is not known."""
        told = self._each(text, outermost=False)
        if told is None or told.casefold().startswith(text.casefold()):
            return text
        return told.rstrip(".。")

    @cached_property
    def _patterns(self) -> tuple[_Pattern, ...]:
        """The sentences with parts; those that say most themselves come first."""
        with_parts = sorted(
            (each for each in self._said.items() if _PART.search(each[0])),
            key=lambda each: -len(_PART.sub("", each[0])),
        )
        return tuple(_Pattern(sentence, other) for sentence, other in with_parts)


def _parted(sentence: str) -> tuple[str, bool, str]:
    """Return what a sentence is about, whether it tells that, and the rest: `place: it`, or `name must …`."""
    name, must, _ = sentence.partition(" must ")
    if must and not re.search(r"\s", name):
        return name, True, sentence[len(name) + 1 :]
    place, colon, rest = sentence.partition(": ")
    return place, bool(colon), rest


class _Pattern:
    """A sentence with parts."""

    def __init__(self, sentence: str, other: str) -> None:
        self.breaks = sentence.count("; ")
        """How many `; ` it has itself."""
        self.other = other
        """The same in the other language."""
        pieces = _PART.split(sentence)
        self._names = pieces[1::2]
        self._first, *self._between, self._last = pieces[::2]

    def parts_of(self, sentence: str) -> dict[str, str] | None:
        """Return each part of a sentence, as short as may be and never empty; None if it is another one.

        The first place of what stands between two parts does, so a sentence is gone through once.
        """
        at, end = len(self._first), len(sentence) - len(self._last)
        if not (sentence.startswith(self._first) and sentence.endswith(self._last)):
            return None
        parts: list[str] = []
        for piece in self._between:
            found = sentence.find(piece, at + 1, end)
            if found < 0:
                return None
            parts.append(sentence[at:found])
            at = found + len(piece)
        return dict(zip(self._names, [*parts, sentence[at:end]], strict=True)) if at < end else None


@cache
def refused_by_rooms() -> Mapping[str, str]:
    """Return what remotecal and its shipped procedures refuse → the same in Chinese, by folder."""
    here = Path(__file__).parent
    files = chain(
        here.glob(REFUSALS), here.glob(f"*/{REFUSALS}"), here.glob(f"procedures/library/*/{REFUSALS}")
    )
    return {
        sentence: said
        for file in sorted(files)
        for sentence, said in tomllib.loads(file.read_text(encoding="utf-8")).items()
    }


def _put_in(sentence: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: parts[part[1]], sentence)
