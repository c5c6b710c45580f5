"""Morpho Blue: every market lives in one contract, which knows each by the hash of its parameters.

The interest is brought up to the block's time as accrueInterest would, at the rate that the
market's interest rate model answers for it.

Source: morpho-blue 1.0.0 Morpho.sol, IIrm.sol, IOracle.sol, MarketParamsLib.sol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.morpho import Accrual, Market, accrue
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.interface import block_time, require_code, view
from watcher.protocols.options import address_list, hexadecimal
from watcher.state.call import Answer, BlockTime, Call, Code
from watcher.state.morpho_market import MorphoMarket, MorphoPosition, problems
from watcher.state.target import Param, Target
from watcher.state.token import ZERO_ADDRESS, Address, to_address

PROTOCOL = "morpho_blue"

_MORPHO = "morpho/Morpho"
ID_TO_MARKET_PARAMS = view(_MORPHO, "idToMarketParams")
MARKET = view(_MORPHO, "market")
POSITION = view(_MORPHO, "position")
FEE_RECIPIENT = view(_MORPHO, "feeRecipient")
BORROW_RATE_VIEW = view("morpho/Irm", "borrowRateView")
PRICE = view("morpho/Oracle", "price")

MOST_ACCOUNTS = 64
PARAMS_TYPES = ("address", "address", "address", "address", "uint256")


class MarketParams(NamedTuple):
    """What a market is, in the contract's order; its id is their hash."""

    loan_token: Address
    collateral_token: Address
    oracle: Address
    irm: Address
    lltv: int

    @property
    def id(self) -> bytes:
        return keccak(encode(PARAMS_TYPES, self))


def market_id(options: Mapping[str, Param]) -> str:
    return str(options.get("market_id", ""))


def identify(entry: Entry) -> Identification:
    """Ask for the parameters behind the id, which must be their hash, and read the market once."""
    morpho = entry.address
    if not entry.key:
        raise RefusedTarget(f"a market of {morpho} is known by its id alone: give `market_id`")
    key = bytes.fromhex(entry.key[2:])
    code, answer = yield [Code(morpho), ID_TO_MARKET_PARAMS.call(morpho, key)]
    require_code(code, morpho)
    params = _market_params(morpho, answer)
    if params.id != key:
        raise RefusedTarget(f"{morpho} has no market {entry.key}: fix `market_id`")
    if ZERO_ADDRESS in (params.collateral_token, params.oracle):
        raise RefusedTarget(
            f"market {entry.key} has no collateral or no oracle: nobody can borrow from it, "
            "remove the entry"
        )
    tokens = (params.loan_token, params.collateral_token)
    metadata = yield [call for token in tokens for call in erc20.metadata_calls(token)]
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=morpho,
        kind=MorphoMarket.KIND,
        key=entry.key,
        tokens=(
            erc20.decode_metadata(tokens[0], metadata[:2]),
            erc20.decode_metadata(tokens[1], metadata[2:]),
        ),
        params={
            "oracle": params.oracle,
            "irm": params.irm,
            "lltv": params.lltv,
            "accounts": str(entry.options.get("accounts", "")),
        },
        name=entry.name,
    )
    answers = [*(yield calls(target))]
    try:
        asked = follow(target, answers)
        if asked:
            answers += yield asked
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"market {entry.key} cannot be read: {error}; remove it") from None
    return target


def calls(target: Target) -> list[Call]:
    """All but the rate, for which the market must be known."""
    morpho, key = target.address, bytes.fromhex(target.key[2:])
    params = _params_of(target)
    return [
        MARKET.call(morpho, key),
        BlockTime(morpho),
        PRICE.call(params.oracle),
        erc20.BALANCE_OF.call(params.loan_token, morpho),
        FEE_RECIPIENT.call(morpho),
        *(POSITION.call(morpho, key, account) for account in accounts_of(target)),
    ]


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """The rate of the very market that was answered; none without a model of rates."""
    params = _params_of(target)
    if len(answers) > len(calls(target)) or params.irm == ZERO_ADDRESS:
        return []
    return [BORROW_RATE_VIEW.call(params.irm, tuple(params), MARKET.integers(answers[0]))]


