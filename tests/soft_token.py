"""A token in software that signs like a person's card: a key goes in, and never out again."""

import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from remotecal.certificates.signing.keys import SigningKey

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "lab", "1234"
needs_softhsm = pytest.mark.skipif(not SOFTHSM.exists(), reason="Debian's softhsm2 is not installed")


def put_into_token(key: SigningKey, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a key and its certificate into a new token below a folder, and return by what it is named there."""
    import pkcs11
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\n", "utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    der = key.private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    library = pkcs11.lib(str(SOFTHSM))
    library.reinitialize()  # one that was loaded before knows only the tokens of then
    with library.get_token(token_label=LABEL).open(rw=True, user_pin=PIN) as session:
        named = {pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True}
        session.create_object(decode_rsa_private_key(der) | named)
        session.create_object(decode_x509_certificate(key.chain[0].public_bytes(Encoding.DER)) | named)
    return f"pkcs11:token={LABEL};object=seal?module-path={SOFTHSM}"
