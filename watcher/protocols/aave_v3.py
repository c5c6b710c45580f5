"""Reserves of Aave V3: one asset of a Pool. What accounts that are named have and owe is the
pool's own sum over all reserves.

Sources: Pool.sol, ReserveConfiguration.sol, ReserveLogic.sol and AaveOracle.sol of Aave V3 core
1.19.3. Each block's own normalized income and debt, and each account's health factor, must be what
the arithmetic gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.aave_reserve import debt_index, income_index
from watcher.math.exact.lending_aave import health_factor
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.holdings_plan import addresses
from watcher.protocols.interface import block_time, require_code, view
from watcher.protocols.options import address_list
from watcher.protocols.rounds import Reading, replayed
from watcher.state.aave_reserve import AaveAccount, AaveReserve, problems
from watcher.state.call import Answer, BlockTime, Call, Code
from watcher.state.target import Param, Target
from watcher.state.token import Address, to_address

PROTOCOL = "aave_v3"

_POOL, _TOKEN, _ORACLE = "aave_v3/Pool", "aave_v3/ScaledBalanceToken", "aave_v3/AaveOracle"
ADDRESSES_PROVIDER = view(_POOL, "ADDRESSES_PROVIDER")
RESERVE_DATA = view(_POOL, "getReserveData")
NORMALIZED_INCOME = view(_POOL, "getReserveNormalizedIncome")
NORMALIZED_DEBT = view(_POOL, "getReserveNormalizedVariableDebt")
USER_ACCOUNT_DATA = view(_POOL, "getUserAccountData")
PRICE_ORACLE = view("aave_v3/PoolAddressesProvider", "getPriceOracle")
SCALED_TOTAL_SUPPLY = view(_TOKEN, "scaledTotalSupply")
SCALED_BALANCE_OF = view(_TOKEN, "scaledBalanceOf")
ASSET_PRICE = view(_ORACLE, "getAssetPrice")
BASE_CURRENCY_UNIT = view(_ORACLE, "BASE_CURRENCY_UNIT")

MOST_ACCOUNTS = 32


class Reserve(NamedTuple):
    """What getReserveData answers, in its order."""

    configuration: int
    liquidity_index: int
    liquidity_rate: int
    variable_borrow_index: int
    variable_borrow_rate: int
    stable_borrow_rate: int
    updated_at: int
    id: int
    a_token: int
    stable_debt_token: int
    variable_debt_token: int
    strategy: int
    accrued_to_treasury: int
    unbacked: int
    isolation_mode_debt: int


class Configuration(NamedTuple):
    """The words of ReserveConfiguration.sol's bitmap that are read."""

    ltv: int
    liquidation_threshold: int
    liquidation_bonus: int
    decimals: int
    active: bool
    frozen: bool
    borrowing_enabled: bool
    paused: bool
    reserve_factor: int
    borrow_cap: int
    supply_cap: int


def configuration(bitmap: int) -> Configuration:
    def part(start: int, bits: int) -> int:
        return bitmap >> start & (1 << bits) - 1

    return Configuration(
        ltv=part(0, 16),
        liquidation_threshold=part(16, 16),
        liquidation_bonus=part(32, 16),
        decimals=part(48, 8),
        active=bool(part(56, 1)),
        frozen=bool(part(57, 1)),
        borrowing_enabled=bool(part(58, 1)),
        paused=bool(part(60, 1)),
        reserve_factor=part(64, 16),
        borrow_cap=part(80, 36),
        supply_cap=part(116, 36),
    )


def key_of(options: Mapping[str, Param]) -> str:
    """A reserve is known by its asset."""
    return str(options.get("asset", ""))


