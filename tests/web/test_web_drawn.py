"""A certificate's pages as one picture: no more of them than it may show, and no others are read."""

from io import BytesIO

from PIL import Image

from remotecal.web.pages.drawn import GAP, HIGHEST, MOST, stacked


def page(width: int, height: int) -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, height), "white").save(made, "PNG")
    return made.getvalue()


def size(*pages: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(stacked(pages))) as made:
        return made.size


def test_pages_stand_below_each_other() -> None:
    assert size(page(20, 30), page(40, 10)) == (40, 40 + GAP)


def test_pages_beyond_those_that_are_shown_are_not_even_looked_at() -> None:
    unread = b"no picture"
    assert size(*[page(2, 3)] * MOST, unread) == (2, MOST * (3 + GAP) - GAP)


def test_a_picture_is_as_high_as_a_browser_shows() -> None:
    half = page(1, HIGHEST // 2 - GAP)
    assert size(half, half, half, half[:100]) == (1, HIGHEST - GAP)
