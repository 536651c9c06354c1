"""Requests to other machines: only to named places, at addresses that were checked, within limits.

A name is resolved once, every address that it has is checked, and the connection goes to the checked
address, so that a name cannot lead elsewhere between check and use. Redirects are not followed, the
environment's proxies are not used, and one clock runs over the whole request, however slowly the
other side drips. Certificates are checked against the system's store (or SSL_CERT_FILE).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from kb.errors import KbError
from kb.networks import (
    Address,
    Network,
    is_loopback,
    is_public,
    is_within,
    private_networks,
    read_address,
    read_network,
)
from kb.validation import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_BYTES = 1_000_000
PORTS = {"https": 443, "http": 80}


class OutboundFailed(KbError):
    """A request to another machine was not allowed, or there is no usable answer."""


@dataclass(frozen=True)
class Reach:
    """Where requests may go."""

    origins: frozenset[str]
    """Such as https://login.example.org:443."""
    networks: tuple[Network, ...] = ()
    """Private networks that were named: no other private address is connected to."""
    setting: str = ""
    """The setting that adds to it, for messages."""
    is_open: bool = False
    """Whether every public machine may be asked."""

    @classmethod
    def around(cls, address: str, others: Iterable[str], setting: str) -> Reach:
        """The origin of an address, and the hosts, addresses and networks that a setting adds."""
        hosts = [each for each in others if "/" not in each]
        named = [network for each in others if (network := read_network(each)) is not None]
        parts = [urlsplit(address), *(_split(each) for each in hosts)]
        own = [network for part in parts for network in private_networks(part.hostname or "")]
        return cls(frozenset(map(origin_of, parts)), (*named, *own), setting)

    @classmethod
    def among(cls, hosts: Iterable[str], setting: str) -> Reach:
        """The hosts, addresses and networks that a setting names; `*` is every public machine."""
        named = [each for each in hosts if each != "*"]
        parts = [_split(each) for each in named if "/" not in each]
        networks = [network for each in named if (network := read_network(each)) is not None]
        own = [network for part in parts for network in private_networks(part.hostname or "")]
        return cls(frozenset(map(origin_of, parts)), (*networks, *own), setting, "*" in set(hosts))

    def check(self, address: str, *, may_be_plain: bool = False) -> SplitResult:
        """The address in its parts. Raises OutboundFailed unless requests may go there.

        Plain http, which everybody on the way can read and change, is refused but for this machine itself,
        or where nothing that is sent or answered is a secret or is believed: `may_be_plain`. Whoever names
        a host means it by either scheme then.
        """
        parts = _parts(address)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and (may_be_plain or is_loopback(host))):
            wanted = "an http or https" if may_be_plain else "an https"
            raise OutboundFailed(f"{_shown(parts)} is not {wanted} address.")
        asked = {origin_of(parts), *(_named_as(parts) if may_be_plain else ())}
        is_named = (self.is_open and parts.port in {None, PORTS[parts.scheme]}) or asked & self.origins
        if parts.username is not None or not host or not is_named:
            raise OutboundFailed(
                f"{_shown(parts)} is not where Precedent may ask. If it should, add {parts.netloc} to "
                f"{self.setting}."
            )
        return parts

    def check_host(self, host: str, found: Iterable[Address]) -> None:
        """Raises OutboundFailed when one of the addresses of the host is private and was not named."""
        for address in found:
            if not is_public(address) and not is_within(address, self.networks):
                raise OutboundFailed(
                    f"{host} is at {address}, which is no public address. If that is right, add {address} "
                    f"to {self.setting}."
                )


@dataclass(frozen=True)
class Answer:
    """What the other machine said."""

    status: int
    body: bytes


