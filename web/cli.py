"""The command line. Commands are imported when called, so that a search starts fast."""

from __future__ import annotations

import importlib
import os
import sys

import click

from kb.errors import KbError
from web.logs import logger, writes_json

COMMANDS = {
    "serve": "web.commands.serving",
    "load": "web.commands.repository",
    "export": "web.commands.repository",
    "visibility": "web.commands.repository",
    "new": "web.commands.desk",
    "edit": "web.commands.desk",
    "submit": "web.commands.desk",
    "review": "web.commands.desk",
    "publish": "web.commands.desk",
    "refuse": "web.commands.desk",
    "archive": "web.commands.desk",
    "supersede": "web.commands.desk",
    "republish": "web.commands.desk",
    "verify": "web.commands.desk",
    "drafts": "web.commands.desk_rest",
    "advise": "web.commands.desk_rest",
    "assign": "web.commands.desk_rest",
    "comment": "web.commands.desk_rest",
    "compare": "web.commands.desk_rest",
    "discard": "web.commands.desk_rest",
    "withdraw": "web.commands.desk_rest",
    "reconsider": "web.commands.desk_rest",
    "copies": "web.commands.copies",
    "bulk": "web.commands.bulk",
    "attach": "web.commands.files",
    "backup": "web.commands.backups",
    "restore": "web.commands.backups",
    "vocabulary": "web.commands.vocabulary",
    "money": "web.commands.reference",
    "uplifts": "web.commands.reference",
    "mappings": "web.commands.mappings",
    "taxonomy": "web.commands.taxonomy",
    "duplicates": "web.commands.duplicates",
    "demand": "web.commands.demand",
    "actions": "web.commands.actions",
    "adoptions": "web.commands.adoptions",
    "path": "web.commands.paths",
    "assignments": "web.commands.assignments",
    "cohorts": "web.commands.cohorts",
    "teaching": "web.commands.teaching",
    "insight": "web.commands.insight",
    "user": "web.commands.user",
    "token": "web.commands.token",
    "audit": "web.commands.audit",
    "notices": "web.commands.notices",
    "mail": "web.commands.mail",
    "xapi": "web.commands.xapi",
    "migrate": "web.commands.repository",
    "sync": "web.commands.indexing",
    "rebuild": "web.commands.indexing",
    "encoder": "web.commands.indexing",
    "search": "web.commands.finding",
    "similar": "web.commands.finding",
    "show": "web.commands.finding",
    "document": "web.commands.taking",
    "fill": "web.commands.taking",
    "evaluate": "web.commands.evaluation",
    "estimate": "web.commands.estimating",
    "backtest": "web.commands.backtesting",
    "mentors": "web.commands.mentors",
    "dossier": "web.commands.dossier",
    "doctor": "web.commands.doctor",
}


class _Commands(click.Group):
    """A group whose commands live in other modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are first needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module."""
        module = COMMANDS.get(cmd_name)
        command = getattr(importlib.import_module(module), cmd_name) if module else None
        return command if isinstance(command, click.Command) else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="precedent")
def precedent() -> None:
    """Precedent: search, load and serve what past projects teach the next one.

    Records, vectors and index live in PRECEDENT_HOME. `precedent COMMAND --help` shows examples.
    """


def main() -> None:
    """Entry point: what a person can act on is one line on standard error and exit status 2."""
    # One query is too small to share out: BLAS threads that wait for each other cost more than they
    # save (16 ms instead of 0.2 for 2,000 rows on two busy processors). Read when NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        precedent()
    except KbError as error:
        if writes_json():
            logger.critical("%s", error)
        else:
            click.echo(f"precedent: {error}", err=True)
        sys.exit(2)
