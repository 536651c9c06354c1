"""`precedent doctor`: what it looks at, and that it finds what is wrong."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from indexer import row_sums
from indexer.consistency import differences
from indexer.keyword import KeywordWriter
from indexer.store import Manifest
from indexer.sync import IndexWriter
from indexer.vector_store import vectors_file
from kb.learning.signing import FILE, Signer
from kb.published import get_revisions
from kb.reading import OPERATOR
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings
from tests.test_sync import add, edit
from web.diagnosis import diagnose

TITLES = [f"Lesson {number} about permits" for number in range(6)]


@pytest.fixture
def settings(database, tmp_path):
    return make_settings(tmp_path / "home", database_url=database.url.render_as_string(hide_password=False))


@pytest.fixture
def writer(settings, database):
    writer = IndexWriter(settings, database, HashingEmbedder())
    add(database, *TITLES)
    writer.sync()
    return writer


def found(writer) -> list[str]:
    return differences(writer.settings, writer.database, writer.embedder)


def test_an_index_that_is_up_to_date_says_what_the_database_says(writer):
    assert found(writer) == []


def test_the_index_of_the_sample_corpus_does_too(sample, embedder):
    assert differences(sample.settings, sample.database, embedder) == []


def test_edits_that_are_not_indexed_yet_are_counted(writer, database):
    (ref,) = add(database, "New")
    edit(database, ref, "Newer")
    assert found(writer) == ["1 revisions are published but not in the index (8)"]
    writer.sync()
    assert found(writer) == []


def changed(writer, statement: str, *revisions: int) -> None:
    """The manifest with another content that looks as if it had been written so."""
    with closing(Manifest(writer.settings.index_folder)) as manifest:
        manifest.connection.execute(statement)
        row_sums.seal(manifest.connection, revisions)
        row_sums.unseal(
            manifest.connection,
            manifest.connection.execute(
                "SELECT revision_id FROM sums EXCEPT SELECT revision_id FROM documents"
            ).fetchall(),
        )


def test_another_text_than_the_database_s_is_found(writer):
    changed(writer, "UPDATE passages SET text = 'other' WHERE revision_id = 2", 2)
    assert found(writer) == [
        "1 revisions are in the manifest with other texts or facets than in the database (2)"
    ]


def test_another_facet_than_the_database_s_is_found(writer):
    changed(writer, "UPDATE documents SET year = 1999 WHERE revision_id = 3", 3)
    assert "with other texts or facets" in found(writer)[0]


def test_a_revision_that_is_not_published_is_found(writer, database):
    changed(writer, "UPDATE documents SET stamp = 'old' WHERE revision_id = 4", 4)
    assert found(writer) == ["1 revisions are in the index as they no longer are (4)"]


def test_the_keyword_index_is_held_against_the_manifest(writer):
    keyword = KeywordWriter(writer.settings.index_folder / "keyword")
    keyword.write([], {1, 2})
    assert found(writer)[0] == ("2 revisions are in the manifest but not in the keyword index (1, 2)")


def test_other_words_in_the_keyword_index_are_found(writer, database):
    from dataclasses import replace

    from indexer.documents import make_document

    with database.read() as session:
        document = make_document(get_revisions(session, [5], OPERATOR)[5], "")
    other = replace(document, text=document.text.replace("permits", "suppliers"))
    KeywordWriter(writer.settings.index_folder / "keyword").write([other], set())
    assert found(writer) == ["the keyword index holds other words than the texts of 6 revisions compared"]


def test_lost_vectors_are_found(writer):
    file = vectors_file(writer.settings.vectors_file, writer.embedder.fingerprint)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM vectors WHERE rowid = 1")
        connection.execute("UPDATE vectors SET vector = zeroblob(256) WHERE rowid = 2")
    assert [line.split(" (")[0] for line in found(writer)] == [
        "1 revisions are without a vector for each of their passages",
        "1 vectors are damaged",
    ]
    file.unlink()
    assert found(writer) == ["there are no vectors"]


def test_damage_is_found(writer):
    file = next((writer.settings.index_folder / "keyword").rglob("docs.npy"))
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    assert found(writer) == [f"the keyword index is damaged: {file.relative_to(file.parents[2])} is damaged"]


@pytest.fixture
def home(sample, tmp_path, monkeypatch) -> Path:
    """A copy of the sample's home, named by the environment."""
    home = tmp_path / "home"
    shutil.copytree(sample.settings.home, home)
    monkeypatch.setenv("PRECEDENT_HOME", str(home))
    monkeypatch.setenv("PRECEDENT_ENCODER", str(sample.settings.encoder))
    monkeypatch.delenv("PRECEDENT_DATABASE_URL", raising=False)
    return home


