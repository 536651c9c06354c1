"""Schema versions. Opening a current database needs only the constants here, not Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

    from kb.database import Database

VERSIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
)
"""Every schema version this Precedent can migrate from, oldest first."""

HEAD = VERSIONS[-1]
_LOCK = 5_028_174_406  # any number that other programs on the server do not lock


def alembic_config() -> Config:
    """Alembic's configuration, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(database: Database) -> None:
    """Brings the schema to HEAD, in one transaction. Of several processes the first does it, the others wait.

    Raises DatabaseUnavailable.
    """
    from alembic import command
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError

    from kb.errors import DatabaseUnavailable

    config = alembic_config()
    # SQLite changes some constraints by making a table anew, which must not look like deleting its rows.
    options = {"begin": "BEGIN IMMEDIATE", "foreign_keys": "OFF"}
    try:
        with database.engine.execution_options(**options).begin() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
            if database.is_sqlite:
                broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise DatabaseUnavailable(
                        f"The database could not be migrated: a row of {broken[0]} refers to nothing."
                    )
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database could not be migrated: {error.orig}") from error
    finally:
        database.dispose()  # with its connections goes what was switched off on them
