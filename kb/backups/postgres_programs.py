"""PostgreSQL's own programs: where they are, how they find the database, what they complain of."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from kb.database import Database
    from kb.errors import KbError

CONNECT_SECONDS = "30"


def program(name: str, error: type[KbError]) -> str:
    """The program's path. Raises `error` when it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise error(
            f"{name} is not there: PostgreSQL is backed up and restored by its own programs. Install them in "
            "the server's version or a newer one (Debian and Ubuntu: apt install postgresql-client)."
        )
    return found


def link(database: Database) -> list[str]:
    """Options that name the database. The password goes by the environment: everybody can read these."""
    return [f"--dbname={_conninfo(database)}", "--no-password"]


def environment(database: Database) -> dict[str, str]:
    """The environment that the programs run in."""
    given = {"PGPASSWORD": database.url.password} if database.url.password else {}
    return os.environ | {"PGCONNECT_TIMEOUT": CONNECT_SECONDS} | given


def complaint(said: bytes) -> str:
    """The line of a program's messages that names the error, as a sentence."""
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    found = next((line for line in lines if "ERROR" in line or "FATAL" in line), lines[-1])
    return f"{found.rstrip('.')}."


def _conninfo(database: Database) -> str:
    named = database.url.translate_connect_args(username="user", database="dbname")
    named.pop("password", None)
    options = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in database.url.query.items()
    }
    return make_conninfo("", **named | options)
