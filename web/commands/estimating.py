"""precedent estimate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.errors import InvalidRecord, KbError
from web.commands import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.estimates.answers import EstimateAnswer
    from search.estimates.request import EstimateRequest

_LARGEST = 1_000_000
"""Bytes of a file with one request."""
_SHOWN_PARTS = 3


@click.command()
@click.argument("file", required=False, type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
@click.option("--target", help="cost, effort, duration, or a numeric attribute; cost unless given.")
@click.option("--currency", metavar="CODE", help="Of the cost, such as EUR.")
@click.option("--type", "type_", help="Type of the project, such as migration.")
@click.option("--sector")
@click.option("--region")
@click.option("--method", "methods", multiple=True, type=click.Choice(["agile", "waterfall", "hybrid"]))
@click.option("--novelty", type=click.Choice(["low", "medium", "high"]))
@click.option("--complexity", type=click.Choice(["low", "medium", "high"]))
@click.option("--size", metavar="NUMBER", help="How big the job is.")
@click.option("--size-unit", help="In what the size is counted, such as users.")
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="A further attribute.")
@click.option("--description", help="The project in words.")
@click.option("--least-grade", type=click.Choice(["A", "B", "C", "D"]),
              help="Finished projects whose figures have a lower grade do not count.")  # fmt: skip
@click.option("--plan", metavar="NUMBER", help="The figure that you have already.")
@click.option("--stage", help="Stage of that plan, such as business case.")
@click.option("--exclude", multiple=True, metavar="ID=REASON", help="A finished project that does not count.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def estimate(file: Path | None, *, as_json: bool, **given: Any) -> None:
    """What did comparable finished projects of this repository really cost and take?

    FILE holds a planned project as a JSON object with the fields of POST /api/v1/estimates; - reads
    standard input. Options come on top of it, and what is not known stays out.

    \b
    Examples:
      precedent estimate planned.json --json
      precedent estimate --target duration --type migration --size 900 --size-unit users
      precedent estimate --description "Replace the payroll system of a council" --target effort
    """
    from kb.reading import OPERATOR
    from search.engine import open_engine
    from search.estimates.answering import Estimates

    request = _request(file, given)
    settings, database = open_repository()
    engine = open_engine(settings, database)
    found = Estimates(database, lambda: engine.descriptions).answer(request, OPERATOR)
    if as_json:
        click.echo(found.model_dump_json())
        return
    for line in (*_head(found), *_comparables(found), *_outside(found), *_taught(found), *_limits(found)):
        click.echo(line)


def _request(file: Path | None, given: dict[str, Any]) -> EstimateRequest:
    """The request of file and options. Raises InvalidRecord, KbError."""
    from kb.validation import validate
    from search.estimates.request import EstimateRequest

    data = read_file(file) if file is not None else {}
    names = {"type_": "type", "stage": "plan_stage"}
    for name, value in given.items():
        if value and name not in {"attributes", "exclude", "methods", "size", "plan"}:
            data[names.get(name, name)] = value
    if given["methods"]:
        data["methods"] = list(given["methods"])
    for name in ("size", "plan"):
        if given[name]:
            data[name] = _number(f"--{name}", given[name])
    for pair in given["attributes"]:
        name, value = _pair("--attribute", pair)
        data["attributes"] = dict(data.get("attributes") or {}) | {name: _value(f"--attribute {name}", value)}
    for pair in given["exclude"]:
        ref, reason = _pair("--exclude", pair)
        data["exclude"] = [*(data.get("exclude") or []), {"id": ref.upper(), "reason": reason}]
    if not data:
        raise KbError("Say what is planned: name a FILE, or give options such as --type and --size.")
    return validate(EstimateRequest, data)


def read_file(file: Path) -> dict[str, Any]:
    """The JSON object in a file, or in standard input for `-`. Raises KbError."""
    from web.bodies import read_object

    try:
        data = sys.stdin.buffer.read(_LARGEST + 1) if str(file) == "-" else file.read_bytes()[: _LARGEST + 1]
    except OSError as error:
        raise KbError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST:
        raise KbError(f"{file} is longer than {_LARGEST:,} bytes; one planned project is not.")
    return read_object(data.removeprefix(b"\xef\xbb\xbf"))


def _pair(option: str, text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip() or not value.strip():
        raise KbError(f"{option} {text}: write NAME=VALUE.")
    return name.strip(), value.strip()


def _number(what: str, text: str) -> float:
    from search.estimates.numbers import read_number

    try:
        return read_number(text)
    except InvalidRecord as error:
        raise KbError(f"{what} {text!r} {error.problems[0].message}") from None


def _value(what: str, text: str) -> float | bool | str:
    from search.estimates.numbers import looks_like_number

    if text.lower() in {"yes", "true", "no", "false"}:
        return text.lower() in {"yes", "true"}
    return _number(what, text) if looks_like_number(text) else text


def _head(found: EstimateAnswer) -> Iterator[str]:
    from search.estimates.wording import amount, percent

    if found.range is None:
        yield f"No range for {found.target}. {found.refusal}"
        yield ""
        return
    unit = f", {found.unit}" if found.unit else ""
    yield f"{found.target.capitalize()}{unit}"
    for name, words in (("p10", "P10"), ("p50", "P50"), ("p80", "P80"), ("p90", "P90")):
        yield f"  {words:4}{amount(getattr(found.range, name)):>16}"
    yield f"Based on {found.n:,} finished projects."
    if found.measured:
        each = found.measured
        low, high = each.under_interval
        yield (
            f"On this history P10 to P90 held {percent(each.inside_p10_p90)} of the time, P80 "
            f"{percent(each.under_p80)} (95 % interval {percent(low)} to {percent(high)}; {each.protocol})."
        )
    yield ""


def _comparables(found: EstimateAnswer) -> Iterator[str]:
    from search.estimates.wording import amount

    if found.comparables:
        yield f"{'nearest':9}{'actual':>14}{'scale':>8}{'implied':>14} grade  "
    for each in found.comparables:
        scale = f"{each.scale:.2f}" if each.scale is not None else "-"
        implied = amount(each.implied) if each.implied is not None else "-"
        yield f"{each.id:9}{amount(each.actual):>14}{scale:>8}{implied:>14} {each.grade:5}  {each.title}"
        parts = each.parts[:_SHOWN_PARTS]
        yield f"{'':53}" + "; ".join(f"{part.attribute} {part.share:.0%} ({part.words})" for part in parts)
    for gone in found.excluded:
        yield f"Excluded: {gone.id}  {gone.title}  ({gone.reason})"
    yield ""


def _outside(found: EstimateAnswer) -> Iterator[str]:
    if found.reference:
        yield found.reference.words
    if found.plan:
        yield found.plan.words
    if found.sensitivity:
        moved = max(found.sensitivity, key=lambda each: abs(each.change or 0.0))
        yield f"Most hangs on {moved.id}: without it P50 changes by {moved.change or 0.0:+.0%}."


def _taught(found: EstimateAnswer) -> Iterator[str]:
    for each in found.causes:
        named = ", ".join(entry.id for entry in each.entries)
        yield f"{each.words[:1].upper()}{each.words[1:]}" + (f": {named}" if named else "")
    if found.team:
        team = found.team
        yield f"Teams of {team.n}: {team.smallest:g} to {team.largest:g} people, half up to {team.median:g}."


def _limits(found: EstimateAnswer) -> Iterator[str]:
    told: Sequence[str] = [*found.warnings, *found.left_out]
    if told:
        yield ""
    for each in told:
        yield f"Note: {each}"
