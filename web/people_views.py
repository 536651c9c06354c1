"""What the pages of people show, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import url_for

from kb.desk.veiling import unnamed_lines
from kb.people import accounts, audit, finding
from kb.people.audit import AuditFilter
from kb.people.roles import can
from web.account_views import Keys, keys_of
from web.audit_views import LineView
from web.context import current
from web.forms import Form
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kb.people.finding import PeopleFilter
    from kb.people.model import User

PAGE_SIZE = 50
LINES = 10
"""Lines of the log that a person's page shows."""


@dataclass(frozen=True)
class PersonLine:
    """A person in the list."""

    id: int
    name: str
    email: str
    status: str
    roles: Sequence[str]
    seen: datetime | None

    @classmethod
    def of(cls, user: User) -> PersonLine:
        """The line of a user."""
        return cls(user.id, user.name, user.email, user.status, sorted(user.roles), user.seen_at)


@dataclass(frozen=True)
class PeopleView:
    """A page of the list."""

    wanted: PeopleFilter
    page: int
    total: int
    people: Sequence[PersonLine]

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def is_narrowed(self) -> bool:
        """Whether some people are left out."""
        return bool(self.wanted.words or self.wanted.role or self.wanted.status)

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        wanted = self.wanted
        return url_for(
            "people.people", q=wanted.words or None, role=wanted.role or None, status=wanted.status or None,
            page=page if page > 1 else None,
        )  # fmt: skip


@dataclass(frozen=True)
class PersonView:
    """Everything that the page of a person shows."""

    line: PersonLine
    made: datetime
    skills: Sequence[str]
    interests: Sequence[str]
    granted: Mapping[str, tuple[str, datetime]]
    """Roles held: by whom they were granted, and when."""
    is_self: bool
    has_password: bool
    keys: Keys | None = None
    """None where the one who asks may not know."""
    lines: Sequence[LineView] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)
    done: str = ""

    def form(self, section: str) -> Form:
        """The form as it was sent, or an empty one."""
        return self.forms.get(section, Form())


def people_view(wanted: PeopleFilter, page: int) -> PeopleView:
    """A page of the list. Raises NotAllowed."""
    with services().database.read() as session:
        offset = (page - 1) * PAGE_SIZE
        total, users = finding.find_people(session, current().person, wanted, offset, PAGE_SIZE)
        return PeopleView(wanted, page, total, [PersonLine.of(user) for user in users])


def person_view(user_id: int, forms: Mapping[str, Form] | None = None, done: str = "") -> PersonView:
    """The page of a person, as far as the one who asks may see. Raises NotFound."""
    person = current().person
    with services().database.read() as session:
        user = accounts.find_user(session, user_id)
        keys = keys_of(session, person, user_id) if can(person, "manage people") else None
        lines: list[LineView] = []
        if can(person, "see audit"):
            theirs = AuditFilter(person=f"#{user_id}")
            _, found = audit.find(session, theirs, 0, LINES, unnamed_lines(person))
            lines = [LineView.of(line) for line in found]
        granted = {each.role: (each.granted_by, each.granted_at) for each in user.granted}
        return PersonView(
            PersonLine.of(user), user.created_at, user.skills, user.interests, granted, user_id == person.id,
            user.password is not None, keys, lines, forms or {}, done,
        )  # fmt: skip
