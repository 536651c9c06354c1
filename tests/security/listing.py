"""Curated lists, reference tables, the vocabulary and the log."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from kb.desk.model import BulkChange
from kb.model import SavedMapping, Upload
from kb.people.audit import Origin, note
from kb.people.clock import now
from kb.people.roles import Person
from kb.reference.rows import add_row
from kb.reference.texts import TABLES
from kb.taxonomy.model import TaxonomyChange, TaxonomyValue
from kb.validation import validate
from kb.vocabulary import add_group
from kb.vocabulary_text import GroupText, Term, term_key
from search.importing.loading import as_json
from search.importing.mapping import Column as MappedColumn
from search.importing.mapping import ColumnMapping
from tests.security.filling import Texts, filled, fits
from tests.security.world import COPIES, MOST_LINE, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

MOST_TERMS = 10


def add_tables(session: Session, world: World) -> None:
    """Rows of the reference tables, mappings of tables of projects, and tables that were sent."""
    for number, name in product(range(COPIES), ("indices", "uplifts")):
        table = TABLES[name]
        text = validate(table.model, filled(table.model, world.supply(number * 3)))
        row = add_row(session, table, text, author=world.line(number))
        world.rows += [row.id] if number == 0 else []
    for number in range(COPIES):
        told, line = {"columns": {world.line(number): world.line(number + 1)}}, world.line(number)
        column = MappedColumn(column=world.line(number + 1), to="outcome", values={line: "failed"})
        content = as_json(ColumnMapping(name=line[:100].strip() or "x", columns=[column]))
        session.add(
            SavedMapping(name=f"{number} {line}"[:100], content=content, author=line, changed_at=now())
        )
        _add_values(session, number, line)
        session.add(
            Upload(person_id=world.people[number], name=line, cells=b"", state=told, created_at=now())
        )


def _add_values(session: Session, number: int, line: str) -> None:
    """A value of a curated list, one that is another's spelling, and what was done with both."""
    for value, means in ((line, None), (f"{number} {line}"[:MOST_LINE], line)):
        session.add(
            TaxonomyValue(dimension="sector", value=value, means=means, author=line, changed_at=now())
        )
    done = TaxonomyChange(
        dimension="sector", sources=[line], target=line, terms=[[line, None]], touched=[], author=line,
        at=now(), undone_by=line if number % 2 else None, undone_at=now() if number % 2 else None,
    )  # fmt: skip
    session.add(done)
    several = BulkChange(
        action="add tag", said={"tag": line, "reviewer": None, "reason": line}, author=line, at=now(),
        touched=[["L-0001", 1, 1, line]], undone_by=line if number % 2 else None,
        undone_at=now() if number % 2 else None,
    )  # fmt: skip
    session.add(several)


def add_groups(session: Session, world: World) -> None:
    """Texts that can be a term: few words of letters."""
    terms = list({term_key(text): text for text in _terms(world.packs)}.values())
    world.term = terms[0]
    for at in range(0, len(terms) - 1, MOST_TERMS):
        number = at % len(world.packs)
        some = terms[at : at + MOST_TERMS]
        if len(some) > 1:
            said = {"kind": "synonyms", "terms": some, "note": world.line(number)}
            assert said.keys() == GroupText.model_fields.keys()
            group = add_group(session, validate(GroupText, said), author=world.line(number + 1))
            world.groups.append(group.id)


def _terms(packs: tuple[Texts, ...]) -> Iterator[str]:
    for pack in packs:
        for text in pack:
            flat = " ".join(text.split())
            if fits(Term, flat):
                yield flat


def add_lines(session: Session, world: World) -> None:
    """The log: also where no text of a person comes in, because the page must not hang on that."""
    for number in range(COPIES):
        at = number * len(world.packs) // COPIES
        name, text = world.line(at), world.line(at + 1)
        by = Origin(Person(id=world.people[number], name=name), text[:60], text[:40])
        told = {"why": text, "nested": {text: [name, {"deep": name}]}, text: True}
        note(session, by, text[:60], name, refused=number % 2 == 0, **told)
