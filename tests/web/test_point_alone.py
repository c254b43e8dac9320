"""Parameters by which a procedure has one of its points and no other, found by asking the procedure."""

from collections.abc import Sequence

import pytest

from remotecal.journal.observation import Point
from remotecal.procedures import Parameters
from remotecal.web.pages.pattern import alone


class Levels(Parameters):
    """A list that makes points, and one that has nothing to do with them."""

    names: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    zero: bool = False


class Procedure:
    """As much of a procedure as tells its points."""

    def __init__(self, parameters: Levels) -> None:
        self.parameters = parameters

    @staticmethod
    def accepts() -> type[Levels]:
        return Levels

    def points(self) -> Sequence[Point]:
        found = [Point(f"{1 / level:g} V") for level in self.parameters.levels]  # 0 makes it fail
        return [Point("zero"), *found] if self.parameters.zero else found


def test_a_point_is_asked_for_alone_by_the_list_that_makes_it() -> None:
    said = {"names": ["1 V", "4 V"], "levels": [0, 1, 0.25, 0.5], "zero": False}
    assert alone(Procedure, said, "4 V") == said | {"levels": [0.25]}
    assert alone(Procedure, said, "1 V") == said | {"levels": [1]}


@pytest.mark.parametrize(
    ("said", "point"),
    [
        ({"levels": [1, 2], "zero": True}, "1 V"),  # the zero would be measured as well
        ({"levels": [1, 2], "zero": True}, "zero"),
        ({"levels": [1, 2]}, "3 V"),
        ({"levels": ["x"]}, "1 V"),
        ({"zero": True}, "zero"),
        ({}, "1 V"),
    ],
)
def test_what_can_not_be_asked_for_alone_is_said(said: dict[str, object], point: str) -> None:
    assert alone(Procedure, said, point) is None
