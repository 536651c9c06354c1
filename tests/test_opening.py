"""An encoder that comes back is taken up by what runs, without a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.sync import IndexWriter
from kb.reading import OPERATOR
from search.opening import ServedEngine
from search.results import SearchRequest
from tests.fixtures.served import make_settings
from tests.test_sync import add
from web.commands.indexing import _once_there


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("search.opening.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("web.commands.indexing.LOOK_SECONDS", 0.0)


def degraded(engine) -> tuple[str, ...]:
    page = engine.search(SearchRequest(text="permits late", limit=7), OPERATOR)
    assert page.hits
    return page.degraded


def test_the_server_searches_by_words_and_then_by_meaning(sample, tmp_path):
    settings = replace(sample.settings, encoder=tmp_path / "encoder")
    engine = ServedEngine(settings, sample.database)
    assert degraded(engine) == ("semantic",)
    assert not engine.knows_meaning
    settings.encoder.symlink_to(sample.settings.encoder)
    assert engine.knows_meaning
    assert degraded(engine) == ()
    assert engine.similar("L-0001", OPERATOR)


def test_the_server_keeps_to_words_until_the_index_has_vectors(sqlite_database, embedder, sample, tmp_path):
    settings = make_settings(tmp_path / "home", database_url=str(sqlite_database.url), encoder=tmp_path / "e")
    add(sqlite_database, "Permits came late", "Suppliers came early")
    IndexWriter(settings, sqlite_database, None).sync()
    engine = ServedEngine(settings, sqlite_database)
    assert degraded(engine) == ("semantic",)
    settings.encoder.symlink_to(sample.settings.encoder)
    assert degraded(engine) == ("semantic",)
    assert engine.status(OPERATOR).documents == 2
    IndexWriter(settings, sqlite_database, embedder).sync()
    assert degraded(engine) == ()


def test_the_index_writer_waits_for_the_encoder(sample, tmp_path):
    settings = replace(sample.settings, encoder=tmp_path / "encoder")
    over = _once_there(settings, lambda: False)
    assert not over()
    settings.encoder.symlink_to(sample.settings.encoder)
    assert over()
    assert _once_there(replace(settings, encoder=tmp_path / "none"), lambda: True)()
