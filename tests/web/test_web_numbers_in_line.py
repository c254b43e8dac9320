"""Numbers below each other have their points in line, as on the certificate."""

import pytest

from remotecal.pages.frame import behind


@pytest.mark.parametrize(
    ("column", "widths"),
    [
        (("-0.011", "-0.08", "0.004"), (0, 1, 0)),
        (("2", "10.0", "0.25"), (3, 1, 0)),  # a point is missing, too
        (("2", "10"), (0, 0)),
        (("2.5", "1.90E-5"), (0, 0)),
    ],
)
def test_points_stand_in_line(column: tuple[str, ...], widths: tuple[int, ...]) -> None:
    for number, width in zip(column, widths, strict=True):
        added = behind(number, column)
        assert (len(added), added.strip()) == (width, "")
        assert added.startswith("\u2008" if width and "." not in number else ("\u2007" if width else ""))
