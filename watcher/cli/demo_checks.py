"""What the demonstration proves about itself at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from watcher.chain.walks import steps
from watcher.devnet.local_chain import LocalChain
from watcher.errors import Unavailable
from watcher.protocols import ADAPTERS
from watcher.protocols.adapter import read
from watcher.state.call import Answer, Balance, BlockNumber, BlockTime, Call, Slot, Static, Ticks
from watcher.state.canonical import state_to_json
from watcher.state.target import Target
from watcher.store import Store, recompute

COMPARED_BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Checks:
    """`incomplete` counts targets without an observation at a block, `different` states that
    plain calls of the node contradict, `recompute_differences` stored rows that the recomputation
    contradicts: all three are 0 when all is well."""

    blocks: int
    targets: int
    incomplete: int
    compared_blocks: tuple[int, ...]
    compared: int
    different: int
    recomputed: int
    recompute_differences: int

    @property
    def passed(self) -> bool:
        return not (self.incomplete or self.different or self.recompute_differences)


def check_demo(store: Store, chain: LocalChain, *, chosen: Random) -> Checks:
    """Look at every stored block, compare three of them with plain eth_calls, recompute all."""
    (extent,) = store.extent().chains
    numbers = range(extent.first.number, extent.newest.number + 1)
    targets = store.targets()
    incomplete = sum(
        store.observation_as_of(target.id, number) is None
        for target in targets
        for number in numbers
    )
    sample = tuple(sorted(chosen.sample(numbers, min(COMPARED_BLOCKS, len(numbers)))))
    compared = [_agrees(store, chain, target, number) for target in targets for number in sample]
    audit = recompute(store)
    return Checks(
        blocks=len(numbers),
        targets=len(targets),
        incomplete=incomplete + (len(numbers) - extent.blocks) * len(targets),
        compared_blocks=sample,
        compared=len(compared),
        different=compared.count(False),
        recomputed=audit.checked_states + audit.checked_amounts + audit.checked_measures,
        recompute_differences=audit.found,
    )


def _agrees(store: Store, chain: LocalChain, target: Target, number: int) -> bool:
    standing = store.observation_as_of(target.id, number)
    if standing is None or standing.observation.state is None:
        return False
    state = read(ADAPTERS[target.protocol], target, lambda calls: _plainly(chain, calls, number))
    return state_to_json(state) == state_to_json(standing.observation.state)


def _plainly(chain: LocalChain, calls: Sequence[Call], number: int) -> list[Answer]:
    """One eth_call each, by block number: nothing of the watch's own reading."""
    return [
        _walked(chain, call, number) if isinstance(call, Ticks) else _called(chain, call, number)
        for call in calls
    ]


def _walked(chain: LocalChain, call: Ticks, number: int) -> Answer:
    walk = steps(call)
    wanted = next(walk)
    while True:
        try:
            wanted = walk.send([_called(chain, each, number) for each in wanted])
        except StopIteration as done:
            answer: Answer = done.value
            return answer


def _called(chain: LocalChain, call: Call, number: int) -> Answer:
    if isinstance(call, Balance):
        balance = int(chain.request("eth_getBalance", call.address, hex(number)), 16)
        return Answer(ok=True, data=balance.to_bytes(32), length=32)
    if isinstance(call, Slot):
        place = hex(call.index)
        word = chain.request("eth_getStorageAt", call.address, place, hex(number))
        return Answer(ok=True, data=bytes.fromhex(word[2:]), length=32)
    if isinstance(call, BlockTime):
        block = chain.request("eth_getBlockByNumber", hex(number), False)
        return Answer(ok=True, data=int(block["timestamp"], 16).to_bytes(32), length=32)
    if isinstance(call, BlockNumber):
        return Answer(ok=True, data=number.to_bytes(32), length=32)
    if not isinstance(call, Static):
        raise TypeError(f"{type(call).__name__} is not read every block")
    request = {"to": call.to, "data": "0x" + call.data.hex()}
    try:
        data = bytes.fromhex(chain.request("eth_call", request, hex(number))[2:])
    except Unavailable:
        # Anvil answers a revert with an error, which is all that matters here.
        return Answer(ok=False, data=b"", length=0)
    return Answer(ok=True, data=data, length=len(data))
