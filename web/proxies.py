"""What a reverse proxy says of a request: whose it is, where it comes from, what it is called.

Anybody can send these headers, so they count only when the connection comes from an address that
PRECEDENT_PROXIES names. The scheme and the host are never taken from a proxy: PRECEDENT_URL says them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import request

from kb.errors import KbError
from kb.networks import counted_as, is_within, read_address
from web.services import services

if TYPE_CHECKING:
    from kb.networks import Address

CHAIN_HEADER = "X-Forwarded-For"
ID_HEADER = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9._-]{8,40}")
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):\d+|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::\d+)?")


class HeaderRefused(KbError):
    """A header says who the person is, and whoever sent it is no proxy of ours."""


def comes_by_proxy() -> bool:
    """Whether the connection comes from one of the proxies."""
    return _is_proxy(read_address(request.remote_addr or ""))


def client_address() -> str:
    """The address that the request comes from: behind proxies, the last one that is not theirs.

    Each proxy adds at the end whom it was asked by. What stands before the first address that is no
    proxy's may be made up by the client, and is not looked at.
    """
    nearest = request.remote_addr or ""
    if not comes_by_proxy():
        return nearest
    chain = ",".join(request.headers.getlist(CHAIN_HEADER)).split(",")
    for part in reversed(chain):
        address = read_address(_without_port(part.strip()))
        if address is None:
            return nearest
        nearest = str(address)
        if not _is_proxy(address):
            return nearest
    return nearest


def client_network() -> str:
    """What limits of addresses count the request's as."""
    return counted_as(client_address())


def proxied_email() -> str | None:
    """The e-mail address of the person whom a proxy has signed in; None where none says so.

    Raises HeaderRefused when the header comes from elsewhere, or more than once.
    """
    name = services().settings.proxy_header
    given = request.headers.getlist(name) if name else []
    if not given:
        return None
    if not comes_by_proxy():
        raise HeaderRefused(
            f"The header {name} is only taken from a proxy that PRECEDENT_PROXIES names, and this request "
            f"comes from {request.remote_addr}. Leave the header out, or open the address of the proxy."
        )
    if len(given) > 1 or "," in given[0]:
        raise HeaderRefused(
            f"The header {name} came more than once. The proxy has to replace it, not add one."
        )
    return given[0].strip().lower() or None


def passed_request_id() -> str | None:
    """What a proxy calls the request, if it does so in a form that fits into logs."""
    given = request.headers.get(ID_HEADER, "")
    return given if _ID.fullmatch(given) and comes_by_proxy() else None


def _is_proxy(address: Address | None) -> bool:
    return address is not None and is_within(address, services().settings.proxies)


def _without_port(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    return (found["v4"] or found["v6"]) if found else text
