"""What the lists hold: values with how often they are used, other spellings, and what may belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.model import PUBLISHED, Entry, Revision, RevisionTag
from kb.taxonomy.dimensions import Dimension, held
from kb.taxonomy.model import TaxonomyChange, TaxonomyValue
from kb.vocabulary import list_groups
from kb.vocabulary_text import term_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.reading import Reader

MOST_SUGGESTED = 50
MOST_ALIKE = 5
"""Of more values that look alike none is meant."""
SHORTEST = 5
"""Letters that a value must have before one letter more or less makes it look like another."""


@dataclass(frozen=True)
class ValueView:
    """A value of a list, or one that entries hold and no list knows yet."""

    value: str
    count: int
    """Published entries that hold it and that the reader may see."""
    is_listed: bool
    synonyms: tuple[str, ...]
    """Other spellings, which become this value wherever somebody writes them."""


@dataclass(frozen=True)
class ChangeView:
    """A rename or merge that was done."""

    id: int
    dimension: str
    sources: tuple[str, ...]
    target: str
    entries: int
    author: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None


def usage(session: Session, dimension: Dimension, reader: Reader) -> Counter[str]:
    """How many published entries that the reader may see hold each value."""
    if dimension.name == "tag":
        query = select(RevisionTag.tag, func.count()).join(Revision).join(Entry)
        rows = session.execute(query.where(PUBLISHED, reader.visible).group_by(RevisionTag.tag))
        return Counter(dict(rows.all()))
    counted: Counter[str] = Counter()
    columns = [Revision.content[place.path] for place in dimension.places]
    kinds = {kind for place in dimension.places for kind in place.kinds}
    query = select(Entry.kind, *columns).select_from(Revision).join(Entry).where(PUBLISHED, reader.visible)
    if kinds:
        query = query.where(Entry.kind.in_(kinds))
    for kind, *found in session.execute(query):
        places = [(place, value) for place, value in zip(dimension.places, found, strict=True) if value]
        counted.update({each for place, value in places if place.holds(kind) for each in held(place, value)})
    return counted


def list_values(session: Session, dimension: Dimension, reader: Reader) -> list[ValueView]:
    """Every value that is in the list or in use, by name."""
    counts = usage(session, dimension, reader)
    listed, synonyms = set(), defaultdict(list)
    mine = TaxonomyValue.dimension == dimension.name
    for row in session.scalars(select(TaxonomyValue).where(mine).order_by(TaxonomyValue.value)):
        if row.means is None:
            listed.add(row.value)
        else:
            synonyms[row.means].append(row.value)
    names = sorted({*counts, *listed}, key=lambda name: (name.casefold(), name))
    return [ValueView(name, counts[name], name in listed, tuple(synonyms[name])) for name in names]


def list_changes(session: Session, dimension: Dimension, limit: int = 20) -> list[ChangeView]:
    """The latest renames and merges, newest first."""
    query = select(TaxonomyChange).where(TaxonomyChange.dimension == dimension.name)
    return [
        change_view(row) for row in session.scalars(query.order_by(TaxonomyChange.id.desc()).limit(limit))
    ]


def change_view(row: TaxonomyChange) -> ChangeView:
    """The change of the row."""
    return ChangeView(
        row.id, row.dimension, tuple(row.sources), row.target, len(row.touched), row.author, row.at,
        row.undone_by, row.undone_at,
    )  # fmt: skip


def suggestions(session: Session, values: Sequence[ValueView]) -> list[tuple[ValueView, ValueView]]:
    """Pairs that may be one value, spelt in two ways: the one that is used more comes second.

    They differ in case, accents, hyphens or spaces, in an ending, or in one letter (never in a digit), or
    the vocabulary says that they mean the same.
    """
    by_name = {each.value: each for each in values}
    pairs: dict[tuple[str, str], None] = {}
    for group in (*_alike(list(by_name)), *_same_meaning(session, by_name)):
        for pair in combinations(sorted(group), 2):
            pairs[pair] = None
    ordered = [sorted((by_name[a], by_name[b]), key=lambda each: each.count) for a, b in pairs]
    found = [(rarer, other) for rarer, other in ordered]
    return sorted(found, key=lambda pair: -pair[0].count - pair[1].count)[:MOST_SUGGESTED]


def _alike(names: Iterable[str]) -> list[set[str]]:
    """Names that share a folded form, or one of the forms with a letter taken out (SymSpell, W. Garbe)."""
    groups: dict[str, set[str]] = defaultdict(set)
    for name in names:
        key = term_key(name)
        tight = key.replace(" ", "")
        groups[f"={tight}"].add(name)
        if len(tight) >= SHORTEST:
            for place in range(len(tight)):
                if not tight[place].isdigit():
                    groups[f"~{tight[:place]}{tight[place + 1 :]}"].add(name)
            groups[f"~{tight}"].add(name)
    return [group for group in groups.values() if 1 < len(group) <= MOST_ALIKE]


def _same_meaning(session: Session, names: Iterable[str]) -> list[set[str]]:
    by_key: dict[str, set[str]] = defaultdict(set)
    for name in names:
        by_key[term_key(name)].add(name)
    groups = [
        set[str]().union(*(by_key.get(term_key(term), ()) for term in group.terms))
        for group in list_groups(session)
    ]
    return [group for group in groups if len(group) > 1]
