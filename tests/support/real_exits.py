"""A treasury on a real chain that leaves by its plan: each step sent as the plan says it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.adapters import entries
from tests.support.real_holdings import EXACT_IN, TRANSFER, Estate
from tests.support.simulation import identified
from watcher.chain.client import open_chain
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.exit.plan import ExitPlan, Step
from watcher.service.observe import observe
from watcher.state import Address, State, Target

SOLD_IN = ("uniswap_v2", "uniswap_v3", "curve_stableswap", "erc4626")


def watched(found: Estate) -> list[Target]:
    """The world's pairs, pools with ticks, StableSwap pools and vaults."""
    all_of_them = entries(found.world)
    return identified(found.chain, [one for one in all_of_them if one.protocol in SOLD_IN])


async def states(found: Estate, targets: Sequence[Target]) -> list[tuple[Target, State]]:
    """What all of them are at the head, by our own reader."""
    async with open_chain(found.chain.chain_id, found.chain.url) as client:
        observed = await observe(client.reader, await client.headers.head(), targets)
    known = [(target, observed[target.id].state) for target in targets]
    return [(target, state) for target, state in known if state is not None]


def execute(found: Estate, plan: ExitPlan, targets: Sequence[Target]) -> None:
    """Every step in its order, from the treasury's own account."""
    by_id = {target.id: target for target in targets}
    has = int(found.chain.request("eth_getBalance", found.holder, "latest"), 16)
    # a plan is without gas
    found.chain.request("anvil_setBalance", found.holder, hex(has + 10**20))
    (manager,) = found.managers
    for step in plan.steps:
        match step.verb:
            case "wrap":
                ((token, amount),) = step.takes
                found.send(found.holder, token, "deposit()", value=amount)
            case "close":
                found.close(manager, int(step.where))
            case "burn" | "redeem":
                ((token, amount),) = step.gives
                assert found.balance(token) == amount
                found.redeem(token)
            case "sell":
                _sell(found, step, by_id[step.target_id])


def _sell(found: Estate, step: Step, target: Target) -> None:
    ((sold, amount),), ((bought, out),) = step.gives, step.takes
    coins = [token.address for token in target.tokens]
    match target.protocol:
        case "uniswap_v2":
            found.send(found.holder, sold, TRANSFER, target.address, amount)
            outs = [out if coin == bought else 0 for coin in coins]
            found.send(
                found.holder,
                target.address,
                "swap(uint256,uint256,address,bytes)",
                *outs,
                found.holder,
                b"",
            )
        case "uniswap_v3":
            pool = next(one for one in found.world.tick_pools if one.address == target.address)
            _approve(found, sold, pool.router)
            order = (sold, bought, pool.fee, found.holder, FAR_FUTURE, amount, 0, 0)
            found.send(found.holder, pool.router, EXACT_IN, order)
        case _:
            coin_pool = next(one for one in found.world.coin_pools if one.address == target.address)
            _approve(found, sold, target.address)
            places = coins.index(sold), coins.index(bought)
            found.send(found.holder, target.address, coin_pool.exchange, *places, amount, 0)


def _approve(found: Estate, token: Address, spender: Address) -> None:
    found.send(found.holder, token, "approve(address,uint256)", spender, UINT256_MAX)
