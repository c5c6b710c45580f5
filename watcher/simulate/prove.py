"""A finding's plan executed at its block by every engine there is, and held to the prediction.

Two engines: *simulate*, the chain's own node by eth_simulateV1, and *fork*, an Anvil on loopback
that reads from that node. The second needs nothing of a node but plain reads, and what it reads is
the witness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from watcher.chain.blocks import parse_block, quantity
from watcher.errors import DecodeError, NotEncoded, StaleBlock
from watcher.simulate.fork import Fork, forked
from watcher.simulate.grants import grants
from watcher.simulate.node import Node, Refused
from watcher.simulate.receipt import NOT_EXECUTED, VERSION, Execution, Level, Receipt
from watcher.simulate.run import Pin, Run, run
from watcher.simulate.script import (
    ACTORS,
    Change,
    Scene,
    Script,
    actors,
    needs,
    predicted,
    steps_of,
    undisturbed,
    watches,
)
from watcher.simulate.witness import Witness
from watcher.state.block import Block
from watcher.state.finding import Deltas, Finding, Proof, Role, total
from watcher.state.finding_json import finding_key
from watcher.state.token import Address, to_address

SIMULATE, FORK = "simulate", "fork"
OFF_CHAIN = "a leg is elsewhere, at the reference price"
MORE_THAN_THE_PLAN = "the attacker's account holds what no step of the plan moves"

Held = Mapping[tuple[Address, Address], int]


async def prove(scene: Scene, block: Block, node: Node, *, anvil: Path | None) -> Receipt:
    """Without `anvil` there is neither the engine fork nor a witness.

    Raises StaleBlock where the block has left the node's chain, Refused where no engine can be had.
    """
    try:
        steps = steps_of(scene)
    except NotEncoded as error:
        return _receipt(scene, block, Level.SCENARIO, str(error))
    if not steps:
        return _receipt(scene, block, Level.SCENARIO, "no step of the plan is on the chain")
    pin = await pin_of(node, block)
    async with AsyncExitStack() as stack:
        fork = await stack.enter_async_context(forked(node, block, anvil)) if anvil else None
        alone = undisturbed(scene)
        try:
            attacked = await _executed(scene, node, fork, pin=pin)
            calm = await _executed(alone, node, fork, pin=pin) if alone else NOT_EXECUTED
        except NotEncoded as error:
            return _receipt(scene, block, Level.SCENARIO, str(error))
        witness = fork.reads.witness() if fork else None
    await pin_of(node, block)
    level, reason = _verdict(scene.finding, attacked, calm)
    return _receipt(
        scene, block, level, reason, attacked=attacked, undisturbed=calm, witness=witness
    )


async def pin_of(node: Node, block: Block) -> Pin:
    """What the block's header says. Raises StaleBlock where the node has another block there."""
    header = await node.ask("eth_getBlockByNumber", hex(block.number), False)
    found = parse_block(header, chain_id=block.chain_id)
    if not isinstance(header, dict) or found is None or found.hash != block.hash:
        raise StaleBlock(
            f"block {block.number} ({block.hash[:10]}…) is not on the chain that the node serves: "
            "a receipt with a witness replays all the same, with `--engine witness`"
        )
    base_fee = quantity(header.get("baseFeePerGas", "0x0"))
    try:
        coinbase = to_address(str(header.get("miner")))
    except ValueError:
        raise DecodeError("eth_getBlockByNumber answered a header without a miner") from None
    return Pin(block.number, block.timestamp, base_fee or 0, coinbase)


async def _executed(scene: Scene, node: Node, fork: Fork | None, *, pin: Pin) -> Execution:
    at = hex(pin.number)
    script = await _script(scene, node, fork, at=at)
    runs = await _runs(script, node, fork, pin=pin, at=at)
    return Execution(script, predicted(scene), runs)


async def _script(scene: Scene, node: Node, fork: Fork | None, *, at: str) -> Script:
    needed = {
        (ACTORS[role], token): amount for (role, token), amount in needs(scene.executed).items()
    }
    asked, where = (fork.node, "latest") if fork else (node, at)
    return Script(
        actors=actors(scene),
        grants=await grants(asked, needed, at=where),
        steps=steps_of(scene),
        watches=watches(scene),
    )


async def _runs(
    script: Script, node: Node, fork: Fork | None, *, pin: Pin, at: str
) -> tuple[Run, ...]:
    found: list[Run] = []
    try:
        found.append(await run(script, node, engine=SIMULATE, pin=pin, at=at))
    except Refused:
        if fork is None:
            raise
    if fork is not None:
        same = found[0].pin if found else pin
        found.append(await run(script, fork.node, engine=FORK, pin=same, at="latest"))
    return tuple(found)


def _verdict(finding: Finding, attacked: Execution, calm: Execution) -> tuple[Level, str]:
    for done, when in ((attacked, ""), (calm, "without the attack, ")):
        if (other := _contradiction(done)) is not None:
            return Level.REFUTED, when + other
    if not _is_the_account(finding):
        return Level.PARTIAL, MORE_THAN_THE_PLAN
    if finding.proof is Proof.EXECUTED:
        return Level.EXECUTED, ""
    return Level.PARTIAL, OFF_CHAIN


def _contradiction(done: Execution) -> str | None:
    """What is not as it was predicted."""
    for one in done.runs:
        if one.failed is not None:
            error = one.calls[one.failed].error
            return f"call {one.failed + 1} reverted ({one.engine}: {error})"
        if (other := difference(held(done.predicted), held(one.changes))) is not None:
            return f"{one.engine}: {other}"
    return None


def held(changes: Sequence[Change]) -> Held:
    return {(each.holder, each.token): each.amount for each in changes}


def difference(expected: Held, found: Held) -> str | None:
    """The first balance that is not as expected, in words."""
    for holder, token in {**expected, **found}:
        wanted, got = expected.get((holder, token), 0), found.get((holder, token), 0)
        if wanted != got:
            return f"{holder} changes by {got} of {token}, predicted are {wanted}"
    return None


def _is_the_account(finding: Finding) -> bool:
    """Whether the attacker's account, what the lender takes apart, is what the plan moves."""
    roles = (Role.ATTACKER, Role.LENDER)
    told = total(each.deltas for each in finding.accounts if each.role in roles)
    moved: list[Deltas] = []
    for action in finding.plan:
        if action.actor is Role.ATTACKER:
            moved += [tuple((token, -amount) for token, amount in action.gives), action.takes]
    return told == total(moved)


def _receipt(
    scene: Scene,
    block: Block,
    level: Level,
    reason: str,
    *,
    attacked: Execution = NOT_EXECUTED,
    undisturbed: Execution = NOT_EXECUTED,
    witness: Witness | None = None,
) -> Receipt:
    finding = scene.finding
    return Receipt(
        receipt=VERSION,
        block=block,
        finding=finding_key(finding),
        attack=finding.attack,
        goal=finding.goal,
        target_ids=finding.target_ids,
        level=str(level),
        reason=reason,
        attacked=attacked,
        undisturbed=undisturbed,
        witness=witness,
    )
