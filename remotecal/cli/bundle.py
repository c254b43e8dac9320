"""`remotecal bundle`: pack and sign a procedure of one's own, for an order over the API."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "procedure", type=Path, metavar="FILE", help="the procedure's file; a package goes with its folder"
    )
    parser.add_argument(
        "--author", type=Path, required=True, metavar="KEY", help="Ed25519 key that signs it (PEM)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the bundle goes")
    parser.set_defaults(handler=main)


def main(asked: argparse.Namespace) -> None:
    """Write a procedure as a signed bundle.

    Raises:
        OrderError: the procedure can't be read or sent.
        ConfigurationError: the key can't be used, or the bundle can't be written, or is there already.
    """
    from remotecal.certificates.keeping import write_new
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.transport.bundles import make_bundle

    author = SealKey.read(asked.author)
    write_new(asked.out, make_bundle(asked.procedure, author).encode())
    print(f"{asked.out} is signed; hub and station must trust the key {author.public.text}")
