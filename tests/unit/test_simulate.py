"""Scripts, grants, witnesses and receipts without a chain; real nodes are asked in tests/anvil."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.support.strategies import address, pool
from watcher.errors import DecodeError, InputError, NotEncoded
from watcher.protocols import ADAPTERS
from watcher.protocols.encoding import amounts_of, approve, sending, single, transfer
from watcher.simulate.grants import ACCESS_LIST, PROBED, grants
from watcher.simulate.node import Refused
from watcher.simulate.receipt import (
    NOT_EXECUTED,
    Execution,
    Receipt,
    receipt_from_json,
    receipt_to_json,
)
from watcher.simulate.run import Pin, run
from watcher.simulate.script import (
    ACTORS,
    Change,
    Scene,
    Script,
    Step,
    Watch,
    needs,
    predicted,
    undisturbed,
    watches,
)
from watcher.simulate.witness import Reads, overrides
from watcher.state import Address, Block, Target, Token
from watcher.state.finding import Account, Action, Deltas, Finding, Proof, Role, deltas
from watcher.state.token import ETHER

WETH, USDC = Token(address(0xE), 18, "WETH"), Token(address(0xC), 6, "USDC")
PAIR = Target(31337, "uniswap_v2", address(0xA1), "constant_product", tokens=(WETH, USDC))
ATTACKER, VICTIM = ACTORS[Role.ATTACKER], ACTORS[Role.VICTIM]
HOLDER = address(0xF00D)


def step(actor: Role, gives: Deltas, takes: Deltas, target_id: str = PAIR.id) -> Action:
    return Action(actor, "swap", target_id, gives, takes)


def weth(amount: int) -> Deltas:
    return deltas((WETH.address, amount))


def usdc(amount: int) -> Deltas:
    return deltas((USDC.address, amount))


SANDWICH = (
    step(Role.ATTACKER, weth(100), usdc(180)),
    step(Role.VICTIM, weth(50), usdc(80)),
    step(Role.ATTACKER, usdc(180), weth(110)),
)


def scene(*plan: Action) -> Scene:
    moved = Account(Role.ATTACKER, "", ())
    found = Finding(
        "sandwich", "griefing", (PAIR.id,), Proof.EXECUTED, accounts=(moved,), plan=plan
    )
    return Scene(found, {PAIR.id: PAIR}, {PAIR.id: pool(10**6, 10**6)})


def test_an_actor_needs_what_it_has_not_earned_before() -> None:
    assert needs(SANDWICH) == {
        (Role.ATTACKER, WETH.address): 100,
        (Role.VICTIM, WETH.address): 50,
    }
    twice = (*SANDWICH, step(Role.ATTACKER, weth(130), usdc(1)))
    assert needs(twice)[Role.ATTACKER, WETH.address] == 120


def test_the_pool_is_predicted_to_hold_what_the_actors_gave() -> None:
    assert set(predicted(scene(*SANDWICH))) == {
        Change(ATTACKER, WETH.address, 10),
        Change(VICTIM, WETH.address, -50),
        Change(VICTIM, USDC.address, 80),
        Change(PAIR.address, WETH.address, 40),
        Change(PAIR.address, USDC.address, -80),
    }
    watched = {(each.holder, each.token) for each in watches(scene(*SANDWICH))}
    assert {(each.holder, each.token) for each in predicted(scene(*SANDWICH))} < watched
    assert (ATTACKER, USDC.address) in watched


def test_a_victims_loss_is_told_against_its_trade_alone() -> None:
    lost = Account(Role.VICTIM, "", usdc(-7))
    others = Account(Role.LIQUIDITY, PAIR.id, usdc(7))
    attacked = scene(*SANDWICH)
    found = replace(attacked.finding, accounts=(lost, others))
    alone = undisturbed(replace(attacked, finding=found))
    assert alone is not None
    assert alone.executed == (step(Role.VICTIM, weth(50), usdc(87)),)
    assert undisturbed(scene(SANDWICH[0], SANDWICH[2])) is None


def test_a_leg_elsewhere_is_no_step() -> None:
    sold = Action(Role.ATTACKER, "exchange", "", usdc(180), weth(101))
    assert scene(SANDWICH[0], sold).executed == SANDWICH[:1]


def test_what_no_call_is_known_for_says_why() -> None:
    encode = ADAPTERS["uniswap_v2"].encode
    assert encode is not None
    state = pool(10**6, 10**6)
    with pytest.raises(NotEncoded, match="no call of uniswap_v2 is known for the step `redeem`"):
        encode(Action(Role.ATTACKER, "redeem", PAIR.id, weth(1), ()), PAIR, state, ATTACKER)
    with pytest.raises(NotEncoded, match="moves the chain's own coin"):
        transfer(ETHER, PAIR.address, 1)
    with pytest.raises(NotEncoded, match="gives or takes 2 tokens"):
        single(((WETH.address, 1), (USDC.address, 2)))
    with pytest.raises(NotEncoded, match="is no coin of"):
        amounts_of(PAIR, ((HOLDER, 1),))
    with pytest.raises(NotEncoded, match="whose state was not given"):
        scene(step(Role.ATTACKER, weth(1), usdc(1), "ab" * 32)).target("ab" * 32)


def test_calls_are_laid_out_as_the_abi_says() -> None:
    done = approve(WETH.address, PAIR.address, 7)
    assert done.data.hex() == ("095ea7b3" + "00" * 12 + PAIR.address[2:].lower() + f"{7:064x}")
    listed = sending(PAIR.address, "add_liquidity(uint256[],uint256)", [1, 2], 0)
    assert len(listed.data) == 4 + 32 * 5
    assert sending(PAIR.address, "sync()").data.hex() == "fff6cae9"


@dataclass
class Ledger:
    """A token whose balances stand in a mapping at `slot`, as a node answers of it. `scale` makes
    them computed, `lists` tells what it reads."""

    slot: int
    vyper: bool = False
    scale: int = 1
    lists: bool = True
    asked: list[str] = field(default_factory=list)

    def place(self, holder: Address) -> int:
        key, slot = bytes(12) + bytes.fromhex(holder[2:]), self.slot.to_bytes(32)
        return int.from_bytes(keccak(slot + key if self.vyper else key + slot))

    async def ask(self, method: str, *params: object) -> object:
        self.asked.append(method)
        if method == "eth_createAccessList":
            if not self.lists:
                raise Refused("no such method", code=-32601)
            keys = [f"0x{5:064x}", f"0x{self.place(HOLDER):064x}"]
            return {"accessList": [{"address": WETH.address, "storageKeys": keys}]}
        assert method == "eth_call"
        override: Any = params[2]
        [(slot, value)] = override[WETH.address]["stateDiff"].items()
        mine = int(slot, 16) == self.place(HOLDER)
        return f"0x{(int(value, 16) * self.scale if mine else 0):064x}"


@pytest.mark.parametrize("vyper", [False, True])
@pytest.mark.parametrize("lists", [False, True])
async def test_the_slot_of_a_balance_is_found_by_what_setting_it_does(
    vyper: bool, lists: bool
) -> None:
    node = Ledger(slot=51, vyper=vyper, lists=lists)
    [grant] = await grants(node, {(HOLDER, WETH.address): 10**21}, at="0x1")
    assert (grant.slot, grant.contract, grant.amount) == (node.place(HOLDER), WETH.address, 10**21)
    assert grant.found == (ACCESS_LIST if lists else PROBED)


async def test_a_balance_that_is_computed_is_not_granted() -> None:
    for node in (Ledger(slot=3, scale=2), Ledger(slot=500, lists=False)):
        with pytest.raises(NotEncoded, match="none can be granted"):
            await grants(node, {(HOLDER, WETH.address): 7}, at="0x1")


@dataclass
class Geth:
    """A node that executes no second block of one number; it answers what `calls` say."""

    calls: list[dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, method: str, *params: object) -> object:
        if method == "web3_clientVersion":
            return "Geth/v1"
        payload: Any = params[0]
        block = payload["blockStateCalls"][0]
        self.asked.append(block)
        if int(block["blockOverrides"]["number"], 16) <= 7:
            raise Refused("block numbers must be in order", code=-38020)
        return [{"calls": self.calls}]


def call(value: int | None, *, gas: int = 21_000) -> dict[str, Any]:
    if value is None:
        error = {"code": 3, "message": "execution reverted"}
        return {"status": "0x0", "returnData": "0x", "gasUsed": hex(gas), "error": error}
    return {"status": "0x1", "returnData": f"0x{value:064x}", "gasUsed": hex(gas)}


PIN = Pin(7, 1_000, 10, HOLDER)


def script() -> Script:
    return Script(
        actors=(),
        grants=(),
        steps=(Step(ATTACKER, PAIR.address, "sync()", "0xfff6cae9", 0),),
        watches=(Watch(ATTACKER, WETH.address), Watch(PAIR.address, WETH.address)),
    )


async def test_where_blocks_must_rise_the_next_one_is_simulated_and_said() -> None:
    node = Geth([call(5), call(6), call(1, gas=77), call(5), call(9)])
    done = await run(script(), node, engine="simulate", pin=PIN, at="0x7")
    assert (done.pin.number, done.pin.timestamp) == (8, 1_001)
    assert done.changes == (Change(PAIR.address, WETH.address, 3),)
    assert (done.gas, done.failed) == (77, None)
    assert [block["blockOverrides"]["time"] for block in node.asked] == [hex(1_000), hex(1_001)]


async def test_a_step_that_reverts_is_told_and_a_token_without_balances_is_an_error() -> None:
    node = Geth([call(5), call(6), call(None), call(5), call(6)])
    done = await run(script(), node, engine="simulate", pin=PIN, at="0x7")
    assert (done.failed, done.calls[0].error, done.changes) == (0, "execution reverted", ())
    for calls in ([call(None)] + [call(1)] * 4, [call(1)] * 4, []):
        with pytest.raises(DecodeError):
            await run(script(), Geth(calls), engine="simulate", pin=PIN, at="0x7")


def test_a_witness_is_what_was_read() -> None:
    reads = Reads()
    low = WETH.address.lower()
    reads.note("eth_getCode", [low, "0x7"], "0x60")
    reads.note("eth_getBalance", [low, "0x7"], "0x5")
    reads.note("eth_getTransactionCount", [low, "0x7"], "0x2")
    reads.note("eth_getStorageAt", [low, "0x0a", "0x7"], f"0x{9:064x}")
    reads.note("eth_getStorageAt", [low, "0x0", "0x7"], f"0x{0:064x}")
    reads.note("eth_chainId", [], "0x1")
    reads.note("eth_getBalance", [USDC.address.lower(), "0x7"], "0x0")
    witness = reads.witness()
    assert [each.address for each in witness.accounts] == [USDC.address, WETH.address]
    assert witness.slots == 2
    placed = overrides(witness)[WETH.address]
    assert placed["state"] == {f"0x{0:064x}": f"0x{0:064x}", f"0x{10:064x}": f"0x{9:064x}"}
    assert (placed["balance"], placed["nonce"], placed["code"]) == ("0x5", "0x2", "0x60")
    assert overrides(witness)[USDC.address]["code"] == "0x"


def receipt() -> Receipt:
    block = Block(31337, 7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_000)
    return Receipt(
        receipt=1,
        block=block,
        finding="ef" * 32,
        attack="cycle",
        goal="profit",
        target_ids=(PAIR.id,),
        level="scenario",
        reason="nobody",
        attacked=Execution(script(), (Change(ATTACKER, WETH.address, -3),), ()),
        undisturbed=NOT_EXECUTED,
        witness=Reads().witness(),
    )


def test_a_receipt_is_its_text_and_its_text_is_its_id() -> None:
    text = receipt_to_json(receipt())
    assert receipt_from_json(text) == receipt()
    assert receipt_from_json(text).id == receipt().id
    assert len(receipt().id) == 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'"receipt":"1"', b'"receipt":"2"'), "no receipt that this program reads"),
        ((b'"receipt":"1",', b""), "no receipt that this program reads"),
        ((b'"level"', b'"levels"'), "watcher exploit --prove"),
        ((b'"number":"7"', b'"number":7'), "expected int"),
    ],
)
def test_what_is_no_receipt_is_refused(change: tuple[bytes, bytes], said: str) -> None:
    text = receipt_to_json(receipt()).encode()
    assert change[0] in text
    with pytest.raises(InputError, match=said):
        receipt_from_json(text.replace(*change).decode())
