"""Documents and tables of projects that somebody has brought."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING

from kb.attachments.model import Incoming
from kb.importing.document import Document, Part, Section
from kb.importing.document import Table as DocumentTable
from kb.importing.guessing import guess
from kb.importing.incoming import GIVEN_UP
from kb.model import Upload
from kb.people.clock import now
from search.estimates.tables import Table
from search.importing.loading import as_json
from search.importing.proposing import propose
from search.importing.sandbox import as_data
from tests.security.world import COPIES, Things, World

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def bring_documents(session: Session, world: World, user_id: int) -> None:
    """One that was read and is decided about, one that was refused, one that takes long, one that is done."""
    name = world.line(user_id)
    document = _document(world, user_id)
    said = {
        "shape": "lessons",
        "title": world.line(user_id + 1),
        "targets": ["rows", "lesson", "skip", "lesson.happened"],
    }
    plan = guess(document, name).changed(said, document).to_json()
    long_ago = now() - GIVEN_UP - timedelta(seconds=9)
    for state, more in (
        ("ready", {"document": document.to_bytes(), "plan": plan, "data": b"x"}),
        ("refused", {"said": name}), ("waiting", {"started_at": long_ago}), ("done", {"refs": ["L-0001"]}),
    ):  # fmt: skip
        held = {"said": "", "plan": {}, "refs": [], "started_at": now()} | more
        row = Incoming(user_id=user_id, name=name[:200], size=1, state=state, created_at=now(), **held)
        session.add(row)
        session.flush()
        world.things.setdefault(user_id, Things()).imports.append(row.id)


def _document(world: World, number: int) -> Document:
    """What the process that reads documents could have made of a hostile one."""
    lines = [world.line(number + at) for at in range(6)]
    texts = ["\n\n".join(world.packs[(number + at) % len(world.packs)]) for at in range(4)]
    table = DocumentTable([lines[0], "Recommendation", lines[1]], [lines[2:5], lines[3:6]])
    places = zip(lines, texts, ("table", "", "", ""), strict=False)
    sections = [
        Section(heading, at, f"sheet {heading}", text, table if kind else None)
        for at, (heading, text, kind) in enumerate(places)
    ]
    return Document(
        "docx", lines[5], sections, [Part(line, texts[0]) for line in lines], [f"Left out: {lines[4]}."]
    )


def give_upload(session: Session, world: World, user_id: int) -> None:
    """A table of projects that the person sent, with a mapping, and what came of loading it."""
    lines = [world.line(number) for number in range(COPIES)]
    columns = tuple(dict.fromkeys(["No", "Cost", *lines]))
    rows = tuple(
        (
            str(at),
            lines[at] if at == 1 else "5",
            *(lines[(at + place) % COPIES] for place in range(len(columns) - 2)),
        )
        for at in range(4)
    )
    table = Table(lines[0], columns, rows, tuple(range(2, 6)))
    report = {"created": 1, "updated": 0, "unchanged": 0, "failed": 1, "more": 0, "notices": lines,
              "problems": [[1, line, line] for line in lines]}  # fmt: skip
    state = {"mapping": as_json(propose(table, lines[2][:100])), "loading": True, "report": report}
    cells = zlib.compress(json.dumps(as_data(table)).encode("utf-8", "replace"))
    upload = Upload(person_id=user_id, name=lines[0], cells=cells, state=state, created_at=now())
    session.add(upload)
    session.flush()
    world.things.setdefault(user_id, Things()).uploads.append(upload.id)
