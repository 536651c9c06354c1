"""precedent backtest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kb.config import Settings
from kb.errors import KbError
from web.commands import open_embedder, open_repository, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kb.quality import Letter
    from search.estimates.backtest import Backtest
    from search.estimates.history import History
    from search.estimates.reading import Choices

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_WORST = 5


def _names(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    """Column names, separated by commas or given one by one."""
    return frozenset(name.strip() for value in values for name in value.split(",") if name.strip())


def _columns(option: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(option, multiple=True, metavar="COLS", callback=_names, help=text)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", default="", metavar="COL", help="The column to estimate; cost without a FILE.")
@click.option("--unit", default="", help="Unit of the target, such as EUR.")
@_columns("--drop", "Columns to leave out: what is not known before a project starts.")
@_columns("--keep", "Columns to use though they look like the answer.")
@_columns("--numeric", "Columns that hold numbers.")
@_columns("--category", "Columns that hold categories, such as codes written as numbers.")
@_columns("--text", "Columns that hold descriptions.")
@click.option("--id", "id_column", default="", metavar="COL", help="The column that names projects.")
@click.option("--date", default="", metavar="COL", help="When projects finished, for --protocol time.")
@click.option("--least-grade", type=click.Choice(["A", "B", "C", "D"]), default="D", show_default=True,
              help="Of the repository's projects: figures of a lower grade do not count.")  # fmt: skip
@click.option("--protocol", type=click.Choice(["loo", "kfold", "time"]), help="How projects are held out.")
@click.option("--folds", type=click.IntRange(min=2), default=10, show_default=True, help="Of kfold.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the shuffle before folding.")
@click.option("--decimal", type=click.Choice(["point", "comma"]), help="Decimal sign of all columns.")
@click.option("--delimiter", metavar="CHAR", help="Between cells; found out unless given.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backtest(
    file: Path | None, *, id_column: str, date: str, protocol: Any, folds: int, seed: int, decimal: Any,
    least_grade: Letter, delimiter: str | None, encoding: str, as_json: bool, **columns: Any,
) -> None:  # fmt: skip
    """Would estimates from this history have been right? Each project is estimated from others.

    FILE is a table of finished projects, CSV or Excel, one a row; without one the published projects of
    the repository are taken, and the target is cost, effort, duration or one of their attributes.
    Everything is learned anew for each project without it. loo leaves out one at a time (the default up
    to 1,000 projects), kfold a part at a time, time estimates each from those before it.

    \b
    Examples:
      precedent backtest --target duration
      precedent backtest finished.csv --target cost --unit EUR --drop duration
      precedent backtest finished.csv --target effort --protocol kfold --folds 3
      precedent backtest finished.csv --target effort --protocol time --date finished_on
    """
    from search.estimates.backtest import Protocol
    from search.estimates.backtest import backtest as run
    from search.estimates.reading import Choices

    if file is None:
        history = _of_repository(columns, least_grade)
    else:
        if not columns["target"]:
            raise click.UsageError("Missing option '--target': name the column to estimate.")
        choices = Choices(id=id_column, date=date, decimal=decimal, **columns)
        history = _of_table(file, choices, delimiter, encoding)
    chosen = Protocol(protocol, folds, seed) if protocol else None
    with progress_bar("rounds", "Estimating") as progress:
        found = run(history, chosen, progress, workers=_workers())
    if as_json:
        click.echo(json.dumps(found.data()))
        return
    for line in (*_head(found), *_methods(found), *_ranges(found), *_tests(found), *_misses(found)):
        click.echo(line)


def _of_table(file: Path, choices: Choices, delimiter: str | None, encoding: str) -> History:
    """The history in a file, with what was left out told. Raises BadTable."""
    from search.estimates.reading import read_history
    from search.estimates.tables import read

    marked = "\t" if delimiter in {"tab", "\\t"} else delimiter
    reading = read_history(read(file, delimiter=marked, encoding=encoding), choices)
    for notice in reading.notices:
        click.echo(notice, err=True)
    return _embedded(reading.history)


def _of_repository(columns: dict[str, Any], least_grade: Letter) -> History:
    """The published projects. Raises KbError for options that are about the columns of a table."""
    from kb.reading import OPERATOR
    from search.estimates.answering import Estimates
    from search.estimates.descriptions import Descriptions
    from search.estimates.targets import Aim

    meant = [f"--{name}" for name in ("drop", "keep", "numeric", "category", "text", "unit") if columns[name]]
    if meant:
        raise KbError(f"{', '.join(meant)}: these are about the columns of a table; name the FILE too.")
    _, database = open_repository()
    estimates = Estimates(database, lambda: Descriptions(None))
    with database.read() as session:
        projects, figures = estimates.projects(session, OPERATOR), estimates.figures(session)
    fitted = estimates.fitted(projects, figures, Aim(columns["target"] or "cost", least_grade=least_grade))
    for notice in fitted.prepared.notices:
        click.echo(notice, err=True)
    return fitted.history


def _workers() -> int:
    from indexer.embedder import processors

    return processors()


def _embedded(history: History) -> History:
    """The history with its descriptions read, where there are any and an encoder."""
    from indexer.embedder import EncoderMissing

    if not any(history.texts):
        return history
    try:
        return history.embedded(open_embedder(Settings.from_env()).embed_passages)
    except EncoderMissing as error:
        click.echo(f"Descriptions are not read. {error}", err=True)
        return history


def _number(value: float) -> str:
    """Digits that matter: four, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _head(found: Backtest) -> Iterator[str]:
    unit = f" in {found.history.unit}" if found.history.unit else ""
    how = {
        "loo": "each estimated from all others",
        "kfold": f"{found.protocol.folds} folds, each estimated from the others",
        "time": "each estimated from those before it",
    }[found.protocol.kind]
    yield f"{len(found.truth):,} projects, {found.history.target}{unit}; {how}"
    yield ""


