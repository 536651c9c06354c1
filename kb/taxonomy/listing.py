"""The curated lists themselves: what is in them, and what other spellings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import select

from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import require
from kb.taxonomy.dimensions import Dimension, dimension_of
from kb.taxonomy.model import TaxonomyValue
from kb.taxonomy.spelling import forget_meanings
from kb.text import Line, Tag
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin

TEND = "tend repository"
_TAG: TypeAdapter[str] = TypeAdapter(Tag)
_VALUE: TypeAdapter[str] = TypeAdapter(Annotated[Line, StringConstraints(min_length=1)])


class ListChanged(KbError):
    """The list or the entries are no longer as they were looked at."""


def checked(dimension: Dimension, value: str, field: str = "into") -> str:
    """The value as entries may hold it. Raises InvalidRecord naming the field."""
    try:
        return (_TAG if dimension.name == "tag" else _VALUE).validate_python(value)
    except ValidationError as error:
        fault = error.errors()[0]
        words = str(fault.get("ctx", {}).get("error") or fault["msg"])
        raise InvalidRecord([Problem(field, words[:1].lower() + words[1:])]) from None


def changeable(dimension: Dimension) -> Dimension:
    """The dimension, if people can change its values. Raises NotAllowed."""
    if dimension.is_fixed:
        raise NotAllowed(f"The {dimension.many} are given by the record format and cannot be changed here.")
    return dimension


def add_value(database: Database, origin: Origin, name: str, value: str) -> str:
    """Puts a value into the list, also one that nobody uses yet. Raises NotAllowed, InvalidRecord."""
    require(origin.person, TEND)
    dimension = changeable(dimension_of(name))
    value = checked(dimension, value, "value")
    with database.write() as session:
        row = find_row(session, dimension, value)
        if row is not None and row.means is not None:
            taken = f"stands for {row.means}; undo that first, or choose another"
            raise InvalidRecord([Problem("value", taken)])
        if row is None:
            put_row(session, dimension, value, None, origin.person.name)
            note(session, origin, "add taxonomy value", value, dimension=name)
    return value


def remove_value(database: Database, origin: Origin, name: str, value: str) -> None:
    """Takes a value, or another spelling, out of the list; entries keep what they hold.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, TEND)
    dimension = changeable(dimension_of(name))
    with database.write() as session:
        row = find_row(session, dimension, value)
        if row is None:
            raise NotFound(f"{shorten(value)} is not in the list of {dimension.many}.")
        synonyms = session.scalar(
            select(TaxonomyValue.value)
            .where(TaxonomyValue.dimension == name, TaxonomyValue.means == value)
            .limit(1)
        )
        if synonyms is not None:
            raise NotAllowed(f"{shorten(synonyms)} stands for it: take that out first.")
        session.delete(row)
        forget_meanings(session)
        note(session, origin, "remove taxonomy value", value, dimension=name)


def find_row(session: Session, dimension: Dimension, value: str) -> TaxonomyValue | None:
    """The list's row of a value."""
    mine = (TaxonomyValue.dimension == dimension.name, TaxonomyValue.value == value)
    return session.scalar(select(TaxonomyValue).where(*mine))


def put_row(session: Session, dimension: Dimension, value: str, means: str | None, by: str) -> None:
    """The list says this of a value from now on."""
    row = find_row(session, dimension, value)
    if row is None:
        row = TaxonomyValue(dimension=dimension.name, value=value)
        session.add(row)
    row.means, row.author, row.changed_at = means, by, now()
    session.flush()
    forget_meanings(session)
