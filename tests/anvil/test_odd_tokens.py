"""Tokens that describe themselves oddly, or that change what they are while they are watched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi.abi import encode
from structlog.testing import capture_logs
from typer.testing import CliRunner

from tests.anvil.test_reorgs import Watching, watching
from tests.support.answering import Answering, answering
from tests.support.rows import history_rows
from tests.support.world import LocalWorld
from watcher.cli.app import app
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.errors import ConfigError, StoreError
from watcher.state import Address, ConstantProduct, Observation, Status, Target
from watcher.store import Store, recompute

pytestmark = pytest.mark.anvil

LONG = encode(["bytes"], [b"A" * 1_000])

SYMBOLS: dict[str, tuple[bytes, int | None, str]] = {
    "as bytes32": (b"MKR".ljust(32, b"\0"), None, "MKR"),
    "with NUL": (encode(["bytes"], [b"A\0B\0\0"]), None, "AB"),
    "a surrogate": (encode(["bytes"], [b"A\xed\xa0\x80B"]), None, "AB"),
    "a hundred kilobytes": (LONG, 100_000, "A" * 32),
    "a megabyte, which costs more gas than a call is given": (LONG, 1_000_000, ""),
    "empty": (encode(["bytes"], [b""]), None, ""),
    "nothing at all": (b"", None, ""),
    "of length 2**255": (encode(["uint256", "uint256"], [32, 2**255]), None, ""),
    "that points at itself": (encode(["uint256", "uint256"], [0, 0]), None, ""),
    "from right to left": (encode(["bytes"], ["\u202ecba\u202c".encode()]), None, "cba"),
    "of colours and bells": (encode(["bytes"], [b"\x1b[31mRED\x07\n\r"]), None, "[31mRED"),
}
"""The answer, the length that it is given, and what is kept of it."""


@pytest.fixture
def pairs_node(fork_node: LocalWorld) -> LocalWorld:
    """Where no contract has its coins' decimals written into its code, or refuses more than 18."""
    world = replace(
        fork_node.world, coin_pools=(), balancer_pools=(), balancer_v3_pools=(), index_tokens=()
    )
    return LocalWorld(fork_node.chain, world)


def configured(node: LocalWorld, folder: Path) -> tuple[Path, str]:
    file, database = folder / "watcher.toml", f"sqlite:///{folder / 'watcher.db'}"
    file.write_text(to_toml(node.world, endpoint_url=node.chain.url, database_url=database))
    return file, database


def of_wbtc(node: LocalWorld, toolchain: Toolchain) -> Answering:
    """WBTC: neither the wrapped coin of a treasury nor the asset of a vault."""
    return answering(node, toolchain, node.world.token("WBTC").address)


@pytest.mark.parametrize(("data", "length", "kept"), SYMBOLS.values(), ids=SYMBOLS)
def test_fault_28_a_hostile_symbol_is_cleaned_and_capped_or_the_address_is_shown(
    pairs_node: LocalWorld,
    toolchain: Toolchain,
    tmp_path: Path,
    data: bytes,
    length: int | None,
    kept: str,
) -> None:
    token = of_wbtc(pairs_node, toolchain)
    token.answer("symbol()", data, length=length)
    file, database = configured(pairs_node, tmp_path)
    shown = ""
    for command in ("check", "once"):
        done = CliRunner().invoke(app, [command, "--config", str(file)])
        assert done.exit_code == 0, done.output
        shown += done.output
    assert (kept or token.address) in shown.replace("\n", "")
    assert not any(one in shown for one in "\0\x1b\x07\u202e\u202c")
    assert "A" * 33 not in shown
    with Store.open(database) as store:
        coins = {coin.address: coin for target in store.targets() for coin in target.tokens}
    assert coins[token.address].symbol == kept


DECIMALS: dict[str, tuple[bytes, str]] = {
    "0": (encode(["uint8"], [0]), ""),
    "77": (encode(["uint8"], [77]), ""),
    "78": (encode(["uint8"], [78]), "says it has 78 decimals"),
    "255": (encode(["uint8"], [255]), "says it has 255 decimals"),
    "256": (encode(["uint256"], [256]), "does not say its decimals"),
    "half a word": (b"\0" * 16, "does not say its decimals"),
    "nothing": (b"", "does not say its decimals"),
}


