"""Photos and other files become part of the evidence, or are refused and why."""

import os
import resource
from contextlib import contextmanager
from hashlib import sha256

import pytest

from remotecal.errors import ConfigurationError, EvidenceError, JournalBroken, RunError
from remotecal.journal.events import read_journal
from remotecal.journal.files import check_file, keep_file, named_files, read_attached, refusal
from remotecal.runs.prompts import Scripted

PHOTO = b"\xff\xd8\xff\xe0 a photo"
DIGEST = sha256(PHOTO).hexdigest()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "铭牌 nameplate.JPG"
    path.write_bytes(PHOTO)
    return path


def test_a_file_is_copied_and_told(photo, tmp_path):
    file = keep_file(photo, tmp_path, "the nameplate", "Li Wei")
    assert file.model_dump() == {
        "name": "铭牌 nameplate.JPG",
        "media_type": "image/jpeg",
        "size": len(PHOTO),
        "sha256": DIGEST,
        "about": "the nameplate",
        "by": "Li Wei",
    }
    photo.unlink()
    assert (tmp_path / file.place).read_bytes() == PHOTO
    assert file.place == f"files/{DIGEST}.jpg"
    check_file(file, tmp_path)
    assert [path.name for path in (tmp_path / "files").iterdir()] == [f"{DIGEST}.jpg"]


def test_the_same_file_twice_is_one_copy(photo, tmp_path):
    first, second = (keep_file(photo, tmp_path, about, "x") for about in ("a", "b"))
    assert first.place == second.place
    assert len(list((tmp_path / "files").iterdir())) == 1


@pytest.mark.parametrize("name", ["../../evil", "a.tar.gz;rm", "x.", "noending", "long.abcdefghij"])
def test_the_place_of_a_file_does_not_come_from_its_name(tmp_path, name):
    told = {"name": name, "media_type": "a/b", "size": 1, "sha256": DIGEST, "about": "", "by": "x"}
    assert read_attached(told, 1).place == f"files/{DIGEST}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": "../../etc"}, "sha256"),
        ({"sha256": DIGEST.upper()}, "sha256"),
        ({"size": 0}, "size"),
        ({"size": 2**40}, "size"),
        ({"media_type": "text/html\r\nX: y"}, "media_type"),
        ({"more": 1}, "more"),
    ],
)
def test_an_event_that_tells_no_file_is_refused(change, said):
    told = {"name": "x", "media_type": "a/b", "size": 1, "sha256": DIGEST, "about": "", "by": "x"}
    with pytest.raises(JournalBroken, match=f"(?s)line 7 does not tell a file.*{said}"):
        read_attached(told | change, 7)


def refused(path, tmp_path, largest=100):
    """Check that both ways of asking refuse a file alike, and nothing is left of it."""
    with pytest.raises(ConfigurationError) as error:
        keep_file(path, tmp_path / "run", "", "x", largest)
    assert refusal(path, largest) == str(error.value)
    assert not (tmp_path / "run").exists()
    return str(error.value)


def test_what_is_no_file_is_refused(tmp_path):
    assert "can't be read: No such file" in refused(tmp_path / "none.jpg", tmp_path)
    assert "is no file" in refused(tmp_path, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refused(tmp_path / "pipe", tmp_path)
    (tmp_path / "empty.jpg").touch()
    assert "is empty: it proves nothing" in refused(tmp_path / "empty.jpg", tmp_path)
    (tmp_path / "a\nb.jpg").write_bytes(PHOTO)
    assert "has a name no journal can hold" in refused(tmp_path / "a\nb.jpg", tmp_path)
    latin = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.jpg")
    with open(latin, "wb") as file:  # noqa: PTH123  a name that is no UTF-8
        file.write(PHOTO)
    assert "has a name no journal can hold" in refused(tmp_path / os.fsdecode(b"\xe9.jpg"), tmp_path)


def test_what_is_too_large_is_refused(tmp_path):
    (tmp_path / "large.jpg").write_bytes(bytes(101))
    said = refused(tmp_path / "large.jpg", tmp_path)
    assert "has 101 bytes, 100 are allowed: make it smaller" in said
    (tmp_path / "run").mkdir()
    keep_file(tmp_path / "large.jpg", tmp_path / "run", "", "x", 101)


def test_what_can_not_be_read_is_refused(photo, tmp_path, monkeypatch):
    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", locked)  # the tests may run as root, who can read everything
    assert "can't be read: Permission denied" in refused(photo, tmp_path)


def test_words_without_end_are_refused(photo, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(ConfigurationError, match="about"):
        keep_file(photo, tmp_path / "run", "x" * 1001, "x")
    assert list((tmp_path / "run" / "files").iterdir()) == []


@contextmanager
def full_disk(limit):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "large.jpg").write_bytes(bytes(100_000))
    with full_disk(50_000), pytest.raises(RunError, match=r"can't be kept in .*make room"):
        keep_file(tmp_path / "large.jpg", tmp_path, "", "x")
    assert list((tmp_path / "files").iterdir()) == []


def test_a_file_that_was_changed_is_noticed(photo, tmp_path):
    file = keep_file(photo, tmp_path, "", "x")
    (tmp_path / file.place).write_bytes(PHOTO[::-1])
    with pytest.raises(EvidenceError, match="is not the file the journal names"):
        check_file(file, tmp_path)
    (tmp_path / file.place).unlink()
    with pytest.raises(FileNotFoundError):
        check_file(file, tmp_path)


def test_a_procedure_may_ask_for_a_photo(tiny, photo):
    tiny.parameter("photo = true")
    evidence = tiny.run(Scripted([str(photo)]))
    assert evidence.answers == (("A photo?", DIGEST),)
    events = tiny.events("prompt", "file", "answer")
    assert [event.kind for event in events] == ["prompt", "file", "answer"]
    (file,) = named_files(read_journal(tiny.out / "journal.jsonl"))
    assert (file.about, file.by) == ("A photo?", "on site")
    check_file(file, tiny.out)


def test_a_photo_nobody_takes_ends_an_unattended_run(tiny):
    tiny.parameter("photo = true")
    with pytest.raises(RunError, match="nobody is there to answer: A photo"):
        tiny.run(Scripted(first_option=True))


def test_a_photo_that_is_not_there_ends_a_scripted_run(tiny):
    tiny.parameter("photo = true")
    with pytest.raises(RunError, match=r"given beforehand to: A photo.*can't be read"):
        tiny.run(Scripted(["nowhere.jpg"]))


def test_files_can_be_added_when_a_run_begins(tiny, photo):
    tiny.files = (photo,)
    tiny.run()
    (file,) = named_files(read_journal(tiny.out / "journal.jsonl"))
    assert (file.name, file.by) == (photo.name, "liwei")
    kinds = [kind for kind in tiny.kinds() if kind != "replies"]
    assert kinds.index("file") < kinds.index("note"), "before anything is prepared"


def test_a_file_that_can_not_be_taken_is_refused_before_anything_moves(tiny, photo):
    photo.write_bytes(bytes(1001))
    tiny.files = (photo, tiny.directory / "none")
    with pytest.raises(ConfigurationError, match=r"1001 bytes, 1000 are allowed.*; .*none can't be read"):
        tiny.run()
    assert tiny.world.lines == []
    assert not tiny.out.exists()
