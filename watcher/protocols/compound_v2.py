"""Markets of Compound V2 and its forks: a cToken, what its comptroller and oracle say of it, and
what accounts that are named have and owe in all markets that they entered.

Sources: CToken.sol, Comptroller.sol and the models of rates of Compound. The rate of a block is the
contract's own; where the model's parameters give that very rate, they are told too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.lending_compound import Curve, Totals, exchange_rate
from watcher.protocols import compound_accounts, compound_rates, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.compound_accounts import Asking, Weighed
from watcher.protocols.compound_rates import Rates
from watcher.protocols.holdings_plan import addresses
from watcher.protocols.interface import View, Views, block_number, require_code, view
from watcher.protocols.options import address_list
from watcher.protocols.rounds import Reading, replayed
from watcher.protocols.uniswap_v4 import NATIVE
from watcher.state.call import Answer, Balance, BlockNumber, Call, Code
from watcher.state.compound_market import CompoundAccount, CompoundMarket, problems
from watcher.state.target import Target
from watcher.state.token import Address, to_address

PROTOCOL = "compound_v2"

_CTOKEN, _COMPTROLLER = "compound/CToken", "compound/Comptroller"
UNDERLYING = view(_CTOKEN, "underlying")
COMPTROLLER = view(_CTOKEN, "comptroller")
INTEREST_RATE_MODEL = view(_CTOKEN, "interestRateModel")
GET_CASH = view(_CTOKEN, "getCash")
TOTAL_BORROWS = view(_CTOKEN, "totalBorrows")
TOTAL_RESERVES = view(_CTOKEN, "totalReserves")
BORROW_INDEX = view(_CTOKEN, "borrowIndex")
ACCRUAL_BLOCK_NUMBER = view(_CTOKEN, "accrualBlockNumber")
EXCHANGE_RATE_STORED = view(_CTOKEN, "exchangeRateStored")
BORROW_RATE_PER_BLOCK = view(_CTOKEN, "borrowRatePerBlock")
RESERVE_FACTOR = view(_CTOKEN, "reserveFactorMantissa")
OWN = (
    *(GET_CASH, TOTAL_BORROWS, TOTAL_RESERVES, BORROW_INDEX, erc20.TOTAL_SUPPLY),
    *(ACCRUAL_BLOCK_NUMBER, EXCHANGE_RATE_STORED, BORROW_RATE_PER_BLOCK, RESERVE_FACTOR),
)
"""What the cToken says of itself, in the order of Own."""

ORACLE = view(_COMPTROLLER, "oracle")
CLOSE_FACTOR = view(_COMPTROLLER, "closeFactorMantissa")
LIQUIDATION_INCENTIVE = view(_COMPTROLLER, "liquidationIncentiveMantissa")
RULES = (ORACLE, CLOSE_FACTOR, LIQUIDATION_INCENTIVE)

SUPPLY_CAPS = view(_COMPTROLLER, "supplyCaps")
BORROW_CAPS = view(_COMPTROLLER, "borrowCaps")
MINT_PAUSED = view(_COMPTROLLER, "mintGuardianPaused")
BORROW_PAUSED = view(_COMPTROLLER, "borrowGuardianPaused")
SEIZE_PAUSED = view(_COMPTROLLER, "seizeGuardianPaused")
TRANSFER_PAUSED = view(_COMPTROLLER, "transferGuardianPaused")
LATER = (SUPPLY_CAPS, BORROW_CAPS, MINT_PAUSED, BORROW_PAUSED, SEIZE_PAUSED, TRANSFER_PAUSED)
"""What not every comptroller has: a target's params name what its own has."""

MOST_ACCOUNTS = 32


class Own(NamedTuple):
    """What the cToken says of itself."""

    totals: Totals
    total_supply: int
    accrued_at: int
    exchange_rate: int
    borrow_rate: int
    reserve_factor: int


class Rules(NamedTuple):
    """What the comptroller says; `later` by the getters that it has."""

    oracle: Address
    close_factor: int
    liquidation_incentive: int
    later: Mapping[View, int]

    def cap(self, getter: View) -> int | None:
        """A cap of 0 is none."""
        return self.later.get(getter) or None

    def paused(self, getter: View) -> bool:
        return self.later.get(getter) == 1


