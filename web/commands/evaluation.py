"""precedent evaluate."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.config import Settings
from web.commands import open_embedder, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.evaluation import Evaluation


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--qrels", default="test", metavar="NAME", help="The judgements to use: qrels/NAME.tsv.")
@click.option("--folds", type=click.IntRange(min=2), metavar="K", help="Show each measure over K folds.")
@click.option(
    "--per-query",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Write the measures of each query.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the measures of each query.")
def evaluate(folder: Path, *, qrels: str, folds: int | None, per_query: Path | None, as_json: bool) -> None:
    """Measure the ranking on a judged collection (BEIR layout), in a repository of its own.

    FOLDER holds corpus.jsonl, queries.jsonl and qrels/test.tsv. Your own records are not touched.
    Hybrid is compared with keyword, semantic and a blend of fixed weight: intervals are 95 % bootstrap
    intervals, p that of a paired randomisation test, corrected after Holm.

    \b
    Examples:
      precedent evaluate ~/collections/scifact
      precedent evaluate ~/collections/scifact --qrels train --folds 5
      precedent evaluate ~/collections/scifact --per-query scifact.csv
    """
    from search import evaluation
    from search.judged import Collection

    settings = Settings.from_env()
    collection = Collection.read(folder, qrels)
    # Known before the work of minutes, not after it.
    if folds and folds > len(collection.queries):
        raise click.BadParameter(f"there are {len(collection.queries)} queries.", param_hint="--folds")
    if per_query and not per_query.absolute().parent.is_dir():
        raise click.BadParameter(f"{per_query.parent} is no folder.", param_hint="--per-query")
    with progress_bar("steps", "Evaluating") as bar:
        found = evaluation.evaluate(
            collection, settings, open_embedder(settings), lambda label, done, total: bar(done, total)
        )
    if per_query:
        _write_per_query(found, per_query)
    if as_json:
        click.echo(json.dumps(found.data() | ({"folds": found.folds(folds)} if folds else {})))
        return
    for line in (*_rankings(found), *_folds(found, folds), *_tests(found)):
        click.echo(line)


def _rankings(found: Evaluation) -> Iterator[str]:
    yield f"{len(found.queries):,} queries over {found.documents:,} documents"
    yield ""
    yield f"{'ranking':12}{'measure':12}{'mean':>8}{'deviation':>11}{'95 % interval':>18}"
    for name, summaries in found.summaries().items():
        for measure, each in summaries.items():
            low, high = each.interval
            yield (
                f"{name:12}{measure:12}{each.mean:8.4f}{each.deviation:11.4f}{f'{low:.4f} to {high:.4f}':>18}"
            )


def _folds(found: Evaluation, number: int | None) -> Iterator[str]:
    if number is None:
        return
    yield ""
    yield f"{'ranking':12}{'measure':12}" + "".join(f"{f'fold {fold}':>9}" for fold in range(1, number + 1))
    for name, measured in found.folds(number).items():
        for measure, means in measured.items():
            yield f"{name:12}{measure:12}" + "".join(f"{mean:9.4f}" for mean in means)


def _tests(found: Evaluation) -> Iterator[str]:
    tests = found.tests()
    if not tests:
        return
    yield ""
    counts = f"{'wins':>7}{'ties':>7}{'losses':>8}"
    yield f"{'hybrid less':14}{'measure':10}{'difference':>10}{'p':>9}{'Holm':>9}{counts}"
    for test in tests:
        each = test.result
        yield (
            f"{test.against:14}{test.measure:10}{each.difference:+10.4f}{each.p:9.4f}{test.corrected_p:9.4f}"
            f"{each.wins:7,}{each.ties:7,}{each.losses:8,}"
        )


def _write_per_query(found: Evaluation, file: Path) -> None:
    from search.measures import MEASURES

    try:
        with file.open("w", encoding="utf-8", newline="") as target:
            rows = csv.writer(target)
            rows.writerow(["query", "ranking", *MEASURES])
            for query, name, measured in found.per_query():
                rows.writerow([query, name, *(f"{measured[measure]:.6f}" for measure in MEASURES)])
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}.") from None
