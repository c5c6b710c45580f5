"""How an Anvil is started, controlled and ended: for the local world, simulation and the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from watcher.chain.loopback import is_loopback, rpc, without_urls
from watcher.errors import SetupError, Unavailable

# Anvil's own well-known accounts: anybody can sign for them, so they are worth nothing elsewhere.
MNEMONIC = "test test test test test test test test test test test junk"

_LISTENING = re.compile(r"^Listening on 127\.0\.0\.1:(\d+)$")
_START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 5.0
_KEPT_LINES = 40
_KEPT_CHARACTERS = 300

# Runs beside Anvil and reads its process id, then one more line, which we write when we have ended
# it ourselves. Our end of the pipe also closes when this process dies, however it dies: then that
# read fails, and Anvil and its home go.
_GUARD = 'read -r pid; read -r _ || { [ -n "$pid" ] && kill -9 "$pid"; sleep 1; rm -rf "$1"; }'


@dataclass(frozen=True, slots=True, kw_only=True)
class AnvilOptions:
    """What an Anvil is to be.

    `port` 0 lets the system choose. `chain_id` of a fork is the forked chain's. With `automine`
    off, blocks come from `evm_mine` alone, and two runs with equal options, transactions and block
    times have equal hashes; with it on, a transaction may be answered before its block is there.
    `kept_states` bounds the blocks whose state can still be read (None keeps all, 0.1 MB a block
    on disk until the Anvil ends). `base_fee` is in wei, `balance` in ether.
    """

    port: int = 0
    chain_id: int = 31337
    genesis_timestamp: int | None = None
    accounts: int = 10
    balance: int = 1_000_000
    mnemonic: str = MNEMONIC
    hardfork: str | None = "prague"
    automine: bool = True
    gas_limit: int | None = None
    base_fee: int | None = None
    code_size_limit: bool = True
    kept_states: int | None = None
    fork_url: str | None = field(default=None, repr=False)
    fork_block_number: int | None = None


def command(binary: Path, options: AnvilOptions) -> list[str]:
    """The command line. A fork URL that could hold a key is not on it: see `hand_over_fork`."""
    line = [str(binary), "--host", "127.0.0.1", "--port", str(options.port)]
    line += ["--accounts", str(options.accounts), "--balance", str(options.balance)]
    line += ["--mnemonic", options.mnemonic, "--order", "fifo", "--no-request-size-limit"]
    if options.hardfork is not None:
        line += ["--hardfork", options.hardfork]
    if not options.automine:
        line.append("--no-mining")
    if options.gas_limit is not None:
        line += ["--gas-limit", str(options.gas_limit)]
    if options.base_fee is not None:
        line += ["--block-base-fee-per-gas", str(options.base_fee)]
    if not options.code_size_limit:
        line.append("--disable-code-size-limit")
    if options.kept_states is not None:
        line += ["--prune-history", str(options.kept_states)]
    return line + _origin(options)


def _origin(options: AnvilOptions) -> list[str]:
    if options.fork_url is None or not _is_bare_loopback(options.fork_url):
        stamp = options.genesis_timestamp
        line = ["--chain-id", str(options.chain_id)]
        return line if stamp is None else [*line, "--timestamp", str(stamp)]
    # cached storage is keyed by chain id and block number: a fresh local chain got another's
    line = ["--fork-url", options.fork_url, "--no-storage-caching"]
    if options.fork_block_number is not None:
        line += ["--fork-block-number", str(options.fork_block_number)]
    return line


@dataclass(frozen=True, slots=True)
class Anvil:
    """A running Anvil: where it answers and which process it is."""

    url: str
    pid: int
    options: AnvilOptions

    def rpc(self, method: str, *params: Any) -> Any:
        """Result of one JSON-RPC call; Unavailable when there is none."""
        return rpc(self.url, method, params)


@contextmanager
def run_anvil(
    binary: Path,
    options: AnvilOptions | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Anvil]:
    """Start an Anvil, wait until it answers, and end it when the block or this process ends.

    It runs in a home of its own that is removed with it, and in an empty environment but for
    `environment` (HTTPS_PROXY, for a fork of a public chain). Raises SetupError when it does not
    start.
    """
    options = options or AnvilOptions()
    with ExitStack() as stack:
        home = tempfile.mkdtemp(prefix="imbalance-watcher-anvil-")
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        guard = stack.enter_context(_guard(home))
        process = _popen(command(binary, options), {**(environment or {}), "HOME": home})
        output = _Output(process)
        stack.callback(output.close)
        stack.callback(_end, process)
        guard.write(f"{process.pid}\n")
        port = output.port(_START_TIMEOUT_S)
        anvil = Anvil(url=f"http://127.0.0.1:{port}", pid=process.pid, options=options)
        anvil.rpc("anvil_setLoggingEnabled", False)
        hand_over_fork(anvil.url, options)
        _check_chain_id(anvil)
        yield anvil


def hand_over_fork(url: str, options: AnvilOptions) -> None:
    """Give a running Anvil the fork URL that `command` left out because it could hold a key."""
    if options.fork_url is None or _is_bare_loopback(options.fork_url):
        return
    fork: dict[str, Any] = {"jsonRpcUrl": options.fork_url}
    if options.fork_block_number is not None:
        fork["blockNumber"] = options.fork_block_number
    try:
        rpc(url, "anvil_reset", [{"forking": fork}])
    except Unavailable as error:
        raise SetupError(
            f"Anvil could not fork the chain that it was given: check the fork URL. {error}"
        ) from None


class _Output:
    """Reads what an Anvil prints, so that its pipe never fills, and keeps the last lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._stream = _pipe(process.stdout)
        self._tail: deque[str] = deque(maxlen=_KEPT_LINES)
        self._port: int | None = None
        self._port_or_end = threading.Event()
        self._thread = threading.Thread(target=self._read, name="anvil-output", daemon=True)
        self._thread.start()

    def port(self, timeout: float) -> int:
        """The port that it listens on; SetupError with what it printed when it does not."""
        ended = self._port_or_end.wait(timeout)
        if self._port is not None:
            return self._port
        if not ended:
            raise SetupError(f"Anvil was not ready within {timeout:.0f} s: run this again.")
        text = without_urls(" ".join(line.strip() for line in self._tail if line.strip()))
        if "Address already in use" in text:
            raise SetupError("Anvil's port is taken: end what uses it, or choose another port.")
        raise SetupError(f"Anvil ended before it was ready: {text or 'it printed nothing'}.")

    def close(self) -> None:
        """Wait for the end of the output; the process must have ended."""
        self._thread.join(_END_TIMEOUT_S)
        self._stream.close()

    def _read(self) -> None:
        for line in self._stream:
            self._tail.append(line[:_KEPT_CHARACTERS])
            listening = _LISTENING.match(line)
            if listening:
                self._port = int(listening[1])
                self._port_or_end.set()
        self._port_or_end.set()


def _popen(line: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us: we end it when we have drained
        )
    except OSError as error:
        raise SetupError(
            f"Anvil cannot be run on this machine ({error.strerror}): put one that can on PATH."
        ) from error


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _guard(home: str) -> Iterator[IO[str]]:
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "anvil-guard", home],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
        start_new_session=True,
    )
    stdin = _pipe(guard.stdin)
    try:
        yield stdin
    finally:
        with suppress(BrokenPipeError):
            stdin.write("\n\n")
            stdin.close()
        guard.wait()


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the process was started without a pipe")
    return stream


def _check_chain_id(anvil: Anvil) -> None:
    found = int(anvil.rpc("eth_chainId"), 16)
    if found != anvil.options.chain_id:
        raise SetupError(
            f"the forked chain's id is {found}, not {anvil.options.chain_id}: check the fork URL."
        )


def _is_bare_loopback(url: str) -> bool:
    parts = urlsplit(url)
    bare = not (parts.username or parts.password or parts.query or parts.path.strip("/"))
    return bare and is_loopback(parts.hostname)