def identify(entry: Entry) -> Identification:
    ctoken = entry.address
    code, *answers, underlying, native = yield [
        Code(ctoken),
        *(each.call(ctoken) for each in (COMPTROLLER, INTEREST_RATE_MODEL, GET_CASH)),
        *erc20.metadata_calls(ctoken),
        UNDERLYING.call(ctoken),
        Balance(ctoken),
    ]
    require_code(code, ctoken)
    try:
        comptroller = COMPTROLLER.address(answers[0])
        model = INTEREST_RATE_MODEL.address(answers[1])
        cash = GET_CASH.integer(answers[2])
        of = UNDERLYING.address(underlying) if underlying.ok else None
    except ReadError as error:
        raise RefusedTarget(
            f"{ctoken} is no market of Compound V2: {error}; remove the entry"
        ) from None
    if of is None and not 0 < cash == int.from_bytes(native.data):
        raise RefusedTarget(
            f"{ctoken} names no underlying, and its cash is not its native coin: remove the entry"
        )
    token = erc20.decode_metadata(of, (yield erc20.metadata_calls(of))) if of else NATIVE
    later = yield _later(LATER, comptroller, ctoken)
    probed = yield compound_rates.probes(model)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=ctoken,
        kind=CompoundMarket.KIND,
        key=entry.key,
        tokens=(token,),
        share=erc20.decode_metadata(ctoken, answers[3:]),
        params={
            "comptroller_has": " ".join(
                each.name for each, answer in zip(LATER, later, strict=True) if answer.ok
            ),
            **compound_rates.params(model, probed),
            **entry.options,
        },
        name=entry.name,
    )
    try:
        yield from reading(target)
    except ReadError as error:
        raise RefusedTarget(f"{ctoken} is no market that can be read: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    """The first round, always the same; `follow` gives the others."""
    return next(reading(target))


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the comptroller, the model and the oracle that are named at the block are asked."""
    return replayed(target, reading(target), answers).asked


def decode(target: Target, answers: Sequence[Answer]) -> CompoundMarket:
    """Raises DecodeError too where the market's own exchange rate, or the comptroller's sum of an
    account, is not what the arithmetic gives."""
    return replayed(target, reading(target), answers).whole(target)


def reading(target: Target) -> Reading[CompoundMarket]:
    ctoken = target.address
    accounts = addresses(target.params.get("accounts", ""))
    number, comptroller_answer, model, *answers = yield [
        BlockNumber(ctoken),
        COMPTROLLER.call(ctoken),
        INTEREST_RATE_MODEL.call(ctoken),
        *(each.call(ctoken) for each in OWN),
    ]
    now, own = block_number(number), _own(answers)
    comptroller = COMPTROLLER.address(comptroller_answer)
    later = tuple(each for each in LATER if each.name in _named(target))
    asked_rates = compound_rates.asking(target, INTEREST_RATE_MODEL.address(model))
    rounds = (
        [*(each.call(comptroller) for each in RULES), *_later(later, comptroller, ctoken)],
        asked_rates.calls(),
        compound_accounts.entered_calls(comptroller, accounts),
    )
    said, told, entered = _parted((yield [*rounds[0], *rounds[1], *rounds[2]]), rounds)
    rules = _rules(later, said)
    asking = Asking(
        market=ctoken,
        comptroller=comptroller,
        oracle=rules.oracle,
        accounts=accounts,
        entered=compound_accounts.entered(entered),
    )
    rates = asked_rates.decode(told).giving(own.borrow_rate, own.totals)
    weighed, known = asking.decode((yield asking.calls()))
    state = _state(target, own, rules, rates, (weighed, known), elapsed=now - own.accrued_at)
    for problem in problems(state):
        raise DecodeError(f"{target.label}: {problem}")
    _require_exchange_rate(target, own)
    return state


def _own(answers: Sequence[Answer]) -> Own:
    cash, borrows, reserves, index, *rest = Views(*OWN).integers(answers)
    return Own(Totals(cash, borrows, reserves, index), *rest)


def _rules(later: tuple[View, ...], answers: Sequence[Answer]) -> Rules:
    oracle, close_factor, incentive, *rest = Views(*RULES, *later).integers(answers)
    given = dict(zip(later, rest, strict=True))
    return Rules(to_address(oracle.to_bytes(20)), close_factor, incentive, given)


def _state(
    target: Target,
    own: Own,
    rules: Rules,
    rates: Rates,
    weighed: tuple[Weighed, tuple[CompoundAccount, ...]],
    *,
    elapsed: int,
) -> CompoundMarket:
    (token,), (market, accounts) = target.tokens, weighed
    curve = rates.curve or Curve(0, 0)
    jumps = rates.model == "jump"
    if elapsed < 0:
        raise DecodeError(f"{target.label}: interest has accrued up to a later block than this one")
    return CompoundMarket(
        cash=own.totals.cash,
        total_borrows=own.totals.total_borrows,
        total_reserves=own.totals.total_reserves,
        total_supply=own.total_supply,
        borrow_index=own.totals.borrow_index,
        elapsed=elapsed,
        exchange_rate=own.exchange_rate,
        borrow_rate=own.borrow_rate,
        rate_model=rates.model,
        base_rate=curve.base_rate,
        multiplier=curve.multiplier,
        jump_multiplier=curve.jump_multiplier,
        kink=curve.kink if jumps else 0,
        periods_a_year=rates.a_year,
        reserve_factor=own.reserve_factor,
        collateral_factor=market.factor,
        close_factor=rules.close_factor,
        liquidation_incentive=rules.liquidation_incentive,
        price=market.price,
        supply_cap=rules.cap(SUPPLY_CAPS),
        borrow_cap=rules.cap(BORROW_CAPS),
        listed=market.listed,
        mint_paused=rules.paused(MINT_PAUSED),
        borrow_paused=rules.paused(BORROW_PAUSED),
        seize_paused=rules.paused(SEIZE_PAUSED),
        transfer_paused=rules.paused(TRANSFER_PAUSED),
        accounts=accounts,
        decimals=token.decimals,
        share_decimals=_share_decimals(target),
    )


def _require_exchange_rate(target: Target, own: Own) -> None:
    try:
        expected = exchange_rate(own.totals, own.total_supply, own.exchange_rate)
    except MathError as error:
        raise DecodeError(f"{target.label}: {error}") from None
    if expected != own.exchange_rate:
        raise DecodeError(
            f"{target.label} answers an exchange rate of {own.exchange_rate} where cash, borrows, "
            f"reserves and supply give {expected}"
        )


def _parted(
    answers: Sequence[Answer], rounds: Sequence[Sequence[Call]]
) -> tuple[Sequence[Answer], ...]:
    """The answers of each part of what was asked at once."""
    parts, start = [], 0
    for asked in rounds:
        parts.append(answers[start : start + len(asked)])
        start += len(asked)
    return tuple(parts)


def _later(views: Sequence[View], comptroller: Address, ctoken: Address) -> list[Call]:
    return [each.call(comptroller, *([ctoken] if each.inputs else [])) for each in views]


def _named(target: Target) -> list[str]:
    return str(target.params.get("comptroller_has", "")).split()


def _share_decimals(target: Target) -> int:
    if target.share is None:
        raise DecodeError(f"{target.label} has no share token")
    return target.share.decimals


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=CompoundMarket.KIND,
    title="Compound V2 markets",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    options=(
        Option(
            "accounts",
            address_list(1, MOST_ACCOUNTS),
            "whose collateral, debt and health are read, in all markets that they entered",
        ),
    ),
    not_covered=(
        "Who else borrows: debts are known of the accounts that are named, and no others.",
        (
            "What an account owes and has is as it was stored when interest last accrued in each "
            "of its markets, as getAccountLiquidity takes it."
        ),
        (
            "Markets whose accrual does more than Compound's, as cDAI's does, and those that count "
            "seconds; on chains where block.number is another chain's, what has accrued."
        ),
        "A market whose oracle reverts: the oracle's price is a part of its state.",
    ),
)
