"""A text that readers do not see yet, as its page will show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb import editing
from kb.content import references, to_json
from kb.kinds import PREFIXES, Path
from kb.learning.courses import Offer, materials
from kb.learning.walking import walk
from kb.neighbours import LinkView, Neighbours, titles_of
from kb.reading import EntryView
from web.entry_views import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.reading import Reader
    from web.entry_views import EntryPage


def preview_of(session: Session, kind: str, ref: str, content: Content, reader: Reader) -> EntryPage:
    """The page of a text that is not stored."""
    return unpublished_page(session, _typed(kind, ref, content), reader)


@dataclass(frozen=True)
class CoursePreview:
    """A path as learners will find it, with the paths that come first."""

    course: Offer
    missing: Sequence[str]
    titles: Mapping[str, tuple[str, str]]


def course_preview(session: Session, ref: str, content: Content, reader: Reader) -> CoursePreview:
    """The learners' page of a path that is not stored. Steps that the reader may not see are closed."""
    view = _typed("path", ref, content)
    path = view.content
    assert isinstance(path, Path)  # noqa: S101 - made as one
    missing = [each for each in path.prerequisites if each.startswith(PREFIXES["path"])]
    course = Offer(view, walk(path, {}, materials(session, path, reader)))
    return CoursePreview(course, missing, titles_of(session, missing, reader))


def _typed(kind: str, ref: str, content: Content) -> EntryView:
    """A text that is not stored, as if it were a revision."""
    return EntryView(
        revision_id=0, ref=ref or "new", kind=kind, number=0, state="draft", title=content.title,
        stored=to_json(content), key=None, owner="", visibility="public", verified_on=None, verifier="",
        verify_months=editing.DEFAULT_VERIFY_MONTHS, author="", created_at=editing.now(), decided_at=None,
    )  # fmt: skip


def unpublished_page(session: Session, view: EntryView, reader: Reader) -> EntryPage:
    """The page of a revision that readers do not see, with the links that its text makes."""
    links = [link for link in references(view.content) if link.to not in view.withheld]
    titles = titles_of(session, (link.to for link in links), reader)
    outgoing = [LinkView(link.to, link.relation, *titles.get(link.to, ("", None))) for link in links]
    return page_of(session, view, Neighbours(outgoing), None, reader)
