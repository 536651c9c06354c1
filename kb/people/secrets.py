"""Secrets that are handed out once and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """256 random bits as text that fits into an address."""
    return prefix + secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """What is stored. A secret of 256 random bits needs neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """A second secret that whoever has the first can make again, such as the token in a form."""
    return hashlib.sha256(f"{purpose}\0{secret}".encode("utf-8", "replace")).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compares without telling by its time how much of it is right."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
