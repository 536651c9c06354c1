"""precedent evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kb.config import Settings
from web.commands import open_embedder, progress_bar


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(folder: Path, *, as_json: bool) -> None:
    """Measure the ranking on a judged collection (BEIR layout), in a repository of its own.

    FOLDER holds corpus.jsonl, queries.jsonl and qrels/test.tsv. Your own records are not touched.

    \b
    Examples:
      precedent evaluate ~/collections/scifact
      precedent evaluate ~/collections/scifact --json
    """
    from search import evaluation

    settings = Settings.from_env()
    collection = evaluation.Collection.read(folder)
    with progress_bar("steps", "Evaluating") as bar:
        results = evaluation.evaluate(
            collection, settings, open_embedder(settings), lambda label, done, total: bar(done, total)
        )
    if as_json:
        click.echo(json.dumps(results))
        return
    names = ["ndcg@10", "recall@100", "mrr@10"]
    click.echo(f"{len(collection.queries):,} queries over {len(collection.documents):,} documents")
    click.echo(f"{'':10}" + "".join(f"{name:>12}" for name in names))
    for mode, found in results.items():
        click.echo(f"{mode:10}" + "".join(f"{found[name]:12.4f}" for name in names))
