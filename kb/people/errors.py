"""What can go wrong with people, each with a sentence for the person who meets it."""

from __future__ import annotations

from kb.errors import KbError


class SignInRefused(KbError):
    """Name and password do not fit, or the account is not open. The answer never says which."""


class KeyRefused(KbError):
    """A link, a session or a token is wrong, used, expired or revoked."""


class TooMany(KbError):
    """A rate limit is reached; `seconds` is how long to wait."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class LastAdministrator(KbError):
    """Nobody would be left who can manage people."""
