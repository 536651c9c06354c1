"""What each status means to the person who meets it, and what to do next."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What a status means to the person who meets it."""

    title: str
    happened: str
    next_step: str


WORDS = {
    400: Words("This address does not work", "Part of the request makes no sense here.",
               "Check the address, or start again with a search."),
    401: Words("Sign in first", "This needs to know who asks, and the key that was sent does not say.",
               "Sign in, or send a token that is valid."),
    403: Words("This is not open to you", "It needs a right that this visit does not have.",
               "Ask the people who run this repository for access."),
    404: Words("There is nothing at this address", "The page may have moved, or the id may be mistyped.",
               "Search for what you need, or browse by kind."),
    405: Words("This page cannot do that", "The address exists, but not for this kind of request.",
               "Open the address in the browser instead."),
    409: Words("Something changed meanwhile",
               "What was sent does not fit what stands now. Nothing was stored.",
               "Look at what stands now, then decide again."),
    410: Words("This link no longer works", "It may be cut off, used, or too old. Nothing was changed.",
               "Sign in, or ask for a new link."),
    412: Words("Something changed meanwhile", "What stands is another version than the one named.",
               "Read what stands now, then decide again."),
    413: Words("That is too large", "More was sent than this page takes. Nothing was stored.",
               "Send less at once."),
    414: Words("This address is too long", "More was asked than an address can hold. Nothing was changed.",
               "Ask with less text."),
    415: Words("This is not taken here",
               "What was sent is of a kind that nothing here reads. Nothing was stored.",
               "Send a form of these pages, or to the API JSON."),
    422: Words("That file cannot be made", "The conversion was given up. Nothing was changed.",
               "Take fewer entries at once, or another kind of file."),
    428: Words("Say which version you mean", "What was sent does not say which version it is about.",
               "Read what stands now, and name its version."),
    429: Words("Too many requests", "Many requests came in a short time. Nothing is lost.",
               "Wait a minute, then try again."),
    500: Words("Something went wrong here", "The fault is ours and has been logged. Nothing was changed.",
               "Try again. If it stays, send the id below to the people who run this repository."),
    502: Words("Another machine does not answer as it should",
               "What was asked of it cannot be had at the moment. Nothing was changed.",
               "Try again in a minute."),
    503: Words("The repository does not answer",
               "The records cannot be reached at the moment. Nothing is lost.",
               "Try again in a minute."),
}  # fmt: skip
READING_ONLY = Words(
    "Nothing can be stored for now",
    "What is there can still be read. What was sent was not stored, not even in part.",
    "Keep your text, and try again in a few minutes. If it stays, tell the people who run this repository.",
)
"""503 while reading goes on."""
