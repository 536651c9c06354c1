"""The encoder: what the export makes, and what serving it promises."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import export
from indexer.embedder import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    EncoderMissing,
    OnnxEmbedder,
    TransformersEmbedder,
    load_embedder,
    pool_tokens,
    read_manifest,
    unit,
)
from indexer.export import ExportFailed, export_encoder
from indexer.model_files import (
    DEFAULT_SHA256,
    ModelUnusable,
    check_files,
    find_default_model,
    fingerprint_model,
)
from kb.errors import KbError
from tests.fakes import HashingEmbedder

TEXTS = [
    "The supplier delivered the switchgear eleven weeks late because the permit was missing.",
    "A permit came late and so did the electrical equipment.",
    "Sourdough needs a warm place and patience.",
    "",
    "Zürich, Łódź, 東京: naïve façade — 38 % over",
]


def test_the_manifest_describes_the_default_model(encoder_folder: Path) -> None:
    manifest = read_manifest(encoder_folder)

    assert (manifest.backend, manifest.model) == ("onnx", "all-MiniLM-L6-v2")
    assert (manifest.dimension, manifest.max_seq_length, manifest.pooling) == (384, 256, "mean")
    assert manifest.agreement is not None
    assert manifest.agreement > 0.985
    assert sorted(path.name for path in encoder_folder.iterdir()) == [MANIFEST, MODEL, TOKENIZER]


def test_vectors_are_of_unit_length_in_the_order_given(embedder: OnnxEmbedder) -> None:
    together = embedder.embed_passages(TEXTS)

    assert together.shape == (len(TEXTS), 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_array_equal(row, embedder.embed_query(text))


def test_like_meanings_are_near(embedder: OnnxEmbedder) -> None:
    late, permit, bread = embedder.embed_passages(TEXTS[:3])

    assert late @ permit > 0.5
    assert late @ bread < 0.2


def test_no_texts_make_no_rows(embedder: OnnxEmbedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_a_vector_does_not_depend_on_its_neighbours(embedder: OnnxEmbedder, texts: list[str]) -> None:
    """Exactly: every text is a run of its own, so there is no tolerance to state."""
    np.testing.assert_array_equal(
        embedder.embed_passages(texts), np.stack([embedder.embed_query(text) for text in texts])
    )


def test_the_number_of_threads_changes_nothing(encoder_folder: Path) -> None:
    one, four = (load_embedder(encoder_folder, threads).embed_passages(TEXTS * 3) for threads in (1, 4))

    np.testing.assert_array_equal(one, four)


def test_text_beyond_the_models_length_is_cut_off(embedder: OnnxEmbedder) -> None:
    long = "permit " * 254  # and two special tokens: 256

    np.testing.assert_array_equal(embedder.embed_query(long), embedder.embed_query(long + "banana " * 9000))
    assert embedder.embed_query(long) @ embedder.embed_query("banana " * 254) < 0.9


def test_odd_characters_are_embedded_too(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed_passages(["\ud800 lone surrogate", "nul \x00 byte", " \n\t ", "x" * 100_000])

    assert np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[2], embedder.embed_query(""))


def test_eight_threads_share_one_encoder(encoder_folder: Path) -> None:
    fresh = load_embedder(encoder_folder)
    expected = load_embedder(encoder_folder).embed_passages(TEXTS)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: fresh.embed_passages(TEXTS), range(24)))

    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_serving_imports_neither_torch_nor_transformers(encoder_folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from indexer.embedder import load_embedder\n"
        "before = set(sys.modules); embedder = load_embedder(Path(sys.argv[1]))\n"
        "assert not {'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
        "embedder.embed_query('permit')\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(encoder_folder)], check=True)


def test_a_missing_encoder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match=r"`make install` or `precedent encoder`") as caught:
        load_embedder(tmp_path / "nowhere")

    assert isinstance(caught.value, KbError)
    assert str(tmp_path / "nowhere") in str(caught.value)


@pytest.mark.parametrize("damage", ["no model", "cut model", "no manifest", "bad manifest", "newer format"])
def test_a_damaged_encoder_is_reported_not_served(encoder_folder: Path, tmp_path: Path, damage: str) -> None:
    copy = shutil.copytree(encoder_folder, tmp_path / "encoder")
    manifest = json.loads((copy / MANIFEST).read_text())
    if damage == "no model":
        (copy / MODEL).unlink()
    elif damage == "cut model":
        (copy / MODEL).write_bytes((copy / MODEL).read_bytes()[:1000])
    elif damage == "no manifest":
        (copy / MANIFEST).unlink()
    elif damage == "bad manifest":
        (copy / MANIFEST).write_text("{")
    else:
        (copy / MANIFEST).write_text(json.dumps(manifest | {"format": 2}))

    with pytest.raises(EncoderMissing):
        load_embedder(copy)


def test_a_model_that_is_not_one_is_reported_at_first_use(encoder_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(encoder_folder, tmp_path / "encoder")
    (copy / MODEL).write_bytes(bytes((copy / MODEL).stat().st_size))

    with pytest.raises(EncoderMissing, match=r"model\.onnx cannot be loaded"):
        load_embedder(copy).embed_query("permit")


def test_a_finished_export_is_kept_without_importing_torch(encoder_folder: Path) -> None:
    before = (encoder_folder / MODEL).stat().st_mtime_ns
    program = (
        "import sys; from indexer.export import export_encoder\n"
        "export_encoder(); assert not {'torch', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

    assert (encoder_folder / MODEL).stat().st_mtime_ns == before


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")

    with pytest.raises(ModelUnusable, match=r"SHA-256 should be 53aa51172d"):
        check_files(tmp_path, DEFAULT_SHA256)


def test_the_default_model_is_found_without_running_its_package() -> None:
    program = (
        "import sys; from indexer.model_files import find_default_model\n"
        "find_default_model(); assert not any('minilm' in name for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"no modules\.json"):
        export_encoder(tmp_path / "encoder", model=tmp_path)

    assert not (tmp_path / "encoder").exists()


def test_the_fingerprint_follows_weights_settings_and_recipe(tmp_path: Path) -> None:
    for name in ("modules.json", "model.safetensors", "README.md"):
        (tmp_path / name).write_text(name)
    first = fingerprint_model(tmp_path, "avx2")

    (tmp_path / "README.md").write_text("documentation does not count")
    assert fingerprint_model(tmp_path, "avx2") == first
    assert fingerprint_model(tmp_path, "arm64") != first
    (tmp_path / "model.safetensors").write_text("other weights")
    assert fingerprint_model(tmp_path, "avx2") != first


def test_pooling() -> None:
    hidden = np.array([[1, 8], [3, 2], [2, 5]], dtype=np.float32)

    assert pool_tokens(hidden, "mean").tolist() == [2, 5]
    assert pool_tokens(hidden, "max").tolist() == [3, 8]
    assert pool_tokens(hidden, "cls").tolist() == [1, 8]
    assert pool_tokens(hidden, "lasttoken").tolist() == [2, 5]
    assert unit(np.zeros((2, 3), dtype=np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.slow
def test_vectors_match_sentence_transformers(embedder: OnnxEmbedder) -> None:
    """Quantisation to 8 bits costs about one hundredth of cosine; order of likeness survives."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_default_model()), device="cpu", local_files_only=True)
    truth = model.encode(export.SENTENCES, normalize_embeddings=True)
    served = embedder.embed_passages(export.SENTENCES)

    assert (served * truth).sum(axis=1).min() > 0.98
    pairs = np.triu_indices(len(truth), 1)
    assert np.corrcoef((served @ served.T)[pairs], (truth @ truth.T)[pairs])[0, 1] > 0.98


