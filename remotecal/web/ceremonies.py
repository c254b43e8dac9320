"""What a browser is asked about passkeys, and what its answer proves (W3C Web Authentication, level 3).

All that knows `webauthn`, the library by which answers are read and checked, stands here. Whom an answer is
from, and whether it was asked for, is `remotecal.web.proving`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import JsonValue, ValidationError

from remotecal.errors import ConfigurationError, NotLoggedIn, NotThere
from remotecal.store.passkeys import CHALLENGE_LASTS
from remotecal.web.passkey_bodies import NewPasskey, PasskeyAnswer

if TYPE_CHECKING:
    from fastapi import Request

    from remotecal.errors import RemotecalError
    from remotecal.store.passkeys import PasskeyRow
    from remotecal.web.office import Office

NOT_BY_THIS: Final = (
    "not by this passkey: it is not known here, or its answer came too late or is not as it must be"
)
"""What is answered, whichever it is."""
NOT_TAKEN: Final = "this passkey was not taken: what the browser sent came too late, or is not as it must be"
"""The same where one is to be added."""
NOWHERE: Final = (
    "no passkeys are used here: hub.toml names no address of the console with TLS and a host name"
)
TAKEN: Final = ("none", "packed")
"""Kinds of attestation that are read. None is asked for, and none believed: which device it is does not
matter here. A device that vouches for itself (`packed`) says so all the same."""
NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""Last label of a host that a browser takes for an address (WHATWG URL, 3.5)."""


class PasskeySite(NamedTuple):
    """Where passkeys are used: they are bound to it, and a browser gives what it signs to no other."""

    origin: str
    """The console's address: `https://hub.example.org`."""
    host: str
    """Its host name, which is what a passkey is for (`rpId`)."""
    laboratory: str
    """Whose it is, as a device may show it."""


class MadePasskey(NamedTuple):
    """A new passkey that was checked."""

    credential: str
    """What its device calls it, in base64url."""
    key: bytes
    """Its public key, as COSE has it."""
    signed: int
    """How often it signed, as its device says."""


def site_of(here: Office) -> PasskeySite | None:
    """Return where passkeys are used; None without an address, TLS or a host name."""
    address = here.settings.api.address
    if address is None:
        return None
    said = urlsplit(address)
    host = said.hostname or ""
    if _is_number(host) or (said.scheme != "https" and host != "localhost"):
        return None
    return PasskeySite(address, host, here.settings.laboratory)


def the_site(here: Office) -> PasskeySite:
    """Return where passkeys are used (`NotThere`: nowhere)."""
    site = site_of(here)
    if site is None:
        raise NotThere(NOWHERE)
    return site


def offered(request: Request, here: Office) -> bool:
    """Tell whether a page is looked at under the address where passkeys are used; no other could use one."""
    site = site_of(here)
    return site is not None and f"{request.url.scheme}://{request.headers.get('host', '')}" == site.origin


def asking_who(site: PasskeySite, challenge: bytes, known: Sequence[PasskeyRow] = ()) -> dict[str, JsonValue]:
    """Return what a browser asks of a passkey, of those known or any it has: to say who somebody is."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=int(CHALLENGE_LASTS * 1000),
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def asking_for_new(
    site: PasskeySite, challenge: bytes, user: str, handle: bytes, known: Sequence[PasskeyRow]
) -> dict[str, JsonValue]:
    """Return what a browser asks a device for: a passkey of a user, who has some already."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.laboratory,
        user_name=user,
        user_id=handle,
        challenge=challenge,
        timeout=int(CHALLENGE_LASTS * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(known),
    )
    return options_to_json_dict(options)


def made(site: PasskeySite, new: NewPasskey, challenge: bytes) -> MadePasskey:
    """Return a passkey that a device made for this site when it was asked, by whom it knows.

    Raises:
        ConfigurationError: it did not.
    """
    with _refusing(ConfigurationError(NOT_TAKEN)):
        from webauthn import verify_registration_response
        from webauthn.helpers import (
            base64url_to_bytes,
            bytes_to_base64url,
            decode_credential_public_key,
            decoded_public_key_to_cryptography,
            parse_attestation_object,
        )

        _of_this_page(new.response.client_data)
        told = parse_attestation_object(base64url_to_bytes(new.response.attestation))
        if told.fmt not in TAKEN:
            raise ValueError(f"an attestation of the kind {told.fmt!r} is not read")
        found = verify_registration_response(
            credential=new.model_dump(by_alias=True),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        # The library looks at a key only when something is signed by it.
        decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key))
        credential = bytes_to_base64url(found.credential_id)
        if credential != new.id:
            raise ValueError("the browser calls it otherwise than the device")
        return MadePasskey(credential, found.credential_public_key, found.sign_count)


def counted(
    site: PasskeySite, answer: PasskeyAnswer, challenge: bytes, known: PasskeyRow, *, named: bool
) -> int:
    """Return how often a passkey has signed, as it tells, which has signed what it was asked, by its owner.

    Whether that is more than before is for whoever keeps it to see, in one step with keeping it.

    Args:
        site: where it was asked.
        answer: what the browser sent.
        challenge: what it was to sign.
        known: the passkey.
        named: whether it was asked for by its name; else its device must say whose it is.

    Raises:
        NotLoggedIn: the answer proves nothing.
    """
    with _refusing(NotLoggedIn(NOT_BY_THIS, known.user)):
        from webauthn import verify_authentication_response
        from webauthn.helpers import base64url_to_bytes

        _of_this_page(answer.response.client_data)
        handle = answer.response.handle
        told = base64url_to_bytes(handle or "")
        if not (named and handle is None) and not hmac.compare_digest(told, known.handle):
            raise ValueError("it is a passkey of somebody else")
        return verify_authentication_response(
            credential=answer.model_dump(by_alias=True),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=known.key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ).new_sign_count


def handle_of(here: Office, user: str) -> bytes:
    """Return what devices call a user: always the same, and nothing that tells who it is."""
    key = here.laboratory.key.sign(b"users of passkeys").encode()
    return hmac.new(key, user.encode(), sha256).digest()


def answer_in(field: str) -> PasskeyAnswer:
    """Return a passkey's answer in a form (`NotLoggedIn`: there is none)."""
    try:
        return PasskeyAnswer.model_validate_json(field)
    except ValidationError:
        raise NotLoggedIn(NOT_BY_THIS) from None


def new_in(field: str) -> NewPasskey:
    """Return a new passkey in a form (`ConfigurationError`: there is none)."""
    try:
        return NewPasskey.model_validate_json(field)
    except ValidationError:
        raise ConfigurationError(NOT_TAKEN) from None


@contextmanager
def _refusing(error: RemotecalError) -> Iterator[None]:
    """Refuse by an error of ours whatever the library makes of what came."""
    try:
        yield
    except Exception as found:
        # Anybody may send these bytes, and how they fail to be read is the library's own: they prove nothing.
        raise error from found


def _of_this_page(client_data: str) -> None:
    """Refuse what was signed in a page of ours within a page of another site's; no browser shows one."""
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json

    if parse_client_data_json(base64url_to_bytes(client_data)).cross_origin:
        raise ValueError("another site's page was around it")


def _described(known: Sequence[PasskeyRow]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential)) for one in known]


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
    return True
