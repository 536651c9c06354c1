"""`python -m tests.torture.writing SEED [asked] [apart]`: a process that writes and acknowledges each write.

It writes as fast as it can, or with `asked` one entry a line on standard input; with `apart` it leaves what
it finds alone. After each commit a JSON line says what is in the database from then on.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb import editing
from kb.config import Settings
from kb.content import make_content
from kb.database import open_database
from kb.model import Entry, Revision
from tests.bench.generator import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.database import Database

LESSONS = Path(__file__).parents[1] / "bench" / "lessons.jsonl"
NEW, EDITED = 0.5, 0.9
"""Shares: half of the writes are new entries, two fifths edits, the rest archives an entry."""


@dataclass(frozen=True)
class Written:
    """What a commit has left."""

    ref: str
    number: int
    state: str
    digest: str


def main() -> None:
    """Writes until standard input or the process ends."""
    seed, asked, apart = int(sys.argv[1]), "asked" in sys.argv[2:], "apart" in sys.argv[2:]
    database = open_database(Settings.from_env().database_url)
    chance, texts = random.Random(seed), contents(seed)
    mine = [] if apart else _published(database)
    for _ in sys.stdin if asked else count():
        written = write_one(database, chance, texts, mine, author_of(seed), 0.1 if asked else NEW)
        print(json.dumps(asdict(written)), flush=True)


def author_of(seed: int) -> str:
    """Whom its revisions name."""
    return f"writer {seed}"


def contents(seed: int) -> Iterator[Content]:
    """Lessons without end, no two alike."""
    for number, record in enumerate(records(LESSONS, seed)):
        title = f"{record['title'][:200]} ({seed}.{number})"
        yield make_content("lesson", {"title": title, "lesson": record["lesson"]})


def write_one(
    database: Database, chance: random.Random, texts: Iterator[Content], mine: list[str], author: str,
    new: float,
) -> Written:  # fmt: skip
    """One transaction through the verbs of the workflow."""
    draw = chance.random()
    with database.write() as session:
        if draw < new or not mine:
            revision = editing.create_entry(session, "lesson", next(texts), author=author)
            _publish(session, revision)
            mine.append(revision.entry.ref)
        elif draw < EDITED:
            ref = chance.choice(mine)
            latest = editing.latest_revision(session, editing.find_entry(session, ref))
            revision = editing.save_edit(session, ref, next(texts), base=latest.number, author=author)
            _publish(session, revision)
        else:
            ref = mine.pop(chance.randrange(len(mine)))
            revision = editing.archive(session, ref, reviewer="approver")
        return Written(revision.entry.ref, revision.number, revision.state, revision.digest)


def _publish(session: Session, revision: Revision) -> None:
    editing.submit(session, revision.entry.ref, revision.number)
    editing.publish(session, revision.entry.ref, revision.number, reviewer="approver")


def _published(database: Database) -> list[str]:
    with database.read() as session:
        query = select(Entry.ref).join(Revision).where(Revision.state == "published", Entry.kind == "lesson")
        return list(session.scalars(query.order_by(Entry.id)))


if __name__ == "__main__":
    main()
