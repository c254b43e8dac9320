"""`remotecal trace`: draw the chain of traceability from the device to the national standard."""

from __future__ import annotations

import argparse
from pathlib import Path

from remotecal.cli.tables import terminal
from remotecal.cli.verify import add_trust_arguments, trust_list


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument("file", type=Path, metavar="FILE", help="the certificate, XML or PDF")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the drawing there, too")
    parser.add_argument(
        "--require", action="store_true", help="fail unless the chain is recognised to the national standard"
    )
    add_trust_arguments(parser)


def main(asked: argparse.Namespace) -> None:
    """Print the chain; raise `CertificateRefused` if it must be recognised and is not."""
    from remotecal.certificates.dcc.xml import LARGEST_FILE
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.trace import recognise_chain, trace, tree
    from remotecal.configuration import read_within

    data = read_within(asked.file, LARGEST_FILE)
    if data.startswith(b"%PDF"):
        from remotecal.certificates.signing.pdf import embedded_xml

        data = embedded_xml(data)
    traced = trace(data, CertificateLibrary(asked.standards), trust_list(asked))
    terminal().print(tree(traced))
    if asked.svg is not None:
        from remotecal.certificates.keeping import replace
        from remotecal.certificates.trace_drawing import draw

        replace(asked.svg, draw(traced))
    if asked.require:
        recognise_chain(traced)
