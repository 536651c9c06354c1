"""A snapshot follows commits by what they changed, and equals one read anew."""

from __future__ import annotations

import hashlib
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.documents import Document, Passage
from indexer.keyword import KeywordWriter
from indexer.snapshot import Snapshot, SnapshotSource
from indexer.store import Manifest
from indexer.vector_store import VectorStore
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

EMBEDDER = HashingEmbedder(16)


def document(revision: int, texts: list[str]) -> Document:
    digests = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
    return Document(
        revision_id=revision, stamp="-".join(texts), ref=f"L-{revision:04d}", key="", title="Title",
        text=" ".join(texts), year=2020, day=737_000, due=0, audience="public",
        passages=tuple(Passage("", text, digest, 0) for text, digest in zip(texts, digests, strict=True)),
        facets={"tag": tuple(dict.fromkeys(texts))},
    )  # fmt: skip


class Home:
    """An index folder, and what writes it."""

    def __init__(self, folder) -> None:
        self.settings = make_settings(folder)
        self.settings.index_folder.mkdir(parents=True)
        self.manifest = Manifest(self.settings.index_folder)
        self.manifest.create(EMBEDDER.fingerprint)
        self.vectors = VectorStore(self.settings.vectors_file, EMBEDDER.fingerprint)
        KeywordWriter(self.settings.index_folder / "keyword").write([document(1, ["a"])], set())

    def source(self) -> SnapshotSource:
        return SnapshotSource(self.settings, EMBEDDER.fingerprint, EMBEDDER.dimension)

    def write(self, added: list[Document], removed: set[int]) -> None:
        passages = {p.digest: p.text for each in added for p in each.passages}
        if passages:
            self.vectors.put(list(passages), EMBEDDER.embed_passages(list(passages.values())))
        self.manifest.write(added, removed)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def listed(snapshot: Snapshot) -> dict[str, object]:
    catalogue = snapshot.catalogue
    tags = catalogue.facets["tag"]
    return {
        "generation": snapshot.generation,
        "revisions": catalogue.revisions.tolist(),
        "tags": [tags.values[code] for code in tags.codes],
        "passage rows": snapshot.passage_rows.tolist(),
        "first passages": snapshot.first_passage.tolist(),
        "vectors": snapshot.vectors.matrix[:].tolist(),
    }


TEXTS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), max_size=3)
IDS = st.integers(1, 12)
COMMITS = st.lists(
    st.tuples(
        st.dictionaries(st.integers(1, 12), TEXTS, max_size=4), st.sets(st.integers(1, 12), max_size=4)
    ),
    max_size=4,
)


@given(st.lists(COMMITS, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_after_any_commits_it_equals_one_read_anew(tmp_path_factory, looks):
    home = Home(tmp_path_factory.mktemp("home") / "home")
    source = home.source()
    for commits in looks:
        for added, removed in commits:
            home.write([document(revision, texts) for revision, texts in added.items()], removed)
        snapshot = source.current()
        assert listed(snapshot) == listed(home.source().current())
        texts = [
            text
            for revision in snapshot.catalogue.revisions.tolist()
            for _, text in home.manifest.passages(revision)
        ]
        assert snapshot.vectors.matrix[:] == pytest.approx(
            EMBEDDER.embed_passages(texts), abs=0.5 / 127 + 1e-3
        )


def test_what_did_not_change_is_not_read_again(home):
    home.write([document(1, ["alpha", "beta"]), document(2, ["gamma"])], set())
    source = home.source()
    before = source.current()
    home.manifest.connection.execute("UPDATE documents SET facets = 'no JSON'")
    home.vectors.prune([])
    home.write([document(3, ["delta"])], {2})
    after = source.current()
    assert after.catalogue.revisions.tolist() == [1, 3]
    assert (after.vectors.matrix[:2] == before.vectors.matrix[:2]).all()
    assert after.vectors.matrix[:].any(axis=1).all()
    assert before.catalogue.revisions.tolist() == [1, 2]
    assert len(before.vectors) == 3


def test_a_commit_without_documents_keeps_what_others_derived(home):
    home.write([document(1, ["alpha"])], set())
    source = home.source()
    before = source.current()
    home.manifest.set_complete(True)
    after = source.current()
    assert (before.complete, after.complete) == (False, True)
    assert after.catalogue is before.catalogue
    assert after.vectors is before.vectors


def test_vectors_that_no_passage_needs_are_pruned(home):
    home.write([document(1, ["alpha", "beta"]), document(2, ["beta", "gamma"])], set())
    digests = {p.text: p.digest for p in document(0, ["alpha", "beta", "gamma"]).passages}
    assert home.vectors.prune([digests["beta"], digests["gamma"], digests["beta"], b"never stored"]) == 1
    assert home.vectors.missing(digests.values()) == {digests["alpha"]}
    assert home.vectors.prune([digests["beta"]]) == 1
    kept = home.vectors.get([digests["beta"]], EMBEDDER.dimension)[0]
    assert kept == pytest.approx(EMBEDDER.embed_query("beta"))


def test_vectors_kept_without_row_ids_are_still_read(tmp_path):
    fingerprint, vector = EMBEDDER.fingerprint, np.arange(4, dtype=np.float32)
    connection = sqlite3.connect(tmp_path / f"vectors-{fingerprint[:12]}.sqlite")
    connection.execute("CREATE TABLE vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
    connection.execute("INSERT INTO vectors VALUES (?, ?)", (b"one", vector.tobytes()))
    connection.commit()
    connection.close()
    store = VectorStore(tmp_path / "vectors.sqlite", fingerprint)
    store.put([b"two"], vector[None] + 1)
    assert store.get([b"two", b"one", b"none"], 4).tolist() == [[1, 2, 3, 4], [0, 1, 2, 3], [0, 0, 0, 0]]
    assert store.prune([b"one"]) == 1