def fetch(
    reach: Reach, address: str, method: str = "GET", headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> Answer:  # fmt: skip
    """The answer of another machine. Raises OutboundFailed, in words that name the machine and why."""
    parts = reach.check(address)
    with _answering(parts, reach, method, headers or {}, body) as answer:
        if 300 <= answer.status < 400:
            raise OutboundFailed(f"{_shown(parts)} leads elsewhere, and redirects are not followed.")
        held = answer.read(MOST_BYTES + 1)
        if len(held) > MOST_BYTES:
            raise OutboundFailed(f"{_shown(parts)} answers with more than {MOST_BYTES:,} bytes.")
        return Answer(answer.status, held)


def status_of(reach: Reach, address: str) -> int:
    """The status with which another machine answers, over https or plain http. Raises OutboundFailed.

    Nothing is sent but the address, and what else the machine says is not read.
    """
    with _answering(reach.check(address, may_be_plain=True), reach, "GET", {}, None) as answer:
        return answer.status


@contextmanager
def _answering(
    parts: SplitResult, reach: Reach, method: str, headers: Mapping[str, str], body: str | None
) -> Iterator[http.client.HTTPResponse]:
    """The answer of the machine at an address that was checked, its body still to be read.

    Raises OutboundFailed.
    """
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    sent = {"Host": parts.netloc, "Accept-Encoding": "identity", "Connection": "close", **headers}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = resolve(host, port)
    reach.check_host(host, found)
    try:
        with _connected(found, port, host if parts.scheme == "https" else None) as link:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = link
            connection.request(method, path, body, sent)
            yield connection.getresponse()
    except ssl.SSLCertVerificationError as error:
        raise OutboundFailed(f"The certificate of {host} is not trusted: {error.verify_message}.") from None
    except (OSError, http.client.HTTPException) as error:
        raise OutboundFailed(f"{_shown(parts)} cannot be reached: {reason_of(error)}.") from None


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port, each always there."""
    port = parts.port or PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _named_as(parts: SplitResult) -> set[str]:
    """The origins by which a setting, where hosts stand without a scheme, names a plain http address."""
    ports = {PORTS["https"], PORTS["http"]} if parts.port in {None, PORTS["http"]} else {parts.port}
    return {f"https://{(parts.hostname or '').lower()}:{port}" for port in ports if parts.scheme == "http"}


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_written_well = address.isascii() and address.isprintable() and parts.port != 0
    except ValueError:
        is_written_well = False
    if not is_written_well:
        raise OutboundFailed(f"{shorten(address)} is no address.")
    return parts


def _split(host: str) -> SplitResult:
    is_bare = ":" in host and read_address(host) is not None and not host.startswith("[")
    address = urlsplit(f"https://[{host}]" if is_bare else f"https://{host}")
    return address._replace(scheme="http") if is_loopback(address.hostname or "") else address


def resolve(host: str, port: int) -> list[Address]:
    """Every address that the name has. Raises OutboundFailed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailed(f"The name {host} is not known: see the name servers of this machine.") from None
    # A link-local address comes with the name of a network card after a percent sign.
    return [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]


@contextmanager
def _connected(found: list[Address], port: int, tls_name: str | None) -> Iterator[socket.socket]:
    """A connection to the first of the addresses that answers, which ends when the time is up."""
    link = dial(found, port)
    link.settimeout(TOTAL_SECONDS)
    if tls_name is not None:
        # Without the handshake yet: that one runs under the clock too.
        context = ssl.create_default_context()
        link = context.wrap_socket(link, server_hostname=tls_name, do_handshake_on_connect=False)
    late = threading.Event()
    clock = threading.Timer(TOTAL_SECONDS, _cut, (link, late))
    clock.daemon = True
    clock.start()
    try:
        if isinstance(link, ssl.SSLSocket):
            link.do_handshake()
        yield link
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        clock.cancel()
        link.close()
    if late.is_set():
        raise TimeoutError


def dial(found: list[Address], port: int) -> socket.socket:
    """A connection to the first of the addresses that answers. Raises OSError."""
    failure: OSError = ConnectionRefusedError()
    for address in found[:3]:
        try:
            return socket.create_connection((str(address), port), CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise failure


def _cut(link: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        # Not the method of an SSLSocket, which would take the state of TLS from under the reader.
        socket.socket.shutdown(link, socket.SHUT_RDWR)
    except OSError:
        return


def _shown(parts: SplitResult) -> str:
    """The address as it may stand in a message: without query, which may hold secrets."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def reason_of(error: Exception) -> str:
    """Why a connection failed, in words."""
    if isinstance(error, TimeoutError):
        return "it takes too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "its answer is broken"
