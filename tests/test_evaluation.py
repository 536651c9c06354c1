"""The measures, by hand; and a small judged collection, by the product's own engine."""

from __future__ import annotations

import json
import math

import pytest

from search.evaluation import BadCollection, Collection, evaluate, measures, measures_of
from tests.fixtures.served import make_settings


def test_measures_of_one_query_by_hand():
    found = measures_of(["x", "b", "a"], {"a": 2, "b": 1, "c": 1, "z": 0})
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3) + 2 / math.log2(4)) / ideal)
    assert found["recall@100"] == pytest.approx(2 / 3)
    assert found["mrr@10"] == 0.5


def test_only_the_first_ten_count_for_ndcg_and_mrr():
    ranked = [f"x{n}" for n in range(10)] + ["a"]
    assert measures_of(ranked, {"a": 1}) == {"ndcg@10": 0.0, "recall@100": 1.0, "mrr@10": 0.0}


def test_the_mean_is_over_the_queries_of_the_run():
    run = {"q1": ["a"], "q2": ["x"]}
    assert measures(run, {"q1": {"a": 1}, "q2": {"a": 1}}) == {
        "ndcg@10": 0.5,
        "recall@100": 0.5,
        "mrr@10": 0.5,
    }


def write(folder, corpus, queries, qrels):
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in qrels)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def collection(tmp_path):
    corpus = [
        {"_id": "d1", "title": "Permits", "text": "The building permit came nine months late."},
        {"_id": "d2", "title": "", "text": "The supplier of relay cards delivered half of them."},
        {"_id": "d3", "title": "Payroll\u0000\tcodes", "text": "Six thousand payslips were wrong."},
    ]
    queries = [
        {"_id": "q1", "text": "permit late"},
        {"_id": "q2", "text": "wages miscalculated"},
        {"_id": "unjudged", "text": "?"},
    ]
    write(tmp_path, corpus, queries, [("q1", "d1", 1), ("q2", "d3", 1), ("q2", "d1", 0)])
    return tmp_path


def test_a_collection_is_ranked_in_every_mode(collection, tmp_path_factory, embedder):
    settings = make_settings(tmp_path_factory.mktemp("untouched") / "home")
    found = evaluate(Collection.read(collection), settings, embedder, lambda *_: None)
    assert set(found) == {"keyword", "semantic", "hybrid"}
    assert found["semantic"] == {"ndcg@10": 1.0, "recall@100": 1.0, "mrr@10": 1.0}
    assert found["hybrid"]["mrr@10"] == 1.0
    assert found["keyword"]["mrr@10"] == 0.5  # no word of the second query occurs
    assert not settings.home.exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("corpus.jsonl", '{"_id": "d1"}', "corpus.jsonl:1: text is required"),
        ("corpus.jsonl", '{"_id": 1, "text": "x"}', "corpus.jsonl:1: _id is required and must be text"),
        ("queries.jsonl", "\nnot json", "queries.jsonl:2: is not a JSON object"),
        ("queries.jsonl", "[" * 100_000, "queries.jsonl:1: is not a JSON object"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tgood", "test.tsv:2: must be query"),
        ("qrels/test.tsv", "q9\td1\t1", "judges queries that queries.jsonl lacks"),
    ],
)
def test_a_broken_collection_is_named_with_file_and_line(collection, file, text, message):
    (collection / file).write_text(text, "utf-8")
    with pytest.raises(BadCollection, match=message.replace("(", r"\(")):
        Collection.read(collection)


def test_a_folder_that_is_no_collection_says_what_one_holds(tmp_path):
    with pytest.raises(BadCollection, match=r"corpus\.jsonl is missing"):
        Collection.read(tmp_path)
