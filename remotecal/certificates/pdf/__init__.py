"""The certificate on paper: a bilingual PDF/A-3a and PDF/UA-1 with the DCC inside, typeset by Typst."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from remotecal.certificates.pdf.content import content
from remotecal.certificates.pdf.face import design_of, pictures_of
from remotecal.certificates.pdf.fonts import FOLDERS_VARIABLE, chinese_font, fonts
from remotecal.certificates.signing.xml import read_signatures
from remotecal.errors import ConfigurationError, RecordError

if TYPE_CHECKING:
    from remotecal.model import Record

EMBEDDED_NAME = "certificate.xml"
TEMPLATE, DATA = "certificate.typ", "certificate.json"
DOTS: Final = 110.0
"""Dots to the inch of a page on a screen: its small print can be read."""


def print_certificate(record: Record, xml: bytes) -> bytes:
    """Return `record` as a PDF that holds `xml`, the same certificate as a DCC.

    The same record, XML, fonts and versions of remotecal and Typst give the same bytes. What is
    printed of signatures and seal is what `xml` bears; the day of issue is that of its seal.

    Raises:
        CertificateRefused: a signature of `xml` does not hold.
        RecordError: `xml` is no XML.
        ConfigurationError: the record's face may not be printed with; or no font of this computer has
            the characters of the record: a certificate with boxes in place of characters is none.
    """
    with _laid_out(record, xml) as root:
        return typeset(root, TEMPLATE)


def draw_certificate(record: Record, xml: bytes, dots: float = DOTS) -> tuple[bytes, ...]:
    """Return the pages of the same certificate as pictures (PNG), to be looked at on a screen.

    Args:
        record: as `xml` has it.
        xml: the certificate.
        dots: to the inch.

    Raises:
        as `print_certificate`.
    """
    with _laid_out(record, xml) as root:
        return _compiled(root, TEMPLATE, dots)


@contextmanager
def _laid_out(record: Record, xml: bytes) -> Iterator[Path]:
    """Give a folder with template, text, XML and pictures of a certificate."""
    font = chinese_font()
    data = content(record, read_signatures(xml), font) | {"font": font}
    with TemporaryDirectory(prefix="remotecal-print-") as folder:
        root = Path(folder)
        (root / TEMPLATE).write_text(_template(), encoding="utf-8")
        (root / DATA).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        (root / EMBEDDED_NAME).write_bytes(xml)
        if record.face is not None:
            for field, picture in pictures_of(record.face, design_of(record)).items():
                (root / f"{field}.png").write_bytes(picture)
        yield root


def _template() -> str:
    return Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8")


def typeset(root: Path, template: str) -> bytes:
    """Return the PDF of a template in a folder; Typst reads nothing outside that and fetches nothing.

    Raises:
        ConfigurationError: a font is missing.
        RecordError: it can't be typeset.
    """
    (printed,) = _compiled(root, template)
    return printed


def _compiled(root: Path, template: str, dots: float | None = None) -> tuple[bytes, ...]:
    """Return a template as a PDF, or as a picture (PNG) for each page, with so many dots to the inch."""
    from typst import Compiler, TypstError

    compiler = Compiler(root / template, root=root, font_paths=fonts())
    try:
        made, warnings = compiler.compile_with_warnings(
            format="pdf" if dots is None else "png",
            ppi=dots,
            pdf_standards=[] if dots is not None else ["a-3a", "ua-1"],
            timestamp=datetime.fromtimestamp(0, UTC),
        )
    except TypstError as error:
        if "could not be displayed" in error.message:
            raise ConfigurationError(
                f"{error.message}: no font on this computer has it. Install a Chinese one, on Debian: "
                "apt install fonts-wqy-microhei; for further scripts fonts-noto-core; or name a folder of "
                f"fonts in {FOLDERS_VARIABLE}"
            ) from error
        raise RecordError(f"the certificate can't be printed: {error.diagnostic}") from error
    if warnings:
        raise ConfigurationError(f"the certificate can't be printed as it should: {warnings[0].message}")
    if not made:
        raise RecordError("the certificate can't be printed: there is no page")
    return (made,) if isinstance(made, bytes) else tuple(made)
