import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from kept_keys import certified_keys
from made import NAMES, START, Made, scale_certificate

from remotecal.certificates.demonstration import DemonstrationKeys


@pytest.fixture(scope="session")
def keys() -> DemonstrationKeys:
    names = {**NAMES, "institute": "Demonstration Institute"}
    return certified_keys(names, START - timedelta(days=300))


@pytest.fixture(scope="session")
def once_made(keys: DemonstrationKeys, tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = Made(tmp_path_factory.mktemp("made"), keys)
    standard = made.write_standard(scale_certificate())
    made.write_journal(made.run)
    made.seal(made.record(standard))
    return made


@pytest.fixture
def made(once_made: Made, tmp_path: Path) -> Made:
    """A small calibration with everything that proves it, for a test to spoil."""
    shutil.copytree(once_made.folder, tmp_path / "made")
    return Made(tmp_path / "made", once_made.keys)
