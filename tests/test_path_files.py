"""Paths as Markdown: what is written is read again to the letter, and faults are named by their line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content import make_content, to_json
from kb.errors import InvalidRecord
from kb.learning.path_reading import read_path
from kb.learning.path_text import path_text
from tests.strategies import contents

HEADINGS = [
    "## Goal", "## goal  ", "\\## Stages", "\\\\## Text\nx", "a\n## Competencies\n\nb", "## Other",
    "### Stage", "<!-- a", "-->", "1. [[L-0001]]", "In any order.", "# A title",
]  # fmt: skip
FILE = """---
kind: path
audience: Project managers
---

# Contracting

For the first contract.

## Goal

Buy **well**.

## Competencies

- Reads a contract
- Knows when to
  ask

## Prerequisites

- [[P-0002]] Something before

## Stages

<!-- What
somebody notes -->

### Read

In any order.

1. [[L-0001]] Whatever it is called
   - Revision: 3
   - Minutes: 20
2. L-0002
   - Rule: completedandpassed
   - Optional
   - Note: Look at
     the hours

### Do
* [[M-0003|the quiz]]

## Text

The end.
"""


@settings(max_examples=300, deadline=None)
@given(data=contents("path"), extra=st.sampled_from(HEADINGS), named=st.booleans())
def test_what_is_written_is_read_again(data, extra, named):
    content = make_content("path", data | {"goal": extra, "body": f"{data.get('body', '')}\n{extra}"})
    titles = {"L-0001": extra, "P-0001": "## Goal"}
    text = path_text(content, {ref: " ".join(title.split()) for ref, title in titles.items()}, "P-0007", 4)
    brought = read_path(text.encode())
    assert to_json(brought.content) == to_json(content)
    assert (brought.ref, brought.revision) == ("P-0007", 4)
    assert path_text(brought.content, {}, "P-0007", 4) == path_text(content, {}, "P-0007", 4)


def test_a_file_that_people_wrote_is_read():
    content = read_path(FILE.replace("\n", "\r\n").encode("utf-8-sig")).content
    assert to_json(content) == {
        "title": "Contracting",
        "summary": "For the first contract.",
        "body": "The end.",
        "audience": "Project managers",
        "goal": "Buy **well**.",
        "competencies": ["Reads a contract", "Knows when to ask"],
        "prerequisites": ["P-0002"],
        "stages": [
            {"title": "Read", "ordered": False, "steps": [
                {"entry": "L-0001", "revision": 3, "minutes": 20},
                {"entry": "L-0002", "completion": "CompletedAndPassed", "required": False,
                 "note": "Look at the hours"},
            ]},
            {"title": "Do", "steps": [{"entry": "M-0003"}]},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("   - Minutes: 20", "   - Minutes: long", "line {at}: Minutes must be a whole number, not 'long'"),
        (
            "   - Minutes: 20",
            "   - Minuts: 20",
            "line {at}: Minuts is not a known field; did you mean Minutes?",
        ),
        ("   - Minutes: 20", "   - Minutes: 0", "line {above}: stages.1.steps.1.minutes must be more than 0"),
        ("completedandpassed", "done", "line {at}: Rule must be one of Completed, Passed"),
        ("2. L-0002", "2. Read it", "line {at}: '2. Read it' is no step"),
        ("[[P-0002]] Something before", "Something", "line {at}: a prerequisite is an id"),
        ("## Text", "## Goal", "line {at}: Goal stands here again, first in line 10; keep one"),
        ("# Contracting", "Contracting", "line {at}: the text must begin with the title"),
        ("audience:", "audiense:", "did you mean audience?"),
        ("kind: path", "kind: lesson", "line 2: kind must be path, not 'lesson'"),
        ("kind: path", "id: L-0001", "line 2: id must be that of a path"),
        ("kind: path", "revision: x", "line 2: revision must be a number"),
        ("kind: path", "a: [", "line 4: is not valid YAML"),
        ("- Reads a contract", "Reads a contract", "line {at}: competencies are a list"),
        ("### Read", "Read", "a stage comes first: ### Title of the stage"),
        ("# Contracting", "#", "line {at}: title must not be empty"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(before, after, words):
    assert before in FILE
    with pytest.raises(InvalidRecord) as refused:
        read_path(FILE.replace(before, after, 1).encode())
    at = FILE.partition(before)[0].count("\n") + 1
    words = words.format(at=at, above=at - 2)
    assert words in "; ".join(str(each) for each in refused.value.problems)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe#", "UTF-8"), (b"---\nkind: path", "never closed"),
     (b"x" * 5_000_001, "too large"), (b"# a\x01", "U+0001")],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(data, words):
    with pytest.raises(InvalidRecord, match=words.replace("+", r"\+")):
        read_path(data)
