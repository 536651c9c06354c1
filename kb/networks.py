"""Addresses of machines: reading them from settings, and which of them are other people's business."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052): the last 32 bits are the address that is meant."""
_SUBNET = 64
"""Bits that an IPv6 address has in common with all others of its machine, at least (RFC 4291)."""
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))


def read_address(text: str) -> Address | None:
    """The address, as the one that is meant; None when the text is none."""
    try:
        return meant(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return None


def read_network(text: str) -> Network | None:
    """The network, or the one address as a network; None when the text is neither."""
    try:
        return ipaddress.ip_network(text.strip("[]"))
    except ValueError:
        return None


def meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet: not private, link-local, loopback or reserved."""
    address = meant(address)
    return address.is_global and not address.is_multicast


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether it lies in one of the networks."""
    return any(meant(address) in network for network in networks)


def counted_as(text: str) -> str:
    """What limits count an address as: of IPv6 the network of its first 64 bits, as whoever has one address
    of that has all of them (RFC 6177); what is no address, as it is.
    """
    address = read_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, _SUBNET), strict=False))
    return text if address is None else str(address)


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    address = read_address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def private_networks(host: str) -> tuple[Network, ...]:
    """What somebody allows who writes this host into a setting: itself, where it is a private address."""
    if host.lower() == "localhost":
        return _LOOPBACK
    address = read_address(host)
    return () if address is None or is_public(address) else (ipaddress.ip_network(address),)
