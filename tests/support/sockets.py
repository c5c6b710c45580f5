"""No network in the tests that say they need none: whoever opens a connection there fails."""

import sys
from collections.abc import Generator

import pytest

OFFLINE_FOLDERS = frozenset({("tests", "unit"), ("tests", "property"), ("tests", "golden")})
REFUSED = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
    }
)


class _Guard:
    """Sees every socket of the process, also those that C code opens."""

    def __init__(self) -> None:
        self.closed = False
        # An audit hook cannot be taken away again, so there is one and it has a switch.
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.closed and event in REFUSED:
            # Failed is no Exception: no handler in the code under test can swallow it.
            pytest.fail(f"a test that needs no network called {event}{arguments[1:]}")


_guard = _Guard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Closes the network for the whole of a test, its fixtures included."""
    _guard.closed = item.path.relative_to(item.config.rootpath).parts[:2] in OFFLINE_FOLDERS
    try:
        return (yield)
    finally:
        _guard.closed = False
