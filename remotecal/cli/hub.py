"""`remotecal hub`: the laboratory's side."""

from __future__ import annotations

import argparse
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli import hub_index, hub_passkeys, hub_walls
from remotecal.cli.commands import HUB, add_directory, command, directory
from remotecal.cli.install_service import add_command as add_install
from remotecal.cli.terminal import say

if TYPE_CHECKING:
    from remotecal.hub.hub import Hub
    from remotecal.hub.settings import HubFolder
    from remotecal.store.audit_log import Chain

WAITING_SHOWN = 20
"""Orders that are named to who shuts a station out, at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_directory(parser, *HUB)
    commands, parents = parser.add_subparsers(metavar="COMMAND", required=True), [directory(*HUB)]
    add = partial(command, commands, parents=parents)
    init = add("init", "make a hub: authority, keys, settings and database", _init)
    init.add_argument("--laboratory", required=True, metavar="NAME", help="name of the laboratory")
    init.add_argument("--host", required=True, metavar="HOST", help="where stations find this machine")
    init.add_argument(
        "--listen", default="0.0.0.0:4222", metavar="ADDRESS:PORT", help="where stations connect"
    )
    init.add_argument("--enrolment", default="0.0.0.0:4280", metavar="ADDRESS:PORT", help="where they enrol")
    init.add_argument(
        "--authority", type=Path, metavar="FILE", help="key and certificate of an authority to use (PEM)"
    )
    up = add("up", "serve until interrupted", _up)
    for one in (up, add_install(commands, "hub", parents)):
        _add_api(one)
    user = add("user", "enter a user of the API, or change one; asks for a password", _user)
    user.add_argument("name", metavar="NAME", help="how they log in")
    user.add_argument("--role", action="append", required=True, metavar="ROLE", help="may be given again")
    user.add_argument("--account", metavar="NAME", help="the customer's account")
    add("migrate", "bring the database to this program's version", _migrate)
    backup = add("backup", "copy database, keys and settings into a new directory", _backup)
    backup.add_argument("to", type=Path, metavar="DIR", help="the new directory")
    add("renew", "give hub and servers new certificates", _renew)
    add("broker", "print the configuration for a server that is run elsewhere", _broker)
    stations = add("stations", "list the stations", _stations)
    stations.add_argument("--keys", action="store_true", help="print the keys that sign their journals")
    invite = add("invite", "print a code with which a station may enrol, once", _invite)
    invite.add_argument(
        "--withdraw", action="store_true", help="make none, and have those made for it enrol nothing"
    )
    revoke = add("revoke", "shut a station out, now and for good", _revoke)
    revoke.add_argument("--yes", action="store_true", help="don't ask whether that is meant")
    for one in (invite, revoke):
        one.add_argument("station", metavar="STATION", help="name of the station")
    read = add("read", "read one quantity at a station while no run is on", _read)
    read.add_argument("address", metavar="ADDRESS", help="the instrument: station://ID/role")
    read.add_argument("quantity", metavar="QUANTITY", help="what to read, as its driver calls it")
    withdraw = add("withdraw", "take back an order that was not begun", _withdraw)
    withdraw.add_argument("order", metavar="ORDER", help="the order, as `remotecal order` printed it")
    hub_index.add_commands(add)
    hub_walls.add_commands(add, parents)
    hub_passkeys.add_commands(add, parents)
    audit = add("audit", "print what was done, and what was refused", _audit)
    audit.add_argument("--limit", type=int, default=50, metavar="N", help="entries, the latest ones")
    audit.add_argument("--check", action="store_true", help="compute its chain anew: is it whole?")
    audit.add_argument("--holds", default="", metavar="HASH", help="with --check: a hash it once ended with")


def _add_api(one: argparse.ArgumentParser) -> None:
    """Declare where a hub serves the API and the console."""
    one.add_argument("--api", metavar="ADDRESS:PORT", help="serve the REST API there, too: 127.0.0.1:4290")
    one.add_argument(
        "--api-certificate", type=Path, metavar="FILE", help="the API's key and certificate chain (PEM)"
    )
    one.add_argument(
        "--api-proxied", action="store_true", help="a reverse proxy on this machine speaks TLS for the API"
    )


def _folder(asked: argparse.Namespace) -> HubFolder:
    from remotecal.hub.settings import HubFolder

    return HubFolder(asked.hub)


def _init(asked: argparse.Namespace) -> None:
    from remotecal.hub.founding import found, settings_text

    settings = settings_text(asked.laboratory, asked.host, listen=asked.listen, enrolment=asked.enrolment)
    folder = found(asked.hub, settings, asked.authority)
    whose = folder.settings.laboratory
    print(
        say(
            f"The hub of {whose} is in {folder.path}. Keep the keys in it to yourself.\nNext: ",
            f"{whose}的中心位于 {folder.path}。其中的密钥请自行保管。\n下一步：",
        )
        + f"remotecal hub up --hub {folder.path}"
    )


def _up(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.cli.service import serve
    from remotecal.hub.hub import Hub

    async def run() -> None:
        hub = Hub(_folder(asked))
        async with AsyncExitStack() as stack:
            said = say("The hub is up.", "中心已启动。")
            if asked.api is not None:
                url = await stack.enter_async_context(_api(asked, hub))
                said += say(f" Its API is at {url}.", f"页面和 API 位于 {url}。")
            await serve(hub.run(), hub.ready, said)

    asyncio.run(run())


def _api(asked: argparse.Namespace, hub: Hub) -> AbstractAsyncContextManager[str]:
    from remotecal.transport.identities import host_and_port
    from remotecal.web.server import serving

    host, port = host_and_port(asked.api)
    return serving(hub.laboratory, host, port, certificate=asked.api_certificate, proxied=asked.api_proxied)


def _user(asked: argparse.Namespace) -> None:
    import getpass
    import sys

    from remotecal.hub.users import enter
    from remotecal.store import Store
    from remotecal.web.passwords import digest

    password = (
        getpass.getpass(say("Password: ", "密码："))
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    with Store(_folder(asked).database) as store:
        kept = digest(password, [asked.name])
        by = getpass.getuser()
        gone = enter(store, asked.name, roles=asked.role, password=kept, account=asked.account, by=by)
    roles = ", ".join(asked.role)
    print(say(f"{asked.name} is entered: {roles}", f"{asked.name} 已登记，角色：{roles}"))
    if gone:
        print(
            say(
                f"{asked.name}'s passkeys are removed: {gone}. Whoever is to have some adds them anew.",
                f"{asked.name} 的 {gone} 个通行密钥已移除，需要时请重新添加。",
            )
        )


def _migrate(asked: argparse.Namespace) -> None:
    from remotecal.store import Store

    Store.migrate(_folder(asked).database)


def _backup(asked: argparse.Namespace) -> None:
    from remotecal.hub.backup import back_up

    missing = back_up(_folder(asked), asked.to)
    print(f"The hub is copied into {asked.to}, with its keys: keep it as you keep them.")
    for name in missing:
        print(f"Not in it, for it lies elsewhere: {name}")


def _renew(asked: argparse.Namespace) -> None:
    from remotecal.hub.founding import renew_own

    renew_own(_folder(asked))
    print("Hub and servers have new certificates; start them anew.")


def _broker(asked: argparse.Namespace) -> None:
    import json

    from remotecal.certificates.signing.seal import SealKey
    from remotecal.hub.broker import configuration

    folder = _folder(asked)
    admission = SealKey.read(folder.admission).public
    whole = configuration(
        folder.settings.broker,
        folder.broker.resolve(),
        folder.trusted.resolve(),
        admission,
        Path("/run/remotecal"),
    )
    print(json.dumps(whole, indent=2))


def _stations(asked: argparse.Namespace) -> None:
    from remotecal.cli.service import moment
    from remotecal.cli.tables import show_table
    from remotecal.store import Store

    with Store(_folder(asked).database) as store:
        stations = list(store.stations.list())
    if asked.keys:
        keys = say("station", "站点"), say("key of its journals", "日志密钥")
        show_table(keys, [(row.name, row.key) for row in stations])
        return
    may = {True: say("yes", "是"), False: say("revoked", "已吊销")}
    rows = [(row.name, may[row.enabled], moment(row.certificate_until), moment(row.seen)) for row in stations]
    headings = (
        say("station", "站点"),
        say("may connect", "可连接"),
        say("certificate until", "证书有效期至"),
        say("last heard of", "最近联系"),
    )
    show_table(headings, rows)


def _invite(asked: argparse.Namespace) -> None:
    import getpass
    import time

    from remotecal.cli.terminal import show_code
    from remotecal.hub.laboratory import new_code, withdraw_codes
    from remotecal.store import Store
    from remotecal.transport.enrolment import enrol_command

    folder = _folder(asked)
    with Store(folder.database) as store:
        if asked.withdraw:
            withdraw_codes(store, asked.station, getpass.getuser(), time.time())
            return
        code = new_code(folder, store, asked.station, getpass.getuser())
    print(code)
    show_code(enrol_command(code, folder.settings.enrolment.address))


def _revoke(asked: argparse.Namespace) -> None:
    import asyncio
    import getpass

    from remotecal.hub.laboratory import open_laboratory

    if not asked.yes and not _meant(asked):
        return

    async def run() -> int:
        async with open_laboratory(_folder(asked)) as laboratory:
            return await laboratory.revoke(asked.station, getpass.getuser())

    cut = asyncio.run(run())
    print(f"{asked.station} is shut out; {cut} connections were cut.")


def _meant(asked: argparse.Namespace) -> bool:
    """Tell whether whoever sits here means it, once they know what waits for the station; a script does."""
    import sys
    import time

    from remotecal.cli.terminal import sure
    from remotecal.store import Store

    if not sys.stdin.isatty():
        return True
    with Store(_folder(asked).database) as store:
        store.stations.get(asked.station)
        waiting = store.pages.placed(WAITING_SHOWN + 1, time.time(), station=asked.station, stage="waits")
    if waiting:
        print(say("These orders wait for it, and are not begun unless it enrols anew:",
                  "以下委托在等待该站点；除非它重新登记，否则不会开始："))  # fmt: skip
        print(", ".join(one.order.number for one in waiting[:WAITING_SHOWN]), end="")
        print(", …" if len(waiting) > WAITING_SHOWN else "")
    if sure(say(f"Shut out {asked.station}? (yes/no) ", f"吊销 {asked.station}？（是/否）")):
        return True
    print(say("It is left as it is.", "保持原样。"))
    return False


def _read(asked: argparse.Namespace) -> None:
    import asyncio
    import getpass
    import json

    from remotecal.drivers.links import Place
    from remotecal.errors import ConfigurationError
    from remotecal.hub.laboratory import open_laboratory
    from remotecal.transport.messages import CommandAnswer

    place = Place.named(asked.address)
    if place is None:
        raise ConfigurationError(f"{asked.address!r} is no station://ID/role, nor station://ID/bench/role")
    what = f"{place.bench}/{place.role}.{asked.quantity}"

    async def run() -> CommandAnswer:
        async with open_laboratory(_folder(asked)) as laboratory:
            return await laboratory.command(place.station, "read", getpass.getuser(), argument=what)

    answer = asyncio.run(run())
    if not answer.done:
        raise ConfigurationError(answer.reason)
    measured = json.loads(answer.content)
    print(f"{measured['source']} {measured['value']:.8g} {measured['unit']}")


def _withdraw(asked: argparse.Namespace) -> None:
    import getpass

    from remotecal.store import Store

    by = getpass.getuser()
    with Store(_folder(asked).database) as store, store.transaction():
        store.orders.withdraw(asked.order, f"withdrawn by {by}")
        store.note(by, "withdraw", {"order": asked.order})


def _audit(asked: argparse.Namespace) -> None:
    from remotecal.cli.service import moment
    from remotecal.cli.tables import plain
    from remotecal.store import Store

    with Store(_folder(asked).database) as store:
        if asked.check or asked.holds:
            print(_whole(store.log.check(asked.holds), asked.holds))
            return
        for row in reversed(store.noted(limit=asked.limit)):
            print(plain(f"{moment(row.at)}  {row.who}  {row.what}  {row.data}"))


def _whole(found: Chain, looked_for: str) -> str:
    """Return what is said of an audit log that is whole (`StoreError`: it is not, and where)."""
    from remotecal.errors import StoreError

    if found.broken is not None:
        raise StoreError(
            f"the audit log is broken at entry {found.broken.id}: {found.entries} before it hold. It was "
            "changed, or one before it was taken away or put in; compare it with a backup"
        )
    if not found.seen:
        raise StoreError(f"no entry of the audit log has the hash {looked_for}: entries were taken away")
    return f"{found.entries} entries hold; the last has the hash {found.head}: write it down elsewhere"
