"""Masked sources: which lessons must not be seen to come from which project, and by whom.

A lesson may keep its project to itself until at least so many published projects of the same type and
sector exist that it could come from any of them (k-anonymity; L. Sweeney 2002). Until then no link
between the two is shown, whoever of them states it, nor one between the lesson and a review of that
project, which names it. All of it is worked out from what the reader may see: a project that is hidden
from the reader is no cover, and nothing may tell that it is there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from kb.kinds import PREFIXES
from kb.model import PUBLISHED, Entry, Reference, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kb.reading import Reader

SHOWN = ("published", "superseded")
"""States of revisions that readers see: what once was published is history they may read."""
_PROJECT, _REVIEW = PREFIXES["project"], PREFIXES["review"]


def withheld(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, frozenset[str]]:
    """Of each id, those that the reader must not see it linked with; ids without any are left out."""
    about = set(refs)
    if reader.sees_authors or not about or not _any_masked(session):
        return {}
    sources = _sources(session, about, reader)
    projects = _projects_of(session, {source for _, source in sources}, reader)
    few = _with_few_peers(session, set[str]().union(*projects.values()), reader)
    reviews = _reviews_of(session, few, reader)
    found: dict[str, set[str]] = defaultdict(set)
    for lesson, source in sources:
        behind = projects.get(source, set())
        if behind and not behind & few:
            continue
        for secret in {source, *behind}.union(*(reviews.get(project, ()) for project in behind)):
            found[lesson].add(secret)
            found[secret].add(lesson)
    return {ref: frozenset(found[ref]) for ref in about & found.keys()}


def redacted(content: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    """Stored content without its stated links to these ids. Links inside its texts stay."""
    kept = {name: value for name, value in content.items() if name != "source" or value not in secret}
    if "links" in kept:
        kept["links"] = [link for link in kept["links"] if link["to"] not in secret]
    if "lessons" in kept:
        kept["lessons"] = [ref for ref in kept["lessons"] if ref not in secret]
    return kept


def told_in_texts(session: Session, ref: str, reader: Reader) -> list[str]:
    """Of a masked lesson, the project or review that it comes from, and others of that project, the published
    entries whose own words link the lesson with one of these: no mask takes that away, an edit does.
    """
    sources = {source for lesson, source in _sources(session, {ref}, reader) if lesson == ref}
    projects = set[str]().union(*_projects_of(session, sources, reader).values())
    others = sources | projects.union(*_reviews_of(session, projects, reader).values())
    query = select(Entry.ref, Revision.content).join(Revision).where(PUBLISHED, Entry.ref.in_({ref, *others}))
    return sorted(
        each
        for each, content in session.execute(query)
        if any(f"[[{name}" in json.dumps(content) for name in (others if each == ref else {ref}))
    )


def _any_masked(session: Session) -> bool:
    return session.scalar(select(Entry.id).where(Entry.mask_source).limit(1)) is not None


def _links(reader: Reader) -> Select[str, str]:
    """(from, to) of the links that revisions make which the reader sees."""
    query = select(Entry.ref, Reference.target).select_from(Reference).distinct()
    query = query.join(Revision, Reference.revision_id == Revision.id).join(Revision.entry)
    return query.where(Revision.state.in_(SHOWN), reader.visible)


def _sources(session: Session, about: set[str], reader: Reader) -> list[tuple[str, str]]:
    """(lesson, source) of the masked lessons that are among the ids, or whose secret an id is part of."""
    projects = set[str]().union(*_projects_of(session, about, reader).values())
    named = about | projects.union(*_reviews_of(session, projects, reader).values())
    query = _links(reader).where(Entry.mask_source, Reference.relation == "source")
    rows = session.execute(query.where(or_(Entry.ref.in_(about), Reference.target.in_(named))))
    return [(lesson, source) for lesson, source in rows]


def _projects_of(session: Session, refs: set[str], reader: Reader) -> dict[str, set[str]]:
    """Project -> itself, and review -> the projects it names."""
    found = {ref: {ref} for ref in refs if ref.startswith(_PROJECT)}
    reviews = [ref for ref in refs if ref.startswith(_REVIEW)]
    if reviews:
        query = _links(reader).where(Entry.ref.in_(reviews), Reference.target.startswith(_PROJECT))
        for review, project in session.execute(query).all():
            found.setdefault(review, set()).add(project)
    return found


def _reviews_of(session: Session, projects: set[str], reader: Reader) -> dict[str, set[str]]:
    """Project -> the reviews that name it."""
    found: dict[str, set[str]] = {}
    if projects:
        query = _links(reader).where(Reference.target.in_(projects), Entry.kind == "review")
        for review, project in session.execute(query).all():
            found.setdefault(project, set()).add(review)
    return found


def _with_few_peers(session: Session, projects: set[str], reader: Reader) -> set[str]:
    """Those of the projects that the reader does not see, or sees among too few of their type and sector."""
    if not projects:
        return set()
    kind, sector = (func.coalesce(Revision.content[name].as_string(), "") for name in ("type", "sector"))
    seen = (Entry.kind == "project", PUBLISHED, reader.visible)
    rows = session.execute(
        select(Entry.ref, kind, sector).join(Revision).where(*seen, Entry.ref.in_(projects))
    )
    groups = {ref: (of_type, of_sector) for ref, of_type, of_sector in rows}
    query = select(kind, sector, func.count()).select_from(Entry).join(Revision).where(*seen)
    query = query.where(kind.in_({of_type for of_type, _ in groups.values()})).group_by(kind, sector)
    counts = {(of_type, of_sector): count for of_type, of_sector, count in session.execute(query)}
    return {ref for ref in projects if ref not in groups or counts[groups[ref]] < reader.mask_below}
