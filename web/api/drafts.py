"""/api/v1/drafts: writing entries, by the verbs of the editor. What is published stays up meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import request

from kb.content import to_json
from kb.desk import writing
from kb.desk.access import find_case
from kb.desk.comparing import stored_for
from kb.desk.lines import start_of_edit
from kb.desk.lists import own_work
from kb.desk.writing import Manner
from kb.errors import EditConflict, InvalidRecord, NotFound
from kb.hindsight import check_hindsight
from kb.validation import Problem
from web.api.desk_models import (
    AdviceAnswer,
    AdvicePart,
    AlikePart,
    QueueAnswer,
    WorkAnswer,
    queue_answer,
    work_answer,
)
from web.api.operations import Reply, number_of
from web.context import current
from web.desk.advice import counsel_on
from web.desk.revision_views import revision_view
from web.desk.sheets import conflict_of
from web.entries import checked_ref
from web.identity import origin
from web.overtaken import DraftGone, DraftOvertaken, Unready
from web.services import services
from web.versions import VersionNeeded, is_conditional

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.desk.writing import Saved
    from web.api.desk_bodies import AdviceBody
    from web.parameters import EntryParameters, NoParameters


def drafts(_: NoParameters) -> QueueAnswer:
    """What one wrote and readers do not see yet: drafts, what is in review, and what was sent back."""
    today = current().today
    with services().database.read() as session:
        items = own_work(session, current().person, today)
        return queue_answer(session, current().person, items, today)


def create_draft(_: NoParameters, body: Any) -> Reply:
    """A new entry, as a draft that its author and curators see. It needs a title alone."""
    check_hindsight(body.content, "content.")
    manner = Manner(body.anonymous, getattr(body, "mask_source", False))
    saved = made(writing.create(services().database, origin(), body.kind, body.content, manner))
    return replace(saved, location=f"/drafts/{saved.answer.id}")  # type: ignore[union-attr]


def get_draft(parameters: EntryParameters, ref: str) -> Reply:
    """The text to go on from: one's own open revision, else what is published; or the one named. Its ETag
    is what an edit of it names in If-Match.
    """
    with services().database.read() as session:
        case = _start(session, checked_ref(ref), parameters.revision)
        return _reply(session, case)


def change_draft(_: NoParameters, body: Any, ref: str) -> Reply:
    """Saves the whole text as a new draft, on top of the revision that If-Match or `base` names. Where
    somebody else was first nothing is saved, and the problem's `conflict` has both texts and what comes of
    them together.
    """
    ref, content = checked_ref(ref), body.content
    check_hindsight(content, "content.")
    base = _base(ref, body)
    manner = Manner(body.anonymous, note=body.note)
    try:
        saved = writing.save(
            services().database, origin(), ref, content, base=base, manner=manner, reader=current().reader
        )
    except EditConflict as error:
        raise overtaken(error, to_json(content)) from None
    return made(saved)


def discard_draft(_: NoParameters, ref: str, revision: str) -> None:
    """A draft goes for good, and its entry where it holds nothing else. What was submitted is kept."""
    writing.discard(services().database, origin(), checked_ref(ref), number_of(revision, "revision"))


def submit_draft(_: NoParameters, ref: str, revision: str) -> Reply:
    """Sends a draft to review. What it must still say is named."""
    ref, number = checked_ref(ref), number_of(revision, "revision")
    try:
        return made(writing.submit(services().database, origin(), ref, number))
    except InvalidRecord as error:
        raise Unready(error.problems) from None
    except EditConflict as error:
        raise overtaken(error, _text(ref, number)) from None


def withdraw_draft(_: NoParameters, ref: str, revision: str) -> None:
    """What one has in review is a draft again."""
    writing.withdraw(services().database, origin(), checked_ref(ref), number_of(revision, "revision"))


def advice(_: NoParameters, body: AdviceBody) -> AdviceAnswer:
    """What would make a lesson easier to find, believe and follow, and the published lessons that it looks
    like: the same may have happened again. Nothing is kept.
    """
    counsel = counsel_on(to_json(body.content), body.id or "")
    return AdviceAnswer(
        advice=[
            AdvicePart(field=each.field, advice=each.words, reason=each.reason) for each in counsel.advice
        ],
        alike=[
            AlikePart(id=each.ref, title=each.title, learned=each.learned, url=f"/entries/{each.ref}")
            for each in counsel.alike
        ],
    )


def work_of(session: Session, case: Case) -> WorkAnswer:
    """A revision as the API shows it."""
    person, reader = current().person, current().reader
    view = revision_view(session, person, case)
    return work_answer(view, stored_for(session, person, case, reader), current().today)


def _start(session: Session, ref: str, number: int | None) -> Case:
    if number is not None:
        return find_case(session, current().person, ref, number)
    case = start_of_edit(session, current().person, ref)
    if case is None:
        raise NotFound(f"There is no entry {ref}.")
    return case


def _text_tag(case: Case) -> str:
    """The beginning of the ETag: the revision and its text."""
    return f"{case.revision.number}-{case.revision.digest[:12]}"


def _reply(session: Session, case: Case) -> Reply:
    work = work_of(session, case)
    # Comments and decisions make another answer, but not another text to edit.
    rest = hashlib.sha256(work.model_dump_json().encode()).hexdigest()[:8]
    return Reply(work, etag=f"{_text_tag(case)}-{rest}")


def made(saved: Saved) -> Reply:
    """What was saved, as the call that saved it answers."""
    with services().database.read() as session:
        return _reply(session, find_case(session, current().person, saved.ref, saved.number))


def _text(ref: str, number: int) -> dict[str, Any]:
    with services().database.read() as session:
        case = find_case(session, current().person, ref, number)
        return stored_for(session, current().person, case, current().reader)


def _base(ref: str, body: Any) -> int:
    """The revision that was edited. Raises NotFound, Unready, VersionNeeded, DraftGone."""
    with services().database.read() as session:
        standing = _start(session, ref, None)
        kind = standing.revision.entry.kind
        if kind != body.kind:
            raise Unready([Problem("kind", f"is {kind} of {ref}; the kind of an entry never changes")])
        if not is_conditional():
            if body.base is None:
                raise VersionNeeded("Say which revision you edited: its ETag in If-Match, or `base`.")
            return int(body.base)
        if request.if_match.star_tag:
            return body.base or standing.revision.number
        for tag in request.if_match:
            number = tag.partition("-")[0]
            if number.isascii() and number.isdigit() and 0 < len(number) < 8:
                case = _if_seen(session, ref, int(number))
                if case is not None and tag.startswith(f"{_text_tag(case)}-"):
                    return case.revision.number
        gone = EditConflict(ref, standing.revision.number)
    raise overtaken(gone, to_json(body.content))


def _if_seen(session: Session, ref: str, number: int) -> Case | None:
    try:
        return find_case(session, current().person, ref, number)
    except NotFound:
        return None


def overtaken(error: EditConflict, mine: dict[str, Any]) -> DraftGone | DraftOvertaken:
    """Both texts, and what comes of them together: 412 where the header named the revision, else 409."""
    with services().database.read() as session:
        found = conflict_of(session, current().person, current().reader, error, mine)
        theirs = _start(session, error.ref, error.current_number)
        text = stored_for(session, current().person, theirs, current().reader)
    kind = DraftGone if is_conditional() else DraftOvertaken
    return kind(str(error), found, text, mine)
