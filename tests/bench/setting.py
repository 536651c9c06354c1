"""The setting of a run: which records, which queries, and a repository in a temporary home."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.sample import sample_paths
from indexer.sync import IndexWriter
from kb.config import Settings
from kb.database import Database, open_database
from kb.errors import KbError
from kb.formats import LoadOptions
from kb.loading import load
from kb.markup import plain_text
from kb.reading import OPERATOR, list_entries
from kb.sections import sections
from search.engine import Engine
from tests.bench.cached import CachedEmbedder
from web.commands import open_embedder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self

    from indexer.embedder import Embedder
    from indexer.sync import SyncReport
    from kb.load_report import LoadReport

REPOSITORY = Path(__file__).parents[2]
LESSONS = Path("llis", "lessons.jsonl")
TASKS = Path("llis", "tasks")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
SENTENCE_WORDS = range(6, 41)
SIZES = (2_000, 20_000)


class BenchError(KbError):
    """The measurement cannot be made, or what it measures is broken."""


def say(words: str) -> None:
    """Tells on standard error what is going on."""
    print(words, file=sys.stderr, flush=True)


def data_folder() -> Path | None:
    """The folder of real data: PRECEDENT_DATA, or shared/data beside the project; None if absent."""
    named = os.environ.get("PRECEDENT_DATA")
    folder = Path(named).expanduser() if named else REPOSITORY.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@dataclass
class Spent:
    """Time that a block takes: by the clock, and of processors (other programs do not count)."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __enter__(self) -> Self:
        self.seconds, self.cpu_seconds = self.seconds - time.perf_counter(), self.cpu_seconds - _cpu()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu_seconds = self.seconds + time.perf_counter(), self.cpu_seconds + _cpu()

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds)

    @property
    def times(self) -> tuple[float, float]:
        """Both, by the clock first."""
        return self.seconds, self.cpu_seconds


def _cpu() -> float:
    """CPU seconds of this process and of those it has waited for."""
    return sum(os.times()[:4])


@dataclass(frozen=True)
class Corpus:
    """Records to load, and the words that describe them."""

    words: str
    paths: list[Path]
    options: LoadOptions
    tasks: Path | None
    """NASA's judged queries; None with the sample corpus."""


def find_corpus(data: Path | None, *, quick: bool) -> Corpus:
    """NASA's lessons, or the sample corpus where they are absent or `quick` is asked for."""
    if data and not quick and (data / LESSONS).is_file():
        options = LoadOptions(format="llis")
        return Corpus("NASA's lessons learned", [data / LESSONS], options, data / TASKS)
    if not quick:
        place = data or "PRECEDENT_DATA or ../shared/data"
        say(f"NASA's lessons are not in {place}: measuring the sample corpus instead.")
    return Corpus("the sample corpus", sample_paths(), LoadOptions(), None)


