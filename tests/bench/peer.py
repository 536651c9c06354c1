"""A process for one of `tests.bench.peers`: `python -m tests.bench.peer NAME build|search FOLDER`.

One process builds, another opens and searches, so that memory is that of searching. The folder holds
texts.json, vectors.npy (a row a text) and queries.json; what was measured goes to standard output.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.fresh import memory
from tests.bench.peers import PEERS, embedder
from tests.bench.queries import BARE, WARM_UP, taking_turns


def main(name: str, verb: str, folder: Path) -> dict[str, Any]:
    """What one process measures."""
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    (peer, module), index = PEERS[name], folder / "index"
    if verb == "build":
        if module:
            import_module(module)  # txtai's takes seconds, which are no part of building
        texts, vectors = json.loads((folder / "texts.json").read_text()), np.load(folder / "vectors.npy")
        index.mkdir()
        started = time.perf_counter()
        peer.build(index, texts, vectors)
        return {"seconds": time.perf_counter() - started}
    queries = json.loads((folder / "queries.json").read_text())
    embedder().embed_query("loads the encoder, which is in every system's memory")
    before = memory()["resident"]
    search, rows = peer.open(index), []
    steps = {BARE: embedder().embed_query, name: lambda text: rows.append(search(text))}
    taking_turns(steps, queries[:WARM_UP])
    rows.clear()
    times = taking_turns(steps, queries[WARM_UP:])
    resident = {"before": before, "memory": memory()["resident"]}
    return {**resident, "bare": times[BARE], "times": times[name], "rows": rows}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])), sys.stdout)
