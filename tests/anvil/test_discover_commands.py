"""`watcher discover` as a command, and entries that say what they expect."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.e2e.command import watcher
from tests.support.put_code import NOWHERE, factory_of, put
from tests.support.world import LocalWorld
from watcher.cli.app import app
from watcher.protocols import ADAPTERS
from watcher.state import Address

pytestmark = pytest.mark.anvil


def expecting(node: LocalWorld, tmp_path: Path, expect: str) -> Path:
    """A watch of one real pair, whose entry says what it expects."""
    pair = node.world.pairs[0]
    chain = f"eip155:{node.chain.chain_id}"
    file = tmp_path / "watcher.toml"
    file.write_text(
        f"""
        [chains."{chain}"]
        endpoints = [{{ url = "{node.chain.url}" }}]
        [[targets]]
        chain = "{chain}"
        protocol = "uniswap_v2"
        address = "{pair.address}"
        name = "the-pair"
        fee = 0.003
        expect = {expect}
        """
    )
    return file


def test_an_entry_that_expects_what_the_chain_says_is_watched(
    world_node: LocalWorld, tmp_path: Path
) -> None:
    pair = world_node.world.pairs[0]
    tokens = f'["{pair.token0.address}", "{pair.token1.address}"]'
    file = expecting(
        world_node, tmp_path, f'{{ tokens = {tokens}, factory = "{factory_of(world_node)}" }}'
    )
    for command in ("check", "once"):
        done = watcher(command, "--config", str(file), cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_an_entry_that_the_chain_contradicts_is_refused_by_check_and_by_a_watch(
    world_node: LocalWorld, tmp_path: Path
) -> None:
    pair, other = world_node.world.pairs[0], world_node.world.token("DAI")
    assert other not in (pair.token0, pair.token1)
    tokens = f'["{pair.token0.address}", "{other.address}"]'
    file = expecting(world_node, tmp_path, f"{{ tokens = {tokens} }}")
    sentence = (
        f"its token 1 is {pair.token1.symbol} at {pair.token1.address}, the file says "
        f"{other.address}: fix `expect.tokens`, or remove the entry"
    )
    told = json.loads(CliRunner().invoke(app, ["check", "-c", str(file), "--json"]).stdout)
    assert {"what": "the-pair", "result": "wrong", "detail": sentence} in told
    for command in ("check", "once", "run"):
        done = watcher(command, "--config", str(file), cwd=tmp_path)
        assert done.returncode == 5, (command, done.stderr)
        assert sentence in done.stdout + done.stderr, command


def run(node: LocalWorld, address: str, *options: str) -> Result:
    chain = f"eip155:{node.chain.chain_id}"
    arguments = ["discover", address, "--chain", chain, "--rpc", node.chain.url, *options]
    return CliRunner().invoke(app, arguments)


def test_the_command_prints_an_entry_and_ends_with_0(world_node: LocalWorld) -> None:
    pool = world_node.world.tick_pool("v3:WETH/USDC")
    done = run(world_node, pool.address)
    assert done.exit_code == 0, done.output
    [table] = tomllib.loads(done.stdout[done.stdout.index("[[targets]]") :])["targets"]
    assert table["address"] == pool.address
    assert table["expect"] == {"tokens": [pool.token0.address, pool.token1.address]}


def test_without_a_chain_the_node_says_which_it_serves(world_node: LocalWorld) -> None:
    pool, url = world_node.world.tick_pool("v3:WETH/USDC"), world_node.chain.url
    done = CliRunner().invoke(app, ["discover", pool.address, "--rpc", url])
    assert done.exit_code == 0, done.output
    host = url.removeprefix("http://")
    assert done.stderr == f"no --chain: {host} says that it serves eip155:31337\n"
    [table] = tomllib.loads(done.stdout[done.stdout.index("[[targets]]") :])["targets"]
    assert (table["chain"], table["address"]) == ("eip155:31337", pool.address)


def test_a_node_that_is_not_there_says_no_chain() -> None:
    done = CliRunner().invoke(app, ["discover", NOWHERE, "--rpc", "http://127.0.0.1:9/key"])
    assert done.exit_code == 4
    assert done.stderr.startswith("watcher: nothing listens at 127.0.0.1:9: ")
    assert "/key" not in done.stderr
    done = CliRunner().invoke(app, ["discover", NOWHERE, "--rpc", "ws://127.0.0.1:9"])
    assert (done.exit_code, done.stderr.startswith("watcher: --rpc: ")) == (2, True)


def test_the_command_refuses_a_token_with_3_and_says_what_it_saw(world_node: LocalWorld) -> None:
    token = world_node.world.token("USDC")
    done = run(world_node, token.address.lower())
    assert done.exit_code == 3
    assert ": a token, USDC, of 6 decimals" in done.stdout
    assert done.stderr.count("\n") == 1
    tried = [name for name, one in ADAPTERS.items() if one.trials and not one.is_source]
    assert f"none of {', '.join(tried)}: it" in done.stderr
    told = json.loads(run(world_node, token.address, "--json").stdout)
    assert told["seen"]["token"] == {"symbol": "USDC", "decimals": 6}
    assert told["recognised"] == []
    assert told["refusal"]


def test_a_hostile_symbol_stays_out_of_the_file(fork_node: LocalWorld) -> None:
    pair = fork_node.world.pairs[0]
    hostile = '"]\n[x]\u202e\x1b[31m\u05d0'.encode()
    # As Solidity encodes a text: offset, length, bytes.
    answer = (32).to_bytes(32) + len(hostile).to_bytes(32) + hostile.ljust(32, b"\0")
    token = pair.token0.address
    code = str(fork_node.chain.request("eth_getCode", token, "latest"))
    moved = put(fork_node, code, at=NOWHERE)
    assert len(answer) == 96
    put(fork_node, _answers_symbol(answer, otherwise=moved), at=token)
    done = run(fork_node, pair.address)
    assert done.exit_code == 0, done.output
    assert "\u05d0" in done.stdout
    assert "\u202e" not in done.stdout
    assert "\x1b" not in done.stdout
    pasted = done.stdout[done.stdout.index("[[targets]]") :]
    assert pasted.isascii()
    [table] = tomllib.loads(pasted)["targets"]
    assert table["address"] == pair.address


def _answers_symbol(answer: bytes, *, otherwise: Address) -> str:
    """Code that answers symbol() with `answer` and delegates every other call."""
    words = b"".join(
        b"\x7f" + answer[at : at + 32] + b"\x60" + bytes([at]) + b"\x52" for at in (0, 32, 64)
    )
    ours = words + bytes.fromhex("60605ff3")
    theirs = bytes.fromhex("365f5f375f5f365f73" + otherwise[2:] + "5af43d5f5f3e3d5ff3")
    head = bytes.fromhex("5f3560e01c6395d89b411461") + (15 + len(theirs)).to_bytes(2) + b"\x57"
    return "0x" + (head + theirs + b"\x5b" + ours).hex()
