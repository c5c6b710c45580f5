"""Curve's StableSwap pools of plain coins, of every era, told apart by what they answer.

Which functions a pool has leaves few contracts, and among them its own get_dy and get_virtual_price
single out the arithmetic, to the unit. Pools that lend their coins out, and those that ask another
contract for a rate without telling it, are refused: their rates cannot be read at a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.errors import MathError, ReadError, RefusedTarget
from watcher.math.exact.stableswap_swaps import get_dy
from watcher.math.families.stableswap import pool_of
from watcher.protocols import curve, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.curve import ERAS, Pool
from watcher.protocols.curve_calls import encode
from watcher.protocols.curve_events import STABLESWAP_EVENTS
from watcher.protocols.interface import require_code, selector, view
from watcher.protocols.sighting import stored_address
from watcher.state.call import Answer, Call, Code
from watcher.state.stableswap import MOST_COINS, StableSwap, StableSwapVariant
from watcher.state.target import Target
from watcher.state.token import Address, Token

PROTOCOL = "curve_stableswap"

BASE_POOL = view("curve/StableSwap", "BASE_POOL")
FIRST_BASE_POOL = view("curve/StableSwap", "base_pool")
_INDICES = range(MOST_COINS + 1)

EARLY_EXCHANGE = selector("exchange(uint128,uint128,uint256,uint256)")
"""The revision of NG whose D is another takes indices of this type."""

# Whose order of operations no function tells, and hardly a figure: Ethereum, Curve's registry.
KNOWN: dict[tuple[int, str], StableSwapVariant] = {
    (1, "0xDC24316b9AE028F1497c275EB9192a3Ea0f67022"): "steth",
}

PROBES = ((1, 1), (1_234, 1_000), (987_654_321, 10_000))
"""What is exchanged to tell one arithmetic from another, in whole coins: numerator, denominator."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """What a pool looks like: its coins, what it may be, and where its LP token may be."""

    coins: list[Address]
    variants: tuple[StableSwapVariant, ...]
    rated: bool
    share: Address | None


def identify(entry: Entry) -> Identification:
    """Ask for the coins, by the index of either era, and for all that only some eras have."""
    pool = entry.address
    code, *answers = yield [Code(pool), *_look_calls(pool)]
    require_code(code, pool)
    looks = _look(entry, code, answers)
    metadata = yield [call for coin in looks.coins for call in curve.token_calls(coin)]
    tokens = curve.decode_tokens(looks.coins, metadata)
    shares = [looks.share] if looks.share else []
    if not shares:
        slots = yield curve.slot_calls(pool)
        stored = dict.fromkeys(filter(None, map(stored_address, slots)))
        shares = [each for each in stored if each not in looks.coins]
    if not shares:
        raise RefusedTarget(f"{pool} is no StableSwap pool: it has no LP token; remove the entry")
    described = yield [call for share in shares for call in erc20.metadata_calls(share)]
    targets = list(_targets(entry, looks, tokens, shares, described))
    readings = [_probed(target) for target in targets]
    asking = list(dict.fromkeys(call for each in readings for call in each))
    found = (yield asking) if asking else []
    known = dict(zip(asking, found, strict=True))
    for target, asked in zip(targets, readings, strict=True):
        if _agrees(target, [known[call] for call in asked]):
            return target
    raise RefusedTarget(
        f"what {pool} answers agrees with no arithmetic of Curve's that is known here: its rates "
        "cannot be read, or it is another's pool; remove the entry"
    )


def _look_calls(pool: Address) -> list[Call]:
    return [
        *(curve.COINS.call(pool, index) for index in _INDICES),
        *(curve.FIRST_COINS.call(pool, index) for index in _INDICES),
        *(curve.UNDERLYING_COINS.call(pool, index) for index in _INDICES),
        curve.A.call(pool),
        curve.A_PRECISE.call(pool),
        curve.OFFPEG_FEE_MULTIPLIER.call(pool),
        curve.STORED_RATES.call(pool, most=MOST_COINS),
        curve.GAMMA.call(pool),
        curve.LP_TOKEN.call(pool),
        erc20.TOTAL_SUPPLY.call(pool),
        BASE_POOL.call(pool),
        FIRST_BASE_POOL.call(pool),
    ]


def _look(entry: Entry, code: Answer, answers: Sequence[Answer]) -> _Looks:
    """Raises RefusedTarget with what speaks against it."""
    pool, count = entry.address, len(_INDICES)
    coins = curve.listed(curve.COINS, answers[:count])
    first = curve.listed(curve.FIRST_COINS, answers[count : 2 * count])
    underlying = curve.listed(curve.UNDERLYING_COINS, answers[2 * count : 3 * count])
    a, precise, offpeg, rates, gamma, lp_token, supply, *bases = answers[3 * count :]
    is_first = bool(first) and not coins
    found = first if is_first else coins
    if not found or not 2 <= len(set(found)) == len(found) <= MOST_COINS:
        raise RefusedTarget(
            f"{pool} is no StableSwap pool: it names no coins, or one twice; remove the entry"
        )
    if curve.integer_or_none(curve.A, a) is None or curve.integer_or_none(curve.GAMMA, gamma):
        raise RefusedTarget(f"{pool} is no StableSwap pool: it has no A alone; remove the entry")
    if any(map(curve.address_or_none, (BASE_POOL, FIRST_BASE_POOL), bases)):
        raise RefusedTarget(f"{pool} is a metapool: its protocol is curve_metapool")
    if is_first and underlying and underlying != found:
        raise RefusedTarget(
            f"{pool} lends its coins out, and their rates cannot be read at a block: "
            "remove the entry"
        )
    own = pool if curve.integer_or_none(erc20.TOTAL_SUPPLY, supply) is not None else None
    is_rated = rates.ok and rates.length > 0
    return _Looks(
        coins=found,
        variants=_variants(
            entry,
            code,
            is_first=is_first,
            is_precise=curve.integer_or_none(curve.A_PRECISE, precise) is not None,
            is_offpeg=curve.integer_or_none(curve.OFFPEG_FEE_MULTIPLIER, offpeg) is not None,
            is_rated=is_rated,
        ),
        rated=is_rated,
        share=curve.address_or_none(curve.LP_TOKEN, lp_token) or own,
    )


def _variants(
    entry: Entry,
    code: Answer,
    *,
    is_first: bool,
    is_precise: bool,
    is_offpeg: bool,
    is_rated: bool,
) -> tuple[StableSwapVariant, ...]:
    """The contracts that have just these functions, the likeliest first."""
    if (entry.chain_id, entry.address) in KNOWN:
        return (KNOWN[entry.chain_id, entry.address],)
    if is_offpeg and is_rated:
        return ("ng_early",) if EARLY_EXCHANGE in code.data else ("ng",)
    return tuple(
        variant
        for variant, era in ERAS.items()
        if variant not in ("ng", "ng_early", "steth")
        and (era.first, era.precise, era.offpeg) == (is_first, is_precise, is_offpeg)
    )


def _targets(
    entry: Entry,
    looks: _Looks,
    tokens: tuple[Token, ...],
    shares: Sequence[Address],
    described: Sequence[Answer],
) -> Iterator[Target]:
    """Every pool that it may be."""
    for row, share in enumerate(shares):
        try:
            token = erc20.decode_metadata(share, described[2 * row : 2 * row + 2])
        except RefusedTarget:
            continue
        for variant in looks.variants:
            yield Target(
                chain_id=entry.chain_id,
                protocol=PROTOCOL,
                address=entry.address,
                kind=StableSwap.KIND,
                key=entry.key,
                tokens=tokens,
                share=token,
                params={"variant": variant, "stored_rates": looks.rated},
                name=entry.name,
            )


def _probed(target: Target) -> list[Call]:
    """What is read every block, and some exchanges."""
    pool = target.address
    return [*calls(target), *(curve.GET_DY.call(pool, *probe) for probe in _probes(target))]


def _probes(target: Target) -> list[tuple[int, int, int]]:
    last = len(target.tokens) - 1
    return [
        (i, j, amount * 10 ** target.tokens[i].decimals // part)
        for i, j in ((0, 1), (1, 0), (last, 0))
        for amount, part in PROBES
    ]


def _agrees(target: Target, answers: Sequence[Answer]) -> bool:
    """Whether its state is one, and its exchanges pay what our arithmetic says. NG's views are
    another contract's, which a pool may have lost: its functions alone have told what it is."""
    probes = _probes(target)
    try:
        state = decode(target, answers[: -len(probes)])
    except ReadError:
        return False
    pool = pool_of(state)
    if pool.arithmetic.quoter == "views":
        return True
    for probe, answer in zip(probes, answers[-len(probes) :], strict=True):
        try:
            expected = get_dy(pool, *probe)
        except MathError:
            expected = None
        if curve.integer_or_none(curve.GET_DY, answer) != expected:
            return False
    return True


def calls(target: Target) -> list[Call]:
    return curve.reading(curve.pool_of_target(target))


def decode(target: Target, answers: Sequence[Answer]) -> StableSwap:
    return curve.state(_pool(target), answers)


def _pool(target: Target) -> Pool:
    return curve.pool_of_target(target)


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=StableSwap.KIND,
    title="Curve StableSwap pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=STABLESWAP_EVENTS,
    encode=encode,
    not_covered=(
        (
            "Pools that lend their coins out, and those that ask another contract for a rate "
            "without telling it: their rates cannot be read at a block, so they are refused."
        ),
        "Whether a pool was killed, which stops its swaps: eras tell it differently or not at all.",
    ),
)
