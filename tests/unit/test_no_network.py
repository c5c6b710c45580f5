"""The guard that keeps the tests of this folder off the network is itself there."""

import asyncio
import socket
from collections.abc import Callable

import pytest

ADDRESS = ("127.0.0.1", 9)


def connect() -> None:
    with socket.socket() as client:
        client.connect(ADDRESS)


def listen() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))


def look_up() -> None:
    socket.getaddrinfo("localhost", 80)


@pytest.mark.parametrize("use", [connect, listen, look_up])
def test_using_the_network_fails_the_test(use: Callable[[], None]) -> None:
    with pytest.raises(pytest.fail.Exception, match="needs no network"):
        use()


async def test_using_the_network_in_a_coroutine_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="needs no network"):
        await asyncio.open_connection(*ADDRESS)
