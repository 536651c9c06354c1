"""Settings of the record store that learns of what people learn: everything that sending needs, or nothing.

Source: Experience API 1.0.3 (ADL) and 2.0 (IEEE 9274.1.1): a store has an endpoint, and takes Basic or
other HTTP credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

from kb.errors import SettingsError
from kb.mail_settings import MAX_SECRET, networks_of, secret_from_file
from kb.networks import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

XapiVersion = Literal["1.0.3", "2.0.0"]
_NAMES = ("ENDPOINT", "KEY", "SECRET", "SECRET_FILE", "TOKEN", "TOKEN_FILE", "VERSION", "EMAIL", "NETWORKS")


def record_store_settings(given: Mapping[str, str]) -> dict[str, Any]:
    """Where statements go. Raises SettingsError, naming the variable and what it may hold."""
    said = {name: given.get(f"PRECEDENT_XAPI_{name}", "") for name in _NAMES}
    named = sorted(f"PRECEDENT_XAPI_{name}" for name, value in said.items() if value)
    if not named:
        return {}
    needed = {"PRECEDENT_XAPI_ENDPOINT": said["ENDPOINT"], "PRECEDENT_URL": given.get("PRECEDENT_URL")}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"{named[0]} is set, and a record store also needs {' and '.join(missing)}.")
    version = said["VERSION"] or "1.0.3"
    if version not in get_args(XapiVersion):
        raise SettingsError(
            f"PRECEDENT_XAPI_VERSION must be {' or '.join(get_args(XapiVersion))}, not {version!r}."
        )
    words = "the private addresses or networks in which the record store may be"
    return {
        "xapi_endpoint": _endpoint(said["ENDPOINT"]),
        "xapi_version": version,
        "xapi_networks": networks_of("PRECEDENT_XAPI_NETWORKS", said["NETWORKS"], words),
        "xapi_email": _switch(said["EMAIL"]),
        **_credentials(said),
    }


def _endpoint(value: str) -> str:
    parts = urlsplit(value if value.isascii() and value.isprintable() and " " not in value else "")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not parts.hostname or parts.username or parts.query or parts.fragment or not is_safe:
        raise SettingsError(
            "PRECEDENT_XAPI_ENDPOINT must be the https address below which the store has its statements, "
            f"such as https://records.example.org/xapi/, not {value!r}."
        )
    return value.rstrip("/") + "/"


def _switch(value: str) -> bool:
    if value.lower() not in {"", "yes", "no", "true", "false", "1", "0"}:
        raise SettingsError(f"PRECEDENT_XAPI_EMAIL must be yes or no, not {value!r}.")
    return value.lower() in {"yes", "true", "1"}


def _credentials(said: Mapping[str, str]) -> dict[str, Any]:
    secret, token = (_secret(said, name) for name in ("SECRET", "TOKEN"))
    if bool(said["KEY"]) != bool(secret):
        raise SettingsError(
            "The record store needs a key and a secret: set PRECEDENT_XAPI_KEY and PRECEDENT_XAPI_SECRET "
            "or PRECEDENT_XAPI_SECRET_FILE."
        )
    if secret and token:
        raise SettingsError("Set PRECEDENT_XAPI_KEY with its secret, or PRECEDENT_XAPI_TOKEN, not both.")
    for name, value in (("KEY", said["KEY"]), ("SECRET", secret), ("TOKEN", token)):
        if not (value.isascii() and value.isprintable()) or len(value) > MAX_SECRET:
            words = f"must be at most {MAX_SECRET:,} ASCII characters on one line"
            raise SettingsError(f"PRECEDENT_XAPI_{name} {words}.")
    if ":" in said["KEY"]:
        raise SettingsError("PRECEDENT_XAPI_KEY must hold no colon: in HTTP it ends the key.")
    return {
        "xapi_key": said["KEY"],
        "xapi_secret": secret,
        "xapi_secret_file": said["SECRET_FILE"],
        "xapi_token": token,
        "xapi_token_file": said["TOKEN_FILE"],
    }


def _secret(said: Mapping[str, str], name: str) -> str:
    variable = f"PRECEDENT_XAPI_{name}"
    if said[name] and said[f"{name}_FILE"]:
        raise SettingsError(f"Set {variable} or {variable}_FILE, not both.")
    return said[name] or secret_from_file(f"{variable}_FILE", said[f"{name}_FILE"])
