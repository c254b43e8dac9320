"""The exchanges of an event `replies` as tests look at them, one by one, and change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

PLACES = {"number": 0, "at": 1, "reply": 2}
"""Where something stands in a reply."""


class Kept(MutableMapping[str, Any]):
    """One exchange: `instrument`, `request`, `number`, `reply`, and `at` in microseconds since the first."""

    def __init__(self, question: dict[str, Any], entry: list[Any]) -> None:
        self._question, self.entry = question, entry

    def __getitem__(self, name: str) -> Any:
        return self.entry[PLACES[name]] if name in PLACES else self._question[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name in PLACES:
            self.entry[PLACES[name]] = value
        else:
            self._question[name] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError("an exchange has all its members")

    def __iter__(self) -> Iterator[str]:
        return iter(("instrument", "request", *PLACES))

    def __len__(self) -> int:
        return 2 + len(PLACES)

    @property
    def again(self) -> tuple[int, int]:
        """How often the reply came again, and when last."""
        return tuple(self.entry[3:]) or (0, 0)  # type: ignore[return-value]  # what is written

    def remove(self) -> None:
        """Take it out of its event."""
        self._question["replies"].remove(self.entry)


def exchanges_of(data: Mapping[str, Any]) -> list[Kept]:
    """Return what the data of an event `replies` hold, by the numbers; nothing of any other event's."""
    kept = [Kept(one, entry) for one in data.get("questions", ()) for entry in one["replies"]]
    return sorted(kept, key=lambda one: one["number"])
