"""Settings from the environment. Strict: nonsense is an error at start, not a surprise later."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args
from urllib.parse import urlsplit

from kb.access_settings import BUTTON, hosts_in, provider_settings, proxy_settings
from kb.errors import SettingsError
from kb.mail_settings import Security, mail_settings
from kb.record_store_settings import XapiVersion, record_store_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.networks import Network

PREFIX = "PRECEDENT_"
MASK_BELOW = 5
Access = Literal["local", "yes", "no"]
LogForm = Literal["text", "json"]


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
    mask_below: int = MASK_BELOW
    """A masked source is withheld while fewer similar projects than this are published."""
    metrics: Access = "local"
    """Who may read /metrics: this machine alone, everybody, or nobody."""
    log: LogForm = "text"
    """How the server's processes log: lines for people, or JSON."""
    visitor_searches: int = 1_200
    """Searches a minute that visitors from one address may make."""
    search_days: int = 90
    """For how many days it is counted what was searched for, without anybody's name; 0: not at all."""
    url: str = ""
    """Address under which people reach Precedent, such as https://lessons.example.org; links name it."""
    idle_hours: int = 12
    """A session that is not used for so long ends."""
    session_hours: int = 336
    """A session ends after so long in any case."""
    oidc_issuer: str = ""
    """Address of the OpenID Connect provider that people sign in with; none unless set."""
    oidc_client_id: str = ""
    """What Precedent is called at the provider."""
    oidc_client_secret: str = field(default="", repr=False)
    """What Precedent proves itself with at the provider."""
    oidc_name: str = BUTTON
    """Words of the button that leads to the provider."""
    oidc_create: bool = False
    """Whether people who are not known yet become readers, or only known ones come in by the provider."""
    oidc_hosts: tuple[str, ...] = ()
    """Further hosts of the provider, and private addresses and networks in which it may be."""
    link_hosts: tuple[str, ...] = ()
    """Hosts that are asked when somebody checks the links of a path; `*` is every public one."""
    proxies: tuple[Network, ...] = ()
    """Addresses and networks of the reverse proxies before Precedent: their headers count."""
    proxy_header: str = ""
    """Header in which a proxy names the e-mail address of whom it has signed in; off unless set."""
    smtp_host: str = ""
    """Server that takes the mails; none are sent unless set."""
    smtp_port: int = 587
    """Its port: 587, 465 with TLS from the start, 25 without, unless set."""
    smtp_security: Security = "starttls"
    """How the connection to it is kept private."""
    smtp_user: str = ""
    """What Precedent is called there."""
    smtp_password: str = field(default="", repr=False)
    """What Precedent proves itself with there."""
    smtp_password_file: str = field(default="", repr=False)
    """File that holds the password instead."""
    smtp_sender: str = ""
    """Address that mails come from."""
    smtp_networks: tuple[Network, ...] = ()
    """Private addresses and networks in which the server may be."""

    xapi_endpoint: str = ""
    """Address of the record store that learns of what people learn; nothing is sent unless set."""
    xapi_key: str = field(default="", repr=False)
    """What Precedent is called there."""
    xapi_secret: str = field(default="", repr=False)
    """What it proves itself with there, beside the key."""
    xapi_secret_file: str = field(default="", repr=False)
    """File that holds the secret instead."""
    xapi_token: str = field(default="", repr=False)
    """A bearer token in place of key and secret."""
    xapi_token_file: str = field(default="", repr=False)
    """File that holds the token instead."""
    xapi_version: XapiVersion = "1.0.3"
    """Version of the Experience API that the store speaks."""
    xapi_email: bool = False
    """Whether the store is told people's names and e-mail addresses, not only opaque names."""
    xapi_networks: tuple[Network, ...] = ()
    """Private addresses and networks in which the store may be."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads PRECEDENT_*. Raises SettingsError naming the variable and what it may hold."""
        environ = os.environ if environ is None else environ
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        known = {PREFIX + each.name.upper() for each in fields(cls)} | {PREFIX + "DATA"}
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
            mask_below=_whole(given, "PRECEDENT_MASK_BELOW", MASK_BELOW, 1, 1_000),
            metrics=cast("Access", _choice(given, "PRECEDENT_METRICS", get_args(Access))),
            log=cast("LogForm", _choice(given, "PRECEDENT_LOG", get_args(LogForm))),
            visitor_searches=_whole(given, "PRECEDENT_VISITOR_SEARCHES", 1_200, 1, 1_000_000),
            search_days=_whole(given, "PRECEDENT_SEARCH_DAYS", 90, 0, 3_650),
            url=_address(given.get("PRECEDENT_URL"), "PRECEDENT_URL"),
            idle_hours=_whole(given, "PRECEDENT_IDLE_HOURS", 12, 1, 8_760),
            session_hours=_whole(given, "PRECEDENT_SESSION_HOURS", 336, 1, 8_760),
            oidc_create=_switch(given, "PRECEDENT_OIDC_CREATE", default=False),
            link_hosts=hosts_in(given.get("PRECEDENT_LINK_HOSTS"), "PRECEDENT_LINK_HOSTS"),
            **provider_settings(given),
            **proxy_settings(given),
            **mail_settings(given),
            **record_store_settings(given),
        )

    @property
    def base_url(self) -> str:
        """The beginning of every link that is sent to somebody, without a slash at its end."""
        if self.url:
            return self.url
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def sends_mail(self) -> bool:
        """Whether a mail server is set."""
        return bool(self.smtp_host)

    @property
    def records_learning(self) -> bool:
        """Whether a record store is set."""
        return bool(self.xapi_endpoint)

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.url.startswith("https://")

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


def _address(value: str | None, name: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or rest:
        raise SettingsError(f"{name} must be an address without a path, such as https://lessons.example.org.")
    return f"{parts.scheme}://{parts.netloc}"


def _whole(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return int(value)


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first unless given."""
    value = given.get(name) or choices[0]
    if value not in choices:
        raise SettingsError(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {value!r}.")
    return value


def _switch(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = given.get(name)
    if not value:
        return default
    if value.lower() not in {"yes", "no", "true", "false", "1", "0"}:
        raise SettingsError(f"{name} must be yes or no, not {value!r}.")
    return value.lower() in {"yes", "true", "1"}
