"""Settings of how people come in: by a provider of identities, or by a proxy that vouches for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kb.errors import SettingsError
from kb.networks import is_loopback, read_network

if TYPE_CHECKING:
    from collections.abc import Mapping

BUTTON = "Sign in with your organisation"
MAX_BUTTON = 60
"""Characters that fit on a button."""
MAX_ISSUER = 300
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}")
NOT_OF_PERSONS = {"authorization", "cookie", "host", "origin", "x-forwarded-for", "x-request-id"}
"""Headers that mean something else."""


def provider_settings(given: Mapping[str, str]) -> dict[str, Any]:
    """Single sign-on: everything that it needs, or nothing."""
    said = [name for name in sorted(given) if name.startswith("PRECEDENT_OIDC_") and given[name]]
    needed = [f"PRECEDENT_OIDC_{name}" for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")]
    missing = [name for name in needed if not given.get(name)]
    if not said:
        return {}
    if missing:
        raise SettingsError(f"{said[0]} is set, and single sign-on also needs {' and '.join(missing)}.")
    name = given.get("PRECEDENT_OIDC_NAME") or BUTTON
    if len(name) > MAX_BUTTON or not name.isprintable():
        raise SettingsError(f"PRECEDENT_OIDC_NAME must be at most {MAX_BUTTON} characters on one line.")
    return {
        "oidc_issuer": _issuer(given["PRECEDENT_OIDC_ISSUER"]),
        "oidc_client_id": given["PRECEDENT_OIDC_CLIENT_ID"],
        "oidc_client_secret": given["PRECEDENT_OIDC_CLIENT_SECRET"],
        "oidc_name": name,
        "oidc_hosts": hosts_in(given.get("PRECEDENT_OIDC_HOSTS"), "PRECEDENT_OIDC_HOSTS"),
    }


def proxy_settings(given: Mapping[str, str]) -> dict[str, Any]:
    """The proxies before us, and how they say who asks."""
    parts = [part.strip() for part in given.get("PRECEDENT_PROXIES", "").split(",") if part.strip()]
    networks = [read_network(part) for part in parts]
    for part, network in zip(parts, networks, strict=True):
        if network is None:
            raise SettingsError(
                "PRECEDENT_PROXIES must list addresses or networks such as 127.0.0.1, 10.0.7.0/24, "
                f"not {part!r}."
            )
    header = given.get("PRECEDENT_PROXY_HEADER", "")
    if header and not networks:
        raise SettingsError(
            "PRECEDENT_PROXY_HEADER is set, and PRECEDENT_PROXIES has to say whose headers count."
        )
    if header and (not _HEADER.fullmatch(header) or header.lower() in NOT_OF_PERSONS):
        raise SettingsError(
            f"PRECEDENT_PROXY_HEADER must name a header such as X-Forwarded-Email, not {header!r}."
        )
    return {"proxies": tuple(each for each in networks if each is not None), "proxy_header": header}


def _issuer(value: str) -> str:
    is_short = len(value) <= MAX_ISSUER and value.isascii() and value.isprintable()
    is_plain = is_short and not set(value) & set("?#@")
    parts = urlsplit(value if is_plain and _has_host(value) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise SettingsError(
            "PRECEDENT_OIDC_ISSUER must be the provider's https address as its discovery document states it, "
            "such as https://sso.example.org/realms/staff (http only on this machine itself)."
        )
    return value


def hosts_in(value: str | None, name: str) -> tuple[str, ...]:
    """Host names with or without a port, addresses and networks, separated by commas."""
    hosts = tuple(each for part in (value or "").split(",") if (each := part.strip()))
    for each in hosts:
        is_host = not set(each) & set("/?#@ ") and _has_host(f"https://{each}")
        if read_network(each) is None and not is_host:
            raise SettingsError(
                f"{name} must list hosts or networks such as login.example.org, 10.20.0.0/16, not {each!r}."
            )
    return hosts


def _has_host(address: str) -> bool:
    """Whether the address names a host, and a port that can be one if any."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
