"""Settings of the server that takes mails: everything that sending needs, or nothing."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from kb.errors import SettingsError
from kb.networks import is_loopback, read_address, read_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.networks import Network

Security = Literal["starttls", "tls", "none"]
PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
MAX_SECRET = 1_000
_PLACES = "the private addresses or networks in which the mail server may be"
_NAMES = ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "PASSWORD_FILE", "SENDER", "NETWORKS")


def mail_settings(given: Mapping[str, str]) -> dict[str, Any]:
    """How mails are sent. Raises SettingsError, naming the variable and what it may hold."""
    said = {name: given.get(f"PRECEDENT_SMTP_{name}", "") for name in _NAMES}
    named = sorted(f"PRECEDENT_SMTP_{name}" for name, value in said.items() if value)
    if not named:
        return {}
    needed = {"PRECEDENT_SMTP_HOST": said["HOST"], "PRECEDENT_SMTP_SENDER": said["SENDER"],
              "PRECEDENT_URL": given.get("PRECEDENT_URL")}  # fmt: skip
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"{named[0]} is set, and sending mail also needs {' and '.join(missing)}.")
    security = said["SECURITY"] or "starttls"
    if security not in PORTS:
        raise SettingsError(
            f"PRECEDENT_SMTP_SECURITY must be {', '.join(get_args(Security))}, not {security!r}."
        )
    return {
        "smtp_host": _host(said["HOST"]),
        "smtp_port": _port(said["PORT"], cast("Security", security)),
        "smtp_security": security,
        "smtp_sender": _sender(said["SENDER"]),
        "smtp_networks": networks_of("PRECEDENT_SMTP_NETWORKS", said["NETWORKS"], _PLACES),
        **_credentials(said, security),
    }


def _host(value: str) -> str:
    is_word = value.isascii() and value.isprintable() and len(value) <= 253
    has_port = ":" in value and read_address(value) is None
    if has_port or not is_word or set(value) & set(" /@?#,"):
        raise SettingsError(
            "PRECEDENT_SMTP_HOST must name the mail server alone, such as mail.example.org: "
            f"its port is PRECEDENT_SMTP_PORT, not {value!r}."
        )
    return value.strip("[]")


def _port(value: str, security: Security) -> int:
    if not value:
        return PORTS[security]
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65_535):
        raise SettingsError(f"PRECEDENT_SMTP_PORT must be a whole number from 1 to 65535, not {value!r}.")
    return int(value)


def _sender(value: str) -> str:
    """An address, with a name before it or not, as it stands in a mail."""
    name, address = parseaddr(value) if value.isprintable() and len(value) <= 300 else ("", "")
    try:
        sender = Address(name, addr_spec=address) if address.isascii() else Address()
    except (HeaderParseError, ValueError, IndexError):
        sender = Address()
    if not sender.username or not sender.domain:
        raise SettingsError(
            "PRECEDENT_SMTP_SENDER must be an address such as precedent@example.org or "
            f"Precedent <precedent@example.org>, not {value!r}."
        )
    return str(sender)


def networks_of(variable: str, value: str, what: str) -> tuple[Network, ...]:
    """The addresses and networks that a setting lists. Raises SettingsError."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    networks = tuple(network for part in parts if (network := read_network(part)) is not None)
    for part in parts:
        if read_network(part) is None:
            raise SettingsError(f"{variable} must list {what}, such as 10.20.0.0/16, not {part!r}.")
    return networks


def _credentials(said: Mapping[str, str], security: str) -> dict[str, Any]:
    if said["PASSWORD"] and said["PASSWORD_FILE"]:
        raise SettingsError("Set PRECEDENT_SMTP_PASSWORD or PRECEDENT_SMTP_PASSWORD_FILE, not both.")
    password = said["PASSWORD"] or secret_from_file("PRECEDENT_SMTP_PASSWORD_FILE", said["PASSWORD_FILE"])
    if bool(said["USER"]) != bool(password):
        raise SettingsError(
            "The mail server needs a user and a password, or neither: set PRECEDENT_SMTP_USER and "
            "PRECEDENT_SMTP_PASSWORD or PRECEDENT_SMTP_PASSWORD_FILE."
        )
    for name in ("USER", "PASSWORD"):
        value = said["USER"] if name == "USER" else password
        if not value.isprintable() or len(value) > MAX_SECRET:
            raise SettingsError(
                f"PRECEDENT_SMTP_{name} must be at most {MAX_SECRET:,} characters on one line."
            )
    if password and security == "none" and not is_loopback(said["HOST"]):
        raise SettingsError(
            "PRECEDENT_SMTP_SECURITY is none, and a password is not sent in the clear: use starttls or tls."
        )
    return {
        "smtp_user": said["USER"],
        "smtp_password": password,
        "smtp_password_file": said["PASSWORD_FILE"],
    }


def secret_from_file(variable: str, name: str) -> str:
    """The secret in the file that a setting names; empty where it names none. Raises SettingsError."""
    if not name:
        return ""
    try:
        with Path(name).open(encoding="utf-8") as file:
            password = file.read(MAX_SECRET + 2).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise SettingsError(f"{variable} {name} cannot be read: {why}.") from None
    if not password:
        raise SettingsError(f"{variable} {name} is empty.")
    return password
