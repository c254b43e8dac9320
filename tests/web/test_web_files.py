"""Photos and other files of runs, by the API."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zlib import crc32

import pytest
from asked import asking
from PIL import Image
from test_web_pages import browsing
from web_laboratory import Web, problem

from remotecal.clock import VirtualClock
from remotecal.journal.files import keep_file
from remotecal.journal.writing import Journal

PAGE = b"<script>alert('from the site')</script>"
PHOTO = b"\xff\xd8\xff\xe0 a photo"
FILES = "/runs/here/photographed/files"


@pytest.fixture(scope="module")
def web(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Web:
    """A laboratory with a run that names two files, of which one is there."""
    folder: Path = tmp_path_factory.mktemp("photographed")
    (folder / "page.html").write_bytes(PAGE)
    (folder / "铭牌.jpg").write_bytes(PHOTO)
    with Journal.create(folder / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        for name in ("铭牌.jpg", "page.html"):
            journal.append("file", keep_file(folder / name, folder / "run", "", "on site").model_dump())
    store = web.hub.laboratory.store
    lines = (folder / "run" / "journal.jsonl").read_bytes().splitlines()
    store.journals.append("here", "photographed", 1, lines, 1.0)
    store.files.take("here", "photographed", sha256(PHOTO).hexdigest(), 0, PHOTO)
    return web


def test_files_are_listed_and_fetched(web: Web) -> None:
    with web.token("operator") as operator:
        first, second = operator.get(FILES).json()
        assert (first["name"], first["by"], first["complete"]) == ("铭牌.jpg", "on site", True)
        assert (second["name"], second["complete"]) == ("page.html", False)
        fetched = operator.get(f"{FILES}/{first['sha256']}")
        assert fetched.content == PHOTO
        assert fetched.headers["content-type"] == "image/jpeg"
        again = operator.get(f"{FILES}/{first['sha256']}", headers={"If-None-Match": fetched.headers["etag"]})
        assert again.status_code == 304


def test_what_is_not_there_is_not_served(web: Web) -> None:
    digest = sha256(PAGE).hexdigest()
    with web.token("operator") as operator:
        said = problem(operator.get(f"{FILES}/{digest}"), 409)
        assert said == f"only 0 of {len(PAGE)} bytes of {digest} are here yet"
        assert "names no file" in problem(operator.get(f"{FILES}/{'0' * 64}"), 404)
        assert operator.get(f"{FILES}/..%2F..%2Fetc").status_code in {404, 422}
        web.hub.laboratory.store.files.take("here", "photographed", digest, 0, PAGE)
        page = operator.get(f"{FILES}/{digest}")
    assert page.content == PAGE
    assert page.headers["content-type"] == "application/octet-stream", "no page of ours"
    assert page.headers["content-disposition"] == f'attachment; filename="{digest}.html"'
    assert page.headers["x-content-type-options"] == "nosniff"


def brought(web: Web, run: str, path: Path, **files: bytes) -> dict[str, str]:
    """Bring a run with these files, by what they are called but for the point; return the SHA-256 of each."""
    with Journal.create(path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        for name, content in files.items():
            (path / name.replace("_", ".")).write_bytes(content)
            kept = keep_file(path / name.replace("_", "."), path / "run", "", "on site")
            journal.append("file", kept.model_dump())
    store = web.hub.laboratory.store
    store.journals.append("here", run, 1, (path / "run" / "journal.jsonl").read_bytes().splitlines(), 1.0)
    for content in files.values():
        store.files.take("here", run, sha256(content).hexdigest(), 0, content)
    return {name: sha256(content).hexdigest() for name, content in files.items()}


def picture(form: str) -> bytes:
    """Return a picture that says where it was taken, and has a script behind it."""
    made, told = BytesIO(), Image.Exif()
    told.get_ifd(0x8825)[1] = "N"
    told[0x010E] = "at the customer's"
    Image.new("RGB", (2000, 40), "red").save(made, form, exif=told)
    return made.getvalue() + PAGE


def bomb() -> bytes:
    """Return a small PNG that says it has 10^10 pixels."""
    told = bytearray(picture("PNG"))
    told[16:24] = 2 * (100_000).to_bytes(4, "big")
    told[29:33] = crc32(told[12:29]).to_bytes(4, "big")
    return bytes(told)


def test_a_picture_is_shown_as_drawn_anew_and_what_is_none_not_at_all(web: Web, tmp_path: Path) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    good = {"plate_jpg": picture("JPEG"), "dial_png": picture("PNG"), "scale_webp": picture("WEBP")}
    hostile = {"page_jpg": PAGE, "drawing_png": drawing, "bomb_png": bomb(), "cut_jpg": picture("JPEG")[:300],
               "page_html": PAGE + b" ", "photo_tiff": picture("TIFF")}  # fmt: skip
    named = brought(web, "pictured", tmp_path, **good, **hostile)
    with browsing(web, "operator") as operator, browsing(web, "customer") as acme:
        page = operator.get("/runs/here/pictured").text
        course = operator.get("/runs/here/pictured/course").text
        for name, digest in named.items():
            shown = operator.get(f"/runs/here/pictured/pictures/{digest}")
            assert acme.get(f"/runs/here/pictured/pictures/{digest}").status_code == 404
            if name in good:
                assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg"), name
                assert "default-src 'none'" in shown.headers["content-security-policy"]
                assert PAGE not in shown.content
                with Image.open(BytesIO(shown.content)) as drawn:
                    assert (drawn.format, drawn.width, dict(drawn.getexif())) == ("JPEG", 1600, {}), name
                for text in (page, course):
                    assert f'src="/runs/here/pictured/pictures/{digest}"' in text
            else:
                with asking(web.hub.laboratory.store) as asked:
                    again = operator.get(f"/runs/here/pictured/pictures/{digest}")
                for one in (shown, again):
                    assert one.status_code == 404, name
                    assert "no picture that can be shown" in one.text, name
                assert not [one for one in asked if "file_pieces" in str(one)], "it is not tried again"
            assert f"/api/v1/runs/here/pictured/files/{digest}" in page, "the file itself is fetched as ever"
        for name in ("page_html", "photo_tiff"):
            assert f'src="/runs/here/pictured/pictures/{named[name]}"' not in page + course
        assert operator.get(f"/runs/here/pictured/pictures/{'0' * 64}").status_code == 404


def test_only_who_may_see_the_run_sees_its_files(web: Web) -> None:
    digest = sha256(PHOTO).hexdigest()
    with web.token("customer") as acme, web.client() as nobody:
        for path in (FILES, f"{FILES}/{digest}"):
            problem(acme.get(path), 404)
            problem(nobody.get(path), 401)
