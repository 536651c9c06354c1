"""Repositories in which some readers see less than others, and every answer that a reader gets of one."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, product
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from flask import g
from hypothesis import strategies as st

from indexer.sync import IndexWriter
from kb.kinds import KIND_OF_PREFIX
from kb.people.model import User
from kb.people.roles import NOBODY, Person
from kb.records import apply_record, parse_record
from search.engine import Engine
from tests.fakes import HashingEmbedder
from tests.fixtures.repository import wipe
from tests.fixtures.served import make_settings
from tests.fixtures.web import application
from web.context import RequestContext
from web.examples import Examples
from web.limits import Leases
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

    from kb.database import Database

Record = dict[str, Any]
PEOPLE = {1: "anna@example.org", 2: "ben@example.org"}
READERS = (
    NOBODY,
    Person(id=1, name="Anna", roles=frozenset({"reader"})),
    Person(id=2, name="Ben", roles=frozenset({"estimator", "trainer"})),
    Person(id=2, name="Ben", roles=frozenset({"auditor"})),
    Person(id=1, name="Anna", roles=frozenset({"curator"})),
)
LEVELS: tuple[Record, ...] = (
    {},
    {"visibility": "signed-in"},
    {"visibility": "restricted", "readers": ["role:estimator"]},
    {"visibility": "restricted", "readers": ["person:anna@example.org", "role:verifier"]},
)
WORDS = ("supplier", "permits", "late", "cut-over", "MIL-STD-975", "rehearsal", "zeppelin")
REFS = tuple(f"{prefix}-{number:04d}" for prefix in "LRTMPH" for number in (1, 2))
MOMENT = "2026-03-01T10:00:00+00:00"
UNTOLD = {
    "/badges/key",
    "/.well-known/jwks.json",
    "/metrics",
    "/operation",
    "/audit",
    "/api/v1/audit",
    "/api/v1/audit/file",
    "/static/<path:filename>",
}
"""Files, a key made by chance, and what tells of the server itself: figures, settings, who did what."""
UNSTEADY = [
    (re.compile(r'nonce="[^"]+"'), ""), (re.compile(r"Request <code>\w+</code>"), ""),
    (re.compile(r"in \d+ ms"), ""), (re.compile(r'"request_id": "\w+"'), ""),
    (re.compile(r'"took_ms":[\d.]+'), ""), (re.compile(r'"(score|keyword_rank)":(null|-?[\d.e-]+)'), ""),
    (re.compile(r'value="[0-9a-f]{62,64}"'), ""), (re.compile(r'name="once" value="[\w-]+"'), ""),
]  # fmt: skip


def mark(ref: str, part: str) -> str:
    """A word that stands in one part of one entry and nowhere else."""
    return f"mark{ref.lower().replace('-', '')}{part}"


def record(ref: str, targets: Iterable[str] = (), words: Iterable[str] = (), **stated: Any) -> Record:
    """An entry with a mark in every part, linked with others in all ways that its kind knows."""
    links = [{"to": to, "relation": relation} for to, relation in zip(targets, RELATIONS, strict=False)]
    kind, first = KIND_OF_PREFIX[ref[0]], next((link["to"] for link in links), None)
    fields: Record = {
        "kind": kind, "id": ref, "title": f"About {mark(ref, 'title')}", "author": mark(ref, "author"),
        "note": mark(ref, "note"), "owner": mark(ref, "owner"), "tags": [mark(ref, "tag")],
        "sector": mark(ref, "sector"), "summary": " ".join(words) or "Nothing.", "links": links,
        "body": f"It was {mark(ref, 'body')} {' '.join(words)}.", "key": mark(ref, "key"),
        "created_at": MOMENT, "decided_at": MOMENT,
    }  # fmt: skip
    match kind:
        case "lesson":
            fields |= {"source": first} if first else {}
        case "review":
            fields |= {"project": first, "lessons": [link["to"] for link in links]} if first else {}
        case "template":
            fields["provenance"] = [{"clause": "One", "because": link["to"]} for link in links]
        case "training":
            fields["source_lessons"] = [link["to"] for link in links]
        case "path":
            fields["stages"] = [{"title": "One", "steps": [{"entry": link["to"]} for link in links]}]
        case "project":
            fields |= {"sector": "banking", "type": "migration"}
    return fields | stated


RELATIONS = ("recurrence of", "related", "supersedes", "evidence", "embedded in")


@st.composite
def repositories(draw: st.DrawFn) -> list[Record]:
    """The records of a repository in the order in which they came, some of them edits."""
    refs = draw(st.lists(st.sampled_from(REFS), min_size=3, max_size=6, unique=True))
    made = []
    for ref in refs:
        targets = draw(st.lists(st.sampled_from(REFS), max_size=3, unique=True))
        words = draw(st.lists(st.sampled_from(WORDS), max_size=4))
        stated = draw(st.sampled_from(LEVELS)) | {
            "anonymous": draw(st.booleans()),
            "mask_source": draw(st.booleans()),
            "verified_on": draw(st.sampled_from([None, "2026-01-01", "2019-01-01"])),
            "state": draw(st.sampled_from(["published", "published", "published", "draft"])),
        }
        stated["decided_at"] = None if stated["state"] == "draft" else MOMENT
        one = record(ref, targets, words, **stated)
        made.append({name: value for name, value in one.items() if value is not None})
        if draw(st.booleans()):
            made.append(made[-1] | {"title": f"Newer {mark(ref, 'newer')}", "revision": 2})
    return made


class Served:
    """An application over a repository of its own, in which records come and go."""

    def __init__(self, app: Flask, database: Database, home: Path) -> None:
        self.app, self.database, self.home = app, database, home
        self.person = NOBODY
        app.before_request_funcs.setdefault(None, []).insert(0, self._arrive)

    def _arrive(self) -> None:
        g.context = RequestContext(person=self.person)

    def hold(self, records: Iterable[Record]) -> None:
        """Holds these records, indexed, and nothing else."""
        wipe(self.database)
        with self.database.write() as session:
            for number, email in PEOPLE.items():
                session.add(User(id=number, email=email, name=email, status="active", skills=[],
                                 interests=[], notices={}, created_at=parse_moment()))  # fmt: skip
            session.flush()
            for one in records:
                apply_record(session, parse_record(one))
        url = self.database.url.render_as_string(hide_password=False)
        settings, embedder = make_settings(self.home, database_url=url), HashingEmbedder()
        shutil.rmtree(settings.index_folder, ignore_errors=True)
        IndexWriter(settings, self.database, embedder).sync()
        services = self.app.extensions[EXTENSION]
        engine = Engine(settings, self.database, embedder)
        # What is opened is counted, and the counts are added up after half a minute: not here.
        self.app.extensions[EXTENSION] = replace(
            services, engine=engine, examples=Examples(), leases=Leases(), usage=None
        )

    @property
    def engine(self) -> Engine:
        engine: Engine = self.app.extensions[EXTENSION].engine
        return engine

    def answers(self, person: Person, addresses: Iterable[str]) -> dict[str, str]:
        """What this person gets at each address, without what is never twice the same."""
        self.person = person
        client = self.app.test_client()
        found = {}
        for address in addresses:
            path, _, fragment = address.partition("#")
            answer = client.get(path, headers={"X-Fragment": fragment} if fragment else {})
            found[address] = f"{answer.status_code} {steady(address, said(answer))}"
        return found


def said(answer: TestResponse) -> str:
    """The answer's text; of an archive, the names and texts in it."""
    if answer.mimetype != "application/zip":
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return "\n".join(f"{name}\n{archive.read(name).decode()}" for name in archive.namelist())


