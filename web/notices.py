"""One's own notifications: the page, the number beside the bell, and marking them as read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import DatabaseUnavailable
from kb.notices import wording
from kb.notices.reading import count_unread, get_notice, list_notices, mark_all_read, mark_read
from kb.people.reader import reader_of
from kb.people.roles import VISITOR
from web.account import myself
from web.context import current
from web.parameters import Parameters, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.notices.reading import NoticeView

blueprint = Blueprint("notices", __name__)
PAGE_SIZE = 50
LARGEST = 2**31 - 1
Which = Literal["unread", "all"]


class NoticesParameters(Parameters):
    """Which notices, and which page of them."""

    show: Which = "unread"
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


@dataclass(frozen=True)
class NoticesView:
    """A page of somebody's notices, newest first."""

    show: Which
    page: int
    total: int
    unread: int
    notices: Sequence[NoticeView]

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def newest(self) -> int:
        """The number of the newest notice on the page: what came later is not marked with it."""
        return max((notice.id for notice in self.notices), default=0)

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        show = None if self.show == "unread" else self.show
        return url_for("notices.notices", show=show, page=page if page > 1 else None)


@blueprint.get("/notices")
def notices() -> str:
    """Renders a page of the notices of the person who asks."""
    person = myself()
    given = parse_page(NoticesParameters, request.args)
    reader, mine = current().reader, person.id or 0
    with services().database.read() as session:
        start = (given.page - 1) * PAGE_SIZE
        total, found = list_notices(
            session, mine, reader, unread=given.show == "unread", offset=start, limit=PAGE_SIZE
        )
        unread = count_unread(session, mine, reader)
    view = NoticesView(given.show, given.page, total, unread, found)
    return render_template("notices/list.html", view=view, wording=wording, address=address)


@blueprint.post("/notices/read")
def read_all() -> BaseResponse:
    """Marks as read what the page showed, and what came before it."""
    person, newest = myself(), request.form.get("up_to", "")
    up_to = int(newest) if newest.isascii() and newest.isdigit() and len(newest) <= 10 else 0
    with services().database.write_aside() as session:
        mark_all_read(session, person.id or 0, min(up_to, LARGEST))
    return redirect(url_for("notices.notices"), 303)


@blueprint.post("/notices/<int:number>/read")
def read(number: int) -> BaseResponse:
    """Marks one as read, or as unread again."""
    person = myself()
    with services().database.write_aside() as session:
        get_notice(session, person.id or 0, min(number, LARGEST), current().reader)
        mark_read(session, person.id or 0, number, read="unread" not in request.form)
    show = "all" if request.form.get("show") == "all" else None
    return redirect(url_for("notices.notices", show=show), 303)


def address(notice: NoticeView) -> str:
    """The path of the page that a notice leads to; empty where there is none."""
    if notice.place or not notice.ref:
        return notice.place
    return url_for("entries.entry", ref=notice.ref)


def unread_notices() -> int:
    """How many notices wait for whoever asks; none is said while the database does not answer."""
    person = current().person
    if person.id is None or person.view_as == VISITOR:
        return 0
    try:
        with services().database.read() as session:
            return count_unread(session, person.id, reader_of(person))
    except DatabaseUnavailable:
        return 0