def make_model(
    folder: Path, *, pooling: str = "mean", dense: bool = False, prompts: dict[str, str] | None = None
) -> Path:
    """Save an untrained sentence-transformers model of two small layers."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(7)
    tokenizer = BertTokenizerFast(str(find_default_model() / "vocab.txt"))
    config = BertConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    modules = [
        models.Transformer(str(folder / "bert"), max_seq_length=48),
        models.Pooling(64, pooling_mode=pooling),
    ]
    if dense:
        modules.append(models.Dense(64, 32))
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "tiny"))
    return folder / "tiny"


@pytest.mark.slow
def test_another_model_is_exported_with_its_pooling_and_prompts(tmp_path: Path) -> None:
    model = make_model(tmp_path, pooling="cls", prompts={"query": "query: ", "document": "passage: "})

    manifest = export_encoder(tmp_path / "encoder", model)
    embedder = load_embedder(tmp_path / "encoder")

    assert isinstance(embedder, OnnxEmbedder)
    assert (manifest.model, manifest.dimension, manifest.max_seq_length) == ("tiny", 64, 48)
    assert manifest.pooling == "cls"
    assert (manifest.query_prompt, manifest.passage_prompt) == ("query: ", "passage: ")
    prompted = OnnxEmbedder(
        tmp_path / "encoder", manifest.model_copy(update={"query_prompt": "", "passage_prompt": ""})
    )
    np.testing.assert_array_equal(embedder.embed_query("permit"), prompted.embed_query("query: permit"))
    np.testing.assert_array_equal(
        embedder.embed_passages(["permit"]), prompted.embed_passages(["passage: permit"])
    )
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["bert", "encoder", "tiny"]


@pytest.mark.slow
def test_a_model_without_an_onnx_form_is_served_by_sentence_transformers(tmp_path: Path) -> None:
    said: list[str] = []
    model = make_model(tmp_path, dense=True)

    export_encoder(tmp_path / "encoder", model, say=said.append)
    embedder = load_embedder(tmp_path / "encoder", threads=1)

    assert isinstance(embedder, TransformersEmbedder)
    assert "served by sentence-transformers" in embedder.note
    assert "Dense" in said[-1]
    vectors = embedder.embed_passages(["permit", "", "supplier"])
    assert vectors.shape == (3, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_query("supplier"), vectors[2], atol=1e-5)
    assert embedder.embed_passages([]).shape == (0, 32)
    shutil.rmtree(model)
    with pytest.raises(EncoderMissing, match="no longer"):
        load_embedder(tmp_path / "encoder")


@pytest.mark.slow
def test_a_poor_export_is_refused_and_the_old_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_model(tmp_path)
    before = export_encoder(tmp_path / "encoder", first)
    second = make_model(tmp_path / "second", pooling="max")
    monkeypatch.setattr(export, "_agreement", lambda out, manifest, truth: float("nan"))

    with pytest.raises(ExportFailed, match=r"at least 0\.95"):
        export_encoder(tmp_path / "encoder", second)

    assert read_manifest(tmp_path / "encoder") == before


def test_the_fake_keeps_the_contract() -> None:
    fake = HashingEmbedder()
    vectors = fake.embed_passages(TEXTS)

    assert vectors.shape == (len(TEXTS), fake.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors[0], HashingEmbedder().embed_query(TEXTS[0]))
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert fake.embed_passages([]).shape == (0, fake.dimension)
