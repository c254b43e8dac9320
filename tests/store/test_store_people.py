"""Users, sessions, tokens and passkeys, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from remotecal.errors import ConfigurationError, NotLoggedIn, NotThere
from remotecal.store import Store
from remotecal.store.passkeys import CHALLENGE_LASTS, MOST, PasskeyRow
from remotecal.store.users import UserRow

LASTS, IDLE = 1000.0, 100.0
DIGEST, OTHER = "scrypt$1", "scrypt$2"


@pytest.fixture
def wei(store: Store) -> UserRow:
    store.users.put("wei", roles={"operator", "reviewer"}, password=DIGEST)
    found = store.users.find("wei")
    assert found is not None
    return found


def test_users_are_entered_and_changed(store: Store, wei: UserRow) -> None:
    assert (wei.roles, wei.account, wei.enabled) == ({"operator", "reviewer"}, None, True)
    store.users.put("acme", roles={"customer"}, password=OTHER, account="acme-water")
    store.users.put("wei", roles={"approver"})
    assert [(user.name, set(user.roles), user.password) for user in store.users.list()] == [
        ("acme", {"customer"}, OTHER),
        ("wei", {"approver"}, DIGEST),
    ]
    assert store.users.find("nobody") is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"roles": {"operator"}}, "needs a password"),
        ({"roles": set(), "password": DIGEST}, "at least one of the roles"),
        ({"roles": {"king"}, "password": DIGEST}, "at least one of the roles"),
        ({"roles": {"customer"}, "password": DIGEST}, "has an account"),
        ({"roles": {"customer", "operator"}, "password": DIGEST, "account": "a"}, "no role beside it"),
        ({"roles": {"operator"}, "password": DIGEST, "account": "a"}, "only a customer"),
    ],
)
def test_a_user_that_can_not_be_is_refused(store: Store, entry: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        store.users.put("new", **entry)
    assert store.users.list() == ()


def test_a_session_lasts_while_it_is_used(store: Store, wei: UserRow) -> None:
    secret = store.users.open_session(wei, LASTS, 0.0)
    assert secret is not None
    assert store.users.of_session(secret, 99.0, IDLE) == (wei, LASTS)
    assert store.users.of_session(secret, 198.0, IDLE) == (wei, LASTS), "used 99 s ago"
    assert store.users.of_session(secret, 299.0, IDLE) is None, "not used for 101 s"
    for now in range(200, 1000, 90):
        assert store.users.of_session(secret, float(now), IDLE) is not None
    assert store.users.of_session(secret, 1000.0, IDLE) is None, "over, however often it was used"
    assert store.users.of_session("guess", 1.0, IDLE) is None


def test_a_use_is_not_written_down_each_time(store: Store, wei: UserRow) -> None:
    secret = store.users.open_session(wei, LASTS, 0.0)
    assert secret is not None
    for now in (1.0, 2.0, 3.0):
        assert store.users.of_session(secret, now, IDLE) is not None
    assert store.users.of_session(secret, 100.5, IDLE) is None, "noted uses are 3.3 s apart at least"


@pytest.mark.parametrize("end", ["log out", "password", "disabled", "entered anew"])
def test_a_session_ends_at_once(store: Store, wei: UserRow, end: str) -> None:
    secret = store.users.open_session(wei, LASTS, 0.0)
    other = store.users.open_session(wei, LASTS, 0.0)
    assert secret is not None
    assert other is not None
    match end:
        case "log out":
            store.users.close_session(secret)
        case "password":
            store.users.set_password("wei", "another")
        case "disabled":
            store.users.put("wei", roles=wei.roles, enabled=False)
        case _:
            store.users.put("wei", roles=wei.roles)
    assert store.users.of_session(secret, 1.0, IDLE) is None
    assert (store.users.of_session(other, 1.0, IDLE) is None) == (end != "log out")


def test_nobody_gets_in_by_a_password_that_was_changed_meanwhile(store: Store, wei: UserRow) -> None:
    store.users.set_password("wei", "another")
    assert store.users.open_session(wei, LASTS, 0.0) is None
    store.users.put("wei", roles=wei.roles, password=DIGEST, enabled=False)
    assert store.users.open_session(wei, LASTS, 0.0) is None


def test_sessions_that_are_over_are_forgotten(store: Store, wei: UserRow) -> None:
    from sqlalchemy import func, select

    from remotecal.store.tables import sessions

    for now in (0.0, 10.0, 20.0):
        store.users.open_session(wei, now + 5, now)
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(sessions)).scalar() == 1


def test_a_token_is_one_role_of_its_owner(store: Store, wei: UserRow) -> None:
    token, known = store.users.new_token("wei", "operator", "planning", 100.0)
    assert store.users.of_token(token, 99.0) == (wei, "operator")
    assert store.users.of_token(token, 100.0) is None
    assert store.users.of_token(token[:-1], 1.0) is None
    assert store.users.tokens_of("wei") == (known,)
    assert not store.users.revoke_token(known.id, "somebody", 2.0)
    assert store.users.of_token(token, 3.0) is not None
    assert store.users.revoke_token(known.id, "wei", 3.0)
    assert store.users.of_token(token, 4.0) is None
    assert [row.revoked for row in store.users.tokens_of("wei")] == [3.0]


def test_a_disabled_users_token_is_none(store: Store, wei: UserRow) -> None:
    token, _ = store.users.new_token("wei", "operator", "planning", 100.0)
    store.users.put("wei", roles=wei.roles, enabled=False)
    assert store.users.of_token(token, 1.0) is None


def test_secrets_are_not_in_the_database(store: Store, wei: UserRow) -> None:
    from sqlalchemy import select

    from remotecal.store.tables import sessions, tokens

    secret = store.users.open_session(wei, LASTS, 0.0)
    token, _ = store.users.new_token("wei", "operator", "planning", 100.0)
    with store.database.read() as connection:
        kept = [str(tuple(row)) for table in (sessions, tokens) for row in connection.execute(select(table))]
    assert len(kept) == 2
    assert not any(hidden in row for row in kept for hidden in (str(secret), token))


def test_failures_are_counted_by_name_and_by_address(store: Store) -> None:
    for name, host in (("wei", "a"), ("wei", "a"), ("wei", "b"), ("na", "a")):
        store.note(name, "login refused", {"host": host})
    store.note("wei", "login", {"host": "a"})
    assert store.users.failures("login refused", "wei", "a", 0.0) == (2, 3, 3)
    assert store.users.failures("login refused", "wei", "a", 1e11) == (0, 0, 0)


def test_of_many_who_enter_a_user_at_once_one_does(store: Store) -> None:
    def enter(number: int) -> str:
        try:
            store.users.put("new", roles={"operator"}, password=f"digest {number}")
        except Exception as error:  # noqa: BLE001  whatever it is, it is looked at
            return type(error).__name__
        return ""

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(enter, range(8)))
    assert set(answers) == {""}, answers
    assert len(store.users.list()) == 1


def test_the_audit_log_is_filtered_and_turned(store: Store) -> None:
    for number in range(5):
        store.note("wei" if number % 2 else "na", "order", {"number": number})
    store.note("wei", "revoke", {})
    rows = store.noted(what="order", who="na", limit=2)
    assert [json.loads(row.data)["number"] for row in rows] == [4, 2]
    (last,) = store.noted(what="order", who="na", before=rows[-1].id)
    assert json.loads(last.data)["number"] == 0


def passkey(store: Store, session: str, credential: str = "c1", **more: object) -> PasskeyRow:
    given = {"handle": b"h", "key": b"k", "signed": 0, "now": 5.0} | more
    return store.passkeys.add("wei", session, "laptop", credential=credential, **given)


def test_a_passkey_is_its_owners_and_one_of_few(store: Store, wei: UserRow) -> None:
    secret = store.users.open_session(wei, LASTS, 0.0)
    assert secret is not None
    with pytest.raises(NotLoggedIn, match="over"):
        passkey(store, "guess")
    rows = [passkey(store, secret, f"c{number}") for number in range(MOST - 1)]
    with pytest.raises(ConfigurationError, match="known here already"):
        passkey(store, secret, "c0")
    rows.append(passkey(store, secret, "last"))
    with pytest.raises(ConfigurationError, match="the most one may have"):
        passkey(store, secret, "too many")
    assert store.passkeys.of("wei") == tuple(rows)
    assert store.passkeys.find("c0") == rows[0]
    assert (rows[0].handle, rows[0].key, rows[0].made, rows[0].used) == (b"h", b"k", 5.0, None)
    assert store.passkeys.find("too many") is None
    for gone in ("other", "wei"):
        with pytest.raises(NotThere, match="has no passkey"):
            store.passkeys.remove(gone, rows[0].id if gone == "other" else 10**6)


def test_a_passkeys_count_rises_or_stays_nothing(store: Store, wei: UserRow) -> None:
    secret = store.users.open_session(wei, LASTS, 0.0) or ""
    key = passkey(store, secret)
    said = [store.passkeys.use(key.id, signed, now) for now, signed in enumerate((0, 0, 7, 7, 6, 0, 8))]
    assert said == [True, True, True, False, False, False, True]
    found = store.passkeys.find("c1")
    assert found is not None
    assert (found.signed, found.used) == (8, 6.0)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: store.passkeys.use(key.id, 9, 7.0), range(4))) == [False] * 3 + [
            True
        ]


def test_a_passkey_that_is_removed_opens_no_session_and_ends_others(store: Store, wei: UserRow) -> None:
    mine, other = (store.users.open_session(wei, LASTS, 0.0) or "" for _ in range(2))
    one, two = passkey(store, mine, "c1"), passkey(store, mine, "c2")
    store.users.put("na", roles={"operator"}, password=DIGEST)
    na = store.users.find("na")
    assert na is not None
    assert store.users.open_session(na, LASTS, 0.0, one.id) is None, "not theirs"
    assert store.users.open_session(wei, LASTS, 0.0, one.id) is not None
    assert store.passkeys.remove("wei", one.id, but=mine) == (one,)
    assert store.users.open_session(wei, LASTS, 0.0, one.id) is None
    assert [store.users.of_session(each, 1.0, IDLE) is not None for each in (mine, other)] == [True, False]
    assert store.passkeys.remove("wei") == (two,)
    assert store.users.of_session(mine, 1.0, IDLE) is None
    assert not store.passkeys.use(one.id, 1, 1.0)


def test_what_a_passkey_is_asked_is_told_once_in_time_and_to_nobody_else(store: Store) -> None:
    first, second = (store.passkeys.ask("secret", "login", 0.0) for _ in range(2))
    assert (len(first), first != second) == (32, True)
    assert store.passkeys.asked("other", "login", 1.0) is None
    assert store.passkeys.asked("secret", "add", 1.0) is None
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: store.passkeys.asked("secret", "login", 1.0), range(4)))
    assert sorted(told, key=bool) == [None] * 3 + [second]
    store.passkeys.ask("secret", "login", 0.0)
    assert store.passkeys.asked("secret", "login", CHALLENGE_LASTS) is None
