"""Schema versions. Opening a current database needs only the constants here, not Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

    from kb.database import Database

VERSIONS = ("0001",)
"""Every schema version this Precedent can migrate from, oldest first."""

HEAD = VERSIONS[-1]


def alembic_config() -> Config:
    """Alembic's configuration, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(database: Database) -> None:
    """Brings the schema to HEAD, in one transaction."""
    from alembic import command

    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
