"""Writing one report of many certificates: on paper, as a table, and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.keeping import replace
from remotecal.certificates.summary import summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remotecal.certificates.summary import Summary

FILES = CSV_NAME, JSON_NAME, PDF_NAME = "report.csv", "report.json", "report.pdf"
"""What a report's files are called."""


def write_summary(certificates: Sequence[bytes], directory: Path) -> Summary:
    """Write a report as PDF, CSV and JSON into a directory, in the place of an earlier one; as `summary`."""
    from remotecal.certificates.pdf.summary import print_summary

    made = summary(certificates)
    files = {
        CSV_NAME: made.to_csv(),
        JSON_NAME: made.model_dump_json(indent=1).encode() + b"\n",
        PDF_NAME: print_summary(made),
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace(directory / name, content)
    return made
