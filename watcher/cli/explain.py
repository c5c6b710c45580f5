"""A quote's arithmetic, line by line, with the contract's names.

Each line is a formula that is evaluated as it is printed, and the last one must give what
`math.exact` gave: an explanation that disagrees with its quote is never shown.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watcher.errors import InputError
from watcher.math.quotes import Quote
from watcher.state.balancer_stable import BalancerStable
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.weighted import Weighted

_NAME = re.compile(r"[A-Za-z_]\w*")
_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


@dataclass(frozen=True, slots=True)
class Line:
    """`numbers` is `formula` with the values put in; `//` divides and rounds down."""

    name: str
    formula: str
    numbers: str
    value: int


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
            recipe = _pool(state, quote, exact_out=exact_out)
        case ShareVault():
            recipe = _vault(state, quote, exact_out=exact_out)
        case Concentrated():
            raise InputError("a swap over ticks has no formula of a few lines: omit --explain")
        case StableSwap() | StableSwapMeta() | CryptoSwap() | Weighted() | BalancerStable():
            raise InputError(
                "this pool is solved round by round, in no few steps: leave --explain out"
            )
        case Solidly() | KyberDMM():
            raise InputError("quotes of this kind of pool are not explained: leave --explain out")
        case _:
            raise ValueError(f"a {state.KIND} exchanges nothing")
    lines = _evaluate(recipe)
    result = quote.amount_in if exact_out else quote.amount_out
    if lines[-1].value != result:
        raise RuntimeError(
            f"{recipe.function} is explained as {lines[-1].value} and computed as {result}: "
            "this is a fault of the program, please report it"
        )
    return Explanation(recipe.function, tuple(recipe.given.items()), lines)


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


def _evaluate(recipe: _Recipe) -> tuple[Line, ...]:
    known = dict(recipe.given)
    lines = []
    for name, formula in recipe.formulas:
        tree = ast.parse(formula, mode="eval").body
        numbers = _NAME.sub(lambda found: str(known[found[0]]), formula)
        known[name] = _value(tree, known)
        lines.append(Line(name, formula, numbers, known[name]))
    return tuple(lines)


def _value(node: ast.expr, known: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, known), _value(right, known))
        case _:
            raise ValueError(f"{ast.unparse(node)} is no sum, difference, product or quotient")


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
