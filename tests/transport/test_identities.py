"""Authority, identities, enrolment: who is let in, and what never leaves its machine."""

import asyncio
import base64
import shutil
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from laboratories import enrol_station, hub_up
from sites import enrol_site, until
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port
from remotecal.errors import ConfigurationError, NotConnected, TransportError
from remotecal.hub.founding import found, settings_text
from remotecal.hub.settings import HubFolder
from remotecal.hub.standing import Starts, StationStanding, standing
from remotecal.journal.events import ON_SITE
from remotecal.pages.words import words
from remotecal.station.folder import StationFolder, enrol_with
from remotecal.transport.enrolment import Application, Code, new_secret
from remotecal.transport.identities import HUB, check_name, station_named, station_uri
from remotecal.transport.pki import (
    Authority,
    Credentials,
    certificate_pem,
    holder_of,
    new_key,
    request,
    requested_key,
    uri_of,
)

DAY = timedelta(days=1)


def test_an_authority_issues_identities(tmp_path: Path) -> None:
    authority = Authority.create("Water laboratory")
    key = new_key()
    public = requested_key(request(key, station_uri("here")))
    certificate = authority.client(public, station_uri("here"), DAY, holder="0123456789abcdef")
    certificate.verify_directly_issued_by(authority.certificate)
    assert uri_of(certificate) == "urn:remotecal:station:here"
    assert holder_of(certificate) == "0123456789abcdef"
    assert certificate.not_valid_before_utc < datetime.now(UTC) - DAY / 2
    assert DAY - timedelta(minutes=1) < certificate.not_valid_after_utc - datetime.now(UTC) < DAY
    Credentials(key, certificate).write(tmp_path / "identity.pem")
    assert Credentials.read(tmp_path / "identity.pem").uri == station_uri("here")


def test_nothing_outlives_its_authority() -> None:
    authority = Authority.create("Water laboratory")
    certificate = authority.client(new_key().public_key(), HUB, timedelta(days=5000))
    assert certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_an_authority_below_another_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "issuing.pem"
    Authority.create("Some organisation").identity.write(path)
    settings = settings_text("Water laboratory", "127.0.0.1")
    folder = found(tmp_path / "hub", settings, path)
    assert folder.trusted.read_bytes() == certificate_pem(Authority.read(path).certificate)
    Credentials.read(folder.hub).certificate.verify_directly_issued_by(Authority.read(path).certificate)


