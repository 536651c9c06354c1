"""Turn a sentence-transformers model into the folder that `indexer.embedder` serves.

Runs once, at set-up: this is the only place that needs torch and sentence-transformers.
No hub is contacted: the model is a folder, by default the one in an installed package.

The ONNX form is quantised to int8 by a recipe of sentence-transformers. `avx2` (weights
without sign) computes the same on every processor and is the default. `avx512_vnni`
(signed weights) embeds 1.6 times the passages a second on processors with VNNI, and
overflows on those without. Mean cosine to fp32: .990 for both.
"""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from indexer.embedder import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    EncoderMissing,
    Manifest,
    OnnxEmbedder,
    Pooling,
    default_encoder_folder,
    go_offline,
    read_manifest,
    unit,
)
from indexer.model_files import DEFAULT_MODEL, Recipe, find_default_model, fingerprint_model
from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEAST_AGREEMENT = 0.95
POOLINGS = get_args(Pooling)
SENTENCES = [
    "Permits",
    "supplier delivered late",
    "How long does a data centre migration take?",
    "Scope changed after the contract was signed, and nobody had budgeted for it.",
    "The thermal vacuum test was cut from the schedule to recover two weeks.",
    "Start stakeholder interviews before the requirements are baselined.",
    "A valve was installed backwards because both ends had the same thread.",
    "Risk register reviewed monthly; owners named; no risk closed without evidence.",
    "Cost grew by 38 % against the approved baseline, duration by seven months.",
    "Agile teams shared one product owner, who became the bottleneck.",
    "Ground conditions differed from the survey and the piling had to be redesigned.",
    "Keep a spare of every long-lead item on the critical path.",
    "The vendor's API was documented but never load tested.",
    "Training was given a month before go-live and forgotten by the time it mattered.",
    "Steering committee met quarterly, too seldom to decide anything in time.",
    "Die Genehmigung kam drei Monate später als geplant.",
    "Data cleansing was estimated at 40 hours and took 600.",
    "Two contractors assumed that the other one would insulate the pipes.",
    "We rehearsed the cut-over twice, found eleven defects, and the weekend itself went quietly.",
    (
        "The integration team discovered during the second rehearsal that the interface control document "
        "described an older message format. Because the supplier had already been paid for the milestone, "
        "the correction became a contract change, took nine weeks to agree, and moved the acceptance test "
        "into the holiday period. A review of the interface at the design gate would have found it."
    ),
]


class ExportFailed(KbError):
    """The encoder could not be made; whatever stood in its folder still stands."""


@dataclass(frozen=True)
class Job:
    """One export: where it works, what it exports, how, and whom it tells."""

    work: Path
    source: Path
    name: str
    fingerprint: str
    recipe: Recipe
    say: Callable[[str], None]

    @property
    def out(self) -> Path:
        """The folder that becomes the encoder when it is complete."""
        return self.work / "out"


