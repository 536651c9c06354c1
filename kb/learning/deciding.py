"""What a trainer decides about a step whose entry has changed: adopt it, keep the step, or replace it.

To adopt and to replace write a draft of the path, which is reviewed as every other change. To keep is
remembered for what was decided about: a still newer revision is asked about again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from kb.content import make_content
from kb.desk import writing
from kb.desk.lines import start_of_edit
from kb.desk.writing import Manner
from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.kinds import Strict
from kb.learning.keeping import about, find_worn
from kb.learning.material import step_materials
from kb.learning.model import KeptStep
from kb.model import Entry
from kb.people.audit import note
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.text import Ref
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.learning.keeping import Worn
    from kb.people.audit import Origin

Deed = Literal["adopt", "keep", "replace"]


class StepChanged(KbError):
    """What was decided about is not what stands."""


class Decision(Strict):
    """What becomes of a step. `current` is the revision of its entry that the trainer has looked at."""

    decision: Deed
    current: int | None = None
    by: Ref | None = None


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
        note(session, origin, "keep step", worn.path, step=worn.step, about=about(worn))
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
        changes = _changes(session, origin, worn, said, stored)
    stored["stages"] = list(_changed(stored, worn.step, changes))
    words = f"Adopts revision {changes['revision']} of {worn.step}"
    if said.decision == "replace":
        words = f"Replaces {worn.step} by {changes['entry']}"
    manner = Manner(anonymous=is_anonymous, note=words)
    content = make_content("path", stored)
    saved = writing.save(database, origin, worn.path, content, base=base, manner=manner)
    with database.write_aside() as session:
        note(
            session, origin, f"{said.decision} step", worn.path, step=worn.step, draft=saved.number, **changes
        )
    return Decided(worn.path, worn.step, said.decision, saved.number)


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
        raise InvalidRecord([Problem("by", "is needed: the id of the entry that takes its place")])
    held = {step.get("entry") for stage in stored.get("stages", ()) for step in stage.get("steps", ())}
    found = step_materials(session, [by], reader_of(origin.person)).get(by)
    if found is None or by == worn.path:
        raise InvalidRecord([Problem("by", f"names no published entry that you may see: {by}")])
    if by in held:
        raise InvalidRecord([Problem("by", f"names {by}, which is a step of {worn.path} already")])
    return {"entry": by, "revision": found.number}


def _changed(stored: Mapping[str, Any], step: str, changes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for stage in stored.get("stages", ()):
        steps = [each | changes if each["entry"] == step else each for each in stage.get("steps", ())]
        yield stage | {"steps": steps}
