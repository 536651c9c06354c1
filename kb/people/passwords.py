"""Passwords: what is long and hard to guess is taken, whatever it is made of; Argon2id keeps it.

Rules: NIST SP 800-63B-4, section 3.1.1 (length, a blocklist, no rules of composition).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.people.errors import TooMany
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from argon2 import PasswordHasher

SHORTEST, LONGEST = 15, 1_000
EASY = 9.0
"""Passwords that take fewer guesses than ten to this are refused."""
JUDGED = 72
"""Characters that are looked at for how easy they are: judging takes the square of their number."""
AT_ONCE = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB and a processor for a moment: a flood of sign-ins must not take all of them."""
WAIT = 2.0
"""Seconds. Who waits for a check keeps a thread from answering others, so nobody waits for long."""


def store(password: str, *about: str) -> str:
    """The hash to keep. Raises InvalidRecord naming what is wrong with the password.

    `about` are words that somebody who knows the person would try, such as name and e-mail.
    """
    problem = _problem(password, about)
    if problem:
        raise InvalidRecord([Problem("password", problem)])
    return hash_again(password)


def hash_again(password: str) -> str:
    """The hash of a password that was taken before, with today's parameters."""
    with _turn():
        return _hasher().hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password. Takes as long where there is none as where there is a wrong one.

    Raises TooMany when too many passwords are being checked at once.
    """
    from argon2.exceptions import Argon2Error, InvalidHashError

    with _turn():
        try:
            _hasher().verify(kept or _nobodys(), password[:LONGEST])
        except (Argon2Error, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether today's parameters are stronger than those it was hashed with."""
    return _hasher().check_needs_rehash(kept)


@contextmanager
def _turn() -> Iterator[None]:
    if not AT_ONCE.acquire(timeout=WAIT):
        raise TooMany("Many people are signing in just now. Wait a few seconds, then try again.", 5)
    try:
        yield
    finally:
        AT_ONCE.release()


def _problem(password: str, about: tuple[str, ...]) -> str | None:
    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters; several words in a row are easy to remember"
    if len(password) > LONGEST:
        return f"must have at most {LONGEST:,} characters"
    try:
        clean_text(password)
    except ValueError as error:
        return str(error)
    from zxcvbn import zxcvbn

    words = [word for text in about for word in (text, *text.replace("@", " ").replace(".", " ").split())]
    judged = password[:JUDGED].casefold()
    for word in sorted({word.casefold() for word in words if len(word) > 2}, key=len, reverse=True):
        judged = judged.replace(word, "")
    found = zxcvbn(judged or password[:1], user_inputs=["precedent"], max_length=JUDGED)
    if found["guesses_log10"] >= EASY:
        return None
    return "is too easy to guess: it is made of common words, repeats, or your name; add unrelated words"


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")