@dataclass
class Bench:
    """One run. The repository is loaded and indexed when the first section asks for it."""

    settings: Settings
    corpus: Corpus
    data: Path | None
    quick: bool
    sizes: tuple[int, ...] = SIZES
    """Records of the generated corpora."""
    cache: Path | None = None
    """Folder of vectors that are kept between runs; None keeps them for this run."""
    grown: dict[int, Bench] = field(default_factory=dict)
    """Size -> its generated corpus, loaded and indexed once; see `tests.bench.scale`."""
    spent: dict[str, Spent] = field(default_factory=dict)
    """What `load` and `index` took; see `tests.bench.filling`."""

    @cached_property
    def embedder(self) -> Embedder:
        """The encoder that Precedent serves. Raises EncoderMissing."""
        return open_embedder(self.settings)

    @cached_property
    def kept(self) -> CachedEmbedder:
        """The encoder, with the vectors of passages kept."""
        return CachedEmbedder(self.embedder, self.cache or self.settings.home / "kept")

    @cached_property
    def database(self) -> Database:
        """The records of the temporary home; still empty."""
        return open_database(self.settings.database_url)

    @cached_property
    def loaded(self) -> LoadReport:
        """Loads the corpus, once."""
        database = self.database
        say(f"loading {self.corpus.words}")
        with Spent() as self.spent["load"]:
            report = load(database, self.corpus.paths, self.corpus.options)
        if report.failed:
            raise BenchError(f"{report.failed} records did not load, first: {report.problems[0]}")
        return report

    @cached_property
    def indexed(self) -> SyncReport:
        """Loads and indexes the corpus, once."""
        records = self.loaded.created
        say(f"indexing {records:,} records")
        with Spent() as self.spent["index"]:
            return self.writer().sync()

    def writer(self) -> IndexWriter:
        """The index writer of the temporary home."""
        return IndexWriter(self.settings, self.database, self.embedder)

    def engine(self) -> Engine:
        """A new engine, with empty caches, over the indexed repository."""
        if not self.indexed.added:
            raise BenchError("Nothing was indexed.")
        return Engine(self.settings, self.database, self.embedder)

    def environment(self) -> dict[str, str]:
        """What a process of this run needs to find the temporary home, and nothing of the caller's."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PRECEDENT_")}
        encoder = {"PRECEDENT_ENCODER": str(self.settings.encoder)} if self.settings.encoder else {}
        return inherited | encoder | {"PRECEDENT_HOME": str(self.settings.home)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `precedent ...` on the temporary home, with its errors in `log`. The caller stops it."""
        with self.log.open("w") as log:
            return subprocess.Popen(
                precedent(*arguments), env=self.environment(), cwd=REPOSITORY, text=True,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        """What the process started last said on standard error."""
        return self.settings.home / "bench.log"

    @cached_property
    def titles(self) -> list[str]:
        """Distinct titles, in a fixed random order: queries of about eight words."""
        if self.corpus.tasks:
            return _shuffled(_queries(self.corpus.tasks / "title_known_item"))
        return _shuffled(title for title, _ in self._sample_texts())

    @cached_property
    def sentences(self) -> list[str]:
        """Distinct sentences, none of them a title, in a fixed random order: queries of 6 to 40 words."""
        if self.corpus.tasks:
            texts = _queries(self.corpus.tasks / "event_to_recommendation")
            # The first sentence of an event says what happened.
            found = (next(_sentences(text), "") for text in texts)
        else:
            found = (sentence for _, text in self._sample_texts() for sentence in _sentences(text))
        return _shuffled(set(found) - set(self.titles) - {""})

    def _sample_texts(self) -> Iterator[tuple[str, str]]:
        """(title, plain text) of every entry."""
        if self.loaded.failed:
            raise BenchError("The corpus did not load.")
        with self.database.read() as session:
            views = list_entries(session, OPERATOR, None, 0, 10_000)
        for view in views:
            yield view.title, "\n".join(plain_text(text) for _, text in sections(view.content))


def open_bench(
    home: Path, *, quick: bool, sizes: tuple[int, ...] = SIZES, cache: Path | None = None
) -> Bench:
    """A run over a home that is still empty. Settings are the environment's, but for home and database."""
    data = data_folder()
    settings = settings_in(home, Settings.from_env())
    return Bench(settings, find_corpus(data, quick=quick), data, quick, sizes, cache)


def settings_in(home: Path, settings: Settings) -> Settings:
    """The settings with another home, and the records in it."""
    return replace(settings, home=home, database_url=f"sqlite:///{home / 'precedent.sqlite'}")


def precedent(*arguments: str) -> list[str]:
    """The command line of `precedent ...`: the installed command where there is one."""
    installed = Path(sys.executable).with_name("precedent")
    return [*([str(installed)] if installed.exists() else [sys.executable, "-m", "web"]), *arguments]


def _queries(task: Path) -> list[str]:
    lines = (task / "queries.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines if line.strip()]


def _sentences(text: str) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        if len(sentence.split()) in SENTENCE_WORDS:
            yield " ".join(sentence.split())


def _shuffled(texts: Iterable[str]) -> list[str]:
    distinct = sorted(set(texts))
    random.Random(20_211_210).shuffle(distinct)
    return distinct
