"""What stands in the files of entries is found, with its page, by those who may see the entry."""

from __future__ import annotations

from contextlib import closing

import pytest

from indexer.consistency import differences
from indexer.documents import FILE_WORDS, make_document
from indexer.store import Manifest
from indexer.sync import IndexWriter
from kb import editing
from kb.importing.document import Document, Part, Section
from kb.importing.guessing import guess
from kb.importing.saving import save_drafts
from kb.people.audit import Origin
from kb.people.roles import OPERATOR
from kb.reading import ANONYMOUS, get_entry
from kb.visibility import set_visibility
from search.engine import open_engine
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

PAGES = [
    Part("page 1", "The depot opened late. " * 20),
    Part("page 2", "The zebra crossing in front of the gate was painted in quokka yellow. " * 8),
    Part("page 3", "Nothing more to say about buses, cables and chargers in this appendix. " * 5),
]


def bring(database, *parts: Part, name: str = "closing.pdf") -> str:
    """A published review of which only the file says what stands on its pages; its id."""
    document = Document(
        "pdf", "Bus depot", [Section("What went well", 1, "page 1", "The team.")], list(parts)
    )
    with database.write() as session:
        plan = guess(document, name)
        (ref,) = save_drafts(session, Origin(OPERATOR), name, b"%PDF-", document, plan)
        editing.submit(session, ref, 1)
        editing.publish(session, ref, 1, reviewer="Somebody Else")
    return ref


@pytest.fixture
def settings(tmp_path, database):
    return make_settings(tmp_path / "home", database_url=database.url.render_as_string(hide_password=False))


@pytest.fixture
def writer(settings, database):
    return IndexWriter(settings, database, HashingEmbedder())


def passages(settings) -> list[tuple[str, str]]:
    with closing(Manifest(settings.index_folder, read_only=True)) as manifest:
        (revision,) = manifest.stamps()
        return manifest.passages(revision)


def test_pages_are_passages_after_the_entrys_own(database, settings, writer):
    bring(database, *PAGES)
    writer.sync()
    headings = [heading for heading, _ in passages(settings)]
    assert headings[0] == "What went well"
    assert headings[1:] == ["closing.pdf, page 1", "closing.pdf, page 2", "closing.pdf, page 3"]
    assert differences(settings, database, writer.embedder) == []
    assert writer.sync().changed is False


def test_an_entry_without_files_keeps_its_stamp_and_one_with_files_gets_another(database, settings, writer):
    from kb.attachments.storing import attach_original, keep
    from kb.heads import published_heads

    ref = bring(database, *PAGES)
    (before,) = published_heads(database).values()
    with database.write() as session:
        entry, digest = editing.find_entry(session, ref), keep(session, b"more")
        attach_original(
            session, entry, "b.pdf", "application/pdf", digest, place="", parts=PAGES[1:2], by=None
        )
    (after,) = published_heads(database).values()
    assert before != after
    assert writer.sync().added == 1
    assert [heading for heading, _ in passages(settings)][-1] == "b.pdf, page 2"


def test_what_keeps_its_author_or_source_has_no_file_in_the_index(database, settings, writer):
    ref = bring(database, *PAGES)
    writer.sync()
    with database.write() as session:
        editing.find_entry(session, ref).mask_source = True
    writer.sync()
    assert [heading for heading, _ in passages(settings)] == ["What went well"]
    with database.write() as session:
        editing.find_entry(session, ref).mask_source = False
        editing.find_revision(session, ref, 1).anonymous = True
    writer.sync()
    assert [heading for heading, _ in passages(settings)] == ["What went well"]


def test_a_book_is_not_the_whole_index(sqlite_database):
    ref = bring(sqlite_database)
    with sqlite_database.read() as session:
        view = get_entry(session, ref, ANONYMOUS)
    files = [(f"page {number}", "word " * 1_000) for number in range(500)]
    document = make_document(view, "", files)
    assert FILE_WORDS - 1_000 <= len(document.text.split()) <= FILE_WORDS + 100
    assert make_document(view, "").text == make_document(view, "", [("page 1", "")]).text


def test_a_hit_says_on_which_page_and_only_to_those_who_may_see_it(repository, embedder):
    ref = bring(repository.database, *PAGES)
    IndexWriter(repository.settings, repository.database, embedder).sync()
    engine = open_engine(repository.settings, repository.database)
    for mode in ("hybrid", "keyword"):
        page = engine.search(SearchRequest(text="quokka yellow zebra crossing", mode=mode), ANONYMOUS)
        assert page.hits[0].entry.ref == ref
        assert page.hits[0].why.passage == "closing.pdf, page 2"
        assert "quokka" in "".join(each.text for each in page.hits[0].snippet)
    with repository.database.write() as session:
        set_visibility(session, ref, "restricted", ["role:estimator"])
    page = engine.search(SearchRequest(text="quokka", mode="keyword"), ANONYMOUS)
    assert ref not in [hit.entry.ref for hit in page.hits]
