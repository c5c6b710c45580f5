"""Yearn's vaults V2: idle and lent to strategies, with the profit that is locked at the block.

Sources: Vault.vy 0.3.4 and 0.4.3. Only the locked profit needs the block's time: once it is free, a
vault in which nothing happens has the same state in every block.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact import yearn
from watcher.math.families.yearn_vault import is_first, yearn_totals
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import TextView, block_time, require_code, view
from watcher.state.call import Answer, BlockTime, Call, Code
from watcher.state.target import Target
from watcher.state.token import ZERO_ADDRESS, Address
from watcher.state.yearn_vault import YearnStrategy, YearnVault, YearnVersion

PROTOCOL = "yearn_v2"

_VAULT, _FIRST = "yearn/VaultV2", "yearn/FirstVaultV2"
API_VERSION = TextView("apiVersion")
TOKEN = view(_VAULT, "token")
TOTAL_ASSETS = view(_VAULT, "totalAssets")
TOTAL_SUPPLY = view(_VAULT, "totalSupply")
TOTAL_DEBT = view(_VAULT, "totalDebt")
LOCKED_PROFIT = view(_VAULT, "lockedProfit")
LAST_REPORT = view(_VAULT, "lastReport")
DEPOSIT_LIMIT = view(_VAULT, "depositLimit")
EMERGENCY_SHUTDOWN = view(_VAULT, "emergencyShutdown")
PRICE_PER_SHARE = view(_VAULT, "pricePerShare")
WITHDRAWAL_QUEUE = view(_VAULT, "withdrawalQueue")
ESTIMATED_TOTAL_ASSETS = view("yearn/Strategy", "estimatedTotalAssets")
GUEST_LIST = view(_FIRST, "guestList")
FIRST_DEGRADATION = view(_FIRST, "lockedProfitDegration")
LATER_DEGRADATION = view(_VAULT, "lockedProfitDegradation")
FIRST_STRATEGIES = view(_FIRST, "strategies")
LATER_STRATEGIES = view(_VAULT, "strategies")
DEGRADATION = {"0.3.4": FIRST_DEGRADATION, "0.4.3": LATER_DEGRADATION}
STRATEGIES = {"0.3.4": FIRST_STRATEGIES, "0.4.3": LATER_STRATEGIES}
VERSIONS: tuple[YearnVersion, ...] = ("0.3.4", "0.4.3")

MOST_STRATEGIES = 20
_OF_TOTAL_DEBT = 6
"""The place of totalDebt among what a vault says of a strategy."""
_FIXED = 11
"""Answers before those of the queue."""


def identify(entry: Entry) -> Identification:
    vault = entry.address
    code, version, token_answer, *share_metadata = yield [
        Code(vault),
        API_VERSION.call(vault),
        TOKEN.call(vault),
        *erc20.metadata_calls(vault),
    ]
    require_code(code, vault)
    try:
        token = TOKEN.address(token_answer)
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no vault of Yearn's V2: {error}; remove it") from None
    told = API_VERSION.decode(version, most=28)
    if told not in VERSIONS:
        raise RefusedTarget(
            f"{vault} is no vault of Yearn's V2 that is known: its apiVersion is {told!r}, not "
            f"{' or '.join(VERSIONS)}; remove the entry"
        )
    metadata = yield erc20.metadata_calls(token)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=vault,
        kind=YearnVault.KIND,
        key=entry.key,
        tokens=(erc20.decode_metadata(token, metadata),),
        share=erc20.decode_metadata(vault, share_metadata),
        params={"version": told},
        name=entry.name,
    )
    answers = list((yield calls(target)))
    try:
        while more := follow(target, answers):
            answers += yield more
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"{vault} does not count as Yearn's V2 does: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    vault, version = target.address, _version(target)
    (token,) = target.tokens
    return [
        TOTAL_ASSETS.call(vault),
        TOTAL_SUPPLY.call(vault),
        TOTAL_DEBT.call(vault),
        erc20.BALANCE_OF.call(token.address, vault),
        LOCKED_PROFIT.call(vault),
        DEGRADATION[version].call(vault),
        LAST_REPORT.call(vault),
        BlockTime(vault),
        DEPOSIT_LIMIT.call(vault),
        EMERGENCY_SHUTDOWN.call(vault),
        PRICE_PER_SHARE.call(vault),
        *(WITHDRAWAL_QUEUE.call(vault, place) for place in range(MOST_STRATEGIES)),
        *([GUEST_LIST.call(vault)] if version == "0.3.4" else []),
    ]


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the vault and they themselves say of the strategies in the queue."""
    if len(answers) > len(calls(target)):
        return []
    asked = STRATEGIES[_version(target)]
    queue = _queue(answers)
    return [
        *(asked.call(target.address, strategy) for strategy in queue),
        *(ESTIMATED_TOTAL_ASSETS.call(strategy) for strategy in queue),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> YearnVault:
    """Raises DecodeError where its price per share is not what the arithmetic gives."""
    version, first_round = _version(target), len(calls(target))
    balance = erc20.BALANCE_OF.integer(answers[3])
    state = YearnVault(
        version=version,
        total_idle=balance,
        total_debt=TOTAL_DEBT.integer(answers[2]),
        total_supply=TOTAL_SUPPLY.integer(answers[1]),
        balance=balance,
        locked_profit=_locked_profit(version, answers[4:8]),
        locked_shares=0,
        deposit_limit=DEPOSIT_LIMIT.integer(answers[8]),
        shutdown=EMERGENCY_SHUTDOWN.integer(answers[9]) == 1,
        guarded=version == "0.3.4" and GUEST_LIST.address(answers[first_round - 1]) != ZERO_ADDRESS,
        strategies=_strategies(version, _queue(answers), answers[first_round:]),
        decimals=target.tokens[0].decimals,
    )
    if state.total_assets != TOTAL_ASSETS.integer(answers[0]):
        raise DecodeError(f"{target.label} holds and is owed what are not its totalAssets()")
    _require_price(state, answers[10])
    return state


def _locked_profit(version: YearnVersion, answers: Sequence[Answer]) -> int:
    locked, degradation, last_report, clock = answers
    seconds = block_time(clock) - LAST_REPORT.integer(last_report)
    if seconds < 0:
        raise DecodeError("the vault's last report is later than the block")
    try:
        return yearn.locked_profit(
            LOCKED_PROFIT.integer(locked),
            degradation=DEGRADATION[version].integer(degradation),
            seconds=seconds,
        )
    except MathError as error:
        raise DecodeError(f"the vault's locked profit is none: {error}") from None


def _queue(answers: Sequence[Answer]) -> list[Address]:
    """The strategies before the first place that is empty, as the vault goes through them."""
    found: list[Address] = []
    for answer in answers[_FIXED : _FIXED + MOST_STRATEGIES]:
        strategy = WITHDRAWAL_QUEUE.address(answer)
        if strategy == ZERO_ADDRESS:
            break
        found.append(strategy)
    return found


def _strategies(
    version: YearnVersion, queue: Sequence[Address], answers: Sequence[Answer]
) -> tuple[YearnStrategy, ...]:
    """Raises DecodeError where they were asked about other strategies than the queue has."""
    told, estimates = answers[: len(queue)], answers[len(queue) :]
    if not len(told) == len(estimates) == len(queue):
        raise DecodeError("withdrawalQueue() names other strategies than were asked about")
    found = []
    for params, estimate in zip(told, estimates, strict=True):
        debt = STRATEGIES[version].decode(params)[_OF_TOTAL_DEBT]
        assets = ESTIMATED_TOTAL_ASSETS.integer(estimate)
        found.append(YearnStrategy(int(debt), assets, assets))
    return tuple(found)


def _require_price(state: YearnVault, answer: Answer) -> None:
    """A revert agrees with totals that our arithmetic refuses."""
    one, totals = 10**state.decimals, yearn_totals(state)
    try:
        expected = yearn.v2_price_per_share(one, totals, first=is_first(state))
    except MathError:
        if not answer.ok:
            return
        raise DecodeError("pricePerShare answers where the arithmetic reverts") from None
    answered = PRICE_PER_SHARE.integer(answer)
    if answered != expected:
        raise DecodeError(f"pricePerShare answers {answered} where its totals give {expected}")


def _version(target: Target) -> YearnVersion:
    for version in VERSIONS:
        if target.params.get("version") == version:
            return version
    raise DecodeError(f"{target.label} is of no version of Yearn's V2 that is known")


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=YearnVault.KIND,
    title="Yearn's vaults V2",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    not_covered=(
        "Other versions than 0.3.4 and 0.4.3: they are refused.",
        (
            "What a strategy can pay at once: V2's say what they have, and a withdrawal is not "
            "quoted where one has less than it owes."
        ),
        "Strategies that are in no queue: the vault counts their debt and withdraws nothing there.",
        "Who is on the list of guests of a vault that has one: it is quoted to nobody.",
    ),
)
