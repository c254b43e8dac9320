"""The API as the command line starts it."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import httpx
from procedure_package import package

from remotecal.certificates.signing.seal import SealKey, new_seal_key
from remotecal.cli import main
from remotecal.cli.processes import free_port
from remotecal.private_files import write_private
from remotecal.transport.bundles import TrustedProcedures

REMOTECAL = [sys.executable, "-m", "remotecal"]


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


def test_a_bundle_is_written_and_can_be_read(tmp_path, capsys):
    author = tmp_path / "author.pem"
    write_private(author, new_seal_key())
    file, out = package(tmp_path / "levels"), tmp_path / "levels.bundle"
    assert main(["bundle", str(file), "--author", str(author), "--out", str(out)]) == 0
    key = SealKey.read(author).public
    assert f"must trust the key {key.text}" in capsys.readouterr().out
    named = TrustedProcedures(tmp_path / "installed").install(out.read_text(), [key])
    assert named.name == "compare.py"
    assert main(["bundle", str(file), "--author", str(author), "--out", str(tmp_path / "no" / "x")]) == 2
    signed = out.read_bytes()
    assert main(["bundle", str(file), "--author", str(author), "--out", str(out)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert out.read_bytes() == signed
    assert main(["bundle", str(tmp_path / "no.py"), "--author", str(author), "--out", str(out)]) == 2


def test_a_database_that_is_not_there_has_an_exit_code_of_its_own(tmp_path, capsys):
    hub = tmp_path / "hub"
    assert main(["hub", "init", "--hub", str(hub), "--laboratory", "Flow", "--host", "127.0.0.1"]) == 0
    file = hub / "hub.toml"
    file.write_text(file.read_text().replace("sqlite:///hub.sqlite", "sqlite:////proc/none/hub.sqlite"))
    assert main(["hub", "stations", "--hub", str(hub)]) == 7
    assert "the database sqlite:////proc/none/hub.sqlite can't be used" in capsys.readouterr().err


def test_a_password_that_is_too_short_is_refused(tmp_path, capsys, monkeypatch):
    hub = str(tmp_path / "hub")
    assert main(["hub", "init", "--hub", hub, "--laboratory", "Flow", "--host", "127.0.0.1"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["hub", "user", "liwei", "--role", "operator", "--hub", hub]) == 2
    assert "12 to 256 characters" in capsys.readouterr().err


def test_an_api_in_the_clear_is_refused(tmp_path, capsys):
    hub = str(tmp_path / "hub")
    assert main(["hub", "init", "--hub", hub, "--laboratory", "Flow", "--host", "127.0.0.1"]) == 0
    assert main(["hub", "up", "--hub", hub, "--api", "0.0.0.0:4290"]) == 2
    assert "without TLS" in capsys.readouterr().err