def decode(target: Target, answers: Sequence[Answer]) -> MorphoMarket:
    """Raises DecodeError where accrueInterest would revert."""
    market, time, price, balance, recipient, *rest = answers
    accounts, loan, collateral = accounts_of(target), *target.tokens
    supplied, supply_shares, borrowed, borrow_shares, last_update, fee = MARKET.integers(market)
    rate = _rate(target, rest[len(accounts) :])
    stored = Market(supplied, supply_shares, borrowed, borrow_shares, fee)
    accrued = _accrued(target, stored, rate=rate, elapsed=block_time(time) - last_update)
    fee_recipient = FEE_RECIPIENT.address(recipient)
    state = MorphoMarket(
        total_supply_assets=accrued.market.total_supply_assets,
        total_supply_shares=accrued.market.total_supply_shares,
        total_borrow_assets=accrued.market.total_borrow_assets,
        total_borrow_shares=accrued.market.total_borrow_shares,
        fee=fee,
        borrow_rate=rate,
        lltv=int(target.params["lltv"]),
        oracle_price=PRICE.integer(price),
        loan_balance=erc20.BALANCE_OF.integer(balance),
        positions=tuple(
            _position(answer, accrued.fee_shares if account == fee_recipient else 0)
            for account, answer in zip(accounts, rest[: len(accounts)], strict=True)
        ),
        loan_decimals=loan.decimals,
        collateral_decimals=collateral.decimals,
    )
    problem = next(problems(state), "")
    if problem or not last_update:
        raise DecodeError(f"{target.label} is no market: {problem or 'nobody has created it'}")
    return state


def accounts_of(target: Target) -> tuple[Address, ...]:
    """Whose positions are read."""
    return tuple(map(to_address, str(target.params["accounts"]).split()))


def _market_params(morpho: Address, answer: Answer) -> MarketParams:
    try:
        loan, collateral, oracle, irm, lltv = ID_TO_MARKET_PARAMS.decode(answer)
    except ReadError as error:
        raise RefusedTarget(f"{morpho} is no Morpho Blue: {error}; remove the entry") from None
    return MarketParams(
        to_address(str(loan)),
        to_address(str(collateral)),
        to_address(str(oracle)),
        to_address(str(irm)),
        int(lltv),
    )


def _params_of(target: Target) -> MarketParams:
    loan, collateral = target.tokens
    return MarketParams(
        loan.address,
        collateral.address,
        to_address(str(target.params["oracle"])),
        to_address(str(target.params["irm"])),
        int(target.params["lltv"]),
    )


def _rate(target: Target, answers: Sequence[Answer]) -> int:
    """Of a second; 0 without a model of rates."""
    if _params_of(target).irm == ZERO_ADDRESS and not answers:
        return 0
    if len(answers) != 1:
        raise DecodeError(f"{target.label}: the answers are not those of one reading")
    return BORROW_RATE_VIEW.integer(answers[0])


def _accrued(target: Target, market: Market, *, rate: int, elapsed: int) -> Accrual:
    if elapsed < 0:
        raise DecodeError(f"{target.label} was updated after the block's time")
    try:
        return accrue(market, borrow_rate=rate, elapsed=elapsed)
    except MathError as error:
        raise DecodeError(f"accrueInterest of {target.label} would revert: {error}") from None


def _position(answer: Answer, fee_shares: int) -> MorphoPosition:
    supply_shares, borrow_shares, collateral = POSITION.integers(answer)
    return MorphoPosition(supply_shares + fee_shares, borrow_shares, collateral)


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=MorphoMarket.KIND,
    title="Markets of Morpho Blue",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    options=(
        Option("market_id", hexadecimal(32), "the market's id, as Morpho knows it"),
        Option(
            "accounts",
            address_list(1, MOST_ACCOUNTS),
            "whose positions are read: their health, and the bad debt that they would leave",
        ),
    ),
    key=market_id,
    trials=(),
    not_covered=(
        (
            "Accounts that `accounts` does not name: known_debt_share says how much of the debt is "
            "seen."
        ),
        "Markets without collateral, from which nobody borrows.",
        (
            "A market whose oracle or rate model reverts: it is told as reverted, and not even "
            "interest accrues there if it is the rate."
        ),
    ),
)
