"""uvicorn around the app: where it listens, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from watcher.chain.loopback import is_loopback
from watcher.config import Config
from watcher.errors import ConfigError, InputError, Problem

MOST_CONNECTIONS = 512
"""Above it a request is answered with 503 at once, instead of waiting for all others."""

KEEP_ALIVE_SECONDS = 30
GRACE_SECONDS = 5


def require_tokens(config: Config, host: str) -> None:
    """Raises ConfigError where others could reach the app and need no token."""
    if not is_loopback(host) and not config.api.tokens:
        raise ConfigError(
            [
                Problem(
                    "api.tokens",
                    f"is missing, and --host {host} can be reached from other machines: "
                    "`watcher token NAME` makes a token, or serve on 127.0.0.1",
                )
            ],
            source=config.path.name,
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 lets the system choose. Raises InputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        said = error.strerror or str(error)
        raise InputError(
            f"{host}:{port} cannot be listened on: {said}; give another --host or --port"
        ) from None


def address(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class Server:
    """Serves an app on a socket that listens already, which it closes at the end."""

    def __init__(self, app: FastAPI, listening: socket.socket) -> None:
        self._listening = listening
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                app,
                log_config=None,
                # The app's own log tells what failed; a line a request tells nobody anything.
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self.interrupted = False

    def run(self) -> None:
        """Until `stop`, SIGINT or SIGTERM; requests under way are answered."""
        asyncio.run(self._run())

    def stop(self) -> None:
        self._uvicorn.should_exit = True

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Serve in a thread of its own, with an event loop of its own, until the end of the body:
        what is awaited beside it is not held up by a request."""
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="api")
        thread.start()
        try:
            yield
        finally:
            self.stop()
            thread.join()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        try:
            await self._serve()
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)

    async def _serve(self) -> None:
        with self._listening:
            await self._uvicorn.serve(sockets=[self._listening])

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop()


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise each signal again once it has ended, as a failure of the process."""
        yield
