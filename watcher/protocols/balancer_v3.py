"""What the pools of Balancer V3 have in common: the Vault that keeps their balances, rates, fees
and hooks.

Source: VaultExtension.sol, PoolDataLib.sol and HooksConfigLib.sol. What rates have earned since the
last change pays a yield fee with the next one: the balances are without it. Each block the Vault's
own live balances and rate of the pool's tokens are held to ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.balancer_fixed_point import div_down, sub
from watcher.math.exact.balancer_v3 import compute_yield_fees_due, live_balances
from watcher.math.exact.balancer_v3_pools import PoolMath
from watcher.protocols import erc20
from watcher.protocols.adapter import Entry
from watcher.protocols.balancer_v2 import VAULT, to_address_of, vault_of
from watcher.protocols.interface import arrays_view, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.target import Param, Target
from watcher.state.token import Address, Token

_VAULT = "balancer/VaultV3"
TOKEN_INFO = arrays_view(_VAULT, "getPoolTokenInfo")
TOKEN_RATES = arrays_view(_VAULT, "getPoolTokenRates")
LIVE_BALANCES = arrays_view(_VAULT, "getCurrentLiveBalances")
POOL_CONFIG = view(_VAULT, "getPoolConfig")
HOOKS_CONFIG = view(_VAULT, "getHooksConfig")
POOL_PAUSED = view(_VAULT, "isPoolPaused")
VAULT_PAUSED = view(_VAULT, "isVaultPaused")
MINIMUM_TRADE = view(_VAULT, "getMinimumTradeAmount")
BPT_RATE = view(_VAULT, "getBptRate")

MOST_COINS = 8
WITH_RATE = 1
"""The type of a token whose rate a provider tells; that of the others is 0."""
NONE = "none"
"""The provider of a coin that has no rate."""

NOT_COVERED = (
    (
        "Pools that take and pay their coins in proportion alone: adding and removing are others "
        "there, so they are refused."
    ),
    (
        "The Vault's buffers of ERC-4626 shares: a way that wraps or unwraps there is no pool's, "
        "and is not quoted."
    ),
    (
        "Leaving a pool in recovery mode by the way that asks no rate, and works while the pool is "
        "paused."
    ),
)


@dataclass(frozen=True, slots=True)
class Hook:
    """Which of its functions the Vault calls: whether it may adjust amounts, then those for filling
    a pool, the fee, swaps, adding and removing, as HooksConfig has them."""

    contract: Address
    flags: tuple[bool, ...]

    @property
    def is_idle(self) -> bool:
        """What is called when a pool is filled for the first time changes nothing any more."""
        return not any(self.flags[3:])


@dataclass(frozen=True, slots=True)
class Registered:
    """A pool that the Vault knows, its tokens in the Vault's order."""

    vault: Address
    tokens: tuple[Address, ...]
    providers: tuple[Address | None, ...]
    minimum_trade: int
    hook: Hook


@dataclass(frozen=True, slots=True)
class Held:
    """What the Vault keeps of a pool at a block; `live` are its balances of 18 decimals, rounded
    down."""

    balances: tuple[int, ...]
    due_besides: tuple[int, ...]
    live: tuple[int, ...]
    scaling_factors: tuple[int, ...]
    rates: tuple[int, ...]
    swap_fee: int
    aggregate_swap_fee: int
    total_supply: int
    paused: bool


def first_calls(pool: Address) -> list[Call]:
    """Whether it is a pool of a Vault at all."""
    return [Code(pool), VAULT.call(pool), *erc20.metadata_calls(pool)]


FIRST_CALLS = 4
"""How many those are."""


def named(pool: Address, answers: Sequence[Answer]) -> Address:
    """The pool's Vault. Raises RefusedTarget where there is none."""
    require_code(answers[0], pool)
    try:
        return VAULT.address(answers[1])
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no Balancer V3 pool: {error}; remove the entry") from None


def registration_calls(pool: Address, vault: Address) -> list[Call]:
    return [
        TOKEN_INFO.call(vault, pool, length=MOST_COINS),
        POOL_CONFIG.call(vault, pool),
        HOOKS_CONFIG.call(vault, pool),
        MINIMUM_TRADE.call(vault),
    ]


def registered(pool: Address, vault: Address, answers: Sequence[Answer]) -> Registered:
    """Raises RefusedTarget where the Vault does not know the pool, or nobody has filled it."""
    info, config, hooks, minimum = answers
    try:
        count = TOKEN_INFO.length(info)
        tokens, described, _, _ = TOKEN_INFO.decode(info, length=count)
        proportional_alone, *_, filled, _, _ = POOL_CONFIG.decode(config)
        *flags, contract = HOOKS_CONFIG.decode(hooks)
        minimum_trade = MINIMUM_TRADE.integer(minimum)
    except ReadError as error:
        raise RefusedTarget(
            f"the Vault {vault} does not know {pool} as Balancer V3's does: {error}; remove the "
            "entry"
        ) from None
    if not filled:
        raise RefusedTarget(f"{pool} was never filled: add the entry once it holds coins")
    if proportional_alone:
        raise RefusedTarget(f"{pool} takes and pays its coins in proportion alone: not read here")
    return Registered(
        vault=vault,
        tokens=tuple(map(to_address_of, tokens)),
        providers=tuple(map(_provider, described[::3], described[1::3])),
        minimum_trade=minimum_trade,
        hook=Hook(Address(str(contract)), tuple(map(bool, flags))),
    )


