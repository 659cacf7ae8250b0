"""Network interfaces of this machine: their addresses, and sockets on them."""

import errno
import fcntl
import socket
import struct
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from container.contract.errors import ClientError

SIOCGIFADDR = 0x8915


def interface_address(interface: str, say: Callable[[str], None]) -> str:
    """Return the IPv4 address of an interface or, where it has none, of the one that `choose_other` takes instead."""
    if address := _find_address(interface):
        return address
    found = ((name, _find_address(name)) for _, name in socket.if_nameindex())
    addresses = {name: address for name, address in found if address}
    other = choose_other(interface, addresses)
    say(
        f"The hosts meet through the network interface {other!r} ({addresses[other]}): resourceconfig.json names "
        f"{interface!r}, which has no address here."
    )
    return addresses[other]


def choose_other(interface: str, addresses: Mapping[str, str]) -> str:
    """Return the only interface with an address that is not loopback, for one without, such as the SDK v3's `ethwe`.

    Raises ClientError with all `addresses` if there is none or more than one.
    """
    others = [name for name, address in addresses.items() if not IPv4Address(address).is_loopback]
    if len(others) == 1:
        return others[0]
    known = ", ".join(f"{name} ({address})" for name, address in addresses.items())
    advice = "Name the one that leads to other hosts" if others else "Connect this host to a network"
    raise ClientError(
        f"resourceconfig.json: expected the network_interface_name of an interface with an IPv4 address, found "
        f"{interface!r}. There are: {known or 'none'}. {advice}."
    )


def open_listening_socket(address: str, port: int) -> socket.socket:
    """Return a non-blocking socket that listens on a port of one address."""
    door = socket.socket()
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, port))
        door.listen(128)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door


def accept_pending(listening: socket.socket) -> list[socket.socket]:
    """Accept all pending connections without waiting."""
    come: list[socket.socket] = []
    try:
        while len(come) < 128:
            come.append(listening.accept()[0])
    except OSError:  # there are no more, or whoever came has left again
        pass
    return come


def find_free_port(address: str) -> int:
    """Return a port of this address that is free at the moment."""
    with socket.create_server((address, 0)) as probe:
        return int(probe.getsockname()[1])


def _find_address(interface: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", interface.encode()))
        except OSError as error:
            if error.errno in (errno.ENODEV, errno.EADDRNOTAVAIL):
                return None
            raise
    return socket.inet_ntoa(answer[20:24])
