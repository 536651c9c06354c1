"""An index that is not as it was written: noticed, not believed, and made anew."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
import time
from contextlib import closing

import pytest

import indexer.guard
from indexer import commits
from indexer.guard import SUSPECTED, Guard, faults, suspect
from indexer.snapshot import IndexMissing, SnapshotSource
from indexer.sums import Damaged, Sums
from indexer.sync import IndexWriter
from indexer.vector_store import VectorStore, vectors_file
from kb.reading import OPERATOR
from search.engine import Engine
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings
from tests.test_sync import add

TITLES = [
    f"Lesson {number} about {word}" for number, word in enumerate(["permits", "suppliers", "tests"] * 5)
]


@pytest.fixture
def settings(sqlite_database, tmp_path):
    return make_settings(tmp_path / "home", database_url=str(sqlite_database.url))


@pytest.fixture
def writer(settings, sqlite_database):
    """A writer of an index of 15 documents in two segments."""
    writer = IndexWriter(settings, sqlite_database, HashingEmbedder())
    add(sqlite_database, *TITLES[:12])
    writer.sync()
    add(sqlite_database, *TITLES[12:])
    writer.sync()
    return writer


def anew(writer) -> IndexWriter:
    """As if the process had just started."""
    return IndexWriter(writer.settings, writer.database, writer.embedder)


def found(writer, words: str) -> tuple[list[str], tuple[str, ...]]:
    """What a process that has just started finds, and what it says is missing."""
    page = Engine(writer.settings, writer.database, writer.embedder).search(
        SearchRequest(text=words, mode="keyword", limit=50), OPERATOR
    )
    return sorted(hit.entry.ref for hit in page.hits), page.degraded


def flip(file, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def index_files(settings):
    return sorted(file for file in settings.index_folder.rglob("*") if file.is_file() and file.stat().st_size)


def test_an_index_as_it_was_written_has_no_faults(writer, settings):
    assert faults(settings.index_folder, writer.embedder.fingerprint) == []
    assert not anew(writer).sync().rebuilt


def test_no_flipped_bit_makes_an_answer_wrong(writer, settings, tmp_path):
    kept = tmp_path / "kept"
    shutil.copytree(settings.index_folder, kept)
    expected, chance = found(writer, "permits")[0], random.Random(7)
    assert len(expected) == 5
    degraded = 0
    for name in [file.relative_to(settings.index_folder) for file in index_files(settings)]:
        shutil.rmtree(settings.index_folder)
        shutil.copytree(kept, settings.index_folder)
        flip(settings.index_folder / name, chance)
        refs, missing = found(writer, "permits")
        assert refs == expected, name
        degraded += bool(missing)
        anew(writer).sync()
        assert faults(settings.index_folder, writer.embedder.fingerprint) == [], name
        assert found(writer, "permits") == (expected, ()), name
    assert degraded


@pytest.mark.parametrize("name", ["manifest.sqlite", "keyword"])
def test_files_that_are_gone_are_made_again(name, writer, settings):
    place = settings.index_folder / name
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    assert found(writer, "permits") == (found(writer, "permits")[0], ("keyword", "semantic"))
    assert len(found(writer, "permits")[0]) == 5
    anew(writer).sync()
    assert found(writer, "permits")[1] == ()


def test_rows_that_were_changed_are_found(writer, settings):
    changes = [
        "UPDATE documents SET facets = '{}' WHERE revision_id = 3",
        "UPDATE documents SET day = day + 1 WHERE revision_id = 4",
        "UPDATE passages SET text = upper(text) WHERE revision_id = 5",
        "DELETE FROM passages WHERE revision_id = 6",
        "DELETE FROM documents WHERE revision_id = 7",
    ]
    with closing(sqlite3.connect(settings.index_folder / "manifest.sqlite")) as manifest, manifest:
        for change in changes:
            manifest.execute(change)
    assert faults(settings.index_folder, writer.embedder.fingerprint) == [
        "5 documents of the manifest are damaged"
    ]
    assert anew(writer).sync().rebuilt


def vectors(writer) -> VectorStore:
    return VectorStore(writer.settings.vectors_file, writer.embedder.fingerprint)


@pytest.mark.parametrize(
    "damage", ["gone", "cut", "rubbish", "row gone", "zero", "not a number", "short", "turned", "other key"]
)
def test_vectors_that_are_lost_or_damaged_are_made_again(damage, writer, settings):
    file = vectors_file(settings.vectors_file, writer.embedder.fingerprint)
    change = {
        "row gone": "DELETE FROM vectors WHERE rowid = 4",
        "zero": "UPDATE vectors SET vector = zeroblob(256) WHERE rowid = 4",
        "not a number": f"UPDATE vectors SET vector = x'{'ffffffff' * 64}' WHERE rowid = 4",
        "short": "UPDATE vectors SET vector = x'00' WHERE rowid = 4",
        "turned": f"UPDATE vectors SET vector = x'{'0000003f' * 64}' WHERE rowid = 4",
        "other key": "UPDATE vectors SET digest = x'00' WHERE rowid = 4",
    }.get(damage)
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "rubbish":
        file.write_bytes(b"rubbish" * 2000)
    else:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(change)
    refs, degraded = found(writer, "permits")
    assert len(refs) == 5
    assert degraded == (("keyword", "semantic") if damage in {"cut", "rubbish", "short"} else ("incomplete",))
    report = anew(writer).sync()
    assert not report.rebuilt
    assert report.embedded == (15 if damage in {"gone", "cut", "rubbish"} else 1)
    snapshot = SnapshotSource(settings, writer.embedder.fingerprint, 64).current()
    assert (snapshot.missing, snapshot.complete, len(snapshot.vectors)) == (0, True, 15)
    assert found(writer, "permits")[1] == ()


def test_lost_vectors_are_said_and_words_still_find(writer, settings):
    vectors_file(settings.vectors_file, writer.embedder.fingerprint).unlink()
    refs, degraded = found(writer, "permits")
    assert (len(refs), degraded) == (5, ("incomplete",))
    assert (settings.index_folder / SUSPECTED).exists()


def test_a_running_writer_finds_damage_and_repairs_it(writer, settings, monkeypatch):
    monkeypatch.setattr(indexer.guard, "GLANCE_SECONDS", 0.0)
    stop, reports = threading.Event(), []
    thread = threading.Thread(target=anew(writer).watch, args=(stop.is_set, reports.append))
    thread.start()
    try:
        time.sleep(0.6)  # its first pass is over
        for file in settings.index_folder.rglob("*.npy"):
            flip(file, random.Random(1))
        deadline = time.monotonic() + 20
        while not reports and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join()
    assert [report.rebuilt for report in reports] == [True]
    assert found(writer, "permits")[1] == ()


def test_the_guard_looks_at_first_and_then_when_there_is_a_reason(writer, settings, monkeypatch):
    guard = Guard(settings)
    assert guard.is_due()
    guard.looked()
    monkeypatch.setattr(indexer.guard, "GLANCE_SECONDS", 0.0)
    assert not guard.is_due()
    flip(settings.index_folder / "manifest.sqlite", random.Random(1))
    assert guard.is_due()
    guard.looked()
    assert not guard.is_due()
    suspect(settings.index_folder)
    assert not guard.is_due()  # it has just looked
    monkeypatch.setattr(indexer.guard, "SUSPICION_SECONDS", 0.0)
    assert guard.is_due()
    guard.looked()
    assert not (settings.index_folder / SUSPECTED).exists()
    monkeypatch.setattr(indexer.guard, "LOOK_SECONDS", 0.0)
    assert guard.is_due()


def test_what_makes_no_sense_while_searching_is_answered_without_the_index(
    writer, settings, monkeypatch, caplog
):
    engine = Engine(settings, writer.database, writer.embedder)
    monkeypatch.setattr("search.explain.Explainer.hits", lambda *_: {}["text"])
    page = engine.search(SearchRequest(text="permits"), OPERATOR)
    assert (len(page.hits), page.degraded) == (5, ("keyword", "semantic"))
    assert engine.similar(page.hits[0].entry.ref, OPERATOR) == []
    assert (settings.index_folder / SUSPECTED).exists()
    assert "KeyError" in caplog.text


def test_a_suspicion_without_damage_is_laid_aside(writer, settings):
    suspect(settings.index_folder)
    assert not anew(writer).sync().rebuilt
    assert not (settings.index_folder / SUSPECTED).exists()


def test_sums_know_their_own_damage(tmp_path):
    (tmp_path / "a").write_bytes(b"some bytes")
    sums = Sums({"a": (10, 3_413_290_018)})
    sums.write(tmp_path / "sums.json")
    assert Sums.read(tmp_path / "sums.json").files == sums.files
    with pytest.raises(Damaged, match="a is damaged"):
        sums.check(tmp_path, ["a"])
    with pytest.raises(Damaged, match="not among"):
        sums.check(tmp_path, ["b"])
    for text in (b"", b"{}", b"[]", (tmp_path / "sums.json").read_bytes().replace(b"10", b"11")):
        (tmp_path / "sums.json").write_bytes(text)
        with pytest.raises(Damaged, match=r"sums\.json is damaged"):
            Sums.read(tmp_path / "sums.json")


def test_an_index_without_a_commit_is_missing(writer, settings):
    for file in (settings.index_folder / "keyword").glob("*.toc"):
        file.unlink()
    with pytest.raises(IndexMissing):
        SnapshotSource(settings, writer.embedder.fingerprint, 64).current()
    assert not commits.is_made(settings.index_folder / "keyword")


class BrokenEmbedder(HashingEmbedder):
    def embed_passages(self, texts):
        raise RuntimeError("no memory left for the model")


def test_without_an_encoder_words_are_indexed_and_vectors_are_made_later(sqlite_database, settings):
    add(sqlite_database, *TITLES)
    bare = IndexWriter(settings, sqlite_database, None)
    assert bare.sync().added == 15
    assert not bare.sync().changed
    page = Engine(settings, sqlite_database, None).search(SearchRequest(text="permits"), OPERATOR)
    assert (len(page.hits), page.degraded) == (5, ("semantic",))
    writer = IndexWriter(settings, sqlite_database, HashingEmbedder())
    assert writer.sync().embedded == 15
    assert found(writer, "permits")[1] == ()


def test_while_the_encoder_is_gone_an_index_goes_on_with_words(writer, settings, sqlite_database):
    add(sqlite_database, "Another about permits")
    assert IndexWriter(settings, sqlite_database, None).sync().added == 1
    assert len(found(writer, "permits")[0]) == 6
    assert anew(writer).sync().embedded == 1
    assert found(writer, "permits")[1] == ()


def test_an_encoder_that_fails_keeps_no_word_from_being_found(sqlite_database, settings, caplog):
    add(sqlite_database, *TITLES)
    broken = IndexWriter(settings, sqlite_database, BrokenEmbedder())
    report = broken.sync()
    assert (report.added, report.embedded, report.unembedded) == (15, 0, 15)
    assert "no memory left" in caplog.text
    assert len(found(broken, "permits")[0]) == 5
    broken.embedder = HashingEmbedder()
    assert broken.sync().embedded == 15
    assert found(broken, "permits")[1] == ()


def test_a_watching_writer_tries_the_encoder_again(sqlite_database, settings, monkeypatch):
    monkeypatch.setattr("indexer.sync.POLL_SECONDS", 0.01)
    add(sqlite_database, *TITLES)
    broken = IndexWriter(settings, sqlite_database, BrokenEmbedder())
    reports = []

    def told(report) -> None:
        reports.append((report.embedded, report.unembedded))
        broken.embedder = HashingEmbedder()

    stop = threading.Event()
    thread = threading.Thread(target=broken.watch, args=(stop.is_set, told))
    thread.start()
    deadline = time.monotonic() + 20
    while len(reports) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join()
    assert reports[:2] == [(0, 15), (15, 0)]
