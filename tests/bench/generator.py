"""Large corpora from real sentences: lessons of one passage each, in the layout of NASA's export.

A record is a run of consecutive sentences of one lesson and a shorter run of another lesson that
shares a topic (or, without one, the centre). So frequencies of words, their joint occurrence and the
lengths of passages are those of real text; what does not grow with the corpus is the vocabulary.
Title, topics, dates, phase and unit are the first lesson's: facets keep their real shares.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.setting import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = ("abstract", "driving_event", "lesson", "recommendation", "evidence")
SAME = (
    "topics",
    "mission_directorate",
    "phase",
    "centre",
    "project_program",
    "date_occurred",
    "date_published",
)
"""What a record has from the first of its two lessons, apart from the title."""
LEAST, USUAL, MOST = 60, 120, 175
"""Words of a record. Under the 180 that one passage holds, as Markdown may part a word in two."""
SHARE = 0.65
"""Of a record's words, what the first lesson gives."""
TITLE_WORDS = 6
SEED = 20_261_122
ATTEMPTS = 1000
"""So many repeated texts in a row mean that there is nothing new to say."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Source:
    """A lesson to take sentences from: each is a list of words."""

    row: dict[str, Any]
    sentences: list[list[str]]
    themes: tuple[str, ...]


def write_corpus(lessons: Path, target: Path, count: int, seed: int = SEED) -> None:
    """Writes `count` records, one JSON object a line. A shorter corpus is the beginning of a longer one."""
    with target.open("w", encoding="utf-8") as file:
        for record in itertools.islice(records(lessons, seed), count):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def records(lessons: Path, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Records without end, the same for the same seed, no text twice.

    Holds the lessons and 8 bytes for each record. Raises BenchError when no new text comes out any more.
    """
    sources = read_sources(lessons)
    by_theme: dict[str, list[Source]] = {}
    for source in sources:
        for theme in source.themes:
            by_theme.setdefault(theme, []).append(source)
    chance = random.Random(seed)
    seen: set[bytes] = set()
    for number in itertools.count(1):
        for _ in range(ATTEMPTS):
            first = chance.choice(sources)
            second = chance.choice(by_theme[chance.choice(first.themes)])
            record = _record(str(number), first, second, chance)
            digest = hashlib.sha256(record["lesson"].encode()).digest()[:8]
            if digest not in seen:
                break
        else:
            raise BenchError(f"{lessons.name} holds too little text for {number:,} different records.")
        seen.add(digest)
        yield record


def read_sources(lessons: Path) -> list[Source]:
    """The lessons that are long enough to take a record's sentences from. Raises BenchError if none is."""
    sources = []
    with lessons.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            parts = [part for name in TEXTS for part in _SENTENCE_END.split(row.get(name, ""))]
            sentences = [words for words in map(str.split, parts) if words]
            if row.get("title", "").strip() and sum(map(len, sentences)) >= USUAL:
                themes = (*row.get("topics", ()), row.get("centre", ""))
                sources.append(Source(row, sentences, themes))
    if not sources:
        raise BenchError(f"{lessons} holds no lesson of {USUAL} words.")
    return sources


def _record(number: str, first: Source, second: Source, chance: random.Random) -> dict[str, Any]:
    words = round(chance.triangular(LEAST, MOST, USUAL))
    own = _run(first.sentences, round(words * SHARE), chance)
    text = own + _run(second.sentences, words - len(own), chance)
    start = chance.randrange(len(text) - TITLE_WORDS)
    title = f"{' '.join(first.row['title'].split())}: {' '.join(text[start : start + TITLE_WORDS])}"
    same = {name: first.row[name] for name in SAME if name in first.row}
    return {"id": number, "title": title[:280].strip(), "lesson": " ".join(text), **same}


def _run(sentences: list[list[str]], words: int, chance: random.Random) -> list[str]:
    """So many words of consecutive sentences from a random one on, and from the beginning after the end."""
    start = chance.randrange(len(sentences))
    run: list[str] = []
    for sentence in itertools.chain(sentences[start:], sentences[:start]):
        if len(run) >= words:
            break
        run += sentence
    return run[:words]
