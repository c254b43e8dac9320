"""Runs in a process of their own, which is killed, while a simulated bench and its person stay here."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading

LOOK_EVERY = 0.002

RUN = """
import json, sys
from pathlib import Path
from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Answer

class Far:
    def answer(self, question, still_wanted):
        still_wanted()
        print(json.dumps([question.text.get("en"), list(question.options)]), flush=True)
        return Answer(json.loads(sys.stdin.readline()), "liwei")

order, bench, out, told = map(str, sys.argv[1:5])
if Path(out, "journal.jsonl").exists():
    resume(Path(out), Company(Far()))
else:
    asked = Order.load(Path(order))
    asked = asked.model_copy(update={"parameters": {**asked.parameters, **json.loads(told)}})
    execute(asked, find(asked.order.procedure), Bench.load(Path(bench)), Path(out), Company(Far()))
"""


def killed_beside(bench, out, duration, **parameters):
    """Run or resume beside a bench, and kill that when so many seconds of the bench's time have passed.

    Returns whether it was killed, and what was asked; with no `duration` it runs to its end.
    """
    asked = []
    line = [sys.executable, "-c", RUN, bench.order, bench.bench, out, json.dumps(parameters)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        killer = threading.Thread(target=_kill, args=(process, bench.clock, duration))
        if duration:
            killer.start()
        for said in process.stdout:
            text, options = json.loads(said)
            asked.append(text)
            answer = bench.person(text, options)
            try:
                process.stdin.write(json.dumps(answer).encode() + b"\n")
            except BrokenPipeError:  # it was killed while somebody did what it asked for
                break
        process.wait(timeout=60)
        if duration:
            killer.join()
        if process.returncode != -signal.SIGKILL:
            process.stdin.close()
    return process.returncode == -signal.SIGKILL, asked


def _kill(process, clock, duration):
    moment = clock.now() + duration
    while clock.now() < moment and process.poll() is None:
        threading.Event().wait(LOOK_EVERY)
    process.send_signal(signal.SIGKILL)
