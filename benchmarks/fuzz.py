"""Fuzz what reads strangers' bytes: byte by byte, led by the coverage of remotecal's own lines.

Run `python benchmarks/fuzz.py TARGET [--seconds N]`, TARGET one of `dcc`, `signed`, `journal`, `evidence`,
`verify`, `bench`, `order`. It needs `atheris` (`pip install atheris`). Seeds are made on the fly; what adds
coverage is kept for as long as the run lasts. Nothing but remotecal's errors may come out, nothing may take
10 s or 2 GB, and neither a journal with a byte changed nor a signature over other content may hold. Evidence,
whoever signed it, may not make `verify` write, connect, start a program, or open or run what is neither
installed nor given. The first input that breaks this stays in `crash-…`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["remotecal"]):
    from remotecal.bench import Bench
    from remotecal.certificates.dcc import read
    from remotecal.certificates.demonstration import make_demonstration_keys
    from remotecal.certificates.signing.xml import read_signatures, sign_xml
    from remotecal.clock import VirtualClock
    from remotecal.errors import CertificateRefused, ConfigurationError, JournalBroken, RecordError
    from remotecal.journal.events import read_journal
    from remotecal.journal.gathering import gather
    from remotecal.journal.writing import Journal
    from remotecal.order import Order
    from remotecal.verify import journal as _verified  # noqa: F401  to be watched, too

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "fuzz"))
import seeds

ROOT = Path(__file__).parent.parent
NEUTRAL = ROOT / "tests" / "neutral"
sys.path.insert(0, str(NEUTRAL))  # the package that the tests have installed, too

Target = Callable[[bytes], None]


def dcc(data: bytes) -> None:
    """A certificate is read or refused."""
    try:
        read(data)
    except RecordError:
        return


def moved(data: bytes, chance: Random) -> bytes:
    """Return a certificate with tags taken out, said twice, moved, and words put between them."""
    parts = re.split(rb"(<[^<>]*>)", data)
    for _ in range(chance.randint(1, 4)):
        begin, length = chance.randrange(len(parts)), chance.choice((1, 1, 2, 3, 8, 40))
        taken = parts[begin : begin + length]
        match chance.randrange(4):
            case 0:
                del parts[begin : begin + length]
            case 1:
                place = chance.randrange(len(parts))
                parts[place:place] = taken
            case 2:
                parts.insert(begin, chance.choice(WORDS["signed"]).encode())
            case _:
                parts[begin] = parts[begin].replace(b"1", b"2") + chance.choice((b"", b"<!---->", b" "))
    return b"".join(parts)


def signed() -> tuple[Target, list[bytes]]:
    """A signature holds over what was signed, or not at all; the input says where the tags are moved."""
    at = datetime(2026, 11, 20, tzinfo=UTC)
    key = make_demonstration_keys({"issued": "Laboratory"}, at).signers["issued"]
    seeds_signed = [sign_xml(seed, key, "issued", at) for seed in seeds.certificates()]
    contents = {read_signatures(seed)[0].content for seed in seeds_signed}

    def target(data: bytes) -> None:
        chance = Random(data)
        try:
            found = read_signatures(moved(chance.choice(seeds_signed), chance))
        except (CertificateRefused, RecordError):
            return
        if any(one.chain[0] == key.chain[0] and one.content not in contents for one in found):
            raise AssertionError("a signature holds over what was never signed")

    return target, seeds_signed


def journal(folder: Path) -> tuple[Target, list[bytes]]:
    """A journal is read only as it was written, or cut off after a line."""
    path = seeds.journal(folder / "seed", seeds.events())
    written = path.read_bytes()
    heads = {b"\n".join(written.split(b"\n")[:count]) + b"\n" for count in range(1, 20)} | {b"", written}

    def target(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read_journal(path)
        except JournalBroken:
            return
        if data not in heads:
            raise AssertionError("a journal that was changed is read")

    return target, [written, *sorted(heads)]


def evidence(folder: Path) -> tuple[Target, list[bytes]]:
    """Events a forger sealed rightly are evidence or refused, and the journal opens or is refused."""
    numbers = iter(range(sys.maxsize))

    def target(data: bytes) -> None:
        place = folder / f"run{next(numbers)}"
        try:
            told = [(str(line[0]), dict(line[1])) for line in map(json.loads, data.splitlines())]
            path = seeds.journal(place, told)
        except (ValueError, TypeError, LookupError, RecursionError):
            return
        with suppress(JournalBroken):
            gather(read_journal(path))
        with suppress(JournalBroken):
            Journal.open(place, VirtualClock(0)).close()
        path.unlink()
        place.rmdir()

    told = seeds.events()
    lines = [json.dumps(event, ensure_ascii=False).encode() for event in told]
    return target, [b"\n".join(lines), *(lines[0] + b"\n" + line for line in lines[1:])]


class Watch:
    """Notes what the interpreter does that evidence may not bring it to, as its audit tells.

    Args:
        given: folders that may be read, beside what is installed.
    """

    def __init__(self, *given: Path) -> None:
        own = [NEUTRAL, *(ROOT / name for name in ("remotecal", "procedures", "sim"))]
        installed = {Path(atheris.__file__).parent.parent, *map(Path, (sys.prefix, sys.base_prefix))}
        self._allowed = (*map(str, (*own, *given, *installed)), "/usr/", "/proc/", "<")
        self.on, self.seen = False, []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on or not event.startswith(("open", "exec", "os.", "shutil.", "socket.", "subprocess.")):
            return
        what = str(getattr(arguments[0], "co_filename", arguments[0])) if arguments else ""
        flags = arguments[2] if event == "open" else 0
        reads = event in {"open", "exec", "os.listdir", "os.scandir"} and not (
            isinstance(flags, int) and flags & WRITES
        )
        if not reads or not what.startswith(self._allowed):
            self.seen.append((event, what))


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def verify(folder: Path) -> tuple[Target, list[bytes]]:
    """Whatever a station that everybody trusts has signed is examined to the end, and touches nothing."""
    trusted = seeds.Trusted(folder / "trusted")
    trusted.examine(trusted.write(trusted.told))  # imports what is imported once
    watch = Watch(folder / "trusted")

    def target(data: bytes) -> None:
        try:
            told = [(str(line[0]), dict(line[1])) for line in map(json.loads, data.splitlines())]
            place = trusted.write(told)
        except (JournalBroken, ValueError, TypeError, LookupError, RecursionError):
            return
        watch.on = True
        with suppress(JournalBroken):
            trusted.examine(place)
        watch.on = False
        shutil.rmtree(place)
        if watch.seen:
            raise AssertionError(f"evidence made verify do {watch.seen}")

    lines = [json.dumps(event, ensure_ascii=False).encode() for event in trusted.told]
    outside = folder / "outside.py"
    outside.write_text("import this\n")
    names = (str(outside), "../outside.py", "this:s", "this", "water_master_meter", "antigravity:fly")
    named = [lines[0].replace(b'"dosing"', json.dumps(name).encode()) for name in names]
    return target, [b"\n".join(lines), *(b"\n".join([first, *lines[1:]]) for first in named)]


def toml(folder: Path, load: Callable[[Path], object]) -> Target:
    """A file somebody wrote is loaded or refused."""
    path = folder / "file.toml"

    def target(data: bytes) -> None:
        path.write_bytes(data)
        try:
            load(path)
        except ConfigurationError:
            return

    return target


def chosen(name: str, folder: Path) -> tuple[Target, list[bytes]]:
    """Return a target and its seeds."""
    if name == "dcc":
        return dcc, list(seeds.certificates())
    if name == "signed":
        return signed()
    if name == "bench":
        return toml(folder, Bench.load), [seeds.BENCH.encode()]
    if name == "order":
        return toml(folder, Order.load), [seeds.ORDER.encode()]
    return {"journal": journal, "evidence": evidence, "verify": verify}[name](folder)


WORDS = {
    "dcc": (
        "<dcc:",
        "</dcc:",
        "<si:",
        "si:value",
        "si:unit",
        "\\kilo",
        "\\tothe{",
        "refType=",
        " id=",
        "NaN",
    ),
    "signed": (
        "<!-- -->",
        "<?x y?>",
        "&#49;",
        "<![CDATA[1]]>",
        "<ds:Object/>",
        "<ds:Signature/>",
        "conforms",
        "1",
    ),
    "journal": ('"seq":', '"prev":', '"hash":', '"kind":', "true", "1.0", "\\u0000"),
    "evidence": ('["start",', "null", "true", "[]", "{}", "1e400", "\\ud800"),
    "verify": (
        '["start",',
        '["file",',
        '"driver":',
        "this:s",
        "/etc/passwd",
        "../",
        "null",
        "[]",
        "{}",
        "1e400",
    ),
    "bench": ("[[", "]]", "nan", "inf", "1e400", "2026-01-01", '"""', "true", "modbus+tcp://"),
    "order": ("[[", "]]", "nan", "inf", "1e400", "2026-01-01", '"""', "true"),
}
"""What the mutations should know beyond bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=sorted(WORDS))
    parser.add_argument("--seconds", type=int, default=120)
    given = parser.parse_args()
    # atexit does not run at the end of libFuzzer: the folder is left where the system empties it.
    folder = Path(tempfile.mkdtemp(prefix="remotecal-fuzz-"))
    target, begin = chosen(given.target, folder)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(begin):
        (corpus / str(number)).write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f"{json.dumps(word)}\n" for word in WORDS[given.target]))
    limits = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", f"-max_total_time={given.seconds}"]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", f"-dict={words}", str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
