"""An Anvil is started, forked and ended without leaving anything behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.devnet.artifacts import prepare
from watcher.devnet.fetch import default_cache
from watcher.errors import SetupError, Unavailable

pytestmark = pytest.mark.anvil

GENESIS = 1_700_000_000
# not one of Anvil's own accounts: a fork gives those their balance anew
RECEIVER = "0x" + "52" * 20
MANUAL = AnvilOptions(automine=False, genesis_timestamp=GENESIS, chain_id=777)


@pytest.fixture(scope="module")
def binary() -> Path:
    return prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache())).anvil


def mine(anvil: Anvil, *, value: int) -> str:
    """One block with one transfer, 12 s after the last; its hash."""
    sender = anvil.rpc("eth_accounts")[0]
    latest = anvil.rpc("eth_getBlockByNumber", "latest", False)
    transfer = {"from": sender, "to": RECEIVER, "value": hex(value), "gas": hex(21_000)}
    anvil.rpc("eth_sendTransaction", transfer)
    anvil.rpc("evm_setNextBlockTimestamp", int(latest["timestamp"], 16) + 12)
    anvil.rpc("evm_mine")
    return str(anvil.rpc("eth_getBlockByNumber", "latest", False)["hash"])


def balance(anvil: Anvil) -> int:
    return int(anvil.rpc("eth_getBalance", RECEIVER, "latest"), 16)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def homes(folder: Path) -> list[Path]:
    return list(folder.glob("imbalance-watcher-anvil-*"))


def test_it_answers_and_leaves_nothing(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with run_anvil(binary, MANUAL) as anvil:
        assert anvil.rpc("eth_chainId") == hex(777)
        genesis = anvil.rpc("eth_getBlockByNumber", "0x0", False)
        assert int(genesis["timestamp"], 16) == GENESIS
        assert len(homes(tmp_path)) == 1
    assert not running(anvil.pid)
    assert not homes(tmp_path)
    with pytest.raises(Unavailable, match="no answer to eth_chainId"):
        anvil.rpc("eth_chainId")


def test_it_ends_when_the_block_fails(binary: Path) -> None:
    with pytest.raises(KeyError), run_anvil(binary) as anvil:
        raise KeyError
    assert not running(anvil.pid)


def test_two_runs_have_the_same_hashes(binary: Path) -> None:
    runs = []
    for _ in range(2):
        with run_anvil(binary, MANUAL) as anvil:
            runs.append([mine(anvil, value=value) for value in range(1, 5)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("suffix", ["", "/?key=K3Y"])
def test_a_fork_is_pinned_and_writes_to_itself(binary: Path, suffix: str) -> None:
    with run_anvil(binary, MANUAL) as origin:
        hashes = [mine(origin, value=value) for value in range(1, 4)]
        options = AnvilOptions(
            chain_id=777, fork_url=origin.url + suffix, fork_block_number=2, automine=False
        )
        with run_anvil(binary, options) as fork:
            assert fork.rpc("eth_getBlockByNumber", "latest", False)["hash"] == hashes[1]
            command_line = Path(f"/proc/{fork.pid}/cmdline")
            if command_line.exists():
                assert b"K3Y" not in command_line.read_bytes()
            mine(fork, value=9)
            assert balance(fork) == 1 + 2 + 9
            assert balance(origin) == 1 + 2 + 3


def test_a_fork_does_not_see_what_another_chain_cached(binary: Path) -> None:
    seen = []
    for value in (111, 222):
        with run_anvil(binary, MANUAL) as origin:
            mine(origin, value=value)
            options = AnvilOptions(chain_id=777, fork_url=origin.url, fork_block_number=1)
            with run_anvil(binary, options) as fork:
                seen.append(balance(fork))
    assert seen == [111, 222]


def test_a_dead_fork_url_is_a_setup_error_without_the_key(binary: Path) -> None:
    options = AnvilOptions(fork_url="http://127.0.0.1:9/?key=K3Y")
    with (
        pytest.raises(SetupError, match="check the fork URL") as caught,
        run_anvil(binary, options),
    ):
        pytest.fail("it started")
    assert "K3Y" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_chain_id_than_the_forked_one_is_refused(binary: Path) -> None:
    with run_anvil(binary, MANUAL) as origin:
        options = AnvilOptions(chain_id=1, fork_url=origin.url)
        with pytest.raises(SetupError, match="id is 777, not 1"), run_anvil(binary, options):
            pytest.fail("it started")


def test_a_taken_port_is_explained(binary: Path) -> None:
    with run_anvil(binary) as anvil:
        options = AnvilOptions(port=int(anvil.url.rsplit(":", 1)[1]))
        with pytest.raises(SetupError, match="port is taken"), run_anvil(binary, options):
            pytest.fail("it started")


def test_a_request_of_3_mb_is_answered(binary: Path) -> None:
    with run_anvil(binary) as anvil:
        call = {"to": anvil.rpc("eth_accounts")[0], "data": "0x" + "00" * 1_500_000}
        assert anvil.rpc("eth_call", {**call, "gas": hex(10**9)}, "latest") == "0x"


def test_it_goes_when_the_process_that_started_it_is_killed(binary: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from watcher.chain.anvil import run_anvil\n"
        "with run_anvil(Path(sys.argv[1])) as anvil:\n"
        "    print(anvil.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(binary)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        assert len(homes(tmp_path)) == 1
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while (running(pid) or homes(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(pid)
    assert not homes(tmp_path)


def test_a_thread_that_started_it_may_end(binary: Path) -> None:
    contexts = []

    def start() -> None:
        context = run_anvil(binary)
        contexts.append((context, context.__enter__()))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    ((context, anvil),) = contexts
    assert anvil.rpc("eth_chainId") == hex(31337)
    context.__exit__(None, None, None)
    assert not running(anvil.pid)
