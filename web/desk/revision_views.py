"""Everything the page of a revision shows, gathered in one read; the API shows the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kb.clauses import deleted_clauses
from kb.desk import reviewing
from kb.desk.access import is_author
from kb.desk.colleagues import at_work
from kb.desk.comments import comments_on
from kb.desk.comparing import differences_of, stored_for
from kb.desk.lines import is_archived, is_behind, line_of
from kb.desk.lists import case_item, reviewers
from kb.desk.required import missing
from kb.desk.reviewing import CHANGES, REJECTED
from kb.people.roles import can
from kb.reading import as_shown, view_of
from web.context import current
from web.desk.previews import unpublished_page
from web.identity import origin
from web.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kb.clauses import Clause
    from kb.desk.access import Case
    from kb.desk.colleagues import OpenWork
    from kb.desk.comments import CommentView
    from kb.desk.differences import Difference
    from kb.desk.lists import QueueItem
    from kb.people.roles import Person
    from kb.validation import Problem
    from web.entry_views import EntryPage

Done = Literal[
    "", "submitted", "draft", "commented", "settled", "assigned", "published", "changes", "rejected",
    "reconsidered",
]  # fmt: skip


class RevisionParameters(Parameters):
    """How the differences are shown, and what has just been done."""

    look: Literal["inline", "beside"] = "inline"
    done: Done = ""


@dataclass(frozen=True)
class RevisionView:
    """Everything the page of a revision shows."""

    page: EntryPage
    item: QueueItem
    against: int | None
    """The revision that it is compared with: the published text that it would take the place of."""
    fields: Sequence[Difference]
    comments: Sequence[CommentView]
    is_author: bool
    may_judge: bool
    is_overtaken: bool
    """Whether another text was published since it was begun."""
    is_archived: bool
    """Whether the entry was archived since it was begun."""
    lacking: Sequence[Problem]
    reason: str
    reviewers: Sequence[tuple[int, str]]
    names: Sequence[str]
    """Fields that a comment may be about."""
    look: str
    done: str
    colleagues: Sequence[OpenWork] = ()
    """Who else is at work on the entry."""
    deleted: Sequence[Clause] = ()
    """Clauses of the published template that it leaves out, while their lessons stand."""
    following: QueueItem | None = None
    """What a reviewer may look at next."""
    waiting: int = 0
    """How much more waits."""

    @property
    def state(self) -> str:
        """That of the revision."""
        return self.page.view.state


def revision_view(
    session: Session, person: Person, case: Case, asked: RevisionParameters | None = None
) -> RevisionView:
    """Everything about a revision that the person sees."""
    reader, entry = current().reader, case.revision.entry
    (shown,) = as_shown(session, [view_of(case.revision)], reader)
    page = unpublished_page(session, shown, reader)
    line = line_of(session, case)
    # Against what readers see; of a new entry against what was sent back before.
    published = [each for each in line[1:] if each.was_published]
    sent_back = [each for each in line[1:] if each.revision.state in (CHANGES, REJECTED)]
    against = next(iter((*published, *sent_back)), None)
    old = stored_for(session, person, against, reader) if against else {}
    return RevisionView(
        page=page,
        item=case_item(session, person, case, current().today, reader),
        against=against.revision.number if against else None,
        fields=differences_of(session, old, stored_for(session, person, case, reader), reader)
        if against
        else (),
        comments=comments_on(session, person, case),
        is_author=is_author(person, case) or can(person, "see drafts"),
        may_judge=reviewing.may_judge(session, origin(), case),
        is_overtaken=is_behind(session, line),
        is_archived=is_archived(line),
        lacking=missing(entry.kind, shown.content),
        reason=case.revision.reason,
        reviewers=reviewers(session, person) if can(person, "review") else (),
        names=["title", *(name for name in shown.stored if name != "title")],
        look=asked.look if asked else "inline",
        done=asked.done if asked else "",
        colleagues=[
            work for work in at_work(session, person, entry.ref) if work.number != case.revision.number
        ],
        deleted=() if case.was_published else deleted_clauses(session, entry.ref, shown.content, reader),
    )
