"""What is taught and what is not: competencies, and themes that lessons keep coming back to, against paths.

A theme is a tag of several published lessons; of these it is counted how many recur one another, or look
alike (see kb/duplicates). It is taught by a path that has the tag or one of the lessons as a step, or a
training that goes back to one of them or has the tag.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from kb.duplicates.model import LikePair, PairDecision
from kb.model import PUBLISHED, Entry, Reference, Revision, RevisionTag
from kb.people.roles import require
from kb.reading import list_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import EntryView, Reader

FEWEST = 3
"""From so many lessons on a tag is a theme that recurs."""
MOST = 500
Kind = Literal["competency", "theme"]
HEADER = ("kind", "name", "lessons", "recurrences", "trainings", "paths", "heat", "ids of paths")


@dataclass(frozen=True)
class Line:
    """A competency or a theme, and what teaches it."""

    kind: Kind
    name: str
    lessons: int
    """Published lessons under the theme; 0 for a competency."""
    recurrences: int
    """How many of them recur or look like another of them."""
    trainings: int
    paths: tuple[tuple[str, str], ...]
    """(id, title) of the published paths that teach it."""
    most: int = 0
    """The weight of what is missed most."""

    @property
    def is_gap(self) -> bool:
        """Whether no path teaches it."""
        return not self.paths

    @property
    def heat(self) -> int:
        """How much it is missed, from 0 for what is taught to 4: lessons that nobody teaches, and more the
        more often they were learned.

        From FEWEST to what is missed most it grows by equal ratios, and by no less than two: else all themes
        of a large repository were missed alike, as each of them has a dozen lessons.
        """
        if self.paths:
            return 0
        ratio = max(2.0, math.cbrt(self.most / FEWEST))
        return 1 + sum(self.weight >= FEWEST * times for times in (1, ratio, ratio * ratio))

    @property
    def weight(self) -> int:
        """How often it was learned: what was learned again counts twice."""
        return self.lessons + self.recurrences


def coverage(session: Session, person: Person, reader: Reader) -> list[Line]:
    """Every competency and theme that the trainer may see, what is missed most first. Raises NotAllowed."""
    require(person, "train")
    paths = list_entries(session, reader, "path", 0, MOST)
    trainings = list_entries(session, reader, "training", 0, 10 * MOST)
    steps = {view.ref: {step.entry for step in _content(view).entry_steps} for view in paths}
    lines = [
        *_competencies(paths, trainings, steps), *_themes(session, reader, paths, trainings, steps)
    ]  # fmt: skip
    most = max((each.weight for each in lines if each.is_gap), default=0)
    lines = [replace(each, most=most) for each in lines]
    return sorted(lines, key=lambda each: (-each.heat, -each.weight, each.kind, each.name))


def coverage_rows(lines: Sequence[Line]) -> list[Sequence[Any]]:
    """The rows of the table under HEADER."""
    return [
        (each.kind, each.name, each.lessons, each.recurrences, each.trainings, len(each.paths), each.heat,
         ", ".join(ref for ref, _ in each.paths))
        for each in lines
    ]  # fmt: skip


def _competencies(
    paths: Sequence[EntryView], trainings: Sequence[EntryView], steps: Mapping[str, set[str]]
) -> list[Line]:
    """Those that a path or a training names; case makes no difference."""
    names: dict[str, str] = {}
    taught: dict[str, set[str]] = defaultdict(set)
    for view in (*paths, *trainings):
        for name in _content(view).competencies:
            names.setdefault(name.lower(), name)
            taught[name.lower()].add(view.ref)
    found = []
    for key, name in names.items():
        teaching = [view for view in paths if taught[key] & ({view.ref} | steps[view.ref])]
        count = sum(view.ref in taught[key] for view in trainings)
        found.append(Line("competency", name, 0, 0, count, _named(teaching)))
    return found


def _themes(
    session: Session, reader: Reader, paths: Sequence[EntryView], trainings: Sequence[EntryView],
    steps: Mapping[str, set[str]],
) -> list[Line]:  # fmt: skip
    themes = {tag: refs for tag, refs in _tagged(session, reader).items() if len(refs) >= FEWEST}
    joined = _joined(session, reader, set[str]().union(*themes.values()))
    found = []
    for tag, lessons in themes.items():
        sources = {
            view.ref
            for view in trainings
            if lessons & set(_content(view).source_lessons) or tag in _content(view).tags
        }
        teaching = [
            view for view in paths if tag in _content(view).tags or steps[view.ref] & (lessons | sources)
        ]
        again = {ref for pair in joined for ref in pair if set(pair) <= lessons}
        found.append(Line("theme", tag, len(lessons), len(again), len(sources), _named(teaching)))
    return found


def _tagged(session: Session, reader: Reader) -> dict[str, set[str]]:
    """Tag -> the published lessons that have it."""
    query = select(RevisionTag.tag, Entry.ref).join(Revision, Revision.id == RevisionTag.revision_id)
    query = query.join(Entry, Entry.id == Revision.entry_id)
    found: dict[str, set[str]] = defaultdict(set)
    for tag, ref in session.execute(query.where(PUBLISHED, Entry.kind == "lesson", reader.visible)):
        found[tag].add(ref)
    return found


def _joined(session: Session, reader: Reader, lessons: set[str]) -> list[tuple[str, str]]:
    """Pairs of the lessons of which one recurs the other, or that look alike and were not told apart."""
    recurring = select(Entry.ref, Reference.target).join(Revision, Revision.entry_id == Entry.id)
    recurring = recurring.join(Reference, Reference.revision_id == Revision.id)
    recurring = recurring.where(Reference.relation == "recurrence of", PUBLISHED, reader.visible)
    first, second = aliased(Entry), aliased(Entry)
    apart = and_(PairDecision.first_id == LikePair.first_id, PairDecision.second_id == LikePair.second_id)
    seen = select(Entry.id).where(reader.visible, Entry.ref.in_(lessons))
    alike = (
        select(first.ref, second.ref)
        .select_from(LikePair)
        .join(first, first.id == LikePair.first_id)
        .join(second, second.id == LikePair.second_id)
        .where(LikePair.first_id.in_(seen), LikePair.second_id.in_(seen))
        .where(~select(PairDecision.first_id).where(apart, PairDecision.decision == "apart").exists())
    )
    found = [*session.execute(recurring).all(), *session.execute(alike).all()]
    return [(one, other) for one, other in found if one in lessons and other in lessons]


def _named(views: Sequence[EntryView]) -> tuple[tuple[str, str], ...]:
    return tuple((view.ref, view.title) for view in views)


def _content(view: EntryView) -> Any:
    """What a path or a training says; both name competencies and tags."""
    return view.content