def test_what_may_not_issue_is_no_authority(tmp_path: Path) -> None:
    key = new_key()
    Credentials(key, Authority.create("x").client(key.public_key(), HUB, DAY)).write(tmp_path / "no.pem")
    with pytest.raises(ConfigurationError, match="does not allow to issue others"):
        Authority.read(tmp_path / "no.pem")


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    Authority.create("x").identity.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others: `chmod 600"):
        Authority.read(path)


def test_a_key_with_a_certificate_of_another_is_refused(tmp_path: Path) -> None:
    Credentials(new_key(), Authority.create("x").certificate).write(tmp_path / "mixed.pem")
    with pytest.raises(ConfigurationError, match="is not this key's"):
        Credentials.read(tmp_path / "mixed.pem")


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"]
)
def test_what_is_no_request_is_refused(pem: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no certificate signing request"):
        requested_key(pem)


def test_a_request_signed_by_another_key_is_refused() -> None:
    from cryptography.x509 import load_pem_x509_csr

    pem = request(new_key(), HUB)
    der = bytearray(load_pem_x509_csr(pem).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    body = base64.encodebytes(der)
    forged = b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(ConfigurationError, match="was not signed with the key it names"):
        requested_key(forged)


@pytest.mark.parametrize("name", ["", "a.b", "a*", "a>", "A", "-a", "a-", "a b", "a" * 64, "è"])
def test_what_could_reach_foreign_subjects_is_no_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no name for a station"):
        check_name(name)
    assert station_named(f"urn:remotecal:station:{name}") is None


def test_the_hub_is_no_station() -> None:
    assert station_named(HUB) is None
    assert station_named("urn:remotecal:station:site-7") == "site-7"


def test_a_hub_is_never_founded_over_another(folder: HubFolder) -> None:
    with pytest.raises(ConfigurationError, match="never written over"):
        found(folder.path, "")


def test_all_keys_are_private(folder: HubFolder) -> None:
    holding = [path for path in folder.path.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert len(holding) == 5
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in holding)


async def test_enrolling(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        station = await enrol_station(hub, tmp_path / "here", "here")
        identity = Credentials.read(station.identity)
        assert identity.uri == station_uri("here")
        assert holder_of(identity.certificate) == station.signing_key().public.id
        assert station.laboratory.servers == folder.settings.servers
        assert station.laboratory_key() == SealKey.read(folder.laboratory).public
        register = hub.laboratory.store.stations.get("here")
        assert register.key == station.signing_key().public.text
        secrets = [path for path in station.path.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
        assert {path.name for path in secrets} == {"identity.pem", "journal.key.pem"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets)


async def test_a_code_serves_one_station_once(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        code = hub.laboratory.new_code("here", "Li Wei")
        address = folder.settings.enrolment.address
        await enrol_with(tmp_path / "a", address, code)
        with pytest.raises(ConfigurationError, match=r"refuses: .*unknown, used or expired"):
            await enrol_with(tmp_path / "b", address, code)
        assert not (tmp_path / "b" / "identity.pem").exists()
        refused = hub.laboratory.store.noted(what="refused")
        assert len(refused) == 1
        assert "used or expired" in refused[0].data


async def test_a_secret_is_told_to_nobody_else(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as hub:
        code = hub.laboratory.new_code("here", "Li Wei")
        heard: list[Application] = []
        hear = hub._enrol

        async def listen(application: Application):
            heard.append(application)
            return await hear(application)

        hub._enrol = listen
        false = Code(code.station, code.secret, "0" * 6)
        with pytest.raises(
            TransportError, match=r"not the laboratory that made the code; nothing was told to them\. Compare"
        ):
            await enrol_with(tmp_path / "a", folder.settings.enrolment.address, false)
        assert all(not application.secret for application in heard)


@pytest.mark.parametrize(
    "text", ["", "here", "here-secret", "a-ABCDEF-ABCDEF-short", "--ABCDEF-ABCDEF-ABCDEF"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"NAME-SECRET-SECRET-CHECK|is no name for a station"):
        Code.read(text)


def test_a_code_survives_being_read_aloud() -> None:
    code = Code.made("site-7", new_secret(), "ab" * 32)
    assert Code.read(f" {code}\n") == code
    assert Code.read(str(code).lower().replace("0", "o").replace("1", "l")) == code
    assert len(str(code)) == len("site-7") + 21
    assert code.is_of("ab" * 32)
    assert not code.is_of("ac" * 32)
    assert Code.made("site-7", new_secret(), "ab" * 32).check != code.check, "nobody can know it"


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with pytest.raises(NotConnected, match="can't be asked"):
        asyncio.run(enrol_with(tmp_path, f"127.0.0.1:{free_port()}", Code("a", "b", "0")))


async def test_two_agents_of_one_folder_are_given_nothing_until_one_of_them_has_ended(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        shutil.copytree(site.folder.path, tmp_path / "copy")
        copied = replace(site, folder=StationFolder(tmp_path / "copy"))

        def stand() -> StationStanding:
            return standing(hub.laboratory.store.stations.get("here"), time.time())

        async with site.up() as station:
            async with copied.up() as other:
                await until(lambda: bool(station.liaison.not_served and other.liaison.not_served))
                assert "two agents answer as here" in stand().not_served
                assert "用新的注册码" in words("zh").refusal(stand().not_served)[0]
                order = await site.order()
                assert not await station.liaison.ask("order")
                assert not await other.liaison.ask("order")
            await site.state(order, "signed")
            assert not stand().not_served
        (claim,) = hub.laboratory.store.noted(what="claim")
        assert claim.who == "here"


async def test_a_run_that_was_gone_on_with_from_a_copy_is_not_taken_up_again(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    """A disk that died in a run is restored elsewhere, and later the first computer is switched on again."""
    tiny.parameter("ask = true")
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            await until(lambda: (live := station.live()) is not None and live.prompt > 0)
        shutil.copytree(site.folder.path, tmp_path / "copy")
        async with site.up() as station:
            await until(lambda: (live := station.live()) is not None and live.prompt > 0)
            assert station.current.obey("abort", ON_SITE, "enough", 0).done
            await site.state(order, "aborted")
        copied = replace(site, folder=StationFolder(tmp_path / "copy"))
        before = list(tiny.world.lines)
        async with copied.up() as other:
            await until(lambda: bool(other.held_up))
            await until(lambda: (live := other.live()) is None or live.prompt > 0)
        assert "resume" not in [event["kind"] for event in copied.journal(order)]
        assert tiny.world.lines == before, "it had left its rig safe, and somebody else has it"
        (ended,) = (tmp_path / "copy" / "orders").glob("*/ended")
        assert "the laboratory has another journal" in ended.read_text()
        assert "the journal here has" in await site.refusal(order)


def test_two_agents_need_not_take_turns_to_be_two() -> None:
    starts = Starts()
    assert [starts.hear(who) for who in "AAB"] == [False, False, False], "it was started again"
    assert [starts.hear(who) for who in "AAABBA"] == [True] * 6
    assert [starts.hear(who) for who in "AAAA"] == [True, True, False, False], "the other has ended"
    assert starts.hear("B")
