"""Signed words by which a client proves itself to a token server (RFC 7523, `private_key_jwt`)."""

from __future__ import annotations

import secrets
import time

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tools.errors import Unavailable

#: Seconds for which an assertion counts: it is used at once.
_LIFETIME = 60
_BY_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_BY_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_WANTED = "a PEM file of a private key without a password: RSA, EC (P-256, P-384, P-521) or Ed25519"


def signed(
    pem: str, *, client_id: str, audience: str, algorithm: str, key_id: str, now: float | None = None
) -> str:
    """An assertion for one request; without an `algorithm` the usual one of the key. Raises `Unavailable`."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + _LIFETIME,
        "jti": secrets.token_urlsafe(16),
    }
    key, fitting = _read(pem)
    if algorithm and algorithm not in fitting:
        raise Unavailable(f"the private key signs by {', '.join(fitting)}, not by {algorithm}")
    headers = {"kid": key_id} if key_id else None
    return jwt.encode(claims, key, algorithm=algorithm or fitting[0], headers=headers)


def _read(pem: str) -> tuple[RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey, tuple[str, ...]]:
    """The key, and what it can sign by, the usual way first."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):  # no word of theirs: it may quote the key
        raise Unavailable(f"the secret under auth/oauth2/private_key is not {_WANTED}") from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= 2048:
        return key, _BY_RSA
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in _BY_CURVE:
        return key, (_BY_CURVE[key.curve.name],)
    if isinstance(key, Ed25519PrivateKey):
        return key, ("EdDSA",)
    raise Unavailable(f"the private key under auth/oauth2 cannot be used: give {_WANTED}")