def checks() -> dict[str, tuple[bool, str]]:
    return {check.name: (check.ok, check.detail) for check in diagnose()}


@pytest.mark.usefixtures("durable")
def test_a_good_home_passes_every_check(home):
    found = checks()
    assert list(found) == [
        "program", "settings", "home", "privacy", "disk", "documents", "encoder", "database", "schema",
        "integrity", "index",
    ]  # fmt: skip
    assert all(ok for ok, _ in found.values()), found
    assert "SQLite 3." in found["database"][1]
    assert "synchronous FULL" in found["database"][1]


def test_a_key_of_badges_that_cannot_be_read_is_found(home):
    Signer(home, "https://lessons.example.org").sign({"name": "Cut-over planning"})
    assert checks()["badges"] == (True, "the key that signs them can be read")
    (home / FILE).write_text("{}")
    ok, words = checks()["badges"]
    assert not ok
    assert "cannot be read" in words
    assert "a backup may hold it" in words


@pytest.mark.parametrize(
    ("cut_off", "words"), [(("unshare",), "without network"), ((), "that of the machine")]
)
def test_whether_documents_are_read_without_network_is_said(home, monkeypatch, cut_off, words):
    monkeypatch.setattr("web.diagnosis.without_network", lambda: cut_off)
    assert words in checks()["documents"][1]


def test_others_must_not_read_what_is_kept(home):
    home.chmod(0o755)
    (home / "precedent.sqlite").chmod(0o644)
    (ok, words) = checks()["privacy"]
    assert not ok
    assert f"chmod go= {home} " in words
    home.chmod(0o700)
    assert checks()["privacy"][0]


def test_a_database_elsewhere_must_be_private_too(home, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere.sqlite"
    shutil.move(home / "precedent.sqlite", elsewhere)
    elsewhere.chmod(0o640)
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", f"sqlite:///{elsewhere}")
    assert checks()["privacy"] == (False, f"others can read or write: chmod go= {elsewhere}")


def test_a_broken_database_is_found(home):
    database = home / "precedent.sqlite"
    data = bytearray(database.read_bytes())
    data[40_960:53_248] = b"\x07" * 12_288
    database.write_bytes(data)
    assert not checks()["integrity"][0]
    database.write_bytes(b"rubbish" * 1000)
    assert checks()["database"] == (
        False,
        "The database file cannot be used: file is not a database.",
    )


def test_a_missing_index_and_encoder_are_found(home, monkeypatch, tmp_path):
    shutil.rmtree(home / "index")
    monkeypatch.setenv("PRECEDENT_ENCODER", str(tmp_path / "none"))
    found = checks()
    assert not found["index"][0]
    assert "No text encoder" in found["encoder"][1]


def test_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "none"))
    found = checks()
    assert "is not there yet" in found["home"][1]
    assert found["database"] == (True, "is not there yet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_json_for_programs(home):
    done = subprocess.run(
        [sys.executable, "-m", "web", "doctor", "--json"], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (0, True)
    assert {"name", "ok", "detail"} == set(answer["checks"][0])
