"""What every part of the certificate data model is made of: frozen models, texts, numbers, names."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
)

from remotecal import units

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _one_line(text: str) -> str:
    """Return `text` with every run of white space made one blank, as XML would have it."""
    if text.isprintable() and text and "  " not in text and text[0] != " " != text[-1]:
        return text
    found = _NOT_XML.search(text)
    if found:
        raise ValueError(f"the text {text!r} has a character no XML can hold: {found[0]!r}")
    text = " ".join(text.split())
    if not text:
        raise ValueError("the text is empty; leave it out instead")
    return text


def first_of(error: Exception) -> str:
    """Return the first thing that is wrong by an error, and where, in a line."""
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors(include_url=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else fault["msg"]


Line = Annotated[str, AfterValidator(_one_line)]
"""A text in one line and no particular language: a serial number, a standard's name."""

Word = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]+$")]
"""A text without blanks: a symbol, a refType, a distribution."""

Id = Annotated[str, StringConstraints(pattern=r"^[^\W\d][\w.-]*$")]
"""The name other parts of the record refer to an element by; unique in the record."""

_DECIMAL = r"([0-9]*\.[0-9]+|[0-9]+\.?)([Ee][-+]?0*[0-9]{1,2})?"
"""100 digits with an exponent of two are a finite float, whatever is calculated with them next."""

Number = Annotated[str, StringConstraints(pattern=rf"^([-+]?{_DECIMAL}|NaN)$", max_length=100)]
"""A decimal number as it is printed, for its digits carry meaning; `NaN` where there is none."""

Positive = Annotated[str, StringConstraints(pattern=rf"^(\+?{_DECIMAL}|NaN)$", max_length=100)]
"""A `Number` that can't be negative, such as an uncertainty."""

CoverageFactor = Annotated[
    str, StringConstraints(pattern=r"^(\+?[1-9][0-9]*(\.[0-9]*)?|NaN)$"), Field(examples=["2", "2.13"])
]
"""A coverage factor k, not below 1 (D-SI kValueType)."""

Probability = Annotated[
    str, StringConstraints(pattern=r"^(\+?(0(\.[0-9]*)?|1(\.0*)?)|NaN)$"), Field(examples=["0.95"])
]
"""A coverage probability between 0 and 1, never in percent (D-SI probabilityValueType)."""

NOT_STATED = "NaN"
"""What stands for a number that is not stated (D-SI 2.2), such as a paper's coverage probability."""

Unit = Annotated[str, AfterValidator(units.normal)]
"""A unit in the short notation of `remotecal.units`, brought to its one spelling."""

Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2})?$")]
"""An ISO 639-1 code, or empty for a text that is the same in every language."""

LANGUAGES = ("zh", "en")
"""The languages of certificates that are written here."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["CN", "DE"])]
"""An ISO 3166-1 code of two capitals."""


class Frozen(BaseModel):
    """A part of a record: it does not change, and knows no fields but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def parts(of: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield what a part of a record is made of, itself first, each with the name of its field."""
    yield name, of
    if isinstance(of, Frozen):
        for field in type(of).model_fields:
            yield from parts(getattr(of, field), field)
    elif isinstance(of, tuple):
        for entry in of:
            yield from parts(entry, name)


class Text(RootModel[dict[Language, Line]]):
    """A text by language: `Text(zh="流量计", en="flow meter")`, or `Text.plain("ABB")`."""

    model_config = ConfigDict(frozen=True)

    if TYPE_CHECKING:
        # What pydantic's own constructor takes, which its stubs don't tell.
        def __init__(self, root: dict[str, str] | None = None, /, **by_language: str) -> None: ...

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.root.items())))

    @classmethod
    def plain(cls, text: str) -> Self:
        """Return a text that reads the same in every language."""
        return cls({"": text})

    @classmethod
    def joined(cls, parts: Iterable["Text | str"]) -> Self:
        """Return texts behind each other, each once, in all languages that one is in.

        What is no text, or a plain one, reads the same in every language.
        """
        texts = [cls.plain(part) if isinstance(part, str) else part for part in parts if part != ""]
        known = sorted({language for text in texts for language in text.languages}) or [""]
        return cls(
            {
                each: ("；" if each == "zh" else "; ").join(dict.fromkeys(text.get(each) for text in texts))
                for each in known
            }
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages the text is in; none for a plain text."""
        return tuple(sorted(language for language in self.root if language))

    def for_all(self) -> Self:
        """Return it as it is said in every language: where one language alone has it, that in all."""
        return self.plain(*self.root.values()) if len(self.root) == 1 else self

    def says_all(self, languages: Collection[str]) -> bool:
        """Tell whether it is in just these languages, or the same in every one."""
        return not self.languages or set(self.languages) == set(languages)

    def agrees(self, other: "Text") -> bool:
        """Tell whether two names are one: they share a spelling, and differ in no language both have."""
        common = set(self.root) & set(other.root)
        if common:
            return all(self.root[language] == other.root[language] for language in common)
        return ("" in self.root or "" in other.root) and bool({*self.root.values()} & {*other.root.values()})

    def in_all(self) -> str:
        """Return the text in every language it is in, Chinese first, each in a line of its own."""
        return "\n".join(self.root[language] for language in sorted(self.root, reverse=True))

    def get(self, language: str) -> str:
        """Return the text in `language`; failing that the plain one, English, or any."""
        for choice in (language, "", "en"):
            if choice in self.root:
                return self.root[choice]
        return next(iter(self.root.values()), "")
