"""Documents on the command line: read, shown, and saved as drafts by the verbs of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from web.commands import open_repository, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kb.database import Database
    from kb.importing.document import Document
    from kb.importing.plans import Plan

SUFFIXES = (".docx", ".pptx", ".xlsx", ".pdf", ".html", ".htm")
"""Endings of files that hold no records of ours: they are documents, unless somebody says what they are."""


@dataclass(frozen=True)
class Choices:
    """What the command line says of documents."""

    shape: str | None
    places: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.shape or self.places)


def documents_among(paths: Sequence[Path], *, is_said: bool) -> list[Path]:
    """The files that are documents: by their endings, or all of them where that is said."""
    return [path for path in paths if path.is_file() and (is_said or path.suffix.lower() in SUFFIXES)]


def parse_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=PLACE` as a mapping. Raises KbError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, place = pair.rpartition("=")
        if not sign or not name.strip() or not place.strip():
            raise KbError(f'--put takes NAME=PLACE, such as "Observation=happened", not {pair!r}.')
        found[name.strip()] = place.strip()
    return found


def load_documents(paths: Sequence[Path], chosen: Choices, *, dry_run: bool) -> int:
    """Reads each file and makes drafts of it, each file whole or not at all; says what it did.

    Returns how many files failed.
    """
    if not paths:
        if chosen:
            raise KbError("--as and --put are for documents: name a .docx, .pptx, .xlsx, .pdf or .html file.")
        return 0
    failed, (_, database) = 0, open_repository()
    for path in paths:
        try:
            _load(database, path, chosen, dry_run=dry_run)
        except KbError as error:
            failed += 1
            click.echo(f"error: {path}: {error}", err=True)
    return failed


def _load(database: Database, path: Path, chosen: Choices, *, dry_run: bool) -> None:
    from kb.importing.guessing import guess, split_labels
    from kb.importing.recognition import clean_name
    from kb.importing.sandbox import read_document
    from kb.importing.saving import save_drafts
    from kb.importing.stating import stated
    from kb.people.audit import Origin

    name = clean_name(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KbError(f"cannot be read: {error.strerror}") from None
    document = split_labels(read_document(name, data))
    plan = guess(document, name)
    plan = plan.changed(stated(plan, document, chosen.places, shape=chosen.shape), document)
    for notice in document.notices:
        click.echo(f"note: {path}: {notice}", err=True)
    if dry_run:
        _show(document, plan)
    with database.write() as session:
        refs = save_drafts(session, Origin(operator()), name, data, document, plan)
        if dry_run:
            session.rollback()
    would = "Would have made" if dry_run else "Made"
    some = ", ".join(refs[:8]) + (", ..." if len(refs) > 8 else "")
    click.echo(f"{would} {len(refs):,} {'draft' if len(refs) == 1 else 'drafts'} of {path}: {some}.")


def _show(document: Document, plan: Plan) -> None:
    """Where everything goes, a line each."""
    from kb.importing.plans import RECORD, ROWS, labels_of

    click.echo(f"As {plan.shape}: {plan.title}")
    for at, section in enumerate(document.sections):
        target = plan.targets[at]
        what = section.heading or "(no heading)"
        table = " (table)" if section.table else ""
        click.echo(f"  #{at + 1} {what}{table} -> {target}: {plan.reasons[at]}")
        if section.table and target in {ROWS, RECORD}:
            for number, label in enumerate(labels_of(section.table, target), 1):
                why = plan.column_reasons[at][number - 1]
                click.echo(f"     #{at + 1}.{number} {label} -> {plan.columns[at][number - 1]}: {why}")
