from pathlib import Path

import pytest
from reading import poppler
from sample import record

from remotecal.certificates import write_certificate


@pytest.fixture(scope="session")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, printed without a signature, with its XML and its record beside it."""
    return write_certificate(record(), tmp_path_factory.mktemp("certificate")).pdf


@pytest.fixture(scope="session")
def text(pdf: Path) -> str:
    return poppler("pdftotext", "-layout", str(pdf), "-")
