"""Answers are remembered until anything changes that they were made from, and never a moment longer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from indexer.sync import IndexWriter
from kb import editing
from kb.content import make_content
from kb.reading import ANONYMOUS, OPERATOR
from kb.records import apply_record, parse_record
from search import engine as engine_module
from search.caching import Cache
from search.engine import Engine
from search.results import SearchPage, SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

SIZE = 3


class CacheModel(RuleBasedStateMachine):
    """A cache beside a list of what was used last."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: Cache[int, int] = Cache(SIZE)
        self.state: int | None = None
        self.used: list[tuple[int, int]] = []

    @rule(key=st.integers(0, 5), state=st.integers(0, 1))
    def get(self, key: int, state: int) -> None:
        if state != self.state:
            self.state, self.used = state, []
        found = dict(self.used).get(key)
        assert self.cache.get(key, state) == found
        if found is not None:
            self.used.append(self.used.pop([k for k, _ in self.used].index(key)))

    @rule(key=st.integers(0, 5), value=st.integers(), state=st.integers(0, 1))
    def put(self, key: int, value: int, state: int) -> None:
        self.cache.put(key, value, state)
        if state == self.state:
            self.used = [*((k, v) for k, v in self.used if k != key), (key, value)][-SIZE:]


TestCache = CacheModel.TestCase


@pytest.fixture
def writer(tmp_path, database):
    url = database.url.render_as_string(hide_password=False)
    return IndexWriter(make_settings(tmp_path / "home", database_url=url), database, HashingEmbedder())


@pytest.fixture
def engine(writer):
    return Engine(writer.settings, writer.database, writer.embedder)


@pytest.fixture
def add(writer):
    """Adds lessons and indexes them."""

    def add(*titles: str, **fields: Any) -> list[str]:
        records = [parse_record({"kind": "lesson", "title": title} | fields) for title in titles]
        with writer.database.write() as session:
            refs = [apply_record(session, record)[1] for record in records]
        writer.sync()
        return refs

    return add


@pytest.fixture
def computed(engine, monkeypatch) -> list[SearchRequest]:
    """The requests that were not answered from the cache."""
    requests: list[SearchRequest] = []
    search = engine._search

    def counted(snapshot, request, *arguments):
        requests.append(request)
        return search(snapshot, request, *arguments)

    monkeypatch.setattr(engine, "_search", counted)
    return requests


def ask(engine: Engine, text: str = "permits", reader=OPERATOR, **options) -> SearchPage:
    return engine.search(SearchRequest(text=text, **options), reader)


def titles(page: SearchPage) -> set[str]:
    return {hit.entry.title for hit in page.hits}


def test_a_repeated_query_is_answered_from_the_cache_with_its_own_time(add, engine, computed):
    add("Permits first", "Suppliers late")
    first, second = ask(engine), ask(engine)
    assert len(computed) == 1
    assert second.hits is first.hits
    assert 0 < second.seconds != first.seconds


def test_another_reader_page_or_order_is_another_answer(add, engine, computed):
    add("Permits first", "Permits last")
    for options in ({}, {"offset": 1}, {"sort": "newest"}, {"mode": "keyword"}, {"reader": ANONYMOUS}):
        ask(engine, **options)
    assert len(computed) == 5


def test_an_edit_shows_at_once_even_before_it_is_indexed(add, engine, database):
    (ref, _) = add("Permits first", "Permits last")
    assert titles(ask(engine, reader=ANONYMOUS)) == {"Permits first", "Permits last"}
    with database.write() as session:
        editing.find_entry(session, ref).visibility = "signed-in"
    assert titles(ask(engine, reader=ANONYMOUS)) == {"Permits last"}
    assert titles(ask(engine)) == {"Permits first", "Permits last"}
    with database.write() as session:
        editing.archive(session, ref, reviewer="somebody")
    assert titles(ask(engine)) == {"Permits last"}


def test_what_one_reader_has_seen_is_not_shown_to_another(add, engine):
    add("Permits first")
    add("Permits secret", visibility="signed-in")
    assert titles(ask(engine, reader=OPERATOR)) == {"Permits first", "Permits secret"}
    assert titles(ask(engine, reader=ANONYMOUS)) == {"Permits first"}
    assert titles(ask(engine, "Permits", reader=ANONYMOUS)) == {"Permits first"}  # no page of it is kept


