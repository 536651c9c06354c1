"""What a trainer decides about a step whose entry has changed, or whose link was not reached: adopt what
stands, keep the step, or replace it.

To adopt and to replace write a draft of the path, which is reviewed as every other change. To keep is
remembered for what was decided about: a still newer revision, or another check of the link that fails, is
asked about again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import select

from kb.content import make_content
from kb.desk import writing
from kb.desk.lines import start_of_edit
from kb.desk.writing import Manner
from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.learning.keeping import about, find_worn
from kb.learning.material import step_materials
from kb.learning.model import KeptStep
from kb.model import Entry
from kb.people.audit import note
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.steps import stored_id, stored_steps
from kb.strict import Strict
from kb.text import MAX_ADDRESS, MAX_LINE, REF_PATTERN, WEB_ADDRESS, Described, is_web_address
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.learning.keeping import Worn
    from kb.people.audit import Origin

Deed = Literal["adopt", "keep", "replace"]


class StepChanged(KbError):
    """What was decided about is not what stands."""


def _is_target(value: str) -> str:
    if not re.fullmatch(REF_PATTERN, value) and "://" not in value:
        raise ValueError("must be an entry id such as L-0042, or an address such as https://www.example.org")
    return is_web_address(value) if "://" in value else value


Target = Annotated[
    str,
    StringConstraints(max_length=MAX_ADDRESS),
    AfterValidator(_is_target),
    Described("pattern", f"^({REF_PATTERN}|{WEB_ADDRESS})$"),
]
"""What a step leads to: the id of an entry, or an address."""


def as_target(typed: str) -> str:
    """What was typed as a replacement: an id in upper case, an address as it is."""
    return typed.strip() if "://" in typed else typed.strip().upper()


class Decision(Strict):
    """What becomes of a step. `current` is the revision of its entry that the trainer has looked at; `by` is
    the entry that takes its place, or, of a link, the address that takes the place of its own.
    """

    decision: Deed
    current: int | None = None
    by: Target | None = None


@dataclass(frozen=True)
class Decided:
    """What came of it; `draft` is the revision of the path that says so, None where the step is kept."""

    path: str
    step: str
    decision: Deed
    draft: int | None = None


def decide(database: Database, origin: Origin, path: str, step: str, said: Decision) -> Decided:
    """Does what was decided, and notes it.

    Raises NotAllowed, NotFound for a step that nothing is to be decided about, StepChanged where its entry
    was changed since, InvalidRecord for a replacement that cannot be, EditConflict.
    """
    require(origin.person, "train")
    with database.read() as session:
        worn = find_worn(session, origin.person, reader_of(origin.person), path, step)
    if worn is None:
        raise NotFound(f"Nothing is to be decided about a step {step} of {path}.")
    if said.current is not None and said.current != worn.current:
        stands = f"revision {worn.current} stands" if worn.current else "it is not published"
        raise StepChanged(f"{step} has changed since: {stands} now. Look at it, then decide again.")
    if said.decision == "keep":
        return _keep(database, origin, worn)
    return _rewrite(database, origin, worn, said)


def _keep(database: Database, origin: Origin, worn: Worn) -> Decided:
    with database.write_aside() as session:
        entry_id = session.scalars(select(Entry.id).where(Entry.ref == worn.path)).one()
        session.merge(
            KeptStep(
                path_id=entry_id, step=worn.step, about=about(worn), at=now(), kept_by=origin.person.name
            )
        )
        note(session, origin, "keep step", worn.path, **_named(worn), about=about(worn))
    return Decided(worn.path, worn.step, "keep")


def _rewrite(database: Database, origin: Origin, worn: Worn, said: Decision) -> Decided:
    """A draft of the path in which the step is another, on top of the draft that the trainer has already."""
    with database.read() as session:
        case = start_of_edit(session, origin.person, worn.path)
        if case is None:
            raise NotFound(f"There is no entry {worn.path}.")
        base, stored, is_anonymous = (
            case.revision.number,
            dict(case.revision.content),
            case.revision.anonymous,
        )
        before = "" if case.was_published else case.revision.note
        changes = _changes(session, origin, worn, said, stored)
    stored["stages"] = list(_changed(stored, worn.step, changes))
    manner = Manner(anonymous=is_anonymous, note=_joined(before, _in_words(worn, said, changes)))
    content = make_content("path", stored)
    saved = writing.save(database, origin, worn.path, content, base=base, manner=manner)
    with database.write_aside() as session:
        told = _named(worn) | {"draft": saved.number} | changes
        note(session, origin, f"{said.decision} step", worn.path, **told)
    return Decided(worn.path, worn.step, said.decision, saved.number)


def _named(worn: Worn) -> dict[str, Any]:
    """The step as the audit log names it."""
    return {"step": worn.step} | ({"address": worn.address} if worn.address else {})


def _in_words(worn: Worn, said: Decision, changes: Mapping[str, Any]) -> str:
    if said.decision == "adopt":
        return f"Adopts revision {changes['revision']} of {worn.step}"
    replaced = "a link that was not reached" if worn.address else worn.step
    return f"Replaces {replaced} by {changes.get('entry', 'another address')}"


def _joined(before: str, words: str) -> str:
    """What a draft changes, of which a part was said before; the last alone where all would be too long."""
    both = f"{before}. {words}" if before else words
    return both if len(both) <= MAX_LINE else words


def _changes(
    session: Session, origin: Origin, worn: Worn, said: Decision, stored: Mapping[str, Any]
) -> dict[str, Any]:
    """What becomes of the fields of the step."""
    if said.decision == "adopt":
        if worn.current is None or worn.pinned is None:
            raise NotAllowed(f"There is no newer revision of {worn.step} to adopt: replace it, or keep it.")
        return {"entry": worn.step, "revision": worn.current}
    by = said.by or worn.by
    if not by:
        or_link = ", or another address" if worn.address else ""
        raise InvalidRecord([Problem("by", f"is needed: the id of the entry that takes its place{or_link}")])
    changes = {"link": by} if "://" in by else _entry(session, origin, by)
    if "link" in changes and not worn.address:
        words = "is an address, which takes the place of a link only; edit the path to put a link in"
        raise InvalidRecord([Problem("by", words)])
    if not changes or by == worn.path:
        raise InvalidRecord([Problem("by", f"names no published entry that you may see: {by}")])
    if stored_id(changes) in {stored_id(step) for step in stored_steps(stored)}:
        raise InvalidRecord([Problem("by", f"names {shorten(by)}, which is a step of {worn.path} already")])
    return changes


def _entry(session: Session, origin: Origin, ref: str) -> dict[str, Any]:
    """What a step says that is this entry; nothing where the person sees no such entry."""
    found = step_materials(session, [ref], reader_of(origin.person)).get(ref)
    return {"entry": ref, "revision": found.number} if found else {}


def _changed(stored: dict[str, Any], step: str, changes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stages with the step changed; where an entry takes the place of a link, nothing is left of that."""
    left = set[str]() if "link" in changes else {"link", "title"}
    for stage in stored.get("stages", ()):
        steps = [
            {name: each[name] for name in each if name not in left} | changes
            if stored_id(each) == step
            else each
            for each in stage.get("steps", ())
        ]
        yield stage | {"steps": steps}
