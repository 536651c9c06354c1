"""Two revisions of an entry side by side, as far as a person may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.desk.access import cases, find_cases, seen
from kb.desk.differences import differences
from kb.desk.lines import wrote_all
from kb.errors import NotFound
from kb.masking import redacted, withheld
from kb.model import Entry, Revision
from kb.neighbours import titles_of
from kb.people.reader import reader_of
from kb.reading import as_shown, view_of
from kb.steps import stored_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.desk.differences import Difference
    from kb.people.roles import Person
    from kb.reading import EntryView, Reader


@dataclass(frozen=True)
class Comparison:
    """What two revisions say differently."""

    ref: str
    revisions: Sequence[EntryView]
    """All that the person sees, newest first."""
    old: EntryView
    new: EntryView
    fields: Sequence[Difference]


def compared(
    session: Session, person: Person, ref: str, old: int | None = None, new: int | None = None,
    reader: Reader | None = None,
) -> Comparison:  # fmt: skip
    """Two revisions of those that the person sees; the two newest unless named. Raises NotFound."""
    reader = reader or reader_of(person)
    query = cases().where(Entry.ref == ref, seen(person)).order_by(Revision.number.desc())
    found = {case.revision.number: case for case in find_cases(session, query)}
    if not found:
        raise NotFound(f"There is no entry {ref}.")
    new = new or next(iter(found))
    old = old or next((number for number in found if number < new), new)
    if missed := {old, new} - found.keys():
        raise NotFound(f"{ref} has no revision {min(missed)}.")
    views = as_shown(session, [view_of(case.revision) for case in found.values()], reader)
    before, after = (stored_for(session, person, found[number], reader) for number in (old, new))
    by_number = {view.number: view for view in views}
    return Comparison(
        ref, views, by_number[old], by_number[new], differences_of(session, before, after, reader)
    )


def differences_of(
    session: Session, old: Mapping[str, Any], new: Mapping[str, Any], reader: Reader
) -> list[Difference]:
    """What two stored contents say differently, with the titles of the steps that a path names."""
    refs = stored_entries(old) | stored_entries(new)
    titles = {ref: title for ref, (_, title) in titles_of(session, refs, reader).items()} if refs else {}
    return differences(old, new, titles)


def stored_for(session: Session, person: Person, case: Case, reader: Reader) -> dict[str, Any]:
    """The stored content as the person may see it: authors see all that they wrote, and not what their edit
    kept of somebody else's text.
    """
    stored = case.revision.content
    if wrote_all(session, person, case):
        return dict(stored)
    secret = withheld(session, [case.revision.entry.ref], reader).get(case.revision.entry.ref)
    return redacted(stored, secret) if secret else dict(stored)