def test_a_change_of_owner_or_verification_shows_at_once(add, engine, database):
    (ref,) = add("Permits first")
    ask(engine)
    with database.write() as session:
        entry = editing.find_entry(session, ref)
        entry.owner, entry.verified_on = "Ada", datetime.now(UTC).date()
    (hit,) = ask(engine).hits
    assert (hit.entry.owner, hit.entry.verification(datetime.now(UTC).date())) == ("Ada", "verified")


def test_what_is_indexed_later_is_found(add, engine, computed):
    add("Permits first")
    ask(engine)
    add("Permits last")
    assert titles(ask(engine)) == {"Permits first", "Permits last"}


def test_an_index_made_anew_is_read_anew(add, writer, engine, computed):
    add("Permits first")
    ask(engine)
    writer.rebuild()
    assert titles(ask(engine)) == {"Permits first"}
    assert len(computed) == 2


def test_verification_runs_out_at_midnight(add, engine, computed, monkeypatch):
    add("Permits first")
    ask(engine)

    class Tomorrow(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(days=1)

    monkeypatch.setattr(engine_module, "datetime", Tomorrow)
    ask(engine)
    assert len(computed) == 2


def test_an_answer_without_the_encoder_is_not_kept(add, engine, monkeypatch):
    add("Permits first")

    def broken(text):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(engine.embedder, "embed_query", broken)
        assert ask(engine).degraded == ("semantic",)
    assert ask(engine).degraded == ()


def test_the_status_is_counted_again_only_after_a_change(add, writer, engine, database, monkeypatch):
    counted = []
    count = engine_module.index_status
    monkeypatch.setattr(engine_module, "index_status", lambda *given: counted.append(1) or count(*given))
    (ref,) = add("Permits first")
    assert (engine.status(OPERATOR).documents, engine.status(OPERATOR).behind) == (1, 0)
    assert len(counted) == 1
    with database.write() as session:
        editing.find_entry(session, ref).visibility = "signed-in"
    assert engine.status(OPERATOR).behind == 2
    writer.sync()
    assert engine.status(OPERATOR).behind == 0


def test_readers_beside_an_editor_see_nothing_that_was_hidden_before_they_asked(add, engine, database):
    """Four readers search while an entry is hidden and shown again. Whoever asks after the editor has
    hidden it, and is answered before it is shown again, does not see it.
    """
    (ref, _) = add("Permits first", "Permits last")
    hidden, edits, stop, seen = [False], [0], threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            before = hidden[0], edits[0]
            found = "Permits first" in titles(ask(engine, reader=ANONYMOUS))
            if before == (hidden[0], edits[0]) and before[1] % 2 == 0:
                seen.append((before[0], found))

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for number in range(12):
            edits[0] += 1  # odd: nobody can tell whether it is hidden
            with database.write() as session:
                editing.find_entry(session, ref).visibility = "public" if number % 2 else "signed-in"
            hidden[0] = number % 2 == 0
            edits[0] += 1
            found, deadline = len(seen), time.monotonic() + 20  # a busy machine takes its time
            while len(seen) == found and time.monotonic() < deadline:
                threading.Event().wait(0.02)
        stop.set()
        for reader in readers:
            reader.result()
    assert (True, True) not in seen
    assert {hidden for hidden, _ in seen} == {True, False}


def test_a_new_revision_replaces_the_old_in_cached_pages(add, writer, engine, database):
    (ref,) = add("Permits first")
    ask(engine)
    with database.write() as session:
        base = editing.latest_revision(session, editing.find_entry(session, ref)).number
        content = make_content("lesson", {"title": "Permits before design"})
        number = editing.save_edit(session, ref, content, base=base, author="somebody").number
        editing.submit(session, ref, number)
        editing.publish(session, ref, number, reviewer="another")
    assert titles(ask(engine)) == set()
    writer.sync()
    assert titles(ask(engine)) == {"Permits before design"}
