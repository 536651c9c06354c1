"""The key that badges are signed with, and signed badges: JWS by RS256 (Open Badges 3.0, section 8.2).

The private key stays in PRECEDENT_HOME, for its owner alone, and in backups. Badges that it signed can be
checked as long as it is there: whoever moves the repository otherwise takes it along.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kb.disks import write_once
from kb.errors import KbError

if TYPE_CHECKING:
    from pathlib import Path

    from joserfc.jwk import RSAKey

FILE = "badge-key.json"
ALGORITHM = "RS256"
BITS = 2048
LONGEST = 100_000
"""Characters of a badge that somebody pastes to have it checked."""


class BadgeRefused(KbError):
    """What was shown is no badge of this repository."""


@dataclass(frozen=True)
class Signer:
    """Signs badges, and tells those that it signed from others."""

    home: Path
    base_url: str
    """Where the repository is reached: what is signed names it."""

    @property
    def key_url(self) -> str:
        """Where the public key is; signatures name it."""
        return f"{self.base_url}/badges/key"

    @cached_property
    def key(self) -> RSAKey:
        """The key; made when it is first needed."""
        from joserfc.jwk import RSAKey

        file = self.home / FILE
        if not file.exists():
            write_once(file, json.dumps(RSAKey.generate_key(BITS).as_dict(private=True)))
        return read_key(file)

    @property
    def public_key(self) -> dict[str, Any]:
        """The public half as a JWK (RFC 7517)."""
        return {**self.key.as_dict(private=False), "kid": self.key_url, "alg": ALGORITHM, "use": "sig"}

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact JWS."""
        from joserfc import jwt

        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.key_url}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])

    def read(self, signed: str) -> dict[str, Any]:
        """What a badge says. Raises BadgeRefused when it is none, or this key has not signed it."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, JoseError

        text = "".join(signed.split())
        if not text or len(text) > LONGEST or text.count(".") != 2:
            raise BadgeRefused(
                "This is no signed badge: one has three parts with dots between them. Paste the whole of it."
            )
        try:
            return jwt.decode(text, self.key, algorithms=[ALGORITHM]).claims
        except BadSignatureError:
            raise BadgeRefused(
                "This badge was not issued here, or has been changed since: its signature does not fit. "
                "Do not rely on it."
            ) from None
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise BadgeRefused("This is no badge that can be read. Do not rely on it.") from None


def read_key(file: Path) -> RSAKey:
    """The private key in the file. Raises KbError."""
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        key = RSAKey.import_key(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, JoseError) as error:
        raise KbError(f"The key of badges in {file} cannot be read: {error}") from None
    if not key.is_private:
        raise KbError(f"The key of badges in {file} cannot be read: it is only the public half")
    return key