def _methods(found: Backtest) -> Iterator[str]:
    without = found.without_largest()
    yield (
        f"{'method':15}{'MAE':>11}{'MdAE':>11}{'SA %':>8}{'delta':>8}{'Pred(25)':>10}{'MdMRE':>8}"
        f"{'MAE without the largest':>26}"
    )
    for name, each in found.accuracies().items():
        yield (
            f"{name:15}{_number(each.mae):>11}{_number(each.mdae):>11}{each.sa:8.1f}{each.delta:8.2f}"
            f"{each.pred25:10.2f}{each.mdmre:8.2f}{_number(without[name].mae):>26}"
        )
    yield ""


def _ranges(found: Backtest) -> Iterator[str]:
    each = found.intervals()
    yield f"{'ranges':30}{'share':>8}{'95 % interval':>18}"
    for words, share, (low, high) in (
        ("truth from P10 to P90 (80 %)", each.coverage, each.coverage_interval),
        ("truth up to P80 (80 %)", each.hit_p80, each.hit_p80_interval),
    ):
        yield f"{words:30}{share:8.1%}{f'{low:.1%} to {high:.1%}':>18}"
    yield (
        f"Median width P10 to P90 {_number(each.median_width)}; "
        f"plain conformal {_number(each.plain_median_width)} ({each.plain_coverage:.1%} inside)."
    )
    yield (
        f"Interval score {_number(each.score)}; plain conformal {_number(each.plain_score)} (less is better)."
    )
    yield ""


def _tests(found: Backtest) -> Iterator[str]:
    yield f"{'Precedent less':15}{'MAE':>11}{'wins':>7}{'losses':>8}{'Wilcoxon p':>12}{'Holm':>9}"
    for each in found.tests():
        yield (
            f"{each.against:15}{_number(each.difference):>11}{each.wins:7,}{each.losses:8,}"
            f"{each.p:12.4f}{each.corrected_p:9.4f}"
        )
    yield ""


def _misses(found: Backtest) -> Iterator[str]:
    yield f"Worst misses{'':18}{found.history.target[:20]:>12}{'P50':>12}{'P10 to P90':>28}"
    for each in found.worst(_WORST):
        range_ = f"{_number(each.p10)} to {_number(each.p90)}"
        yield f"{each.name[:28]:30}{_number(each.truth):>12}{_number(each.p50):>12}{range_:>28}"
