"""What stands on a printed certificate."""

import subprocess

from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.model import Record


def poppler(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(record: Record, xml: bytes = b"<a/>") -> str:
    """Return all that the print of a record says, without blanks."""
    return "".join(read_print(print_certificate(record, xml)).words)
