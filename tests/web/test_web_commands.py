"""The API as the command line starts it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys

import httpx

from remotecal.cli import main

REMOTECAL = [sys.executable, "-m", "remotecal"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_hub_serves_the_api_to_a_user_entered_at_it(tmp_path):
    hub = str(tmp_path / "hub")
    where = ["--listen", f"127.0.0.1:{free_port()}", "--enrolment", f"127.0.0.1:{free_port()}"]
    assert main(["hub", "init", "--hub", hub, "--laboratory", "Flow", "--host", "127.0.0.1", *where]) == 0
    entered = [*REMOTECAL, "hub", "user", "liwei", "--role", "administrator", "--hub", hub]
    subprocess.run(entered, input="correct horse battery\n", text=True, check=True)
    line = [*REMOTECAL, "hub", "up", "--hub", hub, "--api", "127.0.0.1:0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            url = re.search(r"http://\S+?(?=\.?\s*$)", said)
            assert url, said
            assert httpx.get(f"{url[0]}/health").status_code == 200
            name = {"name": "liwei", "password": "correct horse battery"}
            assert httpx.post(f"{url[0]}/api/v1/session", json=name).is_success
            assert httpx.get(f"{url[0]}/api/v1/orders").status_code == 401
        finally:
            process.terminate()


def test_an_api_in_the_clear_is_refused(tmp_path, capsys):
    hub = str(tmp_path / "hub")
    assert main(["hub", "init", "--hub", hub, "--laboratory", "Flow", "--host", "127.0.0.1"]) == 0
    assert main(["hub", "up", "--hub", hub, "--api", "0.0.0.0:4290"]) == 2
    assert "without TLS" in capsys.readouterr().err
