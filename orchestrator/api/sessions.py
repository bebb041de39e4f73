"""Who is let in: the key, one-time login codes, and the signed cookie a browser gets for one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

COOKIE = "toolpath_session"
SESSION_SECONDS = 12 * 3600
CODE_SECONDS = 600
_NONCE = 16


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, slots=True)
class Sessions:
    """Signed, expiring session cookies."""

    secret: str

    def make(self, *, now: float | None = None) -> str:
        """The value of a new session's cookie."""
        expires = int((time.time() if now is None else now) + SESSION_SECONDS)
        body = expires.to_bytes(8) + secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(body + self._sign(body)).decode()

    def valid(self, cookie: str, *, now: float | None = None) -> bool:
        """Whether the cookie is one of ours and has not expired."""
        try:
            raw = base64.urlsafe_b64decode(cookie.encode())
        except (binascii.Error, ValueError):
            return False
        body, signature = raw[: 8 + _NONCE], raw[8 + _NONCE :]
        if not hmac.compare_digest(signature, self._sign(body)):
            return False
        return int.from_bytes(body[:8]) > (time.time() if now is None else now)

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self.secret.encode(), b"session:" + body, "sha256")


@dataclass(frozen=True, slots=True)
class LoginCodes:
    """One-time codes, each a file named by its hash: removing a file succeeds for one caller only.

    So a code is exchanged once, however many processes serve the API on the same folder.
    """

    folder: Path

    def make(self, *, now: float | None = None) -> tuple[str, float]:
        """A new code, and when it expires (seconds since 1970)."""
        expires = (time.time() if now is None else now) + CODE_SECONDS
        code = secrets.token_urlsafe(24)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(expires - CODE_SECONDS)
        self._file(code).write_text(str(expires))
        return code, expires

    def redeem(self, code: str, *, now: float | None = None) -> bool:
        """Whether the code was good; it is not from then on."""
        file = self._file(code)
        try:
            expires = float(file.read_text())
            file.unlink()
        except (OSError, ValueError):
            return False
        return expires > (time.time() if now is None else now)

    def _file(self, code: str) -> Path:
        return self.folder / hashlib.sha256(code.encode()).hexdigest()

    def _sweep(self, now: float) -> None:
        for file in self.folder.iterdir():
            if file.stat().st_mtime < now - CODE_SECONDS:
                file.unlink(missing_ok=True)
