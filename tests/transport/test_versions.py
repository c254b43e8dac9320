"""A station newer or older than its hub: what is told may grow, what is obeyed or kept may not."""

import json
from dataclasses import asdict
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, ValidationError

from remotecal.certificates.signing.seal import SealKey
from remotecal.configuration import Written
from remotecal.drivers.guide import UNGUIDED
from remotecal.errors import EvidenceError
from remotecal.transport import messages, versions
from remotecal.transport.envelopes import Kind, seal, seal_reply, unseal, unseal_reply
from remotecal.transport.messages import (
    Claim,
    Command,
    Hello,
    JournalHead,
    Live,
    StationState,
    Welcome,
)
from remotecal.transport.versions import SPEAKS, Informing, as_sent, served

KEY = SealKey(Ed25519PrivateKey.generate())
HELD = {"name": "balance", "valid_until": "2030-01-01"}
BENCH = {"name": "rig", "sha256": "0" * 64, "instruments": {}, "holds": [HELD]}
HELLO = {"station": "here", "session": "s", "nonce": "n", "time": 1.0, "version": "9", "benches": [BENCH],
         "procedures": {}, "running": None}  # fmt: skip
LIVE = {"run": "r", "state": "asking", "doing": "measure", "guide": {"low": 1.0}}
WAITS = {"id": "o", "by": "Li Wei", "bench": "rig"}
STRICT = {
    "claim": {"station": "here", "order": "o", "claim": "c"},
    "command": {
        "id": "c", "station": "here", "session": "s", "verb": "abort", "by": "Li Wei", "expires": 1.0,
    },
    "journal-head": {"station": "here", "run": "r", "first": 1, "count": 0, "sha256": "0" * 64},
}  # fmt: skip
MODELS: dict[Kind, type[BaseModel]] = {"claim": Claim, "command": Command, "journal-head": JournalHead}
EDITIONS = {1: "eda71ec851795dc86153d94a3256fa11d294300609d3612cc86fc3298088aeb6"}
"""Edition → SHA-256 over the fields of all that is strict, with types and defaults; see `strict_fields`."""


class HelloAtFirst(Written):
    """What stations said of themselves before anything could be left out: nothing unknown is borne."""

    station: str
    session: str
    nonce: str
    time: float
    version: str
    benches: tuple[dict[str, object], ...]
    procedures: dict[str, str]
    running: str | None


class WelcomeAtFirst(Written):
    time: float
    hub: str = ""


class Anything(BaseModel):
    """A message of another version."""

    model_config = ConfigDict(extra="allow")


def grown(written: object) -> object:
    """Return a message with one field more in each of its tables that are not empty."""
    if isinstance(written, dict) and written:
        return {**{name: grown(value) for name, value in written.items()}, "of_later": {"x": [1]}}
    return [grown(one) for one in written] if isinstance(written, list) else written


def strict_fields() -> str:
    models = [
        model
        for model in vars(messages).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == messages.__name__
    ]
    strict = [model for model in models if not issubclass(model, Informing)]
    return "\n".join(
        f"{model.__name__}.{name}: {field.annotation!r} = {field.default!r}"
        for model in sorted(strict, key=lambda one: one.__name__)
        for name, field in sorted(model.model_fields.items())
    )


def test_what_is_told_may_have_fields_that_the_other_side_does_not_know() -> None:
    """In both directions, signed as it comes, at every depth."""
    hello = unseal(seal("hello", Anything(**grown(HELLO)), KEY), "hello", Hello, [KEY.public])
    assert hello.model_dump(mode="json", exclude_defaults=True) == {**HELLO, "procedures": {}}
    welcome = Anything(**grown({"time": 2.0, "hub": "h"}))
    assert unseal_reply(seal_reply(b"q", welcome, KEY), b"q", Welcome, [KEY.public]) == Welcome(
        time=2.0, hub="h"
    )
    told = Anything(**grown({"run": LIVE, "waits_for_consent": WAITS})).model_dump_json()
    state = StationState.model_validate_json(told)
    assert state.run == Live.model_validate_json(Anything(**LIVE).model_dump_json())
    assert state.run.guide.low == 1.0
    with pytest.raises(EvidenceError, match="nonce"):
        unseal(seal("hello", Anything(**{**HELLO, "nonce": 5}), KEY), "hello", Hello, [KEY.public])


def test_versions_from_before_are_told_nothing_that_they_do_not_know() -> None:
    """So a hub that is updated first still welcomes its stations."""
    welcome = Welcome(time=2.0, hub="h")
    answer = unseal_reply(seal_reply(b"q", welcome, KEY), b"q", WelcomeAtFirst, [KEY.public])
    assert answer == WelcomeAtFirst(time=2.0, hub="h")
    hello = Hello.model_validate_json(Anything(**HELLO).model_dump_json())
    said = unseal(seal("hello", hello, KEY), "hello", HelloAtFirst, [KEY.public])
    assert said.benches == (BENCH,)
    state = StationState(run=None, waits_for_consent=None, session="s")
    assert json.loads(as_sent(state)) == {"run": None, "waits_for_consent": None, "session": "s"}
    claim = Claim(**STRICT["claim"])
    assert json.loads(as_sent(claim)) == claim.model_dump(mode="json"), "what is strict is said in full"


@pytest.mark.parametrize("kind", list(STRICT))
def test_what_is_obeyed_or_kept_may_not(kind: Kind) -> None:
    assert unseal(seal(kind, Anything(**STRICT[kind]), KEY), kind, MODELS[kind], [KEY.public])
    with pytest.raises(EvidenceError, match="of_later"):
        unseal(seal(kind, Anything(**grown(STRICT[kind])), KEY), kind, MODELS[kind], [KEY.public])
    with pytest.raises(ValidationError, match="of_later"):
        MODELS[kind].model_validate(grown(STRICT[kind]))


def test_which_of_the_two_is_to_be_updated_first_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    hello = Hello.model_validate_json(Anything(**HELLO).model_dump_json())
    assert not served(hello.speaks, hello.version), "one that names no edition speaks the first"
    assert served(SPEAKS + 1, hello.version).endswith("update the hub first")
    monkeypatch.setattr(versions, "OLDEST_SERVED", 2)
    assert served(hello.speaks, hello.version).endswith("update the station")


def test_the_edition_rises_with_what_is_strict() -> None:
    """Add a line to `EDITIONS` with the next number, never change one, and raise `SPEAKS`."""
    assert EDITIONS[SPEAKS] == sha256(strict_fields().encode()).hexdigest()
    assert max(EDITIONS) == SPEAKS


def test_what_may_be_left_out_says_nothing() -> None:
    """It is left out where it is the default, so versions have to agree on that: it is nothing, for ever."""
    models = [
        model
        for model in vars(messages).values()
        if isinstance(model, type) and issubclass(model, Informing) and model is not Informing
    ]
    told = {
        f"{model.__name__}.{name}": default
        for model in models
        for name, field in model.model_fields.items()
        if not field.is_required() and (default := field.get_default(call_default_factory=True))
    }
    assert told == {"Hello.speaks": 1, "Live.kind": "text", "Live.guide": UNGUIDED}
    assert not any(asdict(UNGUIDED).values())
    assert len(models) > 5
