"""Contracts that vanish, change behind their proxy, or burn all gas, on a real node."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils.crypto import keccak
from structlog.testing import capture_logs

from tests.anvil.test_reorgs import Watching, watching
from tests.support.world import LocalWorld
from watcher.devnet.local_chain import Transaction
from watcher.protocols.sighting import IMPLEMENTATION_SLOT
from watcher.service.upgrades import EVERY_BLOCKS, UPGRADED
from watcher.state import Status, Target
from watcher.state.code import CodeEvent

pytestmark = pytest.mark.anvil

LOOPS = "0x5b600056"
"""JUMPDEST, PUSH1 0, JUMP."""

FIRST, SECOND = "0x" + "11" * 20, "0x" + "22" * 20


def target_of(watched: Watching, kind: str) -> Target:
    return next(one for one in watched.prepared.targets if one.kind == kind)


def set_code(node: LocalWorld, address: str, code: str) -> None:
    node.chain.request("anvil_setCode", address, code)


def set_implementation(node: LocalWorld, address: str, implementation: str) -> None:
    word = "0x" + implementation[2:].zfill(64)
    node.chain.request("anvil_setStorageAt", address, hex(IMPLEMENTATION_SLOT), word)


def test_the_slot_is_eip_1967s() -> None:
    assert hex(IMPLEMENTATION_SLOT) == (
        "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
    )


async def test_fault_25_destroyed_and_upgraded_contracts_are_a_status_and_events(
    fork_node: LocalWorld, tmp_path: Path
) -> None:
    async with watching(fork_node, tmp_path, "codes") as watched:
        gone, proxy = target_of(watched, "constant_product"), target_of(watched, "share_vault")
        code = fork_node.chain.request("eth_getCode", gone.address, "latest")
        numbers = []

        async def next_block() -> None:
            # A watch that was just started looks at what is deployed at its first block.
            fork_node.chain.mine()
            watched.prepared.watch._codes_at = None
            [ticked] = await watched.look()
            numbers.append(ticked.block.number)

        await next_block()
        [known] = [
            one
            for one in watched.store.deployed(gone.chain_id).values()
            if one.target_id == gone.id
        ]
        assert known.code_hash == "0x" + keccak(bytes.fromhex(code[2:])).hex()
        assert watched.store.code_changes(gone.id) == ()
        with capture_logs() as logs:
            set_code(fork_node, gone.address, "0x")
            set_implementation(fork_node, proxy.address, FIRST)
            await next_block()
            standing = watched.store.observation_as_of(gone.id, None)
            assert standing is not None
            assert standing.observation.status is Status.NO_CODE
            set_code(fork_node, gone.address, code)
            set_code(fork_node, FIRST, "0x6001")
            await next_block()
            set_code(fork_node, gone.address, "0x6002")
            set_implementation(fork_node, proxy.address, SECOND)
            await next_block()
            await next_block()
        events = [(one.block.number, one.event) for one in watched.store.code_changes(gone.id)]
        assert events == [
            (numbers[1], CodeEvent.DESTROYED),
            (numbers[2], CodeEvent.DEPLOYED),
            (numbers[3], CodeEvent.CODE_CHANGED),
        ]
        changes = watched.store.code_changes(proxy.id)
        assert [one.event for one in changes] == [CodeEvent.IMPLEMENTATION_CHANGED] * 3
        assert [one.deployed.implementation for one in changes] == [FIRST, FIRST, SECOND]
        assert changes[0].deployed.implementation_hash is None
        assert changes[1].deployed.implementation_hash == "0x" + keccak(b"\x60\x01").hex()
        told = [one["target"] for one in logs if one["event"] == "code changed"]
        assert (told.count(gone.id), told.count(proxy.id)) == (3, 3)


async def test_fault_25_the_pace_is_slow_and_an_event_of_an_orphaned_block_is_none(
    fork_node: LocalWorld, tmp_path: Path
) -> None:
    fork_node.chain.mine()
    async with watching(fork_node, tmp_path, "codes") as watched:
        gone = target_of(watched, "constant_product")
        await watched.look()
        set_code(fork_node, gone.address, "0x6001")
        fork_node.chain.mine()
        [ticked] = await watched.look()
        assert ticked.tick.codes == ()
        watched.prepared.watch._codes_at = None
        fork_node.chain.mine()
        [ticked] = await watched.look()
        assert [one.target_id for one in ticked.tick.codes] == [gone.id]
        assert len(watched.store.code_changes(gone.id)) == 1
        fork_node.chain.roll_back(1)
        fork_node.chain.mine(seconds=24)
        fork_node.chain.mine()
        await watched.look()
        assert watched.store.code_changes(gone.id) == ()


async def test_fault_26_a_view_that_burns_all_gas_costs_itself_alone(
    fork_node: LocalWorld, tmp_path: Path
) -> None:
    fork_node.chain.mine()
    async with watching(fork_node, tmp_path, "gas") as watched:
        treasury = target_of(watched, "holdings")
        held = {token.address for token in treasury.tokens}  # it reads the pairs that it holds
        burning = next(
            one
            for one in watched.prepared.targets
            if one.kind == "constant_product" and one.address not in held
        )
        [before] = await watched.look()
        assert before.failing == 0
        set_code(fork_node, burning.address, LOOPS)
        fork_node.chain.mine()
        [ticked] = await watched.look()
        assert ticked.failing == 1
        assert ticked.seconds < 20
        standing = watched.store.observation_as_of(burning.id, None)
        assert standing is not None
        assert standing.observation.status is Status.REVERTED
        for target in watched.prepared.targets:
            if target.id != burning.id:
                other = watched.store.observation_as_of(target.id, None)
                assert other is not None
                assert other.observation.status is Status.OK


async def test_fault_25_an_upgrade_that_its_proxy_announces_is_known_soon(
    fork_node: LocalWorld, tmp_path: Path
) -> None:
    """Long before the next look at what is deployed, and told by the logs alone."""
    async with watching(fork_node, tmp_path, "announced") as watched:
        proxy = target_of(watched, "share_vault")
        code = fork_node.chain.request("eth_getCode", proxy.address, "latest")
        set_implementation(fork_node, proxy.address, FIRST)
        fork_node.chain.mine()
        [first] = await watched.look()
        set_implementation(fork_node, proxy.address, SECOND)
        for _ in range(EVERY_BLOCKS):
            fork_node.chain.mine()
        quiet = await watched.look()
        assert [one.tick.codes for one in quiet] == [()] * EVERY_BLOCKS

        set_code(fork_node, proxy.address, f"0x7f{UPGRADED[2:]}60006000a100")  # LOG1, nothing else
        who = fork_node.world.actors.trader
        fork_node.chain.mine([Transaction(who, proxy.address, "0x", "announcing an upgrade")])
        set_code(fork_node, proxy.address, code)
        for _ in range(EVERY_BLOCKS - 1):
            fork_node.chain.mine()
        ticks = await watched.look()
        assert ticks[-1].block.number == first.block.number + 2 * EVERY_BLOCKS
        [change] = watched.store.code_changes(proxy.id)
        assert change.block == ticks[-1].block
        assert change.deployed.implementation == SECOND
