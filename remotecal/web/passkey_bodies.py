"""What is sent to the API about passkeys, as browsers have it, and what it sends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from remotecal.web.shown import ShownBody

LARGEST: Final = 32_768
"""Characters of the largest part of an answer."""

PasskeyName = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$", strip_whitespace=True
    ),
]
"""What somebody calls a passkey."""

Bytes = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=LARGEST)]
"""Bytes in base64url."""
Credential = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=1364)]
"""What a device calls a passkey: 1023 bytes at most, in base64url."""


class _FromBrowser(BaseModel):
    """What `PublicKeyCredential.toJSON()` gives; what we don't know of it is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class SignedByPasskey(_FromBrowser):
    """What a passkey signed, and what about."""

    client_data: Bytes = Field(alias="clientDataJSON")
    """What the browser says it was asked, and by which site."""
    authenticator_data: Bytes = Field(alias="authenticatorData")
    """What the device says of itself and of whoever holds it."""
    signature: Bytes
    """Of both."""
    handle: Bytes | None = Field(default=None, alias="userHandle")
    """What the device calls the user."""


class PasskeyAnswer(_FromBrowser):
    """A passkey's answer to who somebody is, as the browser has it."""

    id: Credential
    """What the device calls the passkey."""
    raw_id: Credential = Field(alias="rawId")
    """The same."""
    type: Literal["public-key"]
    """What kind of credential it is."""
    response: SignedByPasskey
    """What it signed."""


class MadeByDevice(_FromBrowser):
    """What a device says of a passkey that it made."""

    client_data: Bytes = Field(alias="clientDataJSON")
    """What the browser says it was asked, and by which site."""
    attestation: Bytes = Field(alias="attestationObject")
    """The passkey's public key, and what the device says of itself."""


class NewPasskey(_FromBrowser):
    """A passkey that a device made, as the browser has it."""

    id: Credential
    """What the device calls the passkey."""
    raw_id: Credential = Field(alias="rawId")
    """The same."""
    type: Literal["public-key"]
    """What kind of credential it is."""
    response: MadeByDevice
    """What the device says of it."""


class PasskeyAdded(BaseModel):
    """A passkey that somebody adds to their own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: PasskeyName
    """What they call it: where it is kept."""
    made: NewPasskey
    """What their browser had made, as it was asked by `POST /passkeys/options`."""


class PasskeyShown(ShownBody):
    """A passkey."""

    id: int
    """What it is removed by."""
    name: str
    """By which its owner knows it."""
    made: datetime
    """When it was added."""
    used: datetime | None
    """When it last said who somebody is."""
