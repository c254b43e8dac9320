"""Photos and other files of runs, by the API."""

from hashlib import sha256
from pathlib import Path

import pytest
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


def test_only_who_may_see_the_run_sees_its_files(web: Web) -> None:
    digest = sha256(PHOTO).hexdigest()
    with web.token("customer") as acme, web.client() as nobody:
        for path in (FILES, f"{FILES}/{digest}"):
            problem(acme.get(path), 404)
            problem(nobody.get(path), 401)
