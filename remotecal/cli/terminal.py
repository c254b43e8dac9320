r"""The person at the terminal: which language they read, and which characters it can show.

Whatever is printed goes through the standard streams; what a terminal has no character for is shown
as an escape such as `\u4e2d`, and never ends a run.
"""

from __future__ import annotations

import argparse
import io
import locale
import os
import sys
from typing import Final, Literal

from remotecal.errors import ConfigurationError

Language = Literal["zh", "en"]
SIGNED_AS: Final = {"performed": "校准或检定", "reviewed": "核验", "approved": "批准", "issued": "签发"}
"""What is signed for, in Chinese."""


def never_fail_to_print() -> None:
    """Let both standard streams show an escape for what their encoding lacks, such as Chinese in ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def language() -> Language:
    """Return the language of whoever sits here: Chinese where the system says so and can show it.

    The first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set counts, as everywhere (POSIX, 8.2); where
    none is, as on Windows, the system's own setting.
    """
    said = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    chinese = (said or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese"))
    return "zh" if chinese and _shows("中文") else "en"


def say(en: str, zh: str) -> str:
    """Return what is to be said in the language of whoever sits here."""
    return zh if language() == "zh" else en


def sure(question: str) -> bool:
    """Tell whether whoever sits here says yes to a question; the end of what they type is no."""
    try:
        return input(question).strip().lower() in {"yes", "是"}
    except EOFError:
        return False


def in_their_language(said: str) -> str:
    """Return what is refused in the language of whoever sits here, by the pages' words where they have it."""
    if (spoken := language()) == "en":
        return said
    from remotecal.pages.words import words

    return words(spoken).refusal(said)[0]


def check_readable(asked: argparse.Namespace) -> None:
    """Raise `ConfigurationError` if a text of a command line is not in the terminal's encoding.

    Names of files may be any bytes; what is to be written into an order, a journal or a database must
    be text.
    """
    texts = (
        text for value in vars(asked).values() for text in (value if isinstance(value, list) else [value])
    )
    for text in texts:
        if isinstance(text, str) and _garbled(text):
            raise ConfigurationError(
                f"{text!r} is not in this terminal's encoding: type it in a terminal that speaks UTF-8"
            )


def _garbled(text: str) -> bool:
    """Tell whether a text holds bytes that Python could not read and kept as lone surrogates."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _shows(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def trouble(error: OSError | UnicodeError) -> str:
    """Return what is said of an error of the system, which names a file or a text but no one to act."""
    if isinstance(error, OSError):
        place = f"{error.filename} can't be used: " if error.filename is not None else ""
        return f"{place}{error.strerror or error}"
    if isinstance(error, UnicodeEncodeError):
        return (
            f"{error.object!r:.200} can't be written in {error.encoding}: let the terminal speak UTF-8 "
            "(LANG=C.UTF-8), or choose another name"
        )
    if isinstance(error, UnicodeDecodeError):
        return f"a file is not in UTF-8: save it as UTF-8 ({error})"
    return str(error)


def show_code(text: str) -> None:
    """Show a text as a QR code, where a terminal is there that can be scanned."""
    if not sys.stdout.isatty() or not _shows("▀▄█"):
        return
    try:
        import segno
    except ImportError:
        print("(pip install 'remotecal[web]' shows it as a QR code as well)")
        return
    segno.make(text, error="m").terminal(compact=True)
