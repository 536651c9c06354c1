"""The index follows the database, survives a killed writer, and is made anew when it is gone."""

from __future__ import annotations

import gc
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest

from indexer.keyword import KeywordReader, KeywordWriter
from indexer.snapshot import IndexMissing, SnapshotSource
from indexer.store import Manifest
from indexer.sync import IndexWriter
from indexer.vector_store import VectorStore
from kb import editing
from kb.content import make_content
from kb.reading import ANONYMOUS
from kb.records import apply_record, parse_record
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings


@pytest.fixture
def settings(tmp_path, database):
    return make_settings(tmp_path / "home", database_url=database.url.render_as_string(hide_password=False))


@pytest.fixture
def embedder():
    return HashingEmbedder()


@pytest.fixture
def writer(settings, database, embedder):
    return IndexWriter(settings, database, embedder)


@pytest.fixture
def source(settings, embedder):
    return SnapshotSource(settings, embedder.fingerprint, embedder.dimension)


def add(database, *titles: str, **fields) -> list[str]:
    with database.write() as session:
        return [
            apply_record(
                session, parse_record({"kind": "lesson", "title": title, "body": f"{title} body"} | fields)
            )[1]
            for title in titles
        ]


def edit(database, ref: str, title: str) -> None:
    with database.write() as session:
        entry = editing.find_entry(session, ref)
        base = editing.latest_revision(session, entry).number
        content = make_content("lesson", {"title": title})
        revision = editing.save_edit(session, ref, content, base=base, author="somebody")
        editing.submit(session, ref, revision.number)
        editing.publish(session, ref, revision.number, reviewer="another")


def titles(source) -> list[str]:
    connection = source.current().manifest.connection
    return [row[0] for row in connection.execute("SELECT title FROM documents ORDER BY title")]


def test_what_is_published_is_indexed_and_nothing_else(database, writer, source):
    add(database, "Permits first", "Suppliers late")
    add(database, "Not ready", state="draft")
    report = writer.sync()
    assert (report.added, report.removed, report.unchanged) == (2, 0, 0)
    assert titles(source) == ["Permits first", "Suppliers late"]


def test_a_second_pass_does_nothing(database, writer, source):
    add(database, "Permits first")
    writer.sync()
    generation = source.current().generation
    assert not writer.sync().changed
    assert source.current().generation == generation


def test_an_edit_replaces_the_document_for_a_reader_that_is_open(database, writer, source):
    (ref,) = add(database, "Permits first")
    add(database, "Suppliers late")
    writer.sync()
    assert titles(source) == ["Permits first", "Suppliers late"]
    edit(database, ref, "Permits before design")
    report = writer.sync()
    assert (report.added, report.removed) == (1, 1)
    snapshot = source.current()
    assert titles(source) == ["Permits before design", "Suppliers late"]
    assert len(snapshot.vectors) == len(snapshot.passage_rows) == 2
    assert snapshot.keyword.revisions[snapshot.keyword.live].size == 2


def test_an_archived_entry_leaves_the_index(database, writer, source):
    (ref,) = add(database, "Permits first")
    writer.sync()
    with database.write() as session:
        editing.archive(session, ref, reviewer="somebody")
    assert writer.sync().removed == 1
    assert titles(source) == []


def test_a_change_of_visibility_reaches_the_index(database, writer, source):
    (ref,) = add(database, "Permits first")
    writer.sync()
    assert source.current().catalogue.seen_by(ANONYMOUS).tolist() == [True]
    with database.write() as session:
        editing.find_entry(session, ref).visibility = "signed-in"
    writer.sync()
    assert source.current().catalogue.seen_by(ANONYMOUS).tolist() == [False]


def test_nothing_is_embedded_twice(database, writer, embedder):
    add(database, "Permits first", "Suppliers late")
    writer.sync()
    seen = embedder.texts_seen
    assert writer.rebuild().embedded == 0
    assert embedder.texts_seen == seen


def test_vectors_stay_with_their_passages_through_edits(database, writer, source, embedder):
    refs = add(database, "Alpha one", "Beta two", "Gamma three", "Delta four")
    writer.sync()
    source.current()
    edit(database, refs[1], "Beta changed")
    add(database, "Epsilon five")
    writer.sync()
    snapshot = source.current()
    for row, revision in enumerate(snapshot.catalogue.revisions.tolist()):
        title = snapshot.manifest.connection.execute(
            "SELECT title FROM documents WHERE revision_id = ?", (revision,)
        ).fetchone()[0]
        text = snapshot.manifest.passages(revision)[0][1]
        place = snapshot.first_passage[row]
        wanted = embedder.embed_query(f"{title}\n{text}" if text else title)
        assert snapshot.vectors.matrix[place] == pytest.approx(wanted, abs=0.005)  # kept in a byte each


def test_a_missing_index_is_said_and_made_anew(database, settings, writer, source):
    add(database, "Permits first")
    with pytest.raises(IndexMissing):
        source.current()
    writer.sync()
    assert titles(source) == ["Permits first"]
    shutil.rmtree(settings.index_folder)
    with pytest.raises(IndexMissing):
        source.current()
    assert writer.sync().rebuilt
    assert titles(source) == ["Permits first"]


