"""Lines of the audit log in words, on pages and in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for

from kb.desk.veiling import unnamed_lines
from kb.people import audit
from web.context import current
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kb.people.audit import AuditFilter
    from kb.people.model import AuditLine

PAGE_SIZE = 50
NOTHING = "–"


@dataclass(frozen=True)
class LineView:
    """A line of the log."""

    id: int
    at: datetime
    person: str
    person_id: int | None
    action: str
    object: str
    is_refused: bool
    detail: Sequence[tuple[str, str]]
    """Name and words of each detail."""
    address: str
    request_id: str

    @classmethod
    def of(cls, line: AuditLine) -> LineView:
        """The line of the row."""
        return cls(
            line.id, line.at, line.person, line.person_id, line.action, line.object,
            line.outcome == "refused", detail_words(line.detail), line.address, line.request_id,
        )  # fmt: skip


@dataclass(frozen=True)
class AuditView:
    """A page of the log, newest first."""

    wanted: AuditFilter
    page: int
    total: int
    lines: Sequence[LineView]
    actions: Sequence[str]
    """All that the log knows."""

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def given(self) -> dict[str, str]:
        """What narrows the list, as the address says it."""
        return self.wanted.given

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        values: dict[str, Any] = {**self.given, "page": page if page > 1 else None}
        return url_for("audit.audit", **values)


def audit_view(wanted: AuditFilter, page: int) -> AuditView:
    """A page of the log."""
    with services().database.read() as session:
        unnamed = unnamed_lines(current().person)
        total, lines = audit.find(session, wanted, (page - 1) * PAGE_SIZE, PAGE_SIZE, unnamed)
        return AuditView(wanted, page, total, [LineView.of(line) for line in lines], audit.actions(session))


def detail_words(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The details by name; lists with commas, yes and no in words, what is empty as a dash."""
    return [(name.replace("_", " "), _words(value)) for name, value in detail.items()]


def detail_line(detail: Mapping[str, Any]) -> str:
    """The details in one line."""
    return "; ".join(f"{name}: {words}" for name, words in detail_words(detail))


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {words}" for name, words in detail_words(value)) or NOTHING
    if isinstance(value, (list, tuple)):
        return ", ".join(_words(each) for each in value) or NOTHING
    return NOTHING if value is None or value == "" else str(value)
