"""Whether index, vectors and database say the same: not only as many, but the same of each."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from indexer.gathering import gather
from indexer.guard import faults
from indexer.inversion import invert, merge
from indexer.keyword import KeywordReader
from indexer.store import Manifest, document_row, passage_rows
from indexer.vector_repair import bad_vectors
from indexer.vector_store import VectorStore, vectors_file
from kb.heads import published_heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.documents import Document
    from indexer.embedder import Embedder
    from indexer.sync import IndexWriter
    from kb.config import Settings
    from kb.database import Database

SAMPLED = 200
"""Documents that are made again from the database and compared word by word."""


def behind(writer: IndexWriter) -> int:
    """How many published entries the index does not hold as they are: all of them while there is none."""
    heads = published_heads(writer.database)
    if writer.is_missing():
        return len(heads)
    with closing(Manifest(writer.settings.index_folder, read_only=True)) as manifest:
        stamps = manifest.stamps()
    return sum(stamps.get(revision) != stamp for revision, stamp in heads.items())


def differences(settings: Settings, database: Database, embedder: Embedder | None) -> list[str]:
    """What does not fit together, in sentences; nothing when all does.

    Reads everything: some seconds for 100,000 entries. Nobody should write the index meanwhile.
    """
    found = faults(settings.index_folder, embedder.fingerprint if embedder else None)
    if found:
        return found
    with closing(Manifest(settings.index_folder, read_only=True)) as manifest:
        keyword = KeywordReader.open(settings.index_folder / "keyword")
        heads = published_heads(database)
        return [
            *_of_sets(heads, manifest.stamps(), keyword),
            *_of_documents(database, heads, manifest, keyword),
            *(_of_vectors(settings, manifest, embedder) if embedder else ()),
        ]


def _of_sets(heads: dict[int, str], stamps: dict[int, str], keyword: KeywordReader) -> Iterator[str]:
    yield from _said(set(heads) - set(stamps), "published but not in the index")
    yield from _said(set(stamps) - set(heads), "in the index but not published")
    stale = {key for key in set(heads) & set(stamps) if heads[key] != stamps[key]}
    yield from _said(stale, "in the index as they no longer are")
    live = keyword.revisions[keyword.live]
    yield from _said(set(stamps) - set(live.tolist()), "in the manifest but not in the keyword index")
    yield from _said(set(live.tolist()) - set(stamps), "in the keyword index but not in the manifest")
    once, times = np.unique(live, return_counts=True)
    yield from _said(set(once[times > 1].tolist()), "in the keyword index more than once")


def _of_documents(
    database: Database, heads: dict[int, str], manifest: Manifest, keyword: KeywordReader
) -> Iterator[str]:
    """A sample of documents, spread over all, as the database gives them now and as they are indexed."""
    stamps = manifest.stamps()
    same = [revision for revision, stamp in heads.items() if stamps.get(revision) == stamp]
    sample = same[:: max(1, len(same) // SAMPLED)]
    with database.read() as session:
        documents = gather(session, sample, heads)
    if not documents:
        return
    other = {document.revision_id for document in documents if not _is_in(manifest, document)}
    yield from _said(other, "in the manifest with other texts or facets than in the database")
    if not _holds_words(keyword, documents):
        yield f"the keyword index holds other words than the texts of {len(documents):,} revisions compared"


def _is_in(manifest: Manifest, document: Document) -> bool:
    connection, key = manifest.connection, (document.revision_id,)
    row = connection.execute("SELECT * FROM documents WHERE revision_id = ?", key).fetchone()
    generation = row[2] if row else 0
    passages = connection.execute("SELECT * FROM passages WHERE revision_id = ? ORDER BY ordinal", key)
    same = row == document_row(document, generation)
    return same and passages.fetchall() == list(passage_rows([document]))


def _holds_words(keyword: KeywordReader, documents: Sequence[Document]) -> bool:
    """Whether the documents' postings, taken out of the index, are those of their texts."""
    texts = {document.revision_id: document for document in documents}
    masks = [
        live & np.isin(segment.revisions, list(texts))
        for segment, live in zip(keyword.segments, keyword.masks(), strict=True)
    ]
    order = np.concatenate([s.revisions[mask] for s, mask in zip(keyword.segments, masks, strict=True)])
    if len(order) != len(texts):
        return False
    held = merge(zip(keyword.segments, masks, strict=True))
    made = invert([texts[revision] for revision in order.tolist()])
    return all(np.array_equal(getattr(held, part.name), getattr(made, part.name)) for part in fields(held))


def _of_vectors(settings: Settings, manifest: Manifest, embedder: Embedder) -> Iterator[str]:
    if not vectors_file(settings.vectors_file, embedder.fingerprint).exists():
        yield "there are no vectors"
        return
    with closing(VectorStore(settings.vectors_file, embedder.fingerprint, read_only=True)) as store:
        missing = store.missing(manifest.digests())
        bad = len(bad_vectors(store, embedder.dimension))
    yield from _said(manifest.holding(missing), "without a vector for each of their passages")
    if bad:
        yield f"{bad:,} vectors are damaged"


def _said(revisions: set[int], words: str) -> Iterator[str]:
    if revisions:
        some = ", ".join(map(str, sorted(revisions)[:3]))
        more = ", ..." if len(revisions) > 3 else ""
        yield f"{len(revisions):,} revisions are {words} ({some}{more})"
