"""The generated corpora of the benchmark: the same each time, all different, a passage each."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from indexer.documents import make_document
from kb.database import open_database
from kb.formats import LoadOptions
from kb.loading import load
from kb.reading import OPERATOR, list_entries
from tests.bench.generator import LEAST, MOST, records, write_corpus
from tests.bench.setting import BenchError

LESSONS = Path(__file__).parent / "bench" / "lessons.jsonl"
COUNT = 300


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    file = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    write_corpus(LESSONS, file, COUNT)
    return file


def sources():
    return [json.loads(line) for line in LESSONS.read_text("utf-8").splitlines()]


def texts(file):
    return [json.loads(line)["lesson"] for line in file.read_text("utf-8").splitlines()]


def test_the_same_seed_gives_the_same_records(corpus, tmp_path):
    write_corpus(LESSONS, tmp_path / "again.jsonl", COUNT)
    assert (tmp_path / "again.jsonl").read_bytes() == corpus.read_bytes()


def test_another_seed_gives_others(corpus):
    other = [record["lesson"] for record in islice(records(LESSONS, seed=7), COUNT)]
    assert len(set(other) & set(texts(corpus))) < COUNT / 10


def test_a_short_corpus_is_the_beginning_of_a_long_one(corpus, tmp_path):
    write_corpus(LESSONS, tmp_path / "short.jsonl", 40)
    assert corpus.read_text("utf-8").startswith((tmp_path / "short.jsonl").read_text("utf-8"))


def test_no_text_comes_twice(corpus):
    assert len(set(texts(corpus))) == COUNT


def test_words_are_those_of_the_lessons(corpus):
    given = [value for row in sources() for value in row.values() if isinstance(value, str)]
    known = {word for value in given for word in value.split()}
    assert {word for text in texts(corpus) for word in text.split()} <= known


def test_records_differ_in_length_within_bounds(corpus):
    lengths = [len(text.split()) for text in texts(corpus)]
    assert min(lengths) >= LEAST
    assert max(lengths) <= MOST
    assert max(lengths) - min(lengths) > 50


def test_facets_are_those_of_a_lesson(corpus):
    given = {(tuple(row["topics"]), row["centre"], row["phase"]) for row in sources()}
    found = [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]
    assert {(tuple(row["topics"]), row["centre"], row["phase"]) for row in found} == given


def test_every_record_loads_as_one_passage(corpus, tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'records.sqlite'}")
    report = load(database, [corpus], LoadOptions(format="llis"))
    assert (report.created, report.failed, report.problems) == (COUNT, 0, [])
    with database.read() as session:
        views = list_entries(session, OPERATOR, None, 0, COUNT)
    database.dispose()
    passages = [make_document(view, "").passages for view in views]
    assert [len(each) for each in passages] == [1] * COUNT
    assert len({each[0].digest for each in passages}) == COUNT


def test_too_little_text_is_an_error(tmp_path):
    lesson = {"id": "1", "title": "One", "lesson": "word " * 130, "centre": "A"}
    (tmp_path / "lessons.jsonl").write_text(json.dumps(lesson))
    with pytest.raises(BenchError, match="too little text"):
        list(islice(records(tmp_path / "lessons.jsonl"), 200))


def test_no_lesson_that_is_long_enough_is_an_error(tmp_path):
    (tmp_path / "lessons.jsonl").write_text(json.dumps({"id": "1", "title": "One", "lesson": "Short."}))
    with pytest.raises(BenchError, match="no lesson of"):
        next(records(tmp_path / "lessons.jsonl"))