def export_encoder(
    folder: Path | None = None,
    model: Path | None = None,
    recipe: Recipe = "avx2",
    say: Callable[[str], None] = lambda line: None,
) -> Manifest:
    """Make `folder` the encoder of `model` and return its manifest.

    `model` is a sentence-transformers folder (default: the pinned all-MiniLM-L6-v2) and
    `folder` the target (default: `default_encoder_folder()`). A complete export of the
    same model by the same recipe is kept as it is, without importing torch. The folder
    changes in one step, at the end. `say` gets a line per step. Raises ModelUnusable if
    the model is not there or not what it should be, ExportFailed if no encoder can be made.
    """
    folder = folder or default_encoder_folder()
    source = find_default_model() if model is None else model
    name = DEFAULT_MODEL if model is None else model.resolve().name
    fingerprint = fingerprint_model(source, recipe)
    try:
        existing = read_manifest(folder)
    except EncoderMissing:
        pass
    else:
        if existing.fingerprint == fingerprint:
            return existing
    say(f"Exporting {name} to {folder}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with tempfile.TemporaryDirectory(prefix=_prefix(folder), dir=folder.parent) as work:
            job = Job(Path(work), source.resolve(), name, fingerprint, recipe, say)
            manifest = _make(job)
            _publish(Path(work) / "out", folder)
    except OSError as error:
        raise ExportFailed(f"The encoder cannot be written to {folder}: {error}.") from error
    return manifest


def _make(job: Job) -> Manifest:
    """Write a complete encoder folder to `job.out` and return its manifest."""
    with _quietly():
        go_offline()
        from sentence_transformers import SentenceTransformer

        job.out.mkdir()
        try:
            reference = SentenceTransformer(str(job.source), device="cpu", local_files_only=True)
            truth = unit(np.asarray(reference.encode(SENTENCES, prompt=""), dtype=np.float32))
        except Exception as error:  # A foreign model's code may raise anything.
            raise ExportFailed(f"sentence-transformers cannot load {job.source}: {error}.") from error
        described = _describe(job, reference, truth.shape[1])
        obstacle = _obstacle(reference)
        if not obstacle:
            try:
                manifest = _convert(job, reference, described)
                agreement = _agreement(job.out, manifest, truth)
            except Exception as error:  # noqa: BLE001 - whatever it raised, the model can still be served
                obstacle = str(error) or type(error).__name__
        if obstacle:
            manifest = _without_export(job, described, obstacle)
        else:
            manifest = _accept(job, manifest, agreement)
    (job.out / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def _describe(job: Job, reference: Any, dimension: int) -> Manifest:
    pooling: Any = getattr(reference[1], "pooling_mode", "mean") if len(reference) > 1 else "mean"
    return Manifest(
        backend="onnx",
        model=job.name,
        fingerprint=job.fingerprint,
        dimension=dimension,
        max_seq_length=reference.max_seq_length or 512,
        pooling=pooling if pooling in POOLINGS else "mean",
        query_prompt=_prompt(reference, "query"),
        passage_prompt=_prompt(reference, "document", "passage", "corpus"),
    )


def _prompt(reference: Any, *names: str) -> str:
    for name in (*names, reference.default_prompt_name):
        if reference.prompts.get(name):
            return str(reference.prompts[name])
    return ""


def _obstacle(reference: Any) -> str:
    """Say why OnnxEmbedder cannot stand in for the model; empty if it can."""
    modules = [type(module).__name__ for module in reference]
    if modules not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return f"its modules are {', '.join(modules)}"
    if reference[1].pooling_mode not in POOLINGS:
        return f"it pools by {reference[1].pooling_mode}"
    if not reference[1].include_prompt:
        return "it leaves prompts out of pooling"
    if getattr(reference[0], "do_lower_case", False) or not getattr(reference.tokenizer, "is_fast", False):
        return "its tokenizer has no fast form"
    return ""


def _convert(job: Job, reference: Any, described: Manifest) -> Manifest:
    """Write the quantised model and the tokenizer to `job.out`; return the manifest with them."""
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

    model = SentenceTransformer(
        str(job.source),
        backend="onnx",
        model_kwargs={"export": True, "provider": "CPUExecutionProvider"},
        local_files_only=True,
    )
    export_dynamic_quantized_onnx_model(model, job.recipe, str(job.work), file_suffix="int8")
    (job.work / "onnx" / "model_int8.onnx").rename(job.out / MODEL)
    reference.tokenizer.backend_tokenizer.save(str(job.out / TOKENIZER))
    sizes = {name: (job.out / name).stat().st_size for name in (MODEL, TOKENIZER)}
    return described.model_copy(update={"files": sizes, "quantisation": job.recipe})


def _agreement(out: Path, manifest: Manifest, truth: Any) -> float:
    """Return the mean cosine between served vectors and `truth`, shape (sentences, dimension)."""
    plain = manifest.model_copy(update={"passage_prompt": ""})
    served = OnnxEmbedder(out, plain, threads=1).embed_passages(SENTENCES)
    return float(np.mean(np.sum(served * truth, axis=1)))


def _accept(job: Job, manifest: Manifest, agreement: float) -> Manifest:
    if not agreement >= LEAST_AGREEMENT:  # Written so that NaN is refused too.
        raise ExportFailed(
            f"The int8 form of {job.name} differs too much from the model itself: "
            f"mean cosine {agreement:.3f}, at least {LEAST_AGREEMENT} is needed."
        )
    job.say(f"Exported; mean cosine to the fp32 model {agreement:.4f}")
    return manifest.model_copy(update={"agreement": round(agreement, 6)})


def _without_export(job: Job, described: Manifest, obstacle: str) -> Manifest:
    job.say(f"No ONNX form ({obstacle}): sentence-transformers will serve {job.name} itself")
    for path in job.out.iterdir():
        path.unlink()
    return described.model_copy(update={"backend": "sentence-transformers", "model_path": str(job.source)})


def _publish(made: Path, folder: Path) -> None:
    """Put `made` where `folder` is. One call cannot replace a folder, so the old one steps aside."""
    made.chmod(0o755)  # A temporary folder is its owner's alone; the service may be another user.
    aside = made.parent / "old"
    if folder.exists():
        folder.rename(aside)
    try:
        made.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise


def _prefix(folder: Path) -> str:
    return f".{folder.name}-export-"


def _remove_leftovers(folder: Path) -> None:
    """Remove what an export that was killed left behind; one that runs now is younger than an hour."""
    for path in folder.parent.glob(_prefix(folder) + "*"):
        if path.stat().st_mtime < time.time() - 3600:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence the libraries' advice to programmers while an export runs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            gc.collect()  # The exporter leaves its temporary folders to the garbage collector.
            logging.disable(before)
