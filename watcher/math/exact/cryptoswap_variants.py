"""What differs between the CryptoSwap contracts of one invariant, one line a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Variant: TypeAlias = Literal[
    "twocrypto_early",
    "twocrypto",
    "tricrypto",
    "tricrypto_ng",
    "twocrypto_ng_early",
    "twocrypto_ng",
]
"""The contract whose order of operations a pool has.

twocrypto_early: CurveCryptoSwap2 of 2021. twocrypto: the pools of two coins of the crypto factory,
CurveCryptoSwap2ETH. tricrypto: CurveCryptoSwap with CurveCryptoMath3, as tricrypto2. tricrypto_ng:
with CurveCryptoMathOptimized3. twocrypto_ng_early, twocrypto_ng: with CurveCryptoMathOptimized2
v2.0.0 and v2.1.0. Pools of two coins whose mathematics contract is a StableSwap are none of these.
"""

A_MULTIPLIER = 10_000
MIN_GAMMA = 10**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """How one contract computes.

    coins: how many there are.
    min_A, max_A, max_gamma: outside these the mathematics reverts; A is A N^N, times A_MULTIPLIER.
    least_ratio: the smallest balance over the largest that newton_D takes, times 10**18.
    generation: 1 solves by Newton's method, "ng" the cubic, falling back to Newton.
    max_gamma_small: above it a pool's imbalance is bounded the tighter the larger gamma is, and all
        bounds are those of x N / D instead of x / D; None where they do not depend on gamma.
    step_divisor: the price scale moves by this part of its distance if adjustment_step is less.
    """

    coins: int
    min_A: int  # noqa: N815 — the contract's name
    max_A: int  # noqa: N815
    max_gamma: int
    least_ratio: int
    generation: Literal["v1", "ng"]
    max_gamma_small: int | None = None
    step_divisor: int | None = None


_TWO = Arithmetic(
    coins=2,
    min_A=4 * A_MULTIPLIER // 10,
    max_A=4 * A_MULTIPLIER * 100_000,
    max_gamma=2 * 10**16,
    least_ratio=10**14,
    generation="v1",
    step_divisor=10,
)

_THREE = Arithmetic(
    coins=3,
    min_A=27 * A_MULTIPLIER // 100,
    max_A=27 * A_MULTIPLIER * 1000,
    max_gamma=5 * 10**16,
    least_ratio=10**11,
    generation="v1",
)

_TWO_NG = replace(_TWO, max_A=4 * A_MULTIPLIER * 1000, generation="ng", step_divisor=5)

ARITHMETIC: Mapping[Variant, Arithmetic] = {
    "twocrypto_early": replace(
        _TWO,
        min_A=4 * A_MULTIPLIER // 100,
        max_A=4 * A_MULTIPLIER * 10_000,
        max_gamma=5 * 10**16,
        step_divisor=None,
    ),
    "twocrypto": _TWO,
    "tricrypto": _THREE,
    "tricrypto_ng": replace(_THREE, generation="ng", step_divisor=5),
    "twocrypto_ng_early": replace(_TWO_NG, max_gamma=2 * 10**15),
    "twocrypto_ng": replace(_TWO_NG, max_gamma=199 * 10**15, max_gamma_small=2 * 10**16),
}