@pytest.mark.parametrize(("data", "refusal"), DECIMALS.values(), ids=DECIMALS)
async def test_fault_29_odd_decimals_are_taken_as_they_are_or_refused_and_never_assumed(
    pairs_node: LocalWorld, toolchain: Toolchain, tmp_path: Path, data: bytes, refusal: str
) -> None:
    token = of_wbtc(pairs_node, toolchain)
    token.answer("decimals()", data)
    if refusal:
        with pytest.raises(ConfigError, match=refusal) as refused:
            async with watching(pairs_node, tmp_path, "odd"):
                pass
        assert token.address in str(refused.value)
        return
    async with watching(pairs_node, tmp_path, "odd") as watched:
        pair = pair_of(watched, pairs_node)
        assert decimals_of(pair, token.address) == int.from_bytes(data)
        [ticked] = await watched.look()
        assert in_force(watched, pair).status is Status.OK
        snapshot = watched.store.snapshot(pair.id)
        assert isinstance(snapshot.state, ConstantProduct)
        assert snapshot.state.decimals1 == int.from_bytes(data)
        assert ticked.failing == 0
        assert recompute(watched.store).found == 0


async def test_fault_29_missing_decimals_are_refused(
    pairs_node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    of_wbtc(pairs_node, toolchain).refuse("decimals()")
    with pytest.raises(ConfigError, match="does not say its decimals"):
        async with watching(pairs_node, tmp_path, "odd"):
            pass


def pair_of(watched: Watching, node: LocalWorld) -> Target:
    address = node.world.pair("WBTC/WETH").address
    return next(one for one in watched.prepared.targets if one.address == address)


def decimals_of(target: Target, token: Address) -> int:
    return next(coin.decimals for coin in target.tokens if coin.address == token)


def in_force(watched: Watching, target: Target) -> Observation:
    standing = watched.store.observation_as_of(target.id, None)
    assert standing is not None
    return standing.observation


async def look_slowly(watched: Watching) -> None:
    """The next block is one at which decimals are looked at."""
    watched.prepared.watch._codes_at = None
    await watched.look()


async def test_fault_29_decimals_that_change_quarantine_their_targets_until_they_change_back(
    pairs_node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    token = of_wbtc(pairs_node, toolchain)
    async with watching(pairs_node, tmp_path, "changing") as watched:
        pair = pair_of(watched, pairs_node)
        touched = {
            target.id
            for target in watched.prepared.targets
            if token.address in [coin.address for coin in (*target.tokens, target.share) if coin]
        }
        await watched.look()
        before, was = in_force(watched, pair), decimals_of(pair, token.address)
        for now, said in (
            (was - 2, f"{token.address} says {was - 2} decimals now and said {was}"),
            (None, f"{token.address} no longer says its decimals, which were {was}"),
        ):
            with capture_logs() as logs:
                if now is None:
                    token.refuse("decimals()")
                else:
                    token.answer("decimals()", encode(["uint8"], [now]))
                await look_slowly(watched)
                assert said in in_force(watched, pair).detail
                pairs_node.chain.mine()
                await watched.look()
                for target in watched.prepared.targets:
                    expected = Status.QUARANTINED if target.id in touched else Status.OK
                    assert in_force(watched, target).status is expected, target.label
                token.answer_as_before("decimals()")
                await look_slowly(watched)
            assert in_force(watched, pair) == before
            assert [one["token"] for one in logs if one["event"] == "decimals changed"] == [
                token.address
            ] * 2
        assert recompute(watched.store).found == 0


async def test_fault_29_a_history_goes_on_only_with_the_decimals_that_it_began_with(
    pairs_node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    token = of_wbtc(pairs_node, toolchain)
    async with watching(pairs_node, tmp_path, "one") as watched:
        await watched.look()
        stored = history_rows(watched.store)
    token.answer("decimals()", encode(["uint8"], [3]))
    with pytest.raises(StoreError, match=f"{token.address} .* stored with .* and now says 3"):
        async with watching(pairs_node, tmp_path, "one"):
            pass
    with Store.open(f"sqlite:///{tmp_path / 'one.db'}") as store:
        assert history_rows(store) == stored
