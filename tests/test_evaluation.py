"""The measures, by hand; and a small judged collection, by the product's own engine."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from search.evaluation import Evaluation, evaluate
from search.judged import BadCollection, Collection
from search.measures import MEASURES, measures, measures_of
from search.significance import compare, holm
from tests.fixtures.served import make_settings
from web.cli import precedent


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


def test_a_collection_is_ranked_in_every_way(collection, tmp_path_factory, embedder):
    settings = make_settings(tmp_path_factory.mktemp("untouched") / "home")
    steps = []
    found = evaluate(Collection.read(collection), settings, embedder, lambda *step: steps.append(step))
    means = found.means()
    assert list(means) == ["keyword", "semantic", "fixed blend", "hybrid"]
    assert means["semantic"] == {"ndcg@10": 1.0, "recall@100": 1.0, "mrr@10": 1.0}
    assert means["fixed blend"]["mrr@10"] == means["hybrid"]["mrr@10"] == 1.0
    assert means["keyword"]["mrr@10"] == 0.5  # no word of the second query occurs
    assert not settings.home.exists()
    assert steps[-1] == ("searching", 8, 8)
    assert {stage for stage, _, _ in steps} == {"loading", "indexing", "searching"}


def measured(**rankings):
    """An evaluation by its nDCG@10 values; the other measures are equal everywhere."""
    values = {
        name.replace("_", " "): {
            measure: np.array(given if measure == "ndcg@10" else [0.5] * len(given), float)
            for measure in MEASURES
        }
        for name, given in rankings.items()
    }
    count = len(next(iter(rankings.values())))
    return Evaluation(7, tuple(f"q{n}" for n in range(count)), values)


def test_hybrid_is_tested_against_each_other_ranking_with_one_correction_a_measure():
    found = measured(
        keyword=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        semantic=[0.9, 0.2, 0.3, 0.4, 0.5, 0.6],
        fixed_blend=[0.2, 0.3, 0.4, 0.5, 0.6, 0.1],
        hybrid=[0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
    )
    tests = [test for test in found.tests() if test.measure == "ndcg@10"]
    assert [test.against for test in tests] == ["keyword", "semantic", "fixed blend"]
    assert [test.result.difference for test in tests] == pytest.approx([0.1, -0.2 / 6, 0.1])
    counts = [(test.result.wins, test.result.ties, test.result.losses) for test in tests]
    assert counts == [(6, 0, 0), (5, 0, 1), (1, 5, 0)]
    assert [test.corrected_p for test in tests] == holm([test.result.p for test in tests])
    assert tests[0].result == compare(found.values["hybrid"]["ndcg@10"], found.values["keyword"]["ndcg@10"])
    assert all(test.corrected_p == 1 for test in found.tests() if test.measure == "mrr@10")


def test_the_data_hold_every_query_and_are_json():
    found = measured(keyword=[0.0, 1.0], hybrid=[0.5, 1.0])
    data = json.loads(json.dumps(found.data()))
    assert data["documents"] == 7
    assert data["queries"] == 2
    assert data["rankings"]["keyword"]["ndcg@10"]["mean"] == 0.5
    assert data["per_query"]["q0"]["hybrid"]["ndcg@10"] == 0.5
    assert data["tests"][0]["difference"] == 0.25


def test_the_command_prints_spread_folds_tests_and_writes_each_query(collection, encoder_folder, tmp_path):
    file = tmp_path / "each.csv"
    arguments = ["evaluate", str(collection), "--folds", "2", "--per-query", str(file)]
    done = CliRunner(env={"PRECEDENT_ENCODER": str(encoder_folder)}).invoke(precedent, arguments)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "2 queries over 3 documents"
    assert any(line.split()[:3] == ["keyword", "mrr@10", "0.5000"] for line in lines)
    assert any(line.split()[:2] == ["keyword", "mrr@10"] and len(line.split()) == 4 for line in lines)
    compared = [line for line in lines if line.startswith(("hybrid less", "fixed blend   ndcg"))]
    assert len({len(line) for line in compared}) == 1, "the columns are aligned"
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert len(rows) == 8
    assert rows[0] == {
        "query": "q1", "ranking": "keyword",
        "ndcg@10": "1.000000", "recall@100": "1.000000", "mrr@10": "1.000000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", "3"], "there are 2 queries"),
        (["--folds", "1"], "not in the range"),
        (["--per-query", "no/such/folder/x.csv"], "no/such/folder is no folder"),
        (["--qrels", "train"], "train.tsv is missing"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(collection, arguments, message):
    done = CliRunner().invoke(precedent, ["evaluate", str(collection), *arguments])
    assert done.exit_code != 0
    assert message in f"{done.output} {done.exception}"


def test_another_split_is_read_by_its_name(collection):
    (collection / "qrels" / "train.tsv").write_text("q2\td3\t1\n", "utf-8")
    assert list(Collection.read(collection, "train").queries) == ["q2"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("corpus.jsonl", '{"_id": "d1"}', "corpus.jsonl:1: text is required"),
        ("corpus.jsonl", '{"_id": 1, "text": "x"}', "corpus.jsonl:1: _id is required and must be text"),
        ("queries.jsonl", "\nnot json", "queries.jsonl:2: is not a JSON object"),
        ("queries.jsonl", "[" * 100_000, "queries.jsonl:1: is not a JSON object"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tgood", "test.tsv:2: must be query"),
        ("qrels/test.tsv", "q9\td1\t1", "judges queries that queries.jsonl lacks"),
        ("qrels/test.tsv", "q1\td1\t0", "names no relevant document"),
    ],
)
def test_a_broken_collection_is_named_with_file_and_line(collection, file, text, message):
    (collection / file).write_text(text, "utf-8")
    with pytest.raises(BadCollection, match=message.replace("(", r"\(")):
        Collection.read(collection)


def test_a_folder_that_is_no_collection_says_what_one_holds(tmp_path):
    with pytest.raises(BadCollection, match=r"corpus\.jsonl is missing"):
        Collection.read(tmp_path)
