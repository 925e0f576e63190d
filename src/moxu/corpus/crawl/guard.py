"""Which addresses a crawl may speak to: those of the public internet, and the one origin that its user vouched for.

A page decides where the next request goes, by a link or by a redirect; unchecked, it could have the machine of the
user ask servers that only this machine can reach. So every URL is checked before it is asked for, and every address
that a name stands for is checked where the connection is made, with the very addresses that are then connected to: a
name that is public when it is looked at, and private a moment later, gains nothing.
"""

import re
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from moxu.corpus.crawl.failures import PageFailed

PORTS = {"http": 80, "https": 443}
LOCAL_NAME = re.compile(r"(.*\.)?(localhost|localdomain|ip6-localhost|ip6-loopback)")
NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}")
"""What the system's resolver reads as an IPv4 address: up to four numbers, each decimal, octal or hexadecimal."""

SPECIAL = tuple(  # by the registries of IANA, where older versions of Python know less of them
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20"))
)
UNICAST = IPv6Network("2000::/3")  # all public IPv6 addresses of hosts
NAT64 = IPv6Network("64:ff9b::/96")  # stands for an IPv4 address; its last four bytes


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether ``address`` is one of a host on the public internet, and so is an IPv4 address hidden in it.

    Loopback, private, link-local, shared (RFC 6598), multicast, reserved and unspecified addresses are not.
    """
    if any(address in network for network in SPECIAL):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in UNICAST:
        return False
    return address.is_global if address.sixtofour is None else is_public(address.sixtofour)


def origin(url: str) -> str:
    """Return ``host:port`` of a URL; PageFailed when it is none that a crawler asks for."""
    parts = _split(url)
    return f"{_host(parts)}:{parts.port or PORTS[parts.scheme]}"


@dataclass(frozen=True)
class Guard:
    """Checks URLs and addresses; ``allowed`` are the origins (``host:port``) that may be anywhere."""

    allowed: frozenset[str] = frozenset()
    refused: set[tuple[str, int]] = field(default_factory=set)
    """Hosts and ports whose names stood for private addresses only."""

    def check_url(self, url: str) -> None:
        """Raise PageFailed for a URL that is not http(s), has credentials, or names a private address or host."""
        parts = _split(url)
        host = _host(parts)
        if parts.username is not None or parts.password is not None:
            raise PageFailed("refused: there is a name or a password in the address")
        if origin(url) in self.allowed:
            return
        if not _is_name(host):
            raise PageFailed("is no address of a page (no host has such a name)")
        if LOCAL_NAME.fullmatch(host):
            raise PageFailed(f"refused: {host} is a name of this machine")
        address = _literal(host)
        if address is not None and not is_public(address):
            raise PageFailed(f"refused: {host} is a private address")

    def permitted(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Return those of the addresses of ``host`` that may be connected to; remember a host that has none."""
        addresses = list(addresses)
        if f"{_plain(host)}:{port}" in self.allowed:
            return addresses
        public = [address for address in addresses if is_public(ip_address(address))]
        if addresses and not public:
            self.refused.add((_plain(host), port))
        return public

    def refusal(self, url: str) -> PageFailed | None:
        """Return the failure to report when the host of ``url`` could not be resolved because it was refused."""
        parts = _split(url)
        if (_host(parts), parts.port or PORTS[parts.scheme]) in self.refused:
            return PageFailed(f"refused: {_host(parts)} has a private address")
        return None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a number that is none
    except ValueError as error:
        raise PageFailed(f"is no address of a page ({error})") from None
    if not parts.scheme:
        raise PageFailed("expected an address that begins with http:// or https://")
    if parts.scheme not in PORTS:
        raise PageFailed(f"refused: expected http or https, not {parts.scheme!r}")
    if not parts.hostname:
        raise PageFailed("is no address of a page (it names no host)")
    return parts


def _host(parts: SplitResult) -> str:
    return _plain(parts.hostname or "")


def _plain(host: str) -> str:
    """Return a host in one spelling: ``LOCALHOST.`` is ``localhost``, and ``１２７。０.0.1`` a number as well."""
    return unicodedata.normalize("NFKC", host).replace("。", ".").lower().rstrip(".")


def _is_name(host: str) -> bool:
    """Say whether a host has characters that a name may have, of any script."""
    try:
        return ":" in host or bool(host.encode("idna"))
    except UnicodeError:
        return False


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that ``host`` spells out, in any spelling that a resolver takes; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not NUMERIC.fullmatch(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
