"""ERC-4626 vaults: of OpenZeppelin, snekmate and solady with virtual shares, of solmate and solady
without.

The virtual shares and their offset are found by what the vault's conversions answer, unless they
are configured; every block's own convertToShares and convertToAssets must agree with them to the
unit. A fee is found by the previews of the block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.math.exact import shares
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.families.share_vault import share_totals
from watcher.protocols import erc20, share_arithmetic
from watcher.protocols.adapter import Adapter, Contest, Entry, Identification, Option, Trial
from watcher.protocols.events import Field, decoder, event, flow, whole
from watcher.protocols.interface import TextView, require_code, view
from watcher.protocols.options import address_list, boolean, small_integer
from watcher.protocols.share_arithmetic import MOST_OFFSET, PLAIN, SOLMATE, Arithmetic, Asked
from watcher.protocols.vault_calls import encode
from watcher.state.call import Answer, Call, Code
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.kinds import State
from watcher.state.log import Log
from watcher.state.share_vault import UNLIMITED, ShareVault
from watcher.state.target import Param, Target
from watcher.state.token import Address, to_address

PROTOCOL = "erc4626"

_VAULT = "erc4626/ERC4626"
ASSET = view(_VAULT, "asset")
TOTAL_ASSETS = view(_VAULT, "totalAssets")
TOTAL_SUPPLY = view(_VAULT, "totalSupply")
CONVERT_TO_SHARES = view(_VAULT, "convertToShares")
CONVERT_TO_ASSETS = view(_VAULT, "convertToAssets")
PREVIEW_DEPOSIT = view(_VAULT, "previewDeposit")
PREVIEW_MINT = view(_VAULT, "previewMint")
PREVIEW_WITHDRAW = view(_VAULT, "previewWithdraw")
PREVIEW_REDEEM = view(_VAULT, "previewRedeem")
PREVIEWS = (
    (PREVIEW_DEPOSIT, shares.deposit_shares),
    (PREVIEW_MINT, shares.mint_assets),
    (PREVIEW_WITHDRAW, shares.withdraw_shares),
    (PREVIEW_REDEEM, shares.redeem_assets),
)
MAX_DEPOSIT = view(_VAULT, "maxDeposit")
MAX_MINT = view(_VAULT, "maxMint")
MAX_WITHDRAW = view(_VAULT, "maxWithdraw")
MAX_REDEEM = view(_VAULT, "maxRedeem")

YEARN_VERSION = TextView("api_version")
YEARN_V3 = "3.1.0"
"""Its conversions are others where it has shares and no assets."""

DEPOSIT = event(
    "Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)"
)
WITHDRAW = event(
    "Withdraw(address indexed sender, address indexed receiver, address indexed owner, "
    "uint256 assets, uint256 shares)"
)
PROBE_SCALE = 10**18
"""A conversion of one whole unit rounds virtual shares away; of 10**18 units it shows each one,
and the product with any real supply stays under 256 bits."""

OVERFLOWING = 2**255
"""Times anything but 1 it is over 256 bits."""

ANYBODY = to_address("0x000000000000000000000000000000000000dEaD")
"""Whose limits are asked where no holder is configured: nobody has its key."""

ARITHMETIC = frozenset(
    {
        "virtual_assets",
        "virtual_shares",
        "decimals_offset",
        "full_products",
        "refuses_zero",
        "otherwise",
    }
)
"""The params and options that say how a vault converts."""

_CONVERSIONS = 4


def identify(entry: Entry) -> Identification:
    vault = entry.address
    code, asset_answer, version, *share_metadata = yield [
        Code(vault),
        ASSET.call(vault),
        YEARN_VERSION.call(vault),
        *erc20.metadata_calls(vault),
    ]
    require_code(code, vault)
    try:
        asset = ASSET.address(asset_answer)
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no ERC-4626 vault: {error}; remove the entry") from None
    if YEARN_VERSION.decode(version, most=28) == YEARN_V3:
        raise RefusedTarget(f'{vault} is a vault of Yearn\'s V3: write `protocol = "yearn_v3"`')
    metadata = yield erc20.metadata_calls(asset)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=vault,
        kind=ShareVault.KIND,
        key=entry.key,
        tokens=(erc20.decode_metadata(asset, metadata),),
        share=erc20.decode_metadata(vault, share_metadata),
        params=_asked(entry),
        name=entry.name,
    )
    asked, wide = calls(target), _wide(vault)
    answers = yield [*asked, *wide]
    try:
        params = _arithmetic(entry, target, answers, code=code.data)
        target = replace(target, params={**target.params, **params})
        decode(target, answers[: len(asked)])
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no vault as it is configured: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    (asset,) = target.tokens
    vault, share = target.address, _share_decimals(target)
    in_assets, in_shares = _probes(asset.decimals), _probes(share)
    return [
        TOTAL_ASSETS.call(vault),
        TOTAL_SUPPLY.call(vault),
        erc20.BALANCE_OF.call(asset.address, vault),
        *(CONVERT_TO_SHARES.call(vault, amount) for amount in in_assets),
        *(CONVERT_TO_ASSETS.call(vault, amount) for amount in in_shares),
        *(_more_calls(target, in_assets[1], in_shares[1]) if _has_previews(target) else []),
    ]


def _more_calls(target: Target, assets: int, in_shares: int) -> list[Call]:
    """The previews and the limits."""
    vault, holder = target.address, _holder_of(target)
    limited, many = holder or ANYBODY, (assets, in_shares, assets, in_shares)
    return [
        *(each.call(vault, amount) for (each, _), amount in zip(PREVIEWS, many, strict=True)),
        MAX_DEPOSIT.call(vault, limited),
        MAX_MINT.call(vault, limited),
        *(each.call(vault, holder) for each in (MAX_WITHDRAW, MAX_REDEEM) if holder),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> ShareVault:
    """The vault's totals, fees and limits. Raises DecodeError where its own conversions contradict
    the virtual shares: figures from wrong arithmetic are worse than none."""
    total_assets, total_supply, idle, *rest = answers
    previews = rest[_CONVERSIONS : _CONVERSIONS + len(PREVIEWS)]
    limits = _limits(rest[_CONVERSIONS + len(PREVIEWS) :])
    max_deposit, max_mint, max_withdraw, max_redeem = limits
    assets, supply = TOTAL_ASSETS.integer(total_assets), TOTAL_SUPPLY.integer(total_supply)
    asked = _conversions(target, rest[:_CONVERSIONS])
    found = share_arithmetic.fitting(_left(target), asked, assets, supply)[0]
    settled = found == _left(target)[0]
    state = ShareVault(
        total_assets=assets,
        total_supply=supply,
        idle_assets=erc20.BALANCE_OF.integer(idle),
        virtual_assets=found.virtual_assets,
        virtual_shares=found.virtual_shares,
        refuses_zero=bool(target.params["refuses_zero"]) if settled else _refuses_zero(found),
        asset_decimals=target.tokens[0].decimals,
        share_decimals=_share_decimals(target),
        full_products=found.full_products,
        max_deposit=max_deposit,
        max_mint=max_mint,
        max_withdraw=max_withdraw,
        max_redeem=max_redeem,
    )
    if not _has_previews(target):
        return replace(state, fees_unknown=True)
    asked_previews, totals = _previews(target, previews), share_totals(state)
    share_arithmetic.require_answers(asked_previews, totals)
    taken = share_arithmetic.with_fees(totals, asked_previews)
    if taken is None:
        return replace(state, fees_unknown=True)
    return replace(state, entry_fee_bps=taken.entry_fee_bps, exit_fee_bps=taken.exit_fee_bps)


def contest(target: Target, state: State) -> Contest:
    """Tell a vault with virtual shares from one without while nothing was earned, when both convert
    alike: OpenZeppelin's multiply with 512 bits, and solmate's revert where 256 overflow."""
    if not isinstance(state, ShareVault) or not state.virtual_shares:
        return
    vault, totals = target.address, share_totals(state)
    answers = yield _wide(vault)
    problem = share_arithmetic.contradiction(_asked_wide(answers), totals)
    if problem is not None:
        raise problem


def _wide(vault: Address) -> list[Call]:
    return [
        CONVERT_TO_SHARES.call(vault, OVERFLOWING),
        CONVERT_TO_ASSETS.call(vault, OVERFLOWING),
    ]


def _asked_wide(answers: Sequence[Answer]) -> list[Asked]:
    to_shares, to_assets = answers
    return [
        Asked(CONVERT_TO_SHARES, shares.convert_to_shares, OVERFLOWING, to_shares),
        Asked(CONVERT_TO_ASSETS, shares.convert_to_assets, OVERFLOWING, to_assets),
    ]


def _conversions(target: Target, answers: Sequence[Answer]) -> list[Asked]:
    in_assets, in_shares = _probes(target.tokens[0].decimals), _probes(_share_decimals(target))
    made = [
        *((CONVERT_TO_SHARES, shares.convert_to_shares, amount) for amount in in_assets),
        *((CONVERT_TO_ASSETS, shares.convert_to_assets, amount) for amount in in_shares),
    ]
    return [Asked(*one, answer) for one, answer in zip(made, answers, strict=True)]


def _previews(target: Target, answers: Sequence[Answer]) -> list[Asked]:
    in_assets, in_shares = (
        _probes(target.tokens[0].decimals)[1],
        _probes(_share_decimals(target))[1],
    )
    amounts = (in_assets, in_shares, in_assets, in_shares)
    return [
        Asked(function, compute, amount, answer)
        for (function, compute), amount, answer in zip(PREVIEWS, amounts, answers, strict=True)
    ]


def _limits(answers: Sequence[Answer]) -> tuple[int, int, int, int]:
    """Of deposits, mints, withdrawals and redemptions; those that were not asked are unlimited."""
    functions = (MAX_DEPOSIT, MAX_MINT, MAX_WITHDRAW, MAX_REDEEM)
    found = [each.integer(answer) for each, answer in zip(functions, answers, strict=False)]
    most_deposit, most_mint, most_withdraw, most_redeem = found + [UNLIMITED] * (4 - len(found))
    return most_deposit, most_mint, most_withdraw, most_redeem


def _arithmetic(
    entry: Entry, target: Target, answers: Sequence[Answer], *, code: bytes
) -> dict[str, Param]:
    """What the vault's answers leave of the arithmetics that are known, as the target's params."""
    if entry.options.get("virtual_shares") is False and entry.options.get("decimals_offset"):
        raise RefusedTarget("`decimals_offset` needs `virtual_shares = true`: remove one of them")
    total_assets, total_supply, _, *rest = answers
    asked = [*_conversions(target, rest[:_CONVERSIONS]), *_asked_wide(answers[-2:])]
    found, *others = share_arithmetic.fitting(
        share_arithmetic.candidates(entry.options, code),
        asked,
        TOTAL_ASSETS.integer(total_assets),
        TOTAL_SUPPLY.integer(total_supply),
    )
    params: dict[str, Param] = {
        "virtual_assets": found.virtual_assets,
        "virtual_shares": found.virtual_shares,
        "refuses_zero": bool(entry.options.get("refuses_zero", _refuses_zero(found))),
    }
    if found.full_products:
        params["full_products"] = True
    if others and not entry.options.keys() & {"virtual_shares", "decimals_offset"}:
        params["otherwise"] = "narrow" if SOLMATE in code else "full"
    return params


def _left(target: Target) -> list[Arithmetic]:
    """The arithmetic of the target, and what it may turn out to be where nothing was earned when
    it was identified, so that all converted alike."""
    params = target.params
    own = Arithmetic(
        int(params["virtual_assets"]),
        int(params["virtual_shares"]),
        full_products=bool(params.get("full_products", False)),
    )
    match params.get("otherwise"):
        case "narrow":
            return [own, *share_arithmetic.VIRTUAL]
        case "full":
            return [own, PLAIN["full"], *share_arithmetic.VIRTUAL]
        case _:
            return [own]


def keeps(entry: Entry, earlier: Target, now: Target) -> bool:
    """Whether the arithmetic of `earlier` is among those that `now` leaves, or the reverse, and
    nobody says which it is. What was open then may have been settled by the vault's first income,
    and what was settled may be open again since all left."""
    if entry.options.keys() & ARITHMETIC:
        return False
    if _apart_from_arithmetic(earlier) != _apart_from_arithmetic(now):
        return False
    if earlier.params["refuses_zero"] != _refuses_zero(_left(earlier)[0]):
        return False  # somebody said so then
    return not set(_left(earlier)).isdisjoint(_left(now))


def _apart_from_arithmetic(target: Target) -> Target:
    params = {name: value for name, value in target.params.items() if name not in ARITHMETIC}
    return replace(target, params=params, name="")


def _refuses_zero(found: Arithmetic) -> bool:
    return found == PLAIN["narrow"]


def _asked(entry: Entry) -> dict[str, Param]:
    """What is to be asked of the vault, where it is other than usual."""
    holder, previews = entry.options.get("holder"), entry.options.get("previews", True)
    if holder is not None and not previews:
        raise RefusedTarget("`holder` needs the limits: remove it or `previews = false`")
    asked: dict[str, Param] = {} if holder is None else {"holder": holder}
    return asked if previews else {"previews": False}


def _has_previews(target: Target) -> bool:
    return bool(target.params.get("previews", True))


def _holder_of(target: Target) -> Address | None:
    holder = target.params.get("holder")
    return None if holder is None else to_address(str(holder))


def _probes(decimals: int) -> tuple[int, int]:
    one = 10**decimals
    return one, min(one * PROBE_SCALE, UINT256_MAX)


def _share_decimals(target: Target) -> int:
    if target.share is None:
        raise DecodeError(f"{target.label} has no share token")
    return target.share.decimals


def _deposited(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, _, assets, _ = values
    return flow(log, FlowKind.ADD, sender, [_assets(target, Side.IN, assets)])


def _withdrawn(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, _, _, assets, _ = values
    return flow(log, FlowKind.REMOVE, sender, [_assets(target, Side.OUT, assets)])


def _assets(target: Target, side: Side, assets: Field) -> FlowAmount:
    (asset,) = target.tokens
    return FlowAmount(side, asset.address, whole(assets))


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=ShareVault.KIND,
    title="ERC-4626 vaults",
    identify=identify,
    calls=calls,
    decode=decode,
    encode=encode,
    options=(
        Option("virtual_shares", boolean, "false where there are none (default: as it converts)"),
        Option(
            "decimals_offset",
            small_integer(0, MOST_OFFSET),
            "OpenZeppelin's offset: virtual shares are 10^offset (default: as it converts)",
        ),
        Option(
            "refuses_zero",
            boolean,
            "a deposit worth no share reverts (default: true of solmate's)",
        ),
        Option(
            "holder", address_list(1, 1), "whose limits of withdrawals are read (default: none)"
        ),
    ),
    # Where nothing was earned yet, what else may fit is told beside the first.
    trials=(
        Trial(),
        *(Trial({"virtual_shares": True, "decimals_offset": n}) for n in range(MOST_OFFSET + 1)),
        Trial({"virtual_shares": False}),
    ),
    contest=contest,
    keeps=keeps,
    events=decoder({DEPOSIT: _deposited, WITHDRAW: _withdrawn}),
    not_covered=(
        (
            "Limits of withdrawals where no `holder` is named: EIP-4626 tells them of one address. "
            "Limits of deposits are then those of an address that holds nothing."
        ),
        (
            "Fees of another kind than OpenZeppelin's ERC4626Fees: nothing is quoted of a vault "
            "whose previews follow no such fees."
        ),
        (
            "Vaults that convert otherwise than those of OpenZeppelin, solmate, solady and "
            "snekmate: a block whose own conversions disagree is refused."
        ),
        (
            "Virtual shares of a vault that has earned nothing yet, where it converts as one "
            "without: they are assumed until a block shows which it is."
        ),
    ),
)