def parse_moment():
    from datetime import datetime

    return datetime.fromisoformat(MOMENT)


@contextmanager
def served(database: Database, home: Path) -> Iterator[Served]:
    """The application over this database."""
    url = database.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        app = stack.enter_context(application(home, engine=object(), database_url=url))
        yield Served(app, database, home)


def addresses(app: Flask, queries: Iterable[str]) -> list[str]:
    """Every address that answers to GET: with each id, hidden or not, and each query."""
    values = {
        "ref": (*REFS, "L-0009"), "number": ("1", "2"), "path": ("P-0001", "P-0002", "P-0009"),
        "step": (*REFS, "L-0009"), "training": ("M-0001", "M-0002", "M-0009"), "other": REFS[:2],
    }  # fmt: skip
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and str(rule) not in UNTOLD:
            names = sorted(rule.arguments)
            for chosen in product(*(values.get(name, ("1",)) for name in names)):
                path = str(rule)
                for name, value in zip(names, chosen, strict=True):
                    path = re.sub(rf"<(\w+:)?{name}>", value, path)
                found.append(path)
    extra = [f"/entries/{ref}?revision=1" for ref in REFS] + [f"/entries/{ref}#preview" for ref in REFS]
    asked = [
        [f"/search?q={quote(query)}", *(f"/api/v1/search?limit=50&mode={m}&q={quote(query)}" for m in MODES)]
        for query in queries
    ]
    kinds = [f"/browse?kind={kind}" for kind in KIND_OF_PREFIX.values()]
    return [*found, *extra, *kinds, *chain.from_iterable(asked)]


MODES = ("hybrid", "keyword", "semantic")


def steady(address: str, text: str) -> str:
    """An answer without times, tokens and scores; of a search in a fixed order."""
    for pattern, instead in UNSTEADY:
        text = pattern.sub(instead, text)
    if "/search" in address:
        # Ranks hang on lengths of texts that nobody is told; which hits there are does not.
        text = "\n".join(sorted(re.split(r"\n|(?=\{\"id\")|,", text)))
    return text


def told(address: str) -> str:
    """What the asker already says."""
    return unquote(address)
