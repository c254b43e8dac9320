"""What the pages say, in the language of whoever looks: one catalogue for each."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from markupsafe import escape

from remotecal.certificates.pdf.numbers import as_in_a_book
from remotecal.sayings import Sayings, refused_by_rooms
from remotecal.verify.said import checks_and_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
COOKIE: Final = "remotecal_language"
"""Keeps which language somebody chose."""
A_YEAR: Final = 366 * 86400
_NUMBERED: Final = re.compile(r"(?P<name>.+?)(\[|_?)(?P<number>[0-9]+)\]?")
"""The name of one of several."""
_WORD_AND_NUMBER: Final = re.compile(r"(?P<word>\D+) (?P<number>[0-9].*)")
"""What of a point is counted, or has a value: `cycle 2`, `return 50 °C`."""
_LIMIT: Final = re.compile(r"(?P<source>\S+) (?P<side>above|below) (?P<limit>.+)")
"""A limit as `Interlock` says it."""


@dataclass(frozen=True)
class Catalogue:
    """The catalogue of one language."""

    language: Language
    """Which."""
    texts: Mapping[str, str]
    """`section.name` → what is said, with `{names}` of what is inserted."""

    def __call__(self, name: str, **inserted: object) -> str:
        """Return a text (`KeyError` if the catalogue lacks it); as markup where markup is inserted."""
        text = self.texts[name]
        if any(hasattr(one, "__html__") for one in inserted.values()):
            return escape(text).format(**inserted)
        return text.format(**inserted)

    def of(self, group: str, name: str) -> str:
        """Return the text of something that others name, such as a state; the name itself where none is."""
        return self.texts.get(f"{group}.{name}", name)

    def source(self, name: str) -> str:
        """Return what an indication, a setting or an act is of, `gauge.value`, as people call both.

        What a laboratory, or a driver of its own, calls otherwise than any of ours keeps its name; what there
        are several of has its number behind it: `dut[2]`, `thermometer_2`.
        """
        instrument, _, what = name.partition(".")
        return self._of(self._called(("role",), instrument), what)

    def _of(self, called: str, what: str) -> str:
        parts = [called, self._called(("property", "seen"), what)]
        return self.texts["frame.colon"].join(filter(None, parts))

    def _called(self, groups: Sequence[str], name: str) -> str:
        found = _NUMBERED.fullmatch(name)
        of_one = (found["name"], f" {found['number']}") if found else (name, "")
        for known, number in ((name, ""), of_one):
            for group in groups:
                if self.has(group, known):
                    return self.of(group, known) + number
        return name

    def quantity(self, names: str) -> str:
        """Return what names of quantities with blanks between them, refTypes of a DCC, are called."""
        return self.texts["first.comma"].join(self.of("quantity", name) for name in names.split())

    def limit(self, said: str) -> str:
        """Return what stops a run, `gauge.value above 8 V` as the journal says it, in this language."""
        found = _LIMIT.fullmatch(said)
        if found is None:
            return said
        stops = self(f"live.{found['side']}", limit=as_in_a_book("", found["limit"]))
        return f"{self.source(found['source'])}{self.texts['frame.colon']}{stops}"

    def move(self, said: str) -> str:
        """Return what may move, `dut.input_level: -50 – 50 V` as a station says it, in this language."""
        instrument, what, span = _moving(said)
        return self._of(self._called(("role",), instrument), what) + self._up_to(span)

    def _up_to(self, span: str) -> str:
        return f"{self.texts['frame.colon']}{as_in_a_book('', span)}" if span else ""

    def moves(self, every: Iterable[str]) -> list[str]:
        """Return what may move as `move` says each; what is numbered without a gap stands in one line."""
        alike: dict[tuple[str, str, str, bool], list[tuple[int, str]]] = {}
        for said in every:
            instrument, what, span = _moving(said)
            found = _NUMBERED.fullmatch(instrument)
            name, number = (found["name"], int(found["number"])) if found else (instrument, 0)
            alike.setdefault((name, what, span, found is None), []).append((number, said))
        lines: list[str] = []
        for (name, what, span, _), each in alike.items():
            first, last = min(each)[0], max(each)[0]
            if len(each) == 1 or sorted(number for number, _ in each) != list(range(first, last + 1)):
                lines += [self.move(said) for _, said in each]
            else:
                all_of_them = f"{self._called(('role',), name)} {first}–{last}"
                lines.append(self._of(all_of_them, what) + self._up_to(span))
        return lines

    def doing(self, said: str) -> str:
        """Return what a run is doing, `settle gauge.value: spread 2 V (allowed 1) over 5 s`, in words."""
        return self._deeds.of(said) or said

    def place(self, said: str) -> str:
        """Return what a point, or a repeat at it, is called in this language.

        Their procedure calls them `20 m3/h, rising, cycle 2` and `20 m3/h, rising, cycle 2 · 1`.
        """
        point, dot, repeat = said.partition(" · ")
        return self.texts["frame.comma"].join(map(self._part, point.split(", "))) + dot + repeat

    def _part(self, said: str) -> str:
        if self.has("series", said):
            return self.of("series", said)
        found = _WORD_AND_NUMBER.fullmatch(said)
        if found and self.has("series", found["word"]):
            return f"{self.of('series', found['word'])} {as_in_a_book('', found['number'])}"
        return as_in_a_book("", said)

    def has(self, group: str, name: str) -> bool:
        """Tell whether the catalogue has a text."""
        return f"{group}.{name}" in self.texts

    def refusal(self, sentence: str) -> tuple[str, Language]:
        """Return why something was refused in this language, or in English where nobody put it otherwise."""
        said = self._refusals.of(sentence)
        return (sentence, "en") if said is None else (said, self.language)

    @cached_property
    def _refusals(self) -> Sayings:
        said = self._group("refusals")
        return Sayings(
            said if self.language == "en" else {**checks_and_findings(), **refused_by_rooms(), **said}
        )

    @cached_property
    def _deeds(self) -> Sayings:
        return Sayings(self._group("doing"))

    def _group(self, name: str) -> dict[str, str]:
        group = f"{name}."
        return {key.removeprefix(group): text for key, text in self.texts.items() if key.startswith(group)}

    def choose(self, said: Mapping[str, str]) -> str:
        """Return a text by language in this one, or in the one it has."""
        return said.get(self.language) or said.get("en") or next(iter(said.values()), "")


def _moving(said: str) -> tuple[str, str, str]:
    """Return instrument, quantity and span of what may move, `dut.input_level: -50 – 50 V`."""
    source, _, span = said.partition(": ")
    instrument, _, what = source.partition(".")
    return instrument, what, span


@cache
def words(language: Language) -> Catalogue:
    """Return the catalogue of a language."""
    path = Path(__file__).parent / "words" / f"{language}.toml"
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = {f"{section}.{name}": text for section, told in sections.items() for name, text in told.items()}
    return Catalogue(language, texts)


def words_for(request: Request) -> Catalogue:
    """Return the catalogue somebody chose, or else that of the language their browser asks for first."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return words(chosen)
    asked = (part.partition(";")[0].strip().lower() for part in _accepted(request).split(","))
    known = (language for one in asked for language in LANGUAGES if one.partition("-")[0] == language)
    return words(next(known, "en"))


def keep_language(response: Response, chosen: str, *, secure: bool) -> None:
    """Keep in a browser in which language its pages are to be; one that there is not changes nothing."""
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, A_YEAR, secure=secure, httponly=True, samesite="strict")


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")
