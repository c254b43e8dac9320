"""Waveforms and files reach the laboratory with their journal, and it computes from them by their hashes."""

from pathlib import Path

import numpy as np
import pytest
import sites
from examining import examine_replies
from laboratories import hub_up
from scope import DRIVERS, PROCEDURE, scope
from scope_procedure import Seen
from sites import enrol_site
from tiny_bench import Tiny

from remotecal.hub.recomputing import write_journal
from remotecal.hub.settings import HubFolder
from remotecal.journal.contents import beside
from remotecal.journal.events import read_journal
from remotecal.journal.gathering import read_evidence


async def test_the_laboratory_computes_from_samples_it_was_brought(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "PROCEDURE", PROCEDURE)
    tiny.parameter("card = true")
    with scope(tiny, 200_000) as world:
        async with hub_up(folder) as hub:
            site = await enrol_site(hub, tiny, tmp_path / "here")
            async with site.up():
                order = await site.order()
                await site.recomputed(order)
            store = hub.laboratory.store
            row, record = site.run_row(order), store.records.find("here", order.id)
            assert record is not None
            assert record.agrees, row
            journal = write_journal(store, "here", order.id, tmp_path / "brought")
    assert journal.stat().st_size < 50_000
    evidence = read_evidence(tmp_path / "brought")
    read = [one for point in evidence.points for one in Seen.at(evidence, point)]
    for one, codes in zip(read, world.taken, strict=True):
        assert np.array_equal(one.trace.raw(), codes)
        assert one.log is not None
        assert one.log.content().startswith(b"channel")
    events = read_journal(journal)
    assert examine_replies(events, DRIVERS, beside(tmp_path / "brought")).startswith("4 values read again")
