"""Is the semantic ranking as good as the model itself? sentence-transformers in fp32, exact cosines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.embedder import default_encoder_folder, go_offline, read_manifest
from indexer.model_files import find_default_model
from search.measures import DEPTH, MEASURES, measures
from tests.bench.quality import SCIFACT, evaluate, judged
from tests.bench.setting import BenchError, say
from tests.bench.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search.judged import Collection
    from tests.bench.setting import Bench

ALLOWED = 0.01
"""How much worse in nDCG@10 the semantic ranking may be than the model as published."""


def measure(bench: Bench) -> list[Table]:
    """The product's semantic mode, its encoder alone, and the original model on the same queries."""
    with judged(bench, SCIFACT) as collection:
        if collection is None:
            raise BenchError("SciFact is not in the data folder.")
        product = evaluate(bench, SCIFACT, collection)["semantic"]
        # BEIR's convention: title and text as one input, cut where the model stops reading.
        documents = [f"{title} {text}".strip() for _, title, text in collection.documents]
        queries = list(collection.queries.values())
        say(f"the exported encoder: {len(documents):,} documents")
        asked = np.stack([bench.embedder.embed_query(text) for text in queries])
        exported = bench.embedder.embed_passages(documents), asked
        say(f"sentence-transformers, fp32: {len(documents):,} documents; takes minutes")
        original = _original(bench, documents), _original(bench, queries)
        rows = {
            "sentence-transformers fp32, a document a vector": _ranked(collection, *original),
            "exported encoder, a document a vector": _ranked(collection, *exported),
            "Precedent's semantic mode (passages)": product,
        }
    published = rows["sentence-transformers fp32, a document a vector"]["ndcg@10"]
    table = Table(
        f"Agreement with the model itself: {SCIFACT}",
        {"ranking": ""} | dict.fromkeys(MEASURES, ".4f") | {"nDCG@10 - fp32": "+.4f"},
        note=_verdict(product["ndcg@10"] - published),
    )
    for name, found in rows.items():
        table.add(name, *(found[each] for each in MEASURES), found["ndcg@10"] - published)
    return [table, _cosines(exported, original)]


def _verdict(difference: float) -> str:
    holds = "holds" if difference >= -ALLOWED else "DOES NOT HOLD"
    return f"at most {ALLOWED} under the original model: {holds}"


def _original(bench: Bench, texts: list[str]) -> NDArray[np.float32]:
    """Unit vectors by the model that the encoder was exported from."""
    go_offline()
    from sentence_transformers import SentenceTransformer

    manifest = read_manifest(bench.settings.encoder or default_encoder_folder())
    source = manifest.model_path or str(find_default_model())
    model = SentenceTransformer(source, device="cpu", local_files_only=True)
    rows = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(rows, np.float32)


def _ranked(
    collection: Collection, documents: NDArray[np.float32], queries: NDArray[np.float32]
) -> dict[str, float]:
    """The measures of the exact ranking by cosine."""
    names = [name for name, _, _ in collection.documents]
    run: dict[str, list[str]] = {}
    for query, vector in zip(collection.queries, queries, strict=True):
        best = np.argsort(-(documents @ vector), kind="stable")[:DEPTH]
        run[query] = [names[place] for place in best.tolist()]
    return measures(run, collection.judgements)


def _cosines(
    exported: tuple[NDArray[np.float32], NDArray[np.float32]],
    original: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Table:
    table = Table("Cosine of exported to fp32 vectors", {"of": "", "n": ",d", "mean": ".4f", "least": ".4f"})
    for name, ours, theirs in zip(("documents", "queries"), exported, original, strict=True):
        cosines = np.sum(ours * theirs, axis=1)
        table.add(name, len(cosines), float(cosines.mean()), float(cosines.min()))
    return table
