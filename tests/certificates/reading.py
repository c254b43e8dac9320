"""What stands on a printed certificate."""

import re
import subprocess
from pathlib import Path

import numpy as np
import zxingcpp

from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.model import Record


def poppler(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(record: Record, xml: bytes = b"<a/>") -> str:
    """Return all that the print of a record says, without blanks."""
    return "".join(read_print(print_certificate(record, xml)).words)


def codes(pdf: bytes, folder: Path, dpi: int = 150) -> list[str]:
    """Return the QR codes on the pages of a PDF, read as a camera would; leaves `printed.pdf` there."""
    file = folder / "printed.pdf"
    file.write_bytes(pdf)
    poppler("pdftoppm", "-gray", "-r", str(dpi), str(file), str(folder / "page"))
    found = []
    for page in sorted(folder.glob("page-*.pgm")):
        data = page.read_bytes()
        head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data)
        picture = np.frombuffer(data[head.end() :], np.uint8).reshape(int(head[2]), int(head[1]))
        found += [code.text for code in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode)]
        page.unlink()
    return found
