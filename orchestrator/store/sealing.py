"""Seals secrets at rest: Fernet (AES-128-CBC with HMAC-SHA-256) under keys derived from the service's."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Keeps this use of the service's key apart from every other one, such as the signing of sessions.
_LABEL = b"toolpath secrets 1"


class Sealed:
    """Seals under the first of `keys`, opens what was sealed under any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._newest = _fernet(keys[0])
        self._all = MultiFernet([_fernet(key) for key in keys])

    def seal(self, name: str, value: str) -> str:
        """The value as it may lie in a database; the name is sealed with it."""
        return self._newest.encrypt(f"{name}\0{value}".encode()).decode()

    def open(self, name: str, sealed: str) -> str | None:
        """The value; None where no key fits, or where it was sealed under another name."""
        try:
            kept, _, value = self._all.decrypt(sealed.encode()).decode().partition("\0")
        except InvalidToken:
            return None
        return value if kept == name else None


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
