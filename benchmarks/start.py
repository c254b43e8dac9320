"""How long starting, verifying a certificate and the demonstration take, beside the least of each.

Run it as `python benchmarks/start.py`. Each task is a process, from nothing to its end, as somebody at a
terminal has it: the help beside a bare interpreter; a verification beside the libraries that it needs (the
PDF's signature by pyHanko, the XML's by signxml, the print by Typst, the journal's hashes, GTC loaded); a
bench's check beside opening its instruments, both with all loaded already. The demonstration tells by its own
steps where its time goes; where it was to take 6 s and a verification 3 s, a bare interpreter takes 23 ms.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from compare import Bound, median_ratio, show, take_turns, verdict

from remotecal.bench import Bench
from remotecal.certificates.dcc.read import read
from remotecal.certificates.pdf import DATA, EMBEDDED_NAME, TEMPLATE, _template
from remotecal.certificates.pdf.content import content
from remotecal.certificates.pdf.fonts import chinese_font
from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli.bench import check
from remotecal.sim.water.assemblies import water_rig

PYTHON = sys.executable
REMOTECAL = (PYTHON, "-m", "remotecal")
ROUNDS = 7
DEMONSTRATIONS = 3

BY_HAND = """
import hashlib, json, sys
from io import BytesIO
from pathlib import Path

import GTC
import rfc8785
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier
from typst import Compiler

from base64 import b64decode
from datetime import datetime

ran, printed = map(Path, sys.argv[1:])
(signature,) = PdfFileReader(BytesIO((ran / "certificate.pdf").read_bytes())).embedded_regular_signatures
context = ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
assert validate_pdf_signature(signature, context).intact
DS = "{http://www.w3.org/2000/09/xmldsig#}"
for path in (ran / "certificate.xml", *(ran / "bench").glob("*.xml")):
    root = etree.fromstring(path.read_bytes())
    while (newest := root.find(f"{DS}Signature")) is not None:
        signer = load_der_x509_certificate(b64decode(newest.findtext(f".//{DS}X509Certificate")))
        at = datetime.fromisoformat(newest.findtext(".//{*}SigningTime"))
        config = XAdESSignatureConfiguration(location="./", verification_time=at, expect_references=True)
        XAdESVerifier().verify(etree.tostring(root), x509_cert=signer, expect_config=config)
        root.remove(newest)
Compiler(printed / "certificate.typ", root=printed).compile(format="pdf", pdf_standards=["a-3a", "ua-1"])
for line in (ran / "journal.jsonl").read_bytes().splitlines():
    hashlib.sha256(rfc8785.dumps(json.loads(line))).hexdigest()
"""
"""The least that a verification is made of, by the libraries alone."""


def main() -> int:
    with TemporaryDirectory() as temporary:
        here = Path(temporary)
        ran, printed = here / "ran", here / "printed"
        process(*REMOTECAL, "demo", "--out", ran)()
        lay_out(ran / "certificate.xml", printed)
        bounds = [*starting(), verifying(ran, printed), *demonstrating(here)]
        with water_rig(here / "rig", seed=7) as rig:
            bounds.append(checking(rig.bench))
    return verdict(bounds)


def process(*line: object) -> Callable[[], object]:
    """Return a task: a process from its start to its end, which must be a good one."""
    return lambda: subprocess.run(list(map(str, line)), check=True, capture_output=True)


def starting() -> list[Bound]:
    costs = take_turns(
        {
            "bare interpreter": process(PYTHON, "-c", "pass"),
            "argparse alone": process(
                PYTHON, "-c", "import argparse; argparse.ArgumentParser().format_help()"
            ),
            "remotecal --help": process(*REMOTECAL, "--help"),
            "remotecal verify --help": process(*REMOTECAL, "verify", "--help"),
        },
        rounds=4 * ROUNDS,
    )
    show("Starting", costs, "bare interpreter")
    bare = costs["bare interpreter"]
    return [
        Bound(f"{name} / bare interpreter", costs[name] / bare, 2.5)
        for name in ("remotecal --help", "remotecal verify --help")
    ]


def lay_out(xml: Path, printed: Path) -> None:
    """Put into a folder what Typst makes a certificate's pages from."""
    printed.mkdir()
    signatures = read_signatures(xml.read_bytes())
    font = chinese_font()
    data = content(read(signatures[-1].content), signatures, font) | {"font": font}
    (printed / TEMPLATE).write_text(_template(), encoding="utf-8")
    (printed / DATA).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    (printed / EMBEDDED_NAME).write_bytes(xml.read_bytes())


def verifying(ran: Path, printed: Path) -> Bound:
    proofs = ("--journal", ran, "--trust", ran / "trust.toml", "--standards", ran / "bench")
    issuer = ("--trust-key", ran / "keys" / "list-issuer.pub.pem")
    costs = take_turns(
        {
            "bare interpreter": process(PYTHON, "-c", "pass"),
            "the libraries alone": process(PYTHON, "-c", BY_HAND, ran, printed),
            "remotecal verify": process(*REMOTECAL, "verify", ran / "certificate.pdf", *proofs, *issuer),
        },
        rounds=ROUNDS,
    )
    show("Verifying a certificate of six points with its journal", costs, "the libraries alone")
    return Bound("verify / the libraries alone", costs["remotecal verify"] / costs["the libraries alone"], 2)


def checking(bench: Path) -> Bound:
    """Compare a bench's check with opening its instruments, in a process that has all loaded already."""

    def open_all() -> None:
        with Bench.load(bench).open():
            pass

    def check_all() -> None:
        with redirect_stdout(StringIO()):
            check(bench, Path())

    costs = take_turns({"open": open_all, "check": check_all}, rounds=3 * ROUNDS)
    show("Checking a bench of six instruments", costs, "open")
    return Bound("bench check / opening its instruments", costs["check"] / costs["open"], 2)


def demonstrating(here: Path) -> list[Bound]:
    """Take the demonstration's time by its own steps; return the bounds of the whole."""
    bare, whole = [], []
    steps: dict[str, list[float]] = {}
    for number in range(DEMONSTRATIONS):
        began = time.perf_counter()
        process(PYTHON, "-c", "pass")()
        bare.append(time.perf_counter() - began)
        taken = demonstrate(here / f"demo-{number}")
        whole.append(sum(taken.values()))
        for step, seconds in taken.items():
            steps.setdefault(step, []).append(seconds)
    print("The demonstration, by its steps")
    for step, seconds in steps.items():
        share = median_ratio(seconds, whole)
        print(f"  {step:34} {statistics.median(seconds):7.2f} s {share:8.0%}")
    print(f"  {'whole':34} {statistics.median(whole):7.2f} s")
    return [Bound("demo / bare interpreter, by wall", median_ratio(whole, bare), 260)]


def demonstrate(out: Path) -> dict[str, float]:
    """Return step → seconds, from the process's start to its end."""
    steps: dict[str, float] = {}
    step, since = "load", time.perf_counter()
    line = [*REMOTECAL, "demo", "--out", str(out)]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None  # noqa: S101  it was asked for
        for said in running.stderr:
            now = time.perf_counter()
            steps[step] = steps.get(step, 0.0) + now - since
            step = "run" if " observed" in said else said.partition(":")[0].strip()
            since = now
    steps[step] = steps.get(step, 0.0) + time.perf_counter() - since
    if running.returncode:
        raise RuntimeError(f"the demonstration ended with {running.returncode}")
    return steps


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.partition(' ')[0]}")
    sys.exit(main())
