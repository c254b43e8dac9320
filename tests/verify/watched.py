"""Carry out command lines in a process that is watched: what it opens, imports, executes, connects.

Called with a JSON list of command lines on standard input; prints for each its exit code, what it
said, and the events. What is needed for the first is imported while that runs, so it should be a
harmless one that goes all the way.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

seen: list[tuple[str, str]] = []
OF_INTEREST = ("exec", "import", "open", "os.", "shutil.", "socket.", "subprocess.", "ctypes.")


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(OF_INTEREST):
        what = arguments[0] if arguments else ""
        seen.append((event, str(getattr(what, "co_filename", what))))
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & 0o1103:
            seen.append(("write", str(what)))


def main() -> None:
    from remotecal.cli import main as remotecal

    told = []
    for command in json.load(sys.stdin):
        seen.clear()
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            try:
                code = remotecal(command)
            except BaseException as error:  # noqa: BLE001  a test tells what it was
                code = f"{type(error).__name__}: {error}"
        told.append({"code": code, "said": out.getvalue() + err.getvalue(), "events": list(seen)})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    sys.dont_write_bytecode = True  # whoever needs a module first writes that, and it is no command's doing
    sys.addaudithook(watch)
    main()
