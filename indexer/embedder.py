"""Text to unit vectors, loaded when first used.

`indexer.export` writes an encoder folder once at set-up, through sentence-transformers;
this module serves it with ONNX Runtime and `tokenizers` alone, so that serving imports
neither torch nor transformers. A model that cannot be exported is served by
sentence-transformers itself, and `note` says so.
"""

from __future__ import annotations

import os
import sys
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FORMAT: Literal[1] = 1
MANIFEST = "encoder.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
# A WordPiece word longer than 100 characters is one unknown token: nothing beyond can matter.
CHARACTERS_PER_TOKEN = 100

Pooling = Literal["mean", "cls", "max", "lasttoken"]


class EncoderMissing(KbError):
    """The folder holds no encoder that this version can serve."""

    def __init__(self, folder: Path, reason: str = "there is none") -> None:
        super().__init__(
            f"No text encoder in {folder}: {reason}. Run `make install` or `precedent encoder` to make it."
        )
        self.folder = folder


class Manifest(BaseModel):
    """`encoder.json`: what the folder holds and how its vectors are made.

    `fingerprint` is a SHA-256 over weights, tokenizer, quantisation and settings: two
    vectors are comparable if and only if it is equal. `agreement` is the mean cosine to
    the fp32 model, measured at export. `files` maps exported file names to their sizes
    in bytes.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: Literal[1] = FORMAT
    backend: Literal["onnx", "sentence-transformers"]
    model: str
    model_path: str = ""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    dimension: Annotated[int, Field(gt=0)]
    max_seq_length: Annotated[int, Field(gt=0)]
    pooling: Pooling = "mean"
    query_prompt: str = ""
    passage_prompt: str = ""
    quantisation: str = ""
    agreement: float | None = None
    files: dict[str, int] = {}


class Embedder(Protocol):
    """Text to vectors of unit length. Vectors of equal `fingerprint` are comparable."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) that vectors are keyed by."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    def note(self) -> str:
        """What a person should know about how vectors are made; empty if nothing."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, shape (dimension,)."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector a text, in the order given, shape (len(texts), dimension)."""


class _Served(ABC):
    """What both ways of serving share. `_vectors` turns n texts into shape (n, dimension)."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) that vectors are keyed by."""
        return self._manifest.fingerprint

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._manifest.dimension

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query, shape (dimension,)."""
        rows = self._vectors([self._prepared(self._manifest.query_prompt, text)])
        return rows.reshape(self.dimension)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors in the order of `texts`, shape (len(texts), dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._vectors([self._prepared(self._manifest.passage_prompt, text) for text in texts])

    def _prepared(self, prompt: str, text: str) -> str:
        clean = (prompt + text).strip()[: CHARACTERS_PER_TOKEN * self._manifest.max_seq_length]
        # A lone surrogate cannot be tokenised; it becomes a question mark.
        return clean.encode("utf-8", "replace").decode()

    @abstractmethod
    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Return unit vectors of prepared texts, shape (len(texts), dimension)."""


