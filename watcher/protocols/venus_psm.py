"""Venus' peg stability modules: VAI for a stable coin at one dollar, less a fee, and back.

Source: venus-protocol 10.3.0 PegStability.sol. Each block's own previews must agree with the
arithmetic to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.peg_stability import (
    Module,
    preview_swap_stable_for_vai,
    preview_swap_vai_for_stable,
)
from watcher.math.families.peg_stability import module_of
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import View, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.peg_stability import PegStability, problems
from watcher.state.target import Target

PROTOCOL = "venus_psm"

_MODULE = "venus/PegStability"
STABLE_TOKEN_ADDRESS = view(_MODULE, "STABLE_TOKEN_ADDRESS")
VAI = view(_MODULE, "VAI")
FEE_IN = view(_MODULE, "feeIn")
FEE_OUT = view(_MODULE, "feeOut")
VAI_MINT_CAP = view(_MODULE, "vaiMintCap")
VAI_MINTED = view(_MODULE, "vaiMinted")
IS_PAUSED = view(_MODULE, "isPaused")
ORACLE = view(_MODULE, "oracle")
PREVIEW_IN = view(_MODULE, "previewSwapStableForVAI")
PREVIEW_OUT = view(_MODULE, "previewSwapVAIForStable")
GET_PRICE = view("venus/PriceOracle", "getPrice")

PROBED_WHOLE = 1_000
"""Whole coins that the previews are asked about: enough that a fee shows every digit."""


def identify(entry: Entry) -> Identification:
    module = entry.address
    code, stable_answer, vai_answer = yield [
        Code(module),
        STABLE_TOKEN_ADDRESS.call(module),
        VAI.call(module),
    ]
    require_code(code, module)
    try:
        stable = STABLE_TOKEN_ADDRESS.address(stable_answer)
        minted = VAI.address(vai_answer)
    except ReadError as error:
        raise RefusedTarget(
            f"{module} is no peg stability module of Venus: {error}; remove the entry"
        ) from None
    metadata = yield [call for token in (stable, minted) for call in erc20.metadata_calls(token)]
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=module,
        kind=PegStability.KIND,
        key=entry.key,
        tokens=(
            erc20.decode_metadata(stable, metadata[:2]),
            erc20.decode_metadata(minted, metadata[2:]),
        ),
        name=entry.name,
    )
    answers = [*(yield calls(target))]
    try:
        answers += yield follow(target, answers)
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(
            f"{module} is no peg stability module of Venus: {error}; remove the entry"
        ) from None
    return target


def calls(target: Target) -> list[Call]:
    module, stable = target.address, target.tokens[0]
    probe = PROBED_WHOLE * 10**stable.decimals
    return [
        ORACLE.call(module),
        FEE_IN.call(module),
        FEE_OUT.call(module),
        VAI_MINT_CAP.call(module),
        VAI_MINTED.call(module),
        IS_PAUSED.call(module),
        erc20.BALANCE_OF.call(stable.address, module),
        PREVIEW_IN.call(module, probe),
        PREVIEW_OUT.call(module, probe),
    ]


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the oracle of the block says of the stable coin."""
    if len(answers) > len(calls(target)):
        return []
    return [GET_PRICE.call(ORACLE.address(answers[0]), target.tokens[0].address)]


def decode(target: Target, answers: Sequence[Answer]) -> PegStability:
    """Raises DecodeError where the module's own previews contradict the arithmetic."""
    if len(answers) != len(calls(target)) + 1:
        raise DecodeError(f"{target.label}: the answers are not those of one reading")
    _, fee_in, fee_out, mint_cap, minted, paused, held, preview_in, preview_out, price = answers
    stable, vai = target.tokens
    state = PegStability(
        held=erc20.BALANCE_OF.integer(held),
        minted=VAI_MINTED.integer(minted),
        mint_cap=VAI_MINT_CAP.integer(mint_cap),
        fee_in=FEE_IN.integer(fee_in),
        fee_out=FEE_OUT.integer(fee_out),
        oracle_price=GET_PRICE.integer(price),
        paused=bool(IS_PAUSED.integer(paused)),
        stable_decimals=stable.decimals,
        minted_decimals=vai.decimals,
    )
    problem = next(problems(state), "")
    if problem:
        raise DecodeError(f"{target.label} is no peg stability module: {problem}")
    probe, module = PROBED_WHOLE * 10**stable.decimals, module_of(state)
    _agree(PREVIEW_IN, preview_in, preview_swap_stable_for_vai, module, probe)
    _agree(PREVIEW_OUT, preview_out, preview_swap_vai_for_stable, module, probe)
    return state


def _agree(
    function: View,
    answer: Answer,
    preview: Callable[[Module, int], int],
    module: Module,
    amount: int,
) -> None:
    """A revert agrees with an amount that our arithmetic refuses."""
    try:
        expected = preview(module, amount)
    except MathError as error:
        if not answer.ok:
            return
        raise DecodeError(f"{function.name} answers where {error} was expected") from None
    answered = function.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"{function.name} answers {answered} where the arithmetic gives {expected}"
        )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=PegStability.KIND,
    title="Peg stability modules of Venus",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    not_covered=(
        (
            "What the oracle would say once a swap has updated it: it is told as it answers at the "
            "block."
        ),
        "VAI that others than the module have minted: it redeems that too, while its own lasts.",
    ),
)
