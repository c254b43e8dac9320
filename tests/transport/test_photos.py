"""Photos of every make are taken, and none takes more memory than a small station has."""

import re
from contextlib import nullcontext
from io import BytesIO
from zlib import crc32

import pytest
from PIL import Image

from remotecal.errors import ConfigurationError
from remotecal.pages.photos import drawn_anew, examine


def picture(form: str, **settings: object) -> bytes:
    made = BytesIO()
    Image.new("RGB", (64, 48), "red").save(made, form, **settings)
    return made.getvalue()


def of_size(width: int, height: int) -> bytes:
    """Return a PNG that says it has this size."""
    told = bytearray(picture("PNG"))
    told[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    told[29:33] = crc32(told[12:29]).to_bytes(4, "big")
    return bytes(told)


def test_a_photo_of_two_pictures_is_one_as_phones_take_it() -> None:
    """Phones put a second picture behind the first: of depth, or with more light (CIPA DC-007)."""
    several = picture("MPO", save_all=True, append_images=[Image.new("RGB", (64, 48), "blue")])
    assert examine(several) == ".jpg"
    with Image.open(BytesIO(drawn_anew(several))) as shown:
        red, _, blue = shown.getpixel((5, 5))
    assert red > 200 > 50 > blue


def test_what_can_only_be_drawn_whole_may_be_smaller_than_what_is_read_reduced() -> None:
    assert examine(of_size(6000, 4000)) == ".png"
    with pytest.raises(ConfigurationError, match="more than 25000000 pixels"):
        examine(of_size(6000, 5000))


def test_a_photo_of_thousands_of_scans_is_not_drawn_and_what_stands_behind_one_is_none_of_it() -> None:
    """Each scan goes over all pixels: a megabyte could keep a station busy for an hour."""
    progressive = picture("JPEG", progressive=True)
    last = progressive[progressive.rindex(b"\xff\xda") : -2]
    assert examine(progressive + last * 200) == ".jpg"
    with pytest.raises(ConfigurationError, match="more than 100 scans"):
        examine(progressive[:-2] + last * 100 + b"\xff\xd9")


def test_a_progressive_photo_is_held_whole() -> None:
    said = (6000).to_bytes(2, "big") + (5000).to_bytes(2, "big")
    for settings, refused in (
        ({}, nullcontext()),
        ({"progressive": True}, pytest.raises(ConfigurationError)),
    ):
        told = bytearray(picture("JPEG", **settings))
        frame = next(found.end() for found in re.finditer(rb"\xff[\xc0\xc2]\x00\x11\x08", told))
        told[frame : frame + 4] = said
        with refused:
            assert examine(bytes(told)) == ".jpg"
