"""The person on site adds a photo by a command, with hub and station as processes of their own."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from processes import Processes, call, processes, wait_until
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import read_journal
from remotecal.journal.files import check_file, named_files
from remotecal.station.on_site import Wish, wish_for
from remotecal.transport.messages import CommandAnswer, StationState

CONTENT = bytes(range(256)) * 4000
DIGEST = sha256(CONTENT).hexdigest()


def wish(both: Processes, verb: str, argument: str = "") -> CommandAnswer:
    asked = Wish.model_validate({"verb": verb, "argument": argument})
    return asyncio.run(wish_for(both.station / "agent.sock", asked))


def wait_for_question(both: Processes) -> None:
    def is_asked() -> bool:
        run = StationState.model_validate_json(wish(both, "state").content).run
        return run is not None and run.prompt > 0

    wait_until(is_asked)


def test_a_photo_survives_the_death_of_the_station(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "installation.jpg"
    photo.write_bytes(CONTENT)
    with processes(tmp_path, folder, tiny, 1) as both:
        both.gate.let_go()
        tiny.parameter("ask = true")
        run = both.order()
        wait_for_question(both)
        assert main(["station", "attach", str(tmp_path / "none.jpg"), "--station", str(both.station)]) == 2
        assert "none.jpg can't be read: No such file" in capsys.readouterr().err
        said = call("station", "attach", photo, "--about", "as installed", "--station", both.station)
        assert said.strip() == DIGEST
        both.kill("station")
        photo.unlink()
        both.start("station")
        wait_for_question(both)
        assert wish(both, "answer", "yes").done
        both.check_whole(run, 1)
        runs = ["runs", "--hub", str(folder.path)]
        assert main([*runs, "files", run, "--out", str(tmp_path / "fetched")]) == 0
        listed = capsys.readouterr().out
        assert f"{DIGEST}\n    installation.jpg, {len(CONTENT)} bytes, by on site: as installed" in listed
        assert (tmp_path / "fetched" / "files" / f"{DIGEST}.jpg").read_bytes() == CONTENT
        assert main([*runs, "journal", run, "--out", str(tmp_path / "out")]) == 0
        assert main(runs) == 0
        assert "1/1" in capsys.readouterr().out
    events = read_journal(tmp_path / "out" / "journal.jsonl")
    check_file(*named_files(events), tmp_path / "out")
    (again,) = (event.data for event in events if event.kind == "resume")
    assert again["by"] == "here"
