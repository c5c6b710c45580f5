"""A quote's arithmetic, line by line, with the contract's names.

Each line is a formula that is evaluated as it is printed, and the last one must give what
`math.exact` gave: an explanation that disagrees with its quote is never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.cli.explain_ticks import FUNCTION, explain_swap
from watcher.cli.formulas import Line, Script
from watcher.errors import InputError
from watcher.math.quotes import Quote
from watcher.state.balancer_stable import BalancerStable
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.peg_stability import PegStability
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnVault


@dataclass(frozen=True, slots=True)
class Explanation:
    """`function` is the contract's; `given` what its arithmetic starts from."""

    function: str
    given: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Recipe:
    function: str
    given: dict[str, int]
    formulas: tuple[tuple[str, str], ...]


def explain(state: State, quote: Quote, *, exact_out: bool) -> Explanation:
    """How `quote` comes about; `exact_out` says which of its amounts was asked for."""
    match state:
        case ConstantProduct():
            function, script = _script(_pool(state, quote, exact_out=exact_out))
        case ShareVault() if state.entry_fee_bps or state.exit_fee_bps:
            raise InputError(
                "quotes of a vault that takes a fee are not explained: leave --explain out"
            )
        case ShareVault():
            function, script = _script(_vault(state, quote, exact_out=exact_out))
        case Concentrated():
            function, script = FUNCTION, explain_swap(state, quote, exact_out=exact_out)
        case StableSwap() | StableSwapMeta() | CryptoSwap() | Weighted() | BalancerStable():
            raise InputError(
                "this pool is solved round by round, in no few steps: leave --explain out"
            )
        case Solidly() | KyberDMM() | YearnVault() | PegStability():
            raise InputError("quotes of this kind of pool are not explained: leave --explain out")
        case _:
            raise ValueError(f"a {state.KIND} exchanges nothing")
    result = quote.amount_in if exact_out else quote.amount_out
    if script.lines[-1].value != result:
        raise RuntimeError(
            f"{function} is explained as {script.lines[-1].value} and computed as {result}: "
            "this is a fault of the program, please report it"
        )
    return Explanation(function, tuple(script.given.items()), tuple(script.lines))


def _script(recipe: _Recipe) -> tuple[str, Script]:
    script = Script(recipe.given)
    for name, formula in recipe.formulas:
        script.line(name, formula)
    return recipe.function, script


def _pool(state: ConstantProduct, quote: Quote, *, exact_out: bool) -> _Recipe:
    """UniswapV2Library.sol, with the pool's own fee as the two factors."""
    side = state if quote.coin_in == 0 else state.flipped()
    given = {"reserveIn": side.reserve0, "reserveOut": side.reserve1}
    numerator, denominator = state.fee_numerator, state.fee_denominator
    if exact_out:
        return _Recipe(
            "UniswapV2Library.getAmountIn",
            {"amountOut": quote.amount_out, **given},
            (
                ("numerator", f"reserveIn * amountOut * {denominator}"),
                ("denominator", f"(reserveOut - amountOut) * {numerator}"),
                ("amountIn", "numerator // denominator + 1"),
            ),
        )
    return _Recipe(
        "UniswapV2Library.getAmountOut",
        {"amountIn": quote.amount_in, **given},
        (
            ("amountInWithFee", f"amountIn * {numerator}"),
            ("numerator", "amountInWithFee * reserveOut"),
            ("denominator", f"reserveIn * {denominator} + amountInWithFee"),
            ("amountOut", "numerator // denominator"),
        ),
    )


def _vault(state: ShareVault, quote: Quote, *, exact_out: bool) -> _Recipe:
    """ERC4626.sol: _convertToShares and _convertToAssets with each function's rounding."""
    selling_shares = quote.coin_in == 1
    function = {
        (False, False): "previewDeposit",
        (False, True): "previewMint",
        (True, False): "previewRedeem",
        (True, True): "previewWithdraw",
    }[selling_shares, exact_out]
    asked = quote.amount_out if exact_out else quote.amount_in
    # What is asked for in shares comes out in assets, and the other way round.
    from_shares = selling_shares != exact_out
    amount, result = ("shares", "assets") if from_shares else ("assets", "shares")
    given = {
        amount: asked,
        "totalAssets": state.total_assets,
        "totalSupply": state.total_supply,
    }
    if state.total_supply + state.virtual_shares == 0:
        return _Recipe(f"ERC4626.{function}", given, ((result, amount),))
    assets = _plus("totalAssets", state.virtual_assets)
    shares = _plus("totalSupply", state.virtual_shares)
    factor, divisor = (assets, shares) if from_shares else (shares, assets)
    # Against the caller: what is paid out is rounded down, what is paid in is rounded up.
    rounding = "(product + divisor - 1) // divisor" if exact_out else "product // divisor"
    formulas = (
        ("product", f"{amount} * ({factor})" if "+" in factor else f"{amount} * {factor}"),
        ("divisor", divisor),
        (result, rounding),
    )
    return _Recipe(f"ERC4626.{function}", given, formulas)


def _plus(name: str, virtual: int) -> str:
    return f"{name} + {virtual}" if virtual else name


def steps(explanation: Explanation) -> Sequence[tuple[str, str]]:
    """What is printed: what is given, then each line as formula, numbers and value."""
    rows = [(name, f"= {value}") for name, value in explanation.given]
    for line in explanation.lines:
        rounding = ", division rounds down" if "//" in line.formula else ""
        rows.append((line.name, f"= {line.formula.replace('//', '/')}{rounding}"))
        if line.numbers != str(line.value):
            rows.append(("", f"= {line.numbers.replace('//', '/')}"))
        rows.append(("", f"= {line.value}"))
    return rows
