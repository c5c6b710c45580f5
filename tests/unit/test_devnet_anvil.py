"""How an Anvil is started: its command line, and what never is on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from watcher.chain.anvil import AnvilOptions, command, run_anvil
from watcher.chain.loopback import is_loopback, rpc, without_urls
from watcher.errors import SetupError

ANVIL = Path("anvil")


def test_it_listens_on_loopback_alone() -> None:
    line = command(ANVIL, AnvilOptions())
    assert line[0] == "anvil"
    assert line[line.index("--host") + 1] == "127.0.0.1"
    assert line[line.index("--port") + 1] == "0"
    assert "--no-request-size-limit" in line


def test_each_option_changes_the_command() -> None:
    base = AnvilOptions()
    changed = [
        replace(base, port=8545),
        replace(base, chain_id=1),
        replace(base, genesis_timestamp=1_700_000_000),
        replace(base, accounts=3),
        replace(base, balance=5),
        replace(base, mnemonic="other words"),
        replace(base, hardfork=None),
        replace(base, automine=False),
        replace(base, gas_limit=10**9),
        replace(base, base_fee=0),
        replace(base, code_size_limit=False),
        replace(base, kept_states=64),
        replace(base, fork_url="http://127.0.0.1:8545"),
        replace(base, fork_url="http://127.0.0.1:8545", fork_block_number=7),
    ]
    lines = {tuple(command(ANVIL, options)) for options in [base, *changed]}
    assert len(lines) == len(changed) + 1


def test_a_fork_shares_no_storage_cache() -> None:
    line = command(ANVIL, AnvilOptions(fork_url="http://127.0.0.1:8545", fork_block_number=7))
    assert line[-5:] == [
        "--fork-url",
        "http://127.0.0.1:8545",
        "--no-storage-caching",
        "--fork-block-number",
        "7",
    ]
    assert "--chain-id" not in line


@pytest.mark.parametrize(
    "url",
    [
        "https://node.example/v2/K3Y",
        "http://127.0.0.1:8545/K3Y",
        "http://127.0.0.1:8545/?key=K3Y",
        "http://user:K3Y@127.0.0.1:8545",
    ],
)
def test_a_url_that_could_hold_a_key_is_on_no_command_line(url: str) -> None:
    options = AnvilOptions(fork_url=url, chain_id=5)
    line = command(ANVIL, options)
    assert not any("K3Y" in word or word == "--fork-url" for word in line)
    assert line[-2:] == ["--chain-id", "5"]
    assert "K3Y" not in repr(options)


@pytest.mark.parametrize("host", ["node.example", "10.0.0.1", "127.0.0.1.evil.example", "0.0.0.0"])
def test_rpc_refuses_other_hosts(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SetupError, match="only an Anvil on loopback"):
        rpc(f"http://{host}:8545", "eth_chainId")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


def test_urls_are_taken_out_of_texts() -> None:
    text = 'error for url (https://node.example/K3Y) and "wss://a:K3Y@b/c"'
    assert without_urls(text) == 'error for url (<url>) and "<url>"'


def test_a_binary_that_cannot_run_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(SetupError, match="Anvil cannot be run on this machine"),
        run_anvil(tmp_path / "no-anvil"),
    ):
        pytest.fail("it started")


def test_an_anvil_that_ends_at_once_is_explained(tmp_path: Path) -> None:
    fake = tmp_path / "anvil"
    fake.write_text("#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\nexit 1\n")
    fake.chmod(0o755)
    with (
        pytest.raises(SetupError, match=r"ended before it was ready: GLIBC_2\.99 not found"),
        run_anvil(fake),
    ):
        pytest.fail("it started")