# Whoosh leaves a broken table of contents open when it raises.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "damage", ["manifest cut", "manifest rubbish", "keyword gone", "keyword rubbish", "other version"]
)
def test_a_damaged_index_is_made_anew(damage, database, settings, writer, source):
    add(database, "Permits first", "Suppliers late")
    writer.sync()
    manifest = settings.index_folder / "manifest.sqlite"
    match damage:
        case "manifest cut":
            manifest.write_bytes(manifest.read_bytes()[:3000])
        case "manifest rubbish":
            manifest.write_bytes(b"\0" * 8192)
        case "keyword gone":
            shutil.rmtree(settings.index_folder / "keyword")
        case "keyword rubbish":
            for file in (settings.index_folder / "keyword").glob("*.toc"):
                file.write_bytes(b"rubbish")
        case "other version":
            with sqlite3.connect(manifest) as connection:
                connection.execute("UPDATE meta SET value = '0.0' WHERE name = 'format'")
            connection.close()
    writer.sync()
    assert titles(source) == ["Permits first", "Suppliers late"]
    snapshot = source.current()
    assert sorted(snapshot.keyword_rows[snapshot.keyword.live].tolist()) == [0, 1]
    gc.collect()


@pytest.mark.parametrize("place", ["after vectors", "after keyword"])
def test_a_pass_that_dies_is_repaired_by_the_next(place, database, writer, source, monkeypatch):
    add(database, "Permits first", "Suppliers late")
    writer.sync()
    add(database, "Weather windows")
    target = KeywordWriter if place == "after vectors" else Manifest
    with monkeypatch.context() as patch:
        patch.setattr(target, "write", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            writer.sync()
    assert titles(source) == ["Permits first", "Suppliers late"]
    writer.sync()
    assert titles(source) == ["Permits first", "Suppliers late", "Weather windows"]
    assert KeywordReader.open(writer.settings.index_folder / "keyword").live.sum() == 3


def test_documents_that_only_the_keyword_index_knows_are_removed(database, writer, monkeypatch):
    (ref,) = add(database, "Permits first")
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            writer.sync()
    edit(database, ref, "Permits before design")
    writer.sync()
    reader = KeywordReader.open(writer.settings.index_folder / "keyword")
    assert reader.live.sum() == 1


def test_another_encoder_means_another_index(database, settings, writer):
    add(database, "Permits first")
    writer.sync()
    other = HashingEmbedder(dimension=32, name="other")
    assert IndexWriter(settings, database, other).sync().rebuilt
    snapshot = SnapshotSource(settings, other.fingerprint, 32).current()
    assert snapshot.vectors.matrix.shape == (1, 32)


def test_a_large_pass_says_that_it_is_not_complete(database, writer, source, monkeypatch):
    monkeypatch.setattr("indexer.sync.BATCH", 2)
    add(database, *(f"Lesson {number}" for number in range(6)))
    seen = []

    def progress(done, total):
        if done == 2:
            seen.append(source.current().complete)

    writer.sync(progress)
    assert seen == [False]
    assert source.current().complete


def test_watching_indexes_a_change_within_moments(database, writer, source):
    stop = threading.Event()
    thread = threading.Thread(target=writer.watch, args=(stop.is_set, lambda _report: None))
    thread.start()
    try:
        add(database, "Permits first")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if titles(source) == ["Permits first"]:
                    break
            except IndexMissing:
                pass
            time.sleep(0.05)
        assert titles(source) == ["Permits first"]
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
def test_a_writer_killed_at_random_moments_leaves_nothing_broken(sqlite_database, tmp_path, embedder):
    settings = make_settings(tmp_path / "home", database_url=str(sqlite_database.url))
    program = "import sys; from tests.test_sync import run_writer; run_writer(sys.argv[1], sys.argv[2])"
    for round_ in range(8):
        add(sqlite_database, *(f"Lesson {round_} {number}" for number in range(30)))
        process = subprocess.Popen([sys.executable, "-c", program, str(settings.home), settings.database_url])
        time.sleep(0.25 + 0.12 * round_)
        process.kill()
        process.wait()
    writer = IndexWriter(settings, sqlite_database, embedder)
    writer.sync()
    snapshot = SnapshotSource(settings, embedder.fingerprint, embedder.dimension).current()
    assert len(snapshot.catalogue) == 240
    assert snapshot.manifest.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert sorted(snapshot.keyword_rows[snapshot.keyword.live].tolist()) == list(range(240))


def run_writer(home: str, url: str) -> None:
    """What the killed process runs: small batches, so that it is killed between commits too."""
    from pathlib import Path

    import indexer.sync
    from kb.database import open_database

    indexer.sync.BATCH = 4
    settings = replace(make_settings(Path(home)), database_url=url)
    IndexWriter(settings, open_database(url), HashingEmbedder()).sync()


def test_a_rebuild_forgets_vectors_of_texts_that_are_gone(database, settings, writer, embedder):
    refs = add(database, "Alpha one", "Beta two")
    writer.sync()
    edit(database, refs[0], "Alpha changed")
    writer.sync()

    def kept() -> int:
        store = VectorStore(settings.vectors_file, embedder.fingerprint, read_only=True)
        with closing(store):
            return store.connection.execute("SELECT count(*) FROM vectors").fetchone()[0]

    assert kept() == 3
    assert writer.rebuild().embedded == 0
    assert kept() == 2
