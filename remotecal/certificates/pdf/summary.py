"""The report of many certificates on paper."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from remotecal.certificates.pdf.fonts import chinese_font
from remotecal.certificates.pdf.numbers import said
from remotecal.certificates.pdf.wording import label

if TYPE_CHECKING:
    from remotecal.certificates.summary import Summary
    from remotecal.model import Text

TEMPLATE, DATA = "summary.typ", "report.json"


def print_summary(summary: Summary) -> bytes:
    """Return a report as a PDF that holds its data as JSON.

    Raises:
        ConfigurationError: no font of this computer has its characters.
    """
    from remotecal.certificates.pdf import typeset

    data = {
        "font": chinese_font(),
        "customer": _said(summary.customer),
        "laboratory": _said(summary.laboratory),
        "orders": ", ".join(summary.orders),
        "demonstration": summary.demonstration,
        "unissued": f"* {_both('unissued')}: {summary.unissued} / {len(summary.listed)}"
        if summary.unissued
        else "",
        "counts": [[_verdict(verdict), str(count)] for verdict, count in summary.verdicts.items()],
        "rows": [
            [
                one.certificate,
                " / ".join(filter(None, (one.serial, one.owner_number))),
                " ".join(filter(None, (_said(one.name), one.model))),
                one.finished.isoformat(),
                _verdict(one.verdict) if one.issued else f"{_verdict(one.verdict)} *",
                one.sha256[:16],
            ]
            for one in summary.listed
        ],
    }
    with TemporaryDirectory(prefix="remotecal-print-") as folder:
        root = Path(folder)
        text = Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8")
        (root / TEMPLATE).write_text(text, encoding="utf-8")
        (root / "print.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        (root / DATA).write_text(summary.model_dump_json(indent=1), encoding="utf-8")
        return typeset(root, TEMPLATE)


def _said(text: Text) -> str:
    """Return a text in its languages, Chinese first, each once."""
    return " ".join(dict.fromkeys(content for _, content in said(text)))


def _both(mark: str) -> str:
    return " ".join(said for _, said in label("marks", mark))


def _verdict(verdict: str) -> str:
    return " ".join(said for _, said in label("verdicts", verdict)) if verdict else "—"