def _provider(kind: int, number: int) -> Address | None:
    return to_address_of(number) if kind == WITH_RATE else None


def require_no_hook(pool: Address, found: Registered) -> None:
    """Raises RefusedTarget of a hook that the Vault calls for what is quoted here."""
    if not found.hook.is_idle:
        raise RefusedTarget(
            f"{pool} has a hook at {found.hook.contract} that may change what is paid: remove the "
            "entry"
        )


def target_of(
    entry: Entry,
    *,
    protocol: str,
    kind: str,
    found: Registered,
    tokens: tuple[Token, ...],
    share: Token,
    params: dict[str, Param],
) -> Target:
    return Target(
        chain_id=entry.chain_id,
        protocol=protocol,
        address=entry.address,
        kind=kind,
        key=entry.key,
        tokens=tokens,
        share=share,
        params={
            "vault": found.vault,
            "minimum_trade": found.minimum_trade,
            "rate_providers": " ".join(each or NONE for each in found.providers),
            **params,
        },
        name=entry.name,
    )


def metadata_calls(found: Registered) -> list[Call]:
    return [call for coin in found.tokens for call in erc20.metadata_calls(coin)]


def decode_tokens(found: Registered, answers: Sequence[Answer]) -> tuple[Token, ...]:
    return tuple(
        erc20.decode_metadata(coin, answers[2 * k : 2 * k + 2])
        for k, coin in enumerate(found.tokens)
    )


def calls(target: Target) -> list[Call]:
    """What the Vault is asked at a block; `decode` understands it."""
    pool, vault, count = target.address, vault_of(target), len(target.tokens)
    return [
        TOKEN_INFO.call(vault, pool, length=count),
        TOKEN_RATES.call(vault, pool, length=count),
        POOL_CONFIG.call(vault, pool),
        POOL_PAUSED.call(vault, pool),
        VAULT_PAUSED.call(vault),
        LIVE_BALANCES.call(vault, pool, length=count),
        erc20.TOTAL_SUPPLY.call(pool),
        BPT_RATE.call(vault, pool),
    ]


CALLS = 8
"""How many those are; the last is for `require_rate`."""


def decode(target: Target, answers: Sequence[Answer]) -> Held:
    info, rates, config, pool_paused, vault_paused, live, supply = answers
    count = len(target.tokens)
    tokens, described, raw, last_live = TOKEN_INFO.decode(info, length=count)
    if tuple(map(to_address_of, tokens)) != tuple(token.address for token in target.tokens):
        raise DecodeError(f"{target.label} holds other coins than it was identified with")
    factors, told = TOKEN_RATES.decode(rates, length=count)
    *_, swap_fee, swap_part, yield_part, _, _, _, _, _, recovering = POOL_CONFIG.integers(config)
    if recovering:  # the protocol takes nothing then
        swap_part = yield_part = 0
    pays = [yield_part if each else 0 for each in described[2::3]]
    try:
        due, due_up = (
            _yield_fees(raw, last_live, factors, told, pays, up=up) for up in (False, True)
        )
        balances = tuple(map(sub, raw, due))
        expected = live_balances(balances, factors, told, up=False)
    except MathError as error:
        raise DecodeError(f"what {target.label} holds is no pool's: {error}") from None
    (answered,) = LIVE_BALANCES.decode(live, length=count)
    if answered != expected:
        raise DecodeError(
            f"getCurrentLiveBalances() answers {answered} where the arithmetic gives {expected}"
        )
    besides = tuple(more - less for more, less in zip(due_up, due, strict=True))
    return Held(
        balances=balances,
        due_besides=besides if any(besides) else (),
        live=expected,
        scaling_factors=factors,
        rates=told,
        swap_fee=swap_fee,
        aggregate_swap_fee=swap_part,
        total_supply=erc20.TOTAL_SUPPLY.integer(supply),
        paused=any(
            asked.decode(each)[0]
            for asked, each in ((POOL_PAUSED, pool_paused), (VAULT_PAUSED, vault_paused))
        ),
    )


def _yield_fees(
    raw: tuple[int, ...],
    last_live: tuple[int, ...],
    factors: tuple[int, ...],
    rates: tuple[int, ...],
    pays: Sequence[int],
    *,
    up: bool,
) -> list[int]:
    """What is due of each coin, in smallest units: more where the Vault rounds balances up."""
    live = live_balances(raw, factors, rates, up=up)
    return [
        compute_yield_fees_due(
            live[k], last_live[k], percentage=pays[k], scaling_factor=factors[k], rate=rates[k]
        )
        for k in range(len(raw))
    ]


def require_rate(math: PoolMath, held: Held, answer: Answer) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    try:
        expected = div_down(math.compute_invariant(held.live, up=False), held.total_supply)
    except MathError:
        if answer.ok:
            raise DecodeError("getBptRate() answers where the arithmetic reverts") from None
        return
    answered = BPT_RATE.integer(answer)
    if answered != expected:
        raise DecodeError(f"getBptRate() answers {answered} where the arithmetic gives {expected}")
