"""What people say of themselves and each other, checked."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from kb.strict import Strict
from kb.text import SOMETHING, Described, Line

JOINERS = "\u200c\u200d"
"""Invisible, but Persian names and some emoji need them."""
EVENTS = (
    "review requested", "decision made", "text overtaken", "entry due", "comment", "lesson superseded",
    "lesson changed",
    "task given", "action due", "path assigned", "assignment changed", "path due",
    "answers marked", "help asked", "help answered",
)  # fmt: skip

WAYS = ("at once", "daily", "weekly", "never")
"""How somebody may want to be told of an event; the first unless they chose."""

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*")


def _email(value: str) -> str:
    """In ASCII: of two addresses that look the same, such as with a Cyrillic а, one is not what it seems."""
    if not _EMAIL.fullmatch(value.lower()):
        raise ValueError("must be an e-mail address such as anna.berg@example.org")
    return value.lower()


def _visible(value: str) -> str:
    """What is shown as a person's must not hide in it what turns or hides the text around it."""
    hidden = next((c for c in value if unicodedata.category(c) == "Cf" and c not in JOINERS), None)
    if hidden is not None:
        raise ValueError(f"contains the invisible character U+{ord(hidden):04X}; remove it")
    return value


_SHOWN = (AfterValidator(_visible), Described("format", "visible"))
Email = Annotated[
    Line, StringConstraints(max_length=254), AfterValidator(_email), Described("format", "email")
]
Name = Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING), *_SHOWN]
Interest = Annotated[
    Line, StringConstraints(min_length=1, max_length=80), Described("pattern", SOMETHING), *_SHOWN
]
Role = Literal[
    "reader", "contributor", "project manager", "trainer", "estimator", "verifier", "curator", "admin",
    "auditor",
]  # fmt: skip


class Invitation(Strict):
    """Whom to invite."""

    email: Email
    name: Annotated[Line, AfterValidator(_visible), Described("format", "visible")] = ""
    roles: Annotated[list[Role], Field(max_length=9)] = []


class Newcomer(Strict):
    """What somebody says who follows a link."""

    name: Name
    password: str


class Administrator(Newcomer):
    """What the first administrator says."""

    email: Email


class Profile(Strict):
    """What people say of themselves."""

    name: Name
    skills: Annotated[list[Interest], Field(max_length=50)] = []
    interests: Annotated[list[Interest], Field(max_length=50)] = []
    notices: dict[
        Literal[
            "review requested",
            "decision made",
            "text overtaken",
            "entry due",
            "comment",
            "lesson superseded",
            "lesson changed",
            "task given",
            "action due",
            "path assigned",
            "assignment changed",
            "path due",
            "answers marked",
            "help asked",
            "help answered",
        ],
        Literal["at once", "daily", "weekly", "never"],
    ] = {}
    mentors: Annotated[
        bool | None,
        Field(description="Whether others are told that they can help; null leaves it as it is."),
    ] = None
    private_learning: Annotated[
        bool | None,
        Field(description="Whether no record store is told what they learn; null leaves it as it is."),
    ] = None
