"""/api/v1/me/notices: what whoever calls is told."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.notices import wording
from kb.notices.reading import count_unread, get_notice, list_notices, mark_all_read, mark_read
from kb.strict import Strict
from web.api.models import Answer
from web.api.operations import LARGEST, number_of
from web.context import current
from web.identity import signed_in
from web.notices import address
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.notices.reading import NoticeView
    from web.parameters import NoParameters

MAX_LIMIT = 200


class NoticeParameters(Parameters):
    """A stretch of one's notices."""

    show: Literal["all", "unread"] = "all"
    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class NoticePart(Answer):
    """Something that a person is told."""

    id: int
    event: str
    ref: Annotated[str | None, Field(description="The entry that it is about.")]
    revision: int | None
    heading: Annotated[str, Field(description="The entry's title, or what it says by itself.")]
    sentence: Annotated[str, Field(description="What has happened.")]
    words: Annotated[str, Field(description="What was said about it.")]
    place: Annotated[str, Field(description="Path of the page where something can be done; may be empty.")]
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notice: NoticeView) -> NoticePart:
        """The notice as the API shows it."""
        return cls(
            id=notice.id,
            event=notice.event,
            ref=notice.ref,
            revision=notice.number,
            heading=wording.heading(notice),
            sentence=wording.sentence(notice),
            words=wording.details(notice),
            place=address(notice),
            created_at=notice.created_at,
            read_at=notice.read_at,
        )


class NoticesAnswer(Answer):
    """A stretch of the notices, newest first."""

    total: int
    offset: int
    unread: Annotated[int, Field(description="How many wait to be read, in all.")]
    notices: list[NoticePart]


class ReadUpTo(Strict):
    """Up to which notice all are read."""

    up_to: Annotated[int, Field(ge=1, le=LARGEST, description="The id of the newest one that was shown.")]


class ReadBody(Strict):
    """Whether a notice is read."""

    read: bool


def my_notices(parameters: NoticeParameters) -> NoticesAnswer:
    """What the person is told, newest first; only about entries that they may see."""
    mine, reader = signed_in().id or 0, current().reader
    with services().database.read() as session:
        wanted, unread_only = (parameters.offset, parameters.limit), parameters.show == "unread"
        total, found = list_notices(session, mine, reader, *wanted, unread=unread_only)
        unread = count_unread(session, mine, reader)
    parts = [NoticePart.of(each) for each in found]
    return NoticesAnswer(total=total, offset=parameters.offset, unread=unread, notices=parts)


def read_my_notices(_: NoParameters, body: ReadUpTo) -> None:
    """Marks as read all notices up to one; those that came after it stay as they are."""
    with services().database.write_aside() as session:
        mark_all_read(session, signed_in().id or 0, body.up_to)


def read_my_notice(_: NoParameters, body: ReadBody, number: str) -> NoticePart:
    """Marks one notice as read, or as unread again."""
    mine, reader, wanted = signed_in().id or 0, current().reader, number_of(number, "notification")
    with services().database.write_aside() as session:
        get_notice(session, mine, wanted, reader)
        mark_read(session, mine, wanted, read=body.read)
        return NoticePart.of(get_notice(session, mine, wanted, reader))
