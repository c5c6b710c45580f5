"""ERC-4626 vaults: OpenZeppelin's with virtual shares, solmate's without.

The virtual shares and their offset cannot be read from the contract, so they are configured, and
every block's own convertToShares and convertToAssets must agree with them to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact import shares
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.exact.shares import ShareTotals
from watcher.math.families.share_vault import share_totals
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Contest, Entry, Identification, Option, Trial
from watcher.protocols.events import Field, decoder, event, flow, whole
from watcher.protocols.interface import View, require_code, view
from watcher.protocols.options import boolean, small_integer
from watcher.state.call import Answer, Call, Code
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.kinds import State
from watcher.state.log import Log
from watcher.state.share_vault import ShareVault
from watcher.state.target import Target

PROTOCOL = "erc4626"

_VAULT = "erc4626/ERC4626"
ASSET = view(_VAULT, "asset")
TOTAL_ASSETS = view(_VAULT, "totalAssets")
TOTAL_SUPPLY = view(_VAULT, "totalSupply")
CONVERT_TO_SHARES = view(_VAULT, "convertToShares")
CONVERT_TO_ASSETS = view(_VAULT, "convertToAssets")

DEPOSIT = event(
    "Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)"
)
WITHDRAW = event(
    "Withdraw(address indexed sender, address indexed receiver, address indexed owner, "
    "uint256 assets, uint256 shares)"
)

MOST_OFFSET = 36
PROBE_SCALE = 10**18
"""A conversion of one whole unit rounds virtual shares away; of 10**18 units it shows each one,
and the product with any real supply stays under 256 bits."""

OVERFLOWING = 2**255
"""Times anything but 1 it is over 256 bits."""


def identify(entry: Entry) -> Identification:
    vault = entry.address
    code, asset_answer, *share_metadata = yield [
        Code(vault),
        ASSET.call(vault),
        *erc20.metadata_calls(vault),
    ]
    require_code(code, vault)
    try:
        asset = ASSET.address(asset_answer)
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no ERC-4626 vault: {error}; remove the entry") from None
    metadata = yield erc20.metadata_calls(asset)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=vault,
        kind=ShareVault.KIND,
        key=entry.key,
        tokens=(erc20.decode_metadata(asset, metadata),),
        share=erc20.decode_metadata(vault, share_metadata),
        params=_arithmetic(entry),
        name=entry.name,
    )
    answers = yield calls(target)
    try:
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"{vault} is no vault as it is configured: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    (asset,) = target.tokens
    vault = target.address
    return [
        TOTAL_ASSETS.call(vault),
        TOTAL_SUPPLY.call(vault),
        erc20.BALANCE_OF.call(asset.address, vault),
        *(CONVERT_TO_SHARES.call(vault, amount) for amount in _probes(asset.decimals)),
        *(CONVERT_TO_ASSETS.call(vault, amount) for amount in _probes(_share_decimals(target))),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> ShareVault:
    """The vault's totals. Raises DecodeError where its own conversions contradict the configured
    virtual shares: figures from wrong arithmetic are worse than none."""
    total_assets, total_supply, idle, *conversions = answers
    (asset,) = target.tokens
    state = ShareVault(
        total_assets=TOTAL_ASSETS.integer(total_assets),
        total_supply=TOTAL_SUPPLY.integer(total_supply),
        idle_assets=erc20.BALANCE_OF.integer(idle),
        virtual_assets=int(target.params["virtual_assets"]),
        virtual_shares=int(target.params["virtual_shares"]),
        refuses_zero=bool(target.params["refuses_zero"]),
        asset_decimals=asset.decimals,
        share_decimals=_share_decimals(target),
    )
    totals = share_totals(state)
    checks = [
        *((CONVERT_TO_SHARES, shares.convert_to_shares, n) for n in _probes(asset.decimals)),
        *((CONVERT_TO_ASSETS, shares.convert_to_assets, n) for n in _probes(state.share_decimals)),
    ]
    for (function, convert, amount), answer in zip(checks, conversions, strict=True):
        _agree(function, answer, convert, amount, totals)
    return state


def contest(target: Target, state: State) -> Contest:
    """Tell a vault with virtual shares from one without while nothing was earned, when both convert
    alike: OpenZeppelin's multiply with 512 bits, and solmate's revert where 256 overflow."""
    if not isinstance(state, ShareVault) or not state.virtual_shares:
        return
    [answer] = yield [CONVERT_TO_ASSETS.call(target.address, OVERFLOWING)]
    _agree(CONVERT_TO_ASSETS, answer, shares.convert_to_assets, OVERFLOWING, share_totals(state))


def _agree(
    function: View,
    answer: Answer,
    convert: Callable[[int, ShareTotals], int],
    amount: int,
    totals: ShareTotals,
) -> None:
    """Compare one conversion; a revert agrees with an amount that our arithmetic refuses."""
    try:
        expected = convert(amount, totals)
    except MathError:
        if not answer.ok:
            return
        raise DecodeError(
            f"{function.name} answers where the configured arithmetic reverts: check "
            "`virtual_shares` and `decimals_offset`"
        ) from None
    answered = function.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"{function.name} answers {answered} where the configured arithmetic gives {expected}: "
            "check `virtual_shares` and `decimals_offset`"
        )


def _arithmetic(entry: Entry) -> dict[str, int | bool | str]:
    virtual = bool(entry.options.get("virtual_shares", True))
    offset = int(entry.options.get("decimals_offset", 0))
    if not virtual and offset:
        raise RefusedTarget("`decimals_offset` needs `virtual_shares = true`: remove one of them")
    return {
        "virtual_assets": 1 if virtual else 0,
        "virtual_shares": 10**offset if virtual else 0,
        "refuses_zero": bool(entry.options.get("refuses_zero", not virtual)),
    }


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
    options=(
        Option("virtual_shares", boolean, "true for OpenZeppelin (default), false for solmate"),
        Option(
            "decimals_offset",
            small_integer(0, MOST_OFFSET),
            "OpenZeppelin's decimals offset: virtual shares are 10^offset (default 0)",
        ),
        Option(
            "refuses_zero",
            boolean,
            "a deposit worth no share reverts (default: true without virtual shares)",
        ),
    ),
    # The vault's own conversions single out the one that fits, unless nothing was earned yet.
    trials=(
        *(Trial({"virtual_shares": True, "decimals_offset": n}) for n in range(MOST_OFFSET + 1)),
        Trial({"virtual_shares": False}),
    ),
    contest=contest,
    events=decoder({DEPOSIT: _deposited, WITHDRAW: _withdrawn}),
    not_covered=(
        (
            "Limits of deposits and withdrawals (maxDeposit, maxWithdraw) and fees of entry and "
            "exit: they are each vault's own."
        ),
        (
            "Vaults that convert otherwise than OpenZeppelin's and solmate's: a block whose own "
            "conversions disagree is refused."
        ),
    ),
)
