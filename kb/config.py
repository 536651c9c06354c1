"""Settings from the environment. Strict: nonsense is an error at start, not a surprise later."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PRECEDENT_"


@dataclass(frozen=True)
class Settings:
    """Everything that can be set; each field is the variable PRECEDENT_<NAME>."""

    home: Path
    """Folder of the database, the vectors, the index and files."""
    database_url: str
    """SQLAlchemy URL of the records; SQLite inside `home` unless set."""
    encoder: Path | None = None
    """Folder of the exported encoder; the one made by `make install` unless set."""
    host: str = "127.0.0.1"
    """Address that `precedent serve` listens on."""
    port: int = 8000
    """Port that `precedent serve` listens on."""
    threads: int = 8
    """Request threads of the web worker."""
    public_reading: bool = True
    """Whether people who have not signed in may read public entries."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads PRECEDENT_*. Raises SettingsError naming the variable and what it may hold."""
        environ = os.environ if environ is None else environ
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        known = {PREFIX + field.name.upper() for field in fields(cls)} | {PREFIX + "DATA"}
        for name in sorted(set(given) - known):
            raise SettingsError(
                f"{name} is not a setting of Precedent. Settings: {', '.join(sorted(known))}."
            )
        home = _folder(given.get("PRECEDENT_HOME"), "PRECEDENT_HOME") or _default_home()
        return cls(
            home=home,
            database_url=_database_url(given.get("PRECEDENT_DATABASE_URL"), home),
            encoder=_folder(given.get("PRECEDENT_ENCODER"), "PRECEDENT_ENCODER"),
            host=given.get("PRECEDENT_HOST") or "127.0.0.1",
            port=_whole(given, "PRECEDENT_PORT", 8000, 1, 65_535),
            threads=_whole(given, "PRECEDENT_THREADS", 8, 1, 64),
            public_reading=_switch(given, "PRECEDENT_PUBLIC_READING", default=True),
        )

    @property
    def index_folder(self) -> Path:
        """The index: a cache that may be deleted at any time."""
        return self.home / "index"

    @property
    def vectors_file(self) -> Path:
        """The vectors by passage hash, so that a rebuild embeds nothing twice."""
        return self.home / "vectors.sqlite"


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("precedent", appauthor=False)


def _folder(value: str | None, name: str) -> Path | None:
    if not value:
        return None
    path = Path(value).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise SettingsError(f"{name} must name a folder, and {path} is a file.")
    return path


def _database_url(value: str | None, home: Path) -> str:
    if not value:
        return f"sqlite:///{home / 'precedent.sqlite'}"
    if value.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + value.split("://", 1)[1]
    if value.startswith(("postgresql+psycopg://", "sqlite:///")):
        return value
    raise SettingsError(
        "PRECEDENT_DATABASE_URL must start with sqlite:/// or postgresql:// "
        "(for example postgresql://user:password@host/precedent)."
    )


def _whole(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return int(value)


def _switch(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = given.get(name)
    if not value:
        return default
    if value.lower() not in {"yes", "no", "true", "false", "1", "0"}:
        raise SettingsError(f"{name} must be yes or no, not {value!r}.")
    return value.lower() in {"yes", "true", "1"}
