"""Yearn's vaults V3: idle and lent to strategies, which are ERC-4626 vaults themselves, with the
shares that are unlocked at the block.

Source: VaultV3.vy 3.1.0. The vault lists no strategies; they are configured, and what the vault has
lent to others is seen as the difference to its total debt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact import yearn
from watcher.math.families.yearn_vault import yearn_totals
from watcher.protocols import erc20, erc4626
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.interface import View, require_code, view
from watcher.protocols.options import address_list
from watcher.state.call import Answer, Call, Code
from watcher.state.target import Param, Target
from watcher.state.token import Address, to_address
from watcher.state.yearn_vault import YearnStrategy, YearnVault

PROTOCOL = "yearn_v3"

_VAULT = "yearn/VaultV3"
API_VERSION = erc4626.YEARN_VERSION
ASSET = view(_VAULT, "asset")
TOTAL_ASSETS = view(_VAULT, "totalAssets")
TOTAL_SUPPLY = view(_VAULT, "totalSupply")
TOTAL_IDLE = view(_VAULT, "totalIdle")
TOTAL_DEBT = view(_VAULT, "totalDebt")
DEPOSIT_LIMIT = view(_VAULT, "deposit_limit")
SHUTDOWN = view(_VAULT, "shutdown")
CONVERT_TO_SHARES = view(_VAULT, "convertToShares")
CONVERT_TO_ASSETS = view(_VAULT, "convertToAssets")
STRATEGIES = view(_VAULT, "strategies")
VERSION = erc4626.YEARN_V3

MOST_STRATEGIES = 10
"""As many as a withdrawal may name."""
PROBE_SCALE = 10**18


def identify(entry: Entry) -> Identification:
    vault = entry.address
    code, version, asset_answer, idle, *share_metadata = yield [
        Code(vault),
        API_VERSION.call(vault),
        ASSET.call(vault),
        TOTAL_IDLE.call(vault),
        *erc20.metadata_calls(vault),
    ]
    require_code(code, vault)
    try:
        asset = ASSET.address(asset_answer)
        TOTAL_IDLE.integer(idle)
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no vault of Yearn's V3: {error}; remove it") from None
    told = API_VERSION.decode(version, most=28)
    if told != VERSION:
        raise RefusedTarget(
            f"{vault} is no vault of Yearn's V3 that is known: its api_version is {told!r}, not "
            f"{VERSION}; remove the entry"
        )
    metadata = yield erc20.metadata_calls(asset)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=vault,
        kind=YearnVault.KIND,
        key=entry.key,
        tokens=(erc20.decode_metadata(asset, metadata),),
        share=erc20.decode_metadata(vault, share_metadata),
        params=_configured(entry),
        name=entry.name,
    )
    answers = list((yield calls(target)))
    try:
        while more := follow(target, answers):
            answers += yield more
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"{vault} does not count as Yearn's V3 does: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    vault = target.address
    (asset,) = target.tokens
    probe = 10**asset.decimals * PROBE_SCALE
    strategies = _strategies(target)
    return [
        TOTAL_ASSETS.call(vault),
        TOTAL_SUPPLY.call(vault),
        TOTAL_IDLE.call(vault),
        TOTAL_DEBT.call(vault),
        erc20.BALANCE_OF.call(asset.address, vault),
        erc20.BALANCE_OF.call(vault, vault),
        DEPOSIT_LIMIT.call(vault),
        SHUTDOWN.call(vault),
        CONVERT_TO_SHARES.call(vault, probe),
        CONVERT_TO_ASSETS.call(vault, probe),
        *(STRATEGIES.call(vault, strategy) for strategy in strategies),
        *(erc4626.MAX_WITHDRAW.call(strategy, vault) for strategy in strategies),
        *(erc20.BALANCE_OF.call(strategy, vault) for strategy in strategies),
    ]


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the shares of the strategies are worth."""
    asked, strategies = len(calls(target)), _strategies(target)
    if len(answers) > asked:
        return []
    held = answers[asked - len(strategies) : asked]
    return [
        erc4626.CONVERT_TO_ASSETS.call(strategy, erc20.BALANCE_OF.integer(balance))
        for strategy, balance in zip(strategies, held, strict=True)
    ]


