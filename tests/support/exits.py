"""Small worlds to leave by hand: tokens with an address each, pools and vaults of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tests.support.strategies_simple import address
from watcher.math.exit.estate import Estate
from watcher.math.exit.plan import ExitPlan, exit_plan
from watcher.math.exit.world import World, world_of
from watcher.state import Address, State, Target, Token
from watcher.state.finding import deltas

CHAIN = 31337
U, X, Y, Z = (Token(address(0x10 + k), 18, name) for k, name in enumerate("UXYZ"))
NOTHING: Mapping[Address, int] = MappingProxyType({})


def pool_of(number: int, state: State, *tokens: Token) -> tuple[Target, State]:
    """A pool or vault at `address(number)`, which issues its own share."""
    own = Token(address(number), 18, f"LP{number:x}")
    protocol = {"constant_product": "uniswap_v2", "concentrated": "uniswap_v3"}.get(
        state.KIND, "curve_stableswap" if state.KIND == "stableswap" else "erc4626"
    )
    target = Target(CHAIN, protocol, own.address, state.KIND, "", tokens, own, name=own.symbol)
    return target, state


def estate(amounts: Mapping[Address, int], **more: object) -> Estate:
    return Estate(deltas(*amounts.items()), **more)  # type: ignore[arg-type]


def leave(
    amounts: Mapping[Address, int], watched: Sequence[tuple[Target, State]], into: Token = U
) -> ExitPlan:
    return exit_plan(estate(amounts), world_of(watched), into.address)


def leave_world(of: Estate, world: World, into: Token = U) -> ExitPlan:
    return exit_plan(of, world, into.address)