def identify(entry: Entry) -> Identification:
    pool = entry.address
    if not entry.key:
        raise RefusedTarget(f"{pool} lends many assets: give the one that is meant as `asset`")
    asset = to_address(entry.key)
    code, data, *metadata = yield [
        Code(pool),
        RESERVE_DATA.call(pool, asset),
        *erc20.metadata_calls(asset),
    ]
    require_code(code, pool)
    try:
        reserve = _reserve(data)
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no pool of Aave V3: {error}; remove the entry") from None
    if not reserve.a_token:
        raise RefusedTarget(f"{pool} has no reserve of {asset}: fix `asset`")
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=pool,
        kind=AaveReserve.KIND,
        key=entry.key,
        tokens=(erc20.decode_metadata(asset, metadata),),
        params=dict(entry.options),
        name=entry.name,
    )
    try:
        yield from reading(target)
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no pool that can be read: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    """The first round, always the same; `follow` gives the others."""
    return next(reading(target))


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the reserve's tokens and the oracle of the block are asked."""
    return replayed(target, reading(target), answers).asked


def decode(target: Target, answers: Sequence[Answer]) -> AaveReserve:
    """Raises DecodeError too where the pool's own indexes, or an account's health factor, are not
    what the arithmetic gives."""
    return replayed(target, reading(target), answers).whole(target)


def reading(target: Target) -> Reading[AaveReserve]:
    pool, (token,) = target.address, target.tokens
    accounts = addresses(target.params.get("accounts", ""))
    time, data, income, debt, provider, *users = yield [
        BlockTime(pool),
        *(each.call(pool, token.address) for each in (RESERVE_DATA, NORMALIZED_INCOME)),
        NORMALIZED_DEBT.call(pool, token.address),
        ADDRESSES_PROVIDER.call(pool),
        *(USER_ACCOUNT_DATA.call(pool, account) for account in accounts),
    ]
    reserve = _reserve(data)
    issued = Issued.of(reserve)
    oracle_answer, *held = yield [
        PRICE_ORACLE.call(ADDRESSES_PROVIDER.address(provider)),
        *issued.calls(token.address, accounts),
    ]
    oracle = PRICE_ORACLE.address(oracle_answer)
    prices = yield [ASSET_PRICE.call(oracle, token.address), BASE_CURRENCY_UNIT.call(oracle)]
    totals, balances = issued.decode(held)
    known = tuple(map(_account, accounts, users, balances))
    elapsed = _elapsed(target, block_time(time), reserve)
    price, unit = ASSET_PRICE.integer(prices[0]), BASE_CURRENCY_UNIT.integer(prices[1])
    state = _state(target, reserve, totals, known, elapsed=elapsed, price=price, unit=unit)
    for problem in problems(state):
        raise DecodeError(f"{target.label}: {problem}")
    _require_indexes(target, state, (income, debt))
    return state


class Totals(NamedTuple):
    """Of all holders, in the order in which `Issued` asks for them."""

    available: int
    scaled_supply: int
    scaled_debt: int
    stable_debt: int


class Issued(NamedTuple):
    """The tokens that a reserve issues; without one for stable debt where there is none."""

    a_token: Address
    variable: Address
    stable: Address | None

    @classmethod
    def of(cls, reserve: Reserve) -> Issued:
        stable = _address(reserve.stable_debt_token) if reserve.stable_debt_token else None
        return cls(_address(reserve.a_token), _address(reserve.variable_debt_token), stable)

    def calls(self, asset: Address, accounts: Sequence[Address]) -> list[Call]:
        return [
            erc20.BALANCE_OF.call(asset, self.a_token),
            *(SCALED_TOTAL_SUPPLY.call(each) for each in (self.a_token, self.variable)),
            *([erc20.TOTAL_SUPPLY.call(self.stable)] if self.stable else []),
            *(call for account in accounts for call in self._of(account)),
        ]

    def decode(self, answers: Sequence[Answer]) -> tuple[Totals, list[tuple[int, int, int]]]:
        """The totals, and of each account what it has and owes, as AaveAccount has it."""
        numbers = [erc20.BALANCE_OF.integer(each) for each in answers]
        width = 3 if self.stable else 2
        first, rest = numbers[: width + 1], numbers[width + 1 :]
        rows = [rest[at : at + width] for at in range(0, len(rest), width)]
        none = [] if self.stable else [0]
        return Totals(*first, *none), [(row[0], row[1], [*row, *none][2]) for row in rows]

    def _of(self, account: Address) -> list[Call]:
        return [
            *(SCALED_BALANCE_OF.call(each, account) for each in (self.a_token, self.variable)),
            *([erc20.BALANCE_OF.call(self.stable, account)] if self.stable else []),
        ]


