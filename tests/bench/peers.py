"""What a user would put together instead, each library by its own defaults, over the same passages.

Vectors are given wherever the library takes them; queries are encoded inside the search.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from indexer.analysis import words_of
from indexer.embedder import default_encoder_folder, load_embedder
from kb.config import Settings
from kb.database import open_database
from kb.reading import OPERATOR
from search.engine import Engine
from search.results import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from search.results import Mode

DEPTH = 100
"""Results that are asked for."""


class Peer(Protocol):
    """A search over texts that are known by their row."""

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Writes an index into an empty folder."""

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """A function from a query to at most DEPTH rows, best first."""


@cache
def embedder() -> Embedder:
    """Precedent's encoder, once a process."""
    return load_embedder(Settings.from_env().encoder or default_encoder_folder())


class Precedent:
    """The repository of the environment's home, which is there already; the ranking without the page."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Nothing: `precedent sync` did it."""

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """The ranking of the engine; keys of generated records are llis:<row + 1>."""
        settings = Settings.from_env()
        engine = Engine(settings, open_database(settings.database_url), embedder())

        def search(text: str) -> list[int]:
            keys = engine.ranked_keys(SearchRequest(text=text, mode=self.mode, limit=DEPTH), OPERATOR, DEPTH)
            return [int(key.partition(":")[2]) - 1 for key in keys]

        return search


class Bm25s:
    """bm25s: BM25 by sparse matrix, English stop words, no stemmer."""

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Writes its arrays."""
        import bm25s

        retriever = bm25s.BM25()
        retriever.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
        retriever.save(str(folder))

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """Reads its arrays into memory."""
        import bm25s

        retriever = bm25s.BM25.load(str(folder))

        def search(text: str) -> list[int]:
            words = bm25s.tokenize([text], stopwords="en", return_ids=False, show_progress=False)
            rows, scores = retriever.retrieve(words, k=min(DEPTH, retriever.scores["num_docs"]),
                                              show_progress=False)  # fmt: skip
            return [int(row) for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

        return search


class Tantivy:
    """tantivy: BM25 with its English stemmer."""

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Writes its segments."""
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("text", stored=False, tokenizer_name="en_stem")
        schema.add_unsigned_field("row", stored=True)
        writer = tantivy.Index(schema.build(), path=str(folder)).writer()
        for row, text in enumerate(texts):
            writer.add_document(tantivy.Document(text=text, row=row))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """Maps its files."""
        import tantivy

        index = tantivy.Index.open(str(folder))
        searcher = index.searcher()

        def search(text: str) -> list[int]:
            # Its query language must not read signs and AND into a person's words.
            words = " ".join(word[0].lower() for word in words_of(text))
            query, _ = index.parse_query_lenient(words, ["text"])
            return [searcher.doc(address)["row"][0] for _, address in searcher.search(query, DEPTH).hits]

        return search


class Txtai:
    """txtai with hybrid=True: a convex combination of FAISS and its own BM25."""

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Writes its index."""
        from txtai import Embeddings

        _GIVEN.update(zip(texts, vectors, strict=True))
        index = Embeddings(method="external", transform="tests.bench.peers.transform", hybrid=True)
        index.index(enumerate(texts))
        index.save(str(folder))

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """Reads its index."""
        from txtai import Embeddings

        index = Embeddings()
        index.load(str(folder))
        return lambda text: [int(row) for row, _ in index.search(text, DEPTH)]


_GIVEN: dict[str, NDArray[np.float32]] = {}


def transform(texts: list[str]) -> NDArray[np.float32]:
    """What txtai asks for vectors: those that are given, and the encoder's."""
    return np.stack([_GIVEN[text] if text in _GIVEN else embedder().embed_query(text) for text in texts])


class LanceDb:
    """LanceDB's hybrid search: exact vectors and its full-text index with stemming, joined by a reranker."""

    def __init__(self, reranker: str) -> None:
        self.reranker = reranker

    def build(self, folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        """Writes a table and its full-text index."""
        import lancedb
        import pyarrow as pa

        column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
        rows = pa.table({"row": range(len(texts)), "text": texts, "vector": column})
        lancedb.connect(folder).create_table("passages", rows).create_fts_index("text")

    def open(self, folder: Path) -> Callable[[str], list[int]]:
        """Opens the table."""
        import lancedb
        from lancedb.rerankers import LinearCombinationReranker, RRFReranker

        table = lancedb.connect(folder).open_table("passages")
        reranker = RRFReranker() if self.reranker == "rrf" else LinearCombinationReranker(weight=0.5)

        def search(text: str) -> list[int]:
            query = table.search(query_type="hybrid").vector(embedder().embed_query(text)).text(text)
            found = query.distance_type("cosine").rerank(reranker).limit(DEPTH).to_arrow()
            rows: list[int] = found["row"].to_pylist()
            return rows

        return search


PEERS: dict[str, tuple[Peer, str]] = {
    "Precedent, hybrid": (Precedent("hybrid"), ""),
    "txtai, hybrid": (Txtai(), "txtai"),
    "LanceDB, hybrid, RRF": (LanceDb("rrf"), "lancedb"),
    "LanceDB, hybrid, linear .5": (LanceDb("linear"), "lancedb"),
    "Precedent, keyword": (Precedent("keyword"), ""),
    "bm25s": (Bm25s(), "bm25s"),
    "tantivy": (Tantivy(), "tantivy"),
}
"""Name -> adapter, and the module that has to be installed for it."""