class OnnxEmbedder(_Served):
    """Serves an exported folder; the model is loaded at the first text. Thread safe.

    Every text is a run of its own on one thread, and passages run side by side on
    `threads` threads (0: one per processor this process may use). Dynamic int8
    quantisation scales activations over the whole batch, so in a padded batch a vector
    would depend on its neighbours; alone it is the same bits every time. That costs nothing:
    81 passages of 120 words a second on two cores, 74 in the best padded batches.
    """

    note = ""

    def __init__(self, folder: Path, manifest: Manifest, threads: int = 0) -> None:
        super().__init__(manifest)
        self._folder = folder
        self._threads = threads or processors()
        self._lock = threading.Lock()
        self._loaded: tuple[InferenceSession, Tokenizer] | None = None

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        workers = min(self._threads, len(texts))
        if workers < 2:
            return np.stack([self._vector(text) for text in texts])
        with ThreadPoolExecutor(workers) as pool:
            return np.stack(list(pool.map(self._vector, texts)))

    def _vector(self, text: str) -> NDArray[np.float32]:
        session, tokenizer = self._load()
        encoding = tokenizer.encode(text)
        ids = np.array([encoding.ids or [0]], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.array([encoding.type_ids or [0]], dtype=np.int64),
        }
        wanted = {node.name: given[node.name] for node in session.get_inputs()}
        hidden: NDArray[np.float32] = session.run(None, wanted)[0][0]
        return unit(pool_tokens(hidden, self._manifest.pooling))

    def _load(self) -> tuple[InferenceSession, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open_session(), self._open_tokenizer()
            return self._loaded

    def _open_session(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread a run: a second one wins .6 ms on an idle machine and loses 4 ms on a busy one.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Texts differ in length, so remembered allocation patterns are of no use (7 MB).
        options.enable_mem_pattern = False
        try:
            return onnxruntime.InferenceSession(
                str(self._folder / MODEL), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises a type of its own for each cause.
            raise EncoderMissing(self._folder, f"{MODEL} cannot be loaded ({error})") from error

    def _open_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
        except Exception as error:  # `tokenizers` raises bare Exception.
            raise EncoderMissing(self._folder, f"{TOKENIZER} cannot be loaded ({error})") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._manifest.max_seq_length)
        return tokenizer


class TransformersEmbedder(_Served):
    """Serves a model that cannot be exported, through sentence-transformers. Thread safe."""

    note = (
        "The model could not be exported to ONNX and is served by sentence-transformers: "
        "the first search waits for it, and it takes several times the memory."
    )

    def __init__(self, manifest: Manifest, threads: int = 0) -> None:
        super().__init__(manifest)
        self._threads = threads
        self._lock = threading.Lock()
        self._model: Any = None

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        with self._lock:  # PyTorch modules promise nothing about concurrent use.
            if self._model is None:
                self._model = self._open()
            # The prompts are already part of the texts.
            rows = self._model.encode(texts, prompt="", show_progress_bar=False)
        return unit(np.asarray(rows, dtype=np.float32))

    def _open(self) -> Any:
        go_offline()
        import torch
        from sentence_transformers import SentenceTransformer

        if self._threads:
            torch.set_num_threads(self._threads)
        return SentenceTransformer(self._manifest.model_path, device="cpu", local_files_only=True)


def default_encoder_folder() -> Path:
    """Return where `precedent encoder` puts the export: beside this Python environment."""
    return Path(sys.prefix) / "share" / "precedent" / "encoder"


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a complete encoder folder; raise EncoderMissing otherwise."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise EncoderMissing(folder) from error
    except ValidationError as error:
        raise EncoderMissing(folder, f"{MANIFEST} is not one that this version can read") from error
    for name, size in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            raise EncoderMissing(folder, f"{name} is missing or incomplete")
    if manifest.backend == "sentence-transformers" and not Path(manifest.model_path).is_dir():
        raise EncoderMissing(folder, f"its model is no longer in {manifest.model_path}")
    return manifest


def load_embedder(folder: Path, threads: int = 0) -> OnnxEmbedder | TransformersEmbedder:
    """Return the embedder of an encoder folder; its model is loaded at the first text.

    `threads` bounds how many passages are embedded at a time; 0 means one for every
    processor this process may use. Raises EncoderMissing if the folder is not complete.
    """
    manifest = read_manifest(folder)
    if manifest.backend == "onnx":
        return OnnxEmbedder(folder, manifest, threads)
    return TransformersEmbedder(manifest, threads)


def pool_tokens(hidden: NDArray[np.float32], pooling: Pooling) -> NDArray[np.float32]:
    """Return one vector (dimension,) of token vectors (tokens, dimension), none of them padding."""
    first, last = hidden[0], hidden[-1]
    pooled = {"mean": hidden.mean(axis=0), "max": hidden.max(axis=0), "cls": first, "lasttoken": last}[
        pooling
    ]
    return np.asarray(pooled, dtype=np.float32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `vectors` (..., dimension) scaled to length one; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


def go_offline() -> None:
    """Keep Hugging Face libraries off the network; call it before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"


def processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