def _state(
    target: Target,
    reserve: Reserve,
    totals: Totals,
    accounts: tuple[AaveAccount, ...],
    *,
    elapsed: int,
    price: int,
    unit: int,
) -> AaveReserve:
    (token,), rules = target.tokens, configuration(reserve.configuration)
    if rules.decimals != token.decimals:
        raise DecodeError(
            f"{target.label} counts its asset in {rules.decimals} decimals, the token has "
            f"{token.decimals}"
        )
    whole = 10**token.decimals
    return AaveReserve(
        available=totals.available,
        scaled_supply=totals.scaled_supply,
        scaled_debt=totals.scaled_debt,
        stable_debt=totals.stable_debt,
        unbacked=reserve.unbacked,
        accrued_to_treasury=reserve.accrued_to_treasury,
        liquidity_index=reserve.liquidity_index,
        variable_borrow_index=reserve.variable_borrow_index,
        liquidity_rate=reserve.liquidity_rate,
        variable_borrow_rate=reserve.variable_borrow_rate,
        elapsed=elapsed,
        ltv=rules.ltv,
        liquidation_threshold=rules.liquidation_threshold,
        liquidation_bonus=rules.liquidation_bonus,
        reserve_factor=rules.reserve_factor,
        # a cap of 0 is none
        supply_cap=rules.supply_cap * whole or None,
        borrow_cap=rules.borrow_cap * whole or None,
        active=rules.active,
        frozen=rules.frozen,
        paused=rules.paused,
        borrowing_enabled=rules.borrowing_enabled,
        price=price,
        price_unit=unit,
        accounts=accounts,
        decimals=token.decimals,
    )


def _address(number: int) -> Address:
    return to_address(number.to_bytes(20))


def _reserve(answer: Answer) -> Reserve:
    found = RESERVE_DATA.decode(answer)
    return Reserve(*(int(each, 16) if isinstance(each, str) else int(each) for each in found))


def _elapsed(target: Target, now: int, reserve: Reserve) -> int:
    if now < reserve.updated_at:
        raise DecodeError(f"{target.label} was updated at a later time than the block's")
    return now - reserve.updated_at


def _account(account: Address, user: Answer, held: tuple[int, int, int]) -> AaveAccount:
    collateral, debt, _, threshold, _, health = USER_ACCOUNT_DATA.integers(user)
    try:
        expected = health_factor(collateral, debt, threshold)
    except MathError as error:
        raise DecodeError(f"account {account} cannot be valued: {error}") from None
    if expected != health:
        raise DecodeError(
            f"the health factor of {account} is {health}, where what it has and owes give "
            f"{expected}: this pool values accounts in a way that is not known here"
        )
    return AaveAccount(*held, collateral, debt, threshold)


def _require_indexes(target: Target, state: AaveReserve, answers: tuple[Answer, Answer]) -> None:
    try:
        ours = income_index(state), debt_index(state)
    except MathError as error:
        raise DecodeError(f"{target.label}: {error}") from None
    income, debt = NORMALIZED_INCOME.integer(answers[0]), NORMALIZED_DEBT.integer(answers[1])
    if ours != (income, debt):
        raise DecodeError(
            f"{target.label} answers the indexes {income} and {debt}, where the stored ones and "
            f"the rates give {ours[0]} and {ours[1]}"
        )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=AaveReserve.KIND,
    title="Aave V3 reserves",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    key=key_of,
    trials=(),
    options=(
        Option("asset", address_list(1, 1), "which asset of the pool"),
        Option(
            "accounts",
            address_list(1, MOST_ACCOUNTS),
            "whose collateral, debt and health are read, over all reserves of the pool",
        ),
    ),
    not_covered=(
        "Who else borrows: debts are known of the accounts that are named, and no others.",
        (
            "Efficiency modes and isolation: an account's sums have them in, a reserve's figures "
            "do not."
        ),
        (
            "What later versions than 3.0 keep besides: virtual balances, deficits, and roundings "
            "of single balances."
        ),
    ),
)
