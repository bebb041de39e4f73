"""Which hosts and addresses may be dialled: public ones, and those the operator allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from tools.errors import AddressForbidden

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Everything in IANA's registry of special-purpose IPv4 addresses that is not globally reachable,
#: the retired 6to4 relays, and the one public address that a cloud answers itself (Azure's host).
_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
#: The only IPv6 addresses given out to the public, and what is set apart inside them (Teredo too).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")

#: Names by which clouds serve credentials to anybody on the machine.
_METADATA_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Hosts and addresses whose reading is kept: every request asks several times about the same few.
_REMEMBERED = 4096
_ENTRY = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::(?P<port6>\d+))?|(?P<plain>[^:]+):(?P<port>\d+)")


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, translated (NAT64) or tunnelled (6to4) IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


@lru_cache(maxsize=_REMEMBERED)
def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, whatever it is wrapped in."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None:
        return False
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_6)


@lru_cache(maxsize=_REMEMBERED)
def parse_host(host: str) -> Address | str:
    """A host of a URL as an address, or as a name in lower case without its last dot.

    Raises `AddressForbidden` for what is neither. Other ways to write an IPv4 address (127.1,
    0x7f000001, 2130706433, 0177.0.0.1) are refused, since programs read them differently.
    """
    name = host.strip("[]").removesuffix(".").lower()
    try:
        return ip_address(name)
    except ValueError:
        pass
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise AddressForbidden(f"{host!r} is not a host: write an IPv4 address as four decimal numbers")
    if not _NAME.fullmatch(name):
        raise AddressForbidden(f"{host!r} is not the name of a host")
    return name


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts that may be dialled although they are not public; a port of None stands for all ports."""

    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowList:
        """From "localhost", "localhost:8080", "10.0.0.0/8", "127.0.0.1:8080" or "[::1]:8080".

        Raises `ValueError` for anything else.
        """
        names: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            host, port = _split(entry.strip().lower())
            try:
                networks.append((ip_network(host, strict=False), port))
            except ValueError:
                names.add((_checked_name(host, entry), port))
        return cls(frozenset(names), tuple(networks))

    def has_name(self, name: str, port: int) -> bool:
        """Whether a host of that name may be dialled, whatever its addresses are."""
        return (name, None) in self.names or (name, port) in self.names

    def has_address(self, address: Address, port: int) -> bool:
        """Whether that address, or the one it stands for, is in an allowed network."""
        inner = embedded(address) if isinstance(address, IPv6Address) else None
        forms = [form for form in (address, inner) if form is not None]
        return any(
            allowed_port in (None, port) and form in network
            for network, allowed_port in self.networks
            for form in forms
        )

    def check_host(self, host: str, port: int) -> Address | str:
        """What can be said of a host before its name is resolved; answers `parse_host`.

        Raises `AddressForbidden`.
        """
        parsed = parse_host(host)
        if isinstance(parsed, str):
            if parsed in _METADATA_NAMES and not self.has_name(parsed, port):
                raise AddressForbidden(f"{parsed} serves credentials of the machine: it may not be called")
        else:
            self.check_addresses(host, port, (parsed,))
        return parsed

    def check_addresses(self, host: str, port: int, addresses: Sequence[Address]) -> None:
        """Raises `AddressForbidden` unless every address of the host may be dialled."""
        if self.has_name(host.removesuffix(".").lower(), port):
            return
        for address in addresses:
            if not is_public(address) and not self.has_address(address, port):
                what = host if host.strip("[]") == str(address) else f"{host} ({address})"
                raise AddressForbidden(
                    f"{what} is not a public address: the operator may add it to TOOLPATH_NET_ALLOW"
                    " if it shall be called"
                )


def _split(entry: str) -> tuple[str, int | None]:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return entry, None
    port = match["port"] or match["port6"]
    return match["plain"] or match["bracketed"], int(port) if port else None


def _checked_name(host: str, entry: str) -> str:
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise ValueError(
            f"{entry!r} is no allowed host: write host, host:port, an IP address or a network (10.0.0.0/8)"
        )
    return host
