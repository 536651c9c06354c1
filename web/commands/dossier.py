"""precedent dossier list, show, keep, close, export, ledger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from web.commands import noted, open_repository, operator
from web.commands.printing import print_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search.estimates.dossiers import DossierPart, DossierWhole, LedgerGroup


@click.group()
def dossier() -> None:
    """Keep estimates, enter what it really was, and see how often ranges held.

    \b
    Examples:
      precedent dossier keep planned.json --title "Payroll replacement"
      precedent dossier close E-0001 1350000
      precedent dossier ledger
    """


@dossier.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """Print the dossiers, the newest first."""
    from kb.dossiers import keeping
    from search.estimates.dossiers import DossierList, part_of

    _, database = open_repository()
    with database.read() as session:
        total, found = keeping.every(session, operator(), limit=10_000)
    parts = [part_of(each) for each in found]
    if as_json:
        click.echo(DossierList(total=total, offset=0, dossiers=parts).model_dump_json())
    elif parts:
        print_columns(("id", "P50", "P80", "outcome", "title"), [_row(each) for each in parts])
    else:
        click.echo("There are no dossiers.")


@dossier.command()
@click.argument("ref")
@click.option("--version", type=click.IntRange(1), help="An earlier version.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(ref: str, version: int | None, *, as_json: bool) -> None:
    """Print a dossier."""
    found = _whole(ref, version)
    if as_json:
        click.echo(found.model_dump_json())
        return
    click.echo(
        f"{found.id}, version {found.shown}  {found.title}  ({found.author}, {found.made_at:%Y-%m-%d})"
    )
    click.echo(found.answer.words or found.answer.refusal)
    if found.actual is not None:
        click.echo(f"It really was {found.actual:,g} {found.unit}.")


@dossier.command()
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
@click.option("--title", required=True)
@click.option("--note", default="")
@click.option("--after", metavar="ID", help="The dossier that gets another version.")
def keep(file: Path, title: str, note: str, after: str | None) -> None:
    """Estimate the project in FILE (as `precedent estimate` takes it; - for standard input) and keep it."""
    from kb.dossiers import keeping
    from kb.people.audit import Origin
    from kb.reading import OPERATOR
    from kb.validation import validate
    from search.engine import open_engine
    from search.estimates.answering import Estimates
    from search.estimates.dossiers import DossierText
    from web.commands.estimating import read_file

    text = validate(DossierText, {"title": title, "note": note, "request": read_file(file)})
    settings, database = open_repository()
    engine = open_engine(settings, database)
    answer = Estimates(database, lambda: engine.descriptions).answer(text.request, OPERATOR)
    asked, answered = text.request.model_dump(mode="json"), answer.model_dump(mode="json")
    by = Origin(operator())
    if after:
        with database.read() as session:
            newest = keeping.find(session, by.person, after).newest.number
        kept = keeping.continue_(database, by, after.upper(), asked, answered, text.note, after=newest)
    else:
        kept = keeping.keep(database, by, text.title, asked, answered, text.note)
    click.echo(f"Kept as {kept.ref}, version {kept.newest.number}. {answer.words}")


@dossier.command()
@click.argument("ref")
@click.argument("actual")
def close(ref: str, actual: str) -> None:
    """Enter what it really was, in the unit of the dossier."""
    from kb.dossiers import keeping
    from kb.people.audit import Origin
    from kb.validation import validate
    from search.estimates.dossiers import OutcomeText, part_of
    from search.estimates.numbers import read_number

    outcome = validate(OutcomeText, {"actual": read_number(actual, "actual")})
    _, database = open_repository()
    found = part_of(keeping.close(database, Origin(operator()), ref.upper(), outcome.actual))
    verdict = "" if found.inside is None else f": {'inside' if found.inside else 'outside'} P10 to P90"
    click.echo(f"{found.id} is closed{verdict}.")


@dossier.command()
@click.argument("ref")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file.")
def export(ref: str, file: Path, *, force: bool) -> None:
    """Write a dossier as an Excel workbook."""
    from search.estimates.workbook import workbook

    if not re.fullmatch(r"\.xlsx", file.suffix.lower()):
        raise KbError(f"{file}: the file's name must end in .xlsx; the page has Word and PDF too.")
    if file.exists() and not force:
        raise KbError(f"{file} exists; --force replaces it.")
    data = workbook(_whole(ref, None))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise KbError(f"{file} cannot be written: {error.strerror}.") from None
    _, database = open_repository()
    noted(database, "take document", file.name, dossier=ref.upper())
    click.echo(f"Wrote {file}.")


@dossier.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ledger(*, as_json: bool) -> None:
    """How often the ranges of closed dossiers held: by estimator, by method, by year."""
    from kb.dossiers import keeping
    from search.estimates.dossiers import ledger_of

    _, database = open_repository()
    with database.read() as session:
        _total, found = keeping.every(session, operator(), limit=10_000)
    told = ledger_of(found)
    if as_json:
        click.echo(told.model_dump_json())
    elif told.whole is None:
        click.echo("No dossier with a range is closed yet.")
    else:
        groups = [told.whole, *told.by_estimator, *told.by_method, *told.by_year]
        print_columns(("closed", "P10 to P90", "up to P80", "of"), _shares(groups))


def _whole(ref: str, version: int | None) -> DossierWhole:
    from kb.dossiers import keeping
    from kb.reading import OPERATOR
    from search.estimates.dossiers import whole_of

    _, database = open_repository()
    by = operator()
    with database.read() as session:
        return whole_of(session, keeping.find(session, by, ref), version, by, OPERATOR)


def _row(part: DossierPart) -> list[str]:
    from search.estimates.wording import amount

    marks = [amount(part.range.p50), amount(part.range.p80)] if part.range else ["-", "-"]
    return [part.id, *marks, "-" if part.actual is None else amount(part.actual), part.title]


def _shares(groups: Sequence[LedgerGroup]) -> list[list[str]]:
    return [[str(each.n), f"{each.inside:.0%}", f"{each.under_p80:.0%}", each.name] for each in groups]
