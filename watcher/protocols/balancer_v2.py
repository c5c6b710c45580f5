"""What the pools of Balancer V2 have in common: the Vault that holds their coins, and what every
pool says of itself.

Source: Vault.sol and BasePool.sol. The Vault's balances count what an asset manager has taken out,
which a swap could not pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Entry
from watcher.protocols.interface import View, arrays_view, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.target import Param, Target
from watcher.state.token import ZERO_ADDRESS, Address, Token, to_address

_VAULT = "balancer/Vault"
_POOL = "balancer/Pool"
GET_POOL = view(_VAULT, "getPool")
GET_POOL_TOKENS = arrays_view(_VAULT, "getPoolTokens")
FEES_COLLECTOR = view(_VAULT, "getProtocolFeesCollector")
PAUSED_STATE = view(_VAULT, "getPausedState")
POOL_ID = view(_POOL, "getPoolId")
VAULT = view(_POOL, "getVault")
SWAP_FEE = view(_POOL, "getSwapFeePercentage")
"""The collector's name for the protocol's part of the swap fees, too."""
SCALING_FACTORS = arrays_view(_POOL, "getScalingFactors")
ACTUAL_SUPPLY = view(_POOL, "getActualSupply")
RATE_PROVIDERS = arrays_view(_POOL, "getRateProviders")
RECOVERY_MODE = view(_POOL, "inRecoveryMode")

ONE = 10**18
MOST_COINS = 9
"""Eight in a weighted pool; five in a stable one, and its own tokens."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A pool that the Vault knows: `tokens` are in the Vault's order, its own among them where it
    holds them."""

    id: int
    vault: Address
    collector: Address
    tokens: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What every pool answers at a block."""

    balances: tuple[int, ...]
    paused: bool
    swap_fee: int


def first_calls(pool: Address) -> list[Call]:
    """Whether it is a pool of a Vault at all."""
    return [Code(pool), POOL_ID.call(pool), VAULT.call(pool), *erc20.metadata_calls(pool)]


def named(pool: Address, answers: Sequence[Answer]) -> tuple[int, Address]:
    """The pool's id and its Vault. Raises RefusedTarget where there are none."""
    require_code(answers[0], pool)
    try:
        return POOL_ID.integer(answers[1]), VAULT.address(answers[2])
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no Balancer V2 pool: {error}; remove the entry") from None


def registration_calls(pool_id: int, vault: Address) -> list[Call]:
    number = pool_id.to_bytes(32)
    return [
        GET_POOL.call(vault, number),
        GET_POOL_TOKENS.call(vault, number, length=MOST_COINS),
        FEES_COLLECTOR.call(vault),
    ]


def registered(
    pool: Address, pool_id: int, vault: Address, answers: Sequence[Answer]
) -> Registered:
    """Raises RefusedTarget where the Vault does not know the pool by its id."""
    found, tokens, collector = answers
    try:
        known, _ = GET_POOL.decode(found)
        count = GET_POOL_TOKENS.length(tokens)
        addresses, _, _ = GET_POOL_TOKENS.decode(tokens, length=count)
        collected = FEES_COLLECTOR.address(collector)
    except ReadError as error:
        raise RefusedTarget(
            f"the Vault {vault} does not know {pool} as Balancer V2's does: {error}; remove the "
            "entry"
        ) from None
    if known != pool:
        raise RefusedTarget(f"the Vault {vault} knows another pool by the id that {pool} has")
    return Registered(pool_id, vault, collected, tuple(map(to_address_of, addresses)))


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
            "pool_id": "0x" + found.id.to_bytes(32).hex(),
            "vault": found.vault,
            "fees_collector": found.collector,
            **params,
        },
        name=entry.name,
    )


def decode_tokens(found: Registered, answers: Sequence[Answer]) -> tuple[Token, ...]:
    """Raises RefusedTarget of a token of more than 18 decimals, which no pool accepts."""
    tokens = tuple(
        erc20.decode_metadata(coin, answers[2 * k : 2 * k + 2])
        for k, coin in enumerate(found.tokens)
    )
    for token in tokens:
        if token.decimals > 18:
            raise RefusedTarget(f"token {token.address} has too many decimals for a Balancer pool")
    return tokens


def calls(target: Target) -> list[Call]:
    """What every pool is asked at a block; `decode` understands it."""
    pool, vault = target.address, vault_of(target)
    number = bytes.fromhex(str(target.params["pool_id"]).removeprefix("0x"))
    return [
        GET_POOL_TOKENS.call(vault, number, length=len(target.tokens)),
        PAUSED_STATE.call(vault),
        PAUSED_STATE.call(pool),
        SWAP_FEE.call(pool),
    ]


CALLS = 4
"""How many those are."""


def decode(target: Target, answers: Sequence[Answer]) -> Held:
    tokens, vault_paused, pool_paused, swap_fee = answers
    count = len(target.tokens)
    addresses, balances, _ = GET_POOL_TOKENS.decode(tokens, length=count)
    if tuple(map(to_address_of, addresses)) != tuple(token.address for token in target.tokens):
        raise DecodeError(f"{target.label} holds other coins than it was identified with")
    return Held(
        balances=balances,
        paused=any(PAUSED_STATE.decode(each)[0] for each in (vault_paused, pool_paused)),
        swap_fee=SWAP_FEE.integer(swap_fee),
    )


def scaling_factors(target: Target) -> tuple[int, ...]:
    """Of 18 decimals: 10**30 for a coin of 6."""
    return tuple(ONE * 10 ** (18 - token.decimals) for token in target.tokens)


def vault_of(target: Target) -> Address:
    return Address(str(target.params["vault"]))


def collector_of(target: Target) -> Address:
    return Address(str(target.params["fees_collector"]))


def has(asked: View, answer: Answer) -> bool:
    """Whether a pool has this function."""
    try:
        asked.decode(answer)
    except ReadError:
        return False
    return True


def providers(answer: Answer, count: int) -> tuple[Address | None, ...]:
    """Who tells each coin's rate; None of one that has none. Raises ReadError."""
    (numbers,) = RATE_PROVIDERS.decode(answer, length=count)
    found = map(to_address_of, numbers)
    return tuple(None if each == ZERO_ADDRESS else each for each in found)


def to_address_of(number: int) -> Address:
    return to_address(number.to_bytes(20))
