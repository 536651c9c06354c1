"""What is said about cohorts and assignments, checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from kb.people.texts import Email, Role
from kb.strict import Strict
from kb.text import SOMETHING, Day, Described, Line, Ref

MOST_PEOPLE = 1_000
MOST_COHORTS = 100
People = Annotated[list[Email], Field(max_length=MOST_PEOPLE)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CohortText(Strict):
    """A name, and who is in it by e-mail."""

    name: Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]
    note: Line = ""
    people: People = []


class CohortChange(CohortText):
    """What a cohort is from now on."""

    version: Version


class Asked(Strict):
    """Until when, and of whom: of people by e-mail, of roles, of cohorts by number."""

    due_on: Day
    note: Line = ""
    people: People = []
    roles: Annotated[list[Role], Field(max_length=9)] = []
    cohorts: Annotated[list[Number], Field(max_length=MOST_COHORTS)] = []


class AssignmentText(Asked):
    """Which path is assigned to whom."""

    path: Ref


class AssignmentChange(Asked):
    """What an assignment is from now on; its path stays."""

    version: Version
