"""Pools of Kyber DMM: reserves, the virtual ones that amplification makes of them, and the fee that
the trend of volume gives at the block, as the pool itself tells it.

Source: DMMPool.sol and DMMFactory.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.events import event
from watcher.protocols.interface import Views, view
from watcher.protocols.pair_calls import encode
from watcher.protocols.pair_events import BURN, MINT, added, pair_events, removed, swapped
from watcher.protocols.pairs import ask_pair, confirm_pair, factory_of
from watcher.state.call import Answer, Call
from watcher.state.kyber_dmm import KyberDMM, problems
from watcher.state.target import Target

PROTOCOL = "kyber_dmm"

_POOL = "kyber_dmm/DMMPool"
_FACTORY = "kyber_dmm/DMMFactory"
TRADE_INFO = view(_POOL, "getTradeInfo")
K_LAST = view(_POOL, "kLast")
AMP_BPS = view(_POOL, "ampBps")
IS_POOL = view(_FACTORY, "isPool")
FEE_CONFIGURATION = view(_FACTORY, "getFeeConfiguration")
STATE = Views(
    *(TRADE_INFO, erc20.BALANCE_OF, erc20.BALANCE_OF, erc20.TOTAL_SUPPLY),
    *(K_LAST, AMP_BPS, FEE_CONFIGURATION),
)
"""What `calls` asks."""
SWAP = event(
    "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, "
    "uint256 amount1Out, address indexed to, uint256 feeInPrecision)"
)
EVENTS = pair_events(
    event("Sync(uint256 vReserve0, uint256 vReserve1, uint256 reserve0, uint256 reserve1)"),
    {MINT: added, BURN: removed, SWAP: swapped},
)


def identify(entry: Entry) -> Identification:
    claim = yield from ask_pair(entry, "Kyber DMM pool", _POOL, AMP_BPS)
    by = (claim.token0, claim.token1, entry.address)
    target, _ = yield from confirm_pair(entry, claim, kind=KyberDMM.KIND, known=IS_POOL, by=by)
    return target


def calls(target: Target) -> list[Call]:
    pool = target.address
    return [
        TRADE_INFO.call(pool),
        *(erc20.BALANCE_OF.call(token.address, pool) for token in target.tokens),
        erc20.TOTAL_SUPPLY.call(pool),
        K_LAST.call(pool),
        AMP_BPS.call(pool),
        FEE_CONFIGURATION.call(factory_of(target)),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> KyberDMM:
    *told, balance0, balance1, supply, k_last, amp_bps, fee_to, fee_bps = STATE.integers(answers)
    reserve0, reserve1, virtual0, virtual1, fee = told
    token0, token1 = target.tokens
    state = KyberDMM(
        reserve0=reserve0,
        reserve1=reserve1,
        virtual_reserve0=virtual0,
        virtual_reserve1=virtual1,
        balance0=balance0,
        balance1=balance1,
        amplification_bps=amp_bps,
        fee=fee,
        total_supply=supply,
        k_last=k_last,
        government_fee_bps=fee_bps if fee_to else 0,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )
    for problem in problems(state):
        raise DecodeError(f"{target.label}: {problem}")
    return state


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=KyberDMM.KIND,
    title="Kyber DMM",
    identify=identify,
    calls=calls,
    decode=decode,
    events=EVENTS,
    encode=encode,
    not_covered=(
        (
            "The fee of a later block: it follows the blocks since the last trade, so that a "
            "trade in the next one may pay another fee than the state's."
        ),
    ),
)
