"""To which IP addresses nothing is sent: what a URL must not reach through this program."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

NAT64 = ip_network("64:ff9b::/96")
METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
)
"""Where clouds give a machine its keys: AWS and most others, Alibaba, Oracle, AWS by IPv6."""


def refused_address(text: str, *, allow_private: bool) -> str | None:
    """Why nothing is sent to an IP address, None where it may be.

    With `allow_private` one's own network may be, this machine included; what no receiver can be at
    never is.
    """
    try:
        address = _meant(ip_address(text.partition("%")[0]))
    except ValueError:
        return "is no IP address"
    if address in METADATA:
        return "is where a cloud keeps its keys"
    if address.is_unspecified or address.is_multicast:
        return "is the address of no machine"
    if address.is_link_local:
        return "is link-local"
    if allow_private:
        return None
    if address.is_loopback:
        return "is this machine"
    if address.is_private or not address.is_global or address.is_reserved:
        return "is private"
    return None


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where it has one."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and address.teredo is not None:
        inside = address.teredo[1]
    if inside is None and address in NAT64:
        inside = IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address
