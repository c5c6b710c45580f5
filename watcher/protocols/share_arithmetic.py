"""How a vault converts, found by what it answers: virtual shares, their offset, the width of its
products, and the fees of its previews."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, NamedTuple, TypeAlias

from watcher.errors import DecodeError, MathError, ReadError
from watcher.math.exact.shares import BASIS, ShareTotals
from watcher.protocols.interface import View
from watcher.state.call import Answer
from watcher.state.target import Param

MOST_OFFSET = 36
SOLMATE = b"ZERO_SHARES"
"""A text in the code of solmate's vaults, whose empty ones convert like all others."""

Fallback: TypeAlias = Literal["full", "narrow"]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What the totals do not say of a conversion; see ShareTotals."""

    virtual_assets: int
    virtual_shares: int
    full_products: bool = False

    def totals(self, total_assets: int, total_supply: int) -> ShareTotals:
        return ShareTotals(
            total_assets,
            total_supply,
            self.virtual_assets,
            self.virtual_shares,
            refuses_zero=False,
            full_products=self.full_products,
        )


VIRTUAL = tuple(Arithmetic(1, 10**offset) for offset in range(MOST_OFFSET + 1))
PLAIN: Mapping[Fallback, Arithmetic] = {
    "narrow": Arithmetic(0, 0),
    "full": Arithmetic(0, 0, full_products=True),
}
"""Without virtual shares: solmate's, and solady's."""


class Asked(NamedTuple):
    """One conversion or preview: the view, its own arithmetic here, the amount, the answer."""

    function: View
    compute: Callable[[int, ShareTotals], int]
    amount: int
    answer: Answer


def candidates(options: Mapping[str, Param], code: bytes) -> list[Arithmetic]:
    """Those that the options leave, the likeliest first."""
    virtual, offset = options.get("virtual_shares"), options.get("decimals_offset")
    if offset is not None:
        return [VIRTUAL[int(offset)]]
    if virtual is True:
        return list(VIRTUAL)
    if SOLMATE in code:
        plain = [PLAIN["narrow"], PLAIN["full"]]
        return plain if virtual is False else [*plain, *VIRTUAL]
    plain = [PLAIN["full"], PLAIN["narrow"]]
    return plain if virtual is False else [*VIRTUAL, *plain]


def contradiction(asked: Iterable[Asked], totals: ShareTotals) -> ReadError | None:
    """What is wrong with the first answer that is not what the arithmetic gives; None when all are.
    A revert agrees with an amount that the arithmetic refuses."""
    for function, compute, amount, answer in asked:
        try:
            expected = compute(amount, totals)
        except MathError:
            if not answer.ok:
                continue
            return _wrong(f"{function.name} answers where the configured arithmetic reverts")
        try:
            answered = function.integer(answer)
        except ReadError as error:
            return error
        if answered != expected:
            return _wrong(
                f"{function.name} answers {answered} where the configured arithmetic gives "
                f"{expected}"
            )
    return None


def _wrong(problem: str) -> DecodeError:
    return DecodeError(f"{problem}: check `virtual_shares` and `decimals_offset`")


def fitting(
    left: Sequence[Arithmetic], asked: Sequence[Asked], total_assets: int, total_supply: int
) -> list[Arithmetic]:
    """Those that answer as the vault does. Raises the ReadError that is against the first, where
    none does."""
    problems = [contradiction(asked, one.totals(total_assets, total_supply)) for one in left]
    first, found = problems[0], [one for one, no in zip(left, problems, strict=True) if no is None]
    if first is not None and not found:
        raise first
    return found


def require_answers(previews: Iterable[Asked], totals: ShareTotals) -> None:
    """Raises RevertedCall, TooLarge or DecodeError where a preview does not answer what its
    arithmetic does."""
    for function, compute, amount, answer in previews:
        try:
            compute(amount, totals)
        except MathError:
            if not answer.ok:
                continue
        function.integer(answer)


def with_fees(totals: ShareTotals, previews: Sequence[Asked]) -> ShareTotals | None:
    """The totals with the fees that explain previewDeposit, previewMint, previewWithdraw and
    previewRedeem, in this order; None where no fees of OpenZeppelin's kind do. Either preview of
    a fee may round it away, so both are tried."""
    deposit, mint, withdraw, redeem = previews
    entries = {_of_part(deposit, totals), _on_top(mint, totals)}
    exits = {_of_part(redeem, totals), _on_top(withdraw, totals)}
    for entry, leave in product(sorted(entries), sorted(exits)):
        found = replace(totals, entry_fee_bps=entry, exit_fee_bps=leave)
        if contradiction(previews, found) is None:
            return found
    return None


def _on_top(preview: Asked, totals: ShareTotals) -> int:
    """The basis points by which the answer is more than it would be without a fee."""
    answered, bare = _amounts(preview, totals)
    return _nearest(answered - bare, bare)


def _of_part(preview: Asked, totals: ShareTotals) -> int:
    """The basis points of what is left by which the answer is less."""
    answered, bare = _amounts(preview, totals)
    return _nearest(bare - answered, answered)


def _amounts(preview: Asked, totals: ShareTotals) -> tuple[int, int]:
    """What is answered and what would be without a fee; nothing where either is not known."""
    try:
        return preview.function.integer(preview.answer), preview.compute(preview.amount, totals)
    except (MathError, ReadError):
        return 0, 0


def _nearest(fee: int, of: int) -> int:
    return (2 * fee * BASIS + of) // (2 * of) if fee > 0 and of > 0 else 0
