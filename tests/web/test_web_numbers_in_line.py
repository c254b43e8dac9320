"""Numbers below each other have their points in line, as on the certificate."""

import struct

import pytest

from remotecal.certificates.pdf.numbers import printed
from remotecal.pages.frame import behind, environment


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


def test_an_indication_has_what_32_bits_tell_and_a_counter_all_its_digits() -> None:
    told = environment("remotecal.web.pages").filters["indicated"]
    (single,) = struct.unpack("f", struct.pack("f", 0.1))
    for value, text in {
        123_456.789: "123456.79",
        19.0405723231: "19.040572",
        101.325: "101.325",
        999_999.75: "999999.75",
        8_192.0: "8192",
        0.3: "0.3",
    }.items():
        assert told(value) == text
    values = (single, 12.5, 12_345_678.0, 4_294_967_295.0, 123_456_789.25, -2e6)
    shown = [printed(told(value)) for value in values]
    live = environment("remotecal.web.pages").filters["watched"]
    for value, digits, text in (
        (19.0405723231, None, "19.0406"),
        (float(struct.unpack("f", struct.pack("f", 42.250137))[0]), None, "42.2501"),
        (19.0405723231, 5, "19.04057"),
        (101.325, None, "101.325"),
        (12_345_678.25, None, "12345678"),
        (0.0, None, "0"),
        (1.234567e-9, None, "1.234567e-09"),
    ):
        assert live(value, digits) == text
    assert shown == ["0.1", "12.5", "12345678", "4294967295", "123456789", "\N{MINUS SIGN}2000000"]
