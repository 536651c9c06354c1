"""precedent search, similar, show."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kb.kinds import KINDS
from kb.reading import OPERATOR, get_entry
from web.commands import index_now, index_writer, open_repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kb.config import Settings
    from kb.database import Database
    from kb.recurring import Occurrence
    from search.engine import Engine
    from search.results import Hit, SearchPage

_DEGRADED = {
    "keyword": "the keyword ranking is missing",
    "semantic": "the ranking by meaning is missing",
    "incomplete": "the index is still being built",
}


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--kind", type=click.Choice(list(KINDS)), multiple=True, help="Only entries of this kind (repeatable)."
)
@click.option(
    "--mode", type=click.Choice(["hybrid", "keyword", "semantic"]), default="hybrid", show_default=True
)
@click.option(
    "--sort",
    type=click.Choice(["relevance", "match", "newest", "oldest"]),
    default="relevance",
    show_default=True,
)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def search(
    query: tuple[str, ...], kind: tuple[str, ...], mode: Any, sort: Any, limit: int, *, as_json: bool
) -> None:
    """Find lessons, reviews, templates, training, paths and projects.

    \b
    Examples:
      precedent search supplier delivers late
      precedent search '"cut-over" -payroll kind:lesson after:2019'
      precedent search --mode semantic --kind lesson --json "what can go wrong with permits"

    A query that starts with a dash needs -- before it: precedent search -- -payroll cut-over
    """
    from search.query import Filter
    from search.results import SearchRequest

    settings, database, engine = open_engine()
    filters = tuple(Filter("kind", name) for name in kind)
    request = SearchRequest(" ".join(query), filters, mode, sort, 0, limit)
    page = engine.search(request, OPERATOR)
    click.echo(json.dumps(page_json(page), ensure_ascii=False) if as_json else _page_text(page))
    if {"keyword", "semantic"} <= set(page.degraded):
        _rebuild_missing(settings, database)


@click.command()
@click.argument("ref")
@click.option("--limit", type=click.IntRange(1, 50), default=6, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def similar(ref: str, limit: int, *, as_json: bool) -> None:
    """Entries nearest in meaning to an entry.

    \b
    Examples:
      precedent similar L-0001
      precedent similar L-0001 --limit 3 --json
    """
    _, database, engine = open_engine()
    with database.read() as session:
        get_entry(session, ref.upper(), OPERATOR)
    hits = engine.similar(ref.upper(), OPERATOR, limit)
    if as_json:
        click.echo(json.dumps({"hits": [hit_json(hit) for hit in hits]}, ensure_ascii=False))
    else:
        click.echo(
            "\n".join(_hit_lines(hits))
            or "Nothing is similar, or the index is not there: run `precedent sync`."
        )


@click.command()
@click.argument("ref")
@click.option("--revision", type=click.IntRange(1), default=None, help="An earlier revision.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(ref: str, revision: int | None, *, as_json: bool) -> None:
    """Print an entry.

    \b
    Examples:
      precedent show L-0001
      precedent show T-0003 --json
    """
    from kb.content import to_json
    from kb.recurring import recurring
    from kb.sections import sections
    from kb.visibility import stated_readers

    _, database = open_repository()
    with database.read() as session:
        view = get_entry(session, ref.upper(), OPERATOR, revision)
        readers = stated_readers(session, view.readers)
        learned = recurring(session, view, OPERATOR) if revision is None else None
    times = list(learned.times) if learned else []
    if as_json:
        head = {"id": view.ref, "kind": view.kind, "revision": view.number, "state": view.state,
                "visibility": view.visibility, "readers": readers,
                "learned": list(map(asdict, times))}  # fmt: skip
        click.echo(json.dumps(head | to_json(view.content), ensure_ascii=False, default=str))
        return
    click.echo(click.style(f"{view.ref}  {view.title}", bold=True))
    click.echo(
        f"{view.kind}, revision {view.number}, {view.state}; tags: {', '.join(view.content.tags) or 'none'}"
    )
    if view.visibility != "public":
        click.echo(f"visible to: {', '.join(readers) or 'people who have signed in'}")
    if times:
        click.echo("\n".join([f"learned {len(times)} times:", *map(_occurrence_line, times)]))
    for heading, text in sections(view.content):
        click.echo(f"\n{click.style(heading, bold=True)}\n{text}")


def _occurrence_line(each: Occurrence) -> str:
    """One time that a lesson was learned: when, by what entry, where, at what cost."""
    cost = "" if each.cost is None else f"{each.cost:+,.0f} {each.currency}".strip()
    days = "" if each.days is None else f"{each.days:+,.0f} days"
    parts = (str(each.on or "no date"), each.ref, each.where, cost, days)
    return "  " + ", ".join(part for part in parts if part)


def page_json(page: SearchPage) -> dict[str, Any]:
    """What `search --json` prints."""
    hits = [hit_json(hit) for hit in page.hits]
    return {"total": page.total, "degraded": list(page.degraded), "suggestion": page.suggestion, "hits": hits}


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as JSON."""
    head = {"id": hit.entry.ref, "kind": hit.entry.kind, "title": hit.entry.title, "score": hit.score}
    return head | {"snippet": hit.plain_snippet, "why": str(hit.why)}


def open_engine() -> tuple[Settings, Database, Engine]:
    """The repository, and what searches it."""
    from search.engine import open_engine as open_over

    settings, database = open_repository()
    return settings, database, open_over(settings, database)


def _page_text(page: SearchPage) -> str:
    lines = [f"Degraded: {', '.join(_DEGRADED[name] for name in page.degraded)}."] if page.degraded else []
    lines += list(page.query.notes)
    if page.suggestion:
        lines.append(f"Did you mean: {page.suggestion}")
    if not page.hits:
        lines.append(f"Nothing found in {page.searched:,} entries. Try fewer words, or --mode semantic.")
    else:
        lines.append(f"{page.total:,} found in {page.seconds * 1000:.0f} ms")
    return "\n".join([*lines, *_hit_lines(page.hits)])


def _hit_lines(hits: Iterable[Hit]) -> list[str]:
    return [line for hit in hits for line in _lines_of(hit)]


def _lines_of(hit: Hit) -> list[str]:
    snippet = "".join(click.style(f.text, bold=True) if f.marked else f.text for f in hit.snippet)
    ref, title = click.style(hit.entry.ref, fg="cyan"), click.style(hit.entry.title, bold=True)
    return [
        "",
        f"{ref}  {title}  ({hit.entry.kind})",
        *([f"    {' '.join(snippet.split())}"] if snippet else []),
        f"    {hit.why}",
    ]


def _rebuild_missing(settings: Settings, database: Database) -> None:
    """The answer is out: now the missing index is made, so that the next search is whole."""
    sys.stdout.flush()
    click.echo("The index is missing: building it now. Stopping is safe.", err=True)
    index_now(index_writer(settings, database))