def decode(target: Target, answers: Sequence[Answer]) -> YearnVault:
    """Raises DecodeError where its conversions are not what the arithmetic gives."""
    state = YearnVault(
        version="3.1.0",
        total_idle=TOTAL_IDLE.integer(answers[2]),
        total_debt=TOTAL_DEBT.integer(answers[3]),
        total_supply=TOTAL_SUPPLY.integer(answers[1]),
        balance=erc20.BALANCE_OF.integer(answers[4]),
        locked_profit=0,
        locked_shares=erc20.BALANCE_OF.integer(answers[5]),
        deposit_limit=DEPOSIT_LIMIT.integer(answers[6]),
        shutdown=SHUTDOWN.integer(answers[7]) == 1,
        guarded=False,
        strategies=tuple(_owing(target, answers[10:])),
        decimals=target.tokens[0].decimals,
    )
    if state.total_assets != TOTAL_ASSETS.integer(answers[0]):
        raise DecodeError(f"{target.label} holds and is owed what are not its totalAssets()")
    if sum(one.debt for one in state.strategies) > state.total_debt:
        raise DecodeError(f"the strategies of {target.label} owe more than its totalDebt()")
    _agree(CONVERT_TO_SHARES, yearn.v3_convert_to_shares, answers[8], state)
    _agree(CONVERT_TO_ASSETS, yearn.v3_convert_to_assets, answers[9], state)
    return state


def _owing(target: Target, answers: Sequence[Answer]) -> list[YearnStrategy]:
    strategies = _strategies(target)
    count = len(strategies)
    told, most, _, worth = (answers[at * count : (at + 1) * count] for at in range(4))
    found = []
    for address, params, limit, assets in zip(strategies, told, most, worth, strict=True):
        activation, _, debt, _ = STRATEGIES.integers(params)
        if activation == 0:
            raise DecodeError(f"{address} is no strategy of {target.label}: fix `strategies`")
        found.append(
            YearnStrategy(
                debt,
                erc4626.CONVERT_TO_ASSETS.integer(assets),
                erc4626.MAX_WITHDRAW.integer(limit),
            )
        )
    return found


def _agree(
    function: View,
    convert: Callable[[int, yearn.Totals], int],
    answer: Answer,
    state: YearnVault,
) -> None:
    """A revert agrees with an amount that our arithmetic refuses."""
    amount = 10**state.decimals * PROBE_SCALE
    try:
        expected = convert(amount, yearn_totals(state))
    except MathError:
        if not answer.ok:
            return
        raise DecodeError(f"{function.name} answers where the arithmetic reverts") from None
    if function.integer(answer) != expected:
        raise DecodeError(
            f"{function.name} answers {function.integer(answer)} where its totals give {expected}"
        )


def _configured(entry: Entry) -> dict[str, Param]:
    strategies = entry.options.get("strategies")
    return {} if strategies is None else {"strategies": strategies}


def _strategies(target: Target) -> list[Address]:
    return [to_address(one) for one in str(target.params.get("strategies", "")).split()]


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=YearnVault.KIND,
    title="Yearn's vaults V3",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    options=(
        Option(
            "strategies",
            address_list(1, MOST_STRATEGIES),
            "its strategies, in the order in which a withdrawal names them (default: none)",
        ),
    ),
    not_covered=(
        "Other revisions than 3.1.0: they are refused.",
        (
            "Strategies that are not named in `strategies`: the vault lists none, and what it has "
            "lent them is not counted as withdrawable."
        ),
        "What a queue manager or an accountant of the vault would do.",
    ),
)
