"""The published revisions that searches show, by their ids: what is asked for most often of all."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.dialects import sqlite

from kb.model import PUBLISHED, Entry, Revision
from kb.prepared import Prepared
from kb.reading import EntryView, as_shown, seen_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.reading import Reader


def get_revisions(session: Session, ids: Iterable[int], reader: Reader) -> dict[int, EntryView]:
    """The published revisions among `ids` that the reader may see, by id."""
    # Columns need nothing of the session, and without it come in three quarters of the time.
    rows = session.connection().execute(_published_views(_expanding), _values(ids, reader))
    return _told(session, rows, reader)


def fetch_revisions(database: Database, ids: Iterable[int], reader: Reader) -> dict[int, EntryView]:
    """The same in a transaction of its own, as fast as it can be had."""
    if database.is_sqlite and not database.is_reading:
        statement = _prepared()
        values = {name: json.dumps(value) for name, value in _values(ids, reader).items()}
        rows = statement.typed(database.ask_driver(statement.text, statement.parameters(values)))
        with database.read() as session:
            return _told(session, rows, reader)
    with database.read() as session:
        return get_revisions(session, ids, reader)


def _told(session: Session, rows: Iterable[Sequence[Any]], reader: Reader) -> dict[int, EntryView]:
    views = [EntryView(*row) for row in rows]
    return {view.revision_id: view for view in as_shown(session, views, reader)}


def _values(ids: Iterable[int], reader: Reader) -> dict[str, list[Any]]:
    return {"ids": list(ids), "levels": list(reader.levels), "principals": list(reader.principals)}


@cache
def _prepared() -> Prepared:
    return Prepared(_published_views(_in_json), sqlite.dialect())


@cache
def _published_views(listed: Callable[[str], Any]) -> Select[Any]:
    """The fields of EntryView, in their order, of the published revisions among the list `ids` that a
    reader may see whose `levels` and `principals` are listed.

    Columns, and built once: a page of hits needs no objects that can be edited, and writing the
    statement anew takes longer than running it.
    """
    columns = (
        Revision.id, Entry.ref, Entry.kind, Revision.number, Revision.state, Revision.title,
        Revision.content, Entry.key, Entry.owner, Entry.visibility, Entry.verified_on, Entry.verifier,
        Entry.verify_months, Revision.author, Revision.created_at, Revision.decided_at, Revision.note,
        Revision.anonymous, Entry.mask_source,
    )  # fmt: skip
    seen = seen_by(listed("levels"), listed("principals"))
    return select(*columns).join(Entry).where(Revision.id.in_(listed("ids")), PUBLISHED, seen)


def _expanding(name: str) -> Any:
    return bindparam(name, expanding=True)


def _in_json(name: str) -> Any:
    # One text for lists of any length.
    return select(func.json_each(bindparam(name, None, String)).table_valued("value").c.value)
