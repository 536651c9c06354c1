"""What is said about an action, checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kb.people.texts import Email
from kb.strict import Strict
from kb.text import SOMETHING, Day, Described, Line, Ref

State = Literal["identified", "assigned", "embedded", "checked", "dropped"]


class ActionText(Strict):
    """What is to be changed because of a lesson."""

    what: Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]


class ActionChange(Strict):
    """What becomes of an action.

    `assigned` needs its owner; `embedded` needs the entry or the words that say where.
    """

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    state: State
    owner: Email | None = None
    due_on: Day | None = None
    embedded_in: Ref | None = None
    embedded_words: Line = ""
