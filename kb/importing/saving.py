"""Drafts of a document enter the repository, all or none, with the original attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb import editing
from kb.attachments.storing import address_of, attach_original, attach_picture, keep
from kb.desk.model import Handling
from kb.importing.making import MAX_DRAFTS, make
from kb.importing.recognition import MEDIA
from kb.importing.stating import DoesNotFit
from kb.numbering import NewRefs
from kb.people.audit import note
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kb.importing.document import Document
    from kb.importing.making import Made
    from kb.importing.plans import Plan
    from kb.people.audit import Origin


def save_drafts(
    session: Session, origin: Origin, name: str, data: bytes, document: Document, plan: Plan
) -> list[str]:
    """Makes the plan's entries as drafts of whoever acts; returns their ids, the review's first.

    Raises DoesNotFit, NotAllowed, and then has made none.
    """
    require(origin.person, "contribute")
    drafts = checked(make(document, plan))
    digest, by = keep(session, data), origin.person.id
    refs = _numbered(session, drafts)
    addresses = {at: address_of(picture) for at, picture in enumerate(document.pictures)}
    entries = []
    for ref, draft in zip(refs, drafts, strict=True):
        if draft.kind == "review":
            draft.data["lessons"] = refs[1:]
        content = draft.content(addresses)
        made = editing.create_entry(session, draft.kind, content, author=origin.person.name, ref=ref)
        session.add(Handling(revision_id=made.id, author_id=by, thread=1))
        entries.append(made.entry)
    whole = plan.shape != "lessons"
    for at, (entry, draft) in enumerate(zip(entries, drafts, strict=True)):
        parts = document.parts if whole and at == 0 else []
        attach_original(
            session, entry, name, MEDIA[document.form], digest, place=draft.place, parts=parts, by=by
        )
        for number in sorted(draft.pictures):
            if number < len(document.pictures):
                attach_picture(session, entry, document.pictures[number], by)
    note(session, origin, "import document", name, form=document.form, digest=digest, entries=refs[:50],
         made=len(refs))  # fmt: skip
    return refs


def checked(drafts: Sequence[Made]) -> Sequence[Made]:
    """The drafts. Raises DoesNotFit where there are none, too many, or one cannot be stored."""
    if not drafts:
        raise DoesNotFit([Problem("", "nothing would be made: say where at least one section goes")])
    if len(drafts) > MAX_DRAFTS:
        raise DoesNotFit(
            [
                Problem(
                    "",
                    f"{len(drafts):,} entries would be made; the limit is {MAX_DRAFTS}",
                )
            ]
        )
    problems = [
        Problem("", f"“{draft.title[:60]}”: {problem}") for draft in drafts for problem in draft.problems
    ]
    if problems:
        raise DoesNotFit(problems)
    return drafts


def _numbered(session: Session, drafts: Sequence[Made]) -> list[str]:
    """A free id for each."""
    new_refs, refs = NewRefs(session), list[str]()
    for draft in drafts:
        refs.append(new_refs(draft.kind))
        new_refs.taken(refs[-1])
    return refs
