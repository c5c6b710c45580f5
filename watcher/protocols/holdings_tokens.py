"""What tokens are underneath: LP tokens of pairs and shares of vaults, down to plain tokens.

A token is looked through only where all that its interface promises is answered; one that answers
half of it is refused, since it would otherwise count as a plain token.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20, erc4626, uniswap_v2
from watcher.protocols.adapter import Entry
from watcher.protocols.holdings_plan import PairPlan, VaultPlan, places
from watcher.protocols.holdings_reading import MAX_REDEEM
from watcher.protocols.interface import Value, View
from watcher.state.call import Answer, Call
from watcher.state.token import Address, Token

MOST_TOKENS = 64
"""Those underneath included."""

SHOWN = 6
"""Tokens of a cycle that its refusal names."""

_CURE = "name it in `opaque` to judge it by a price of its own"

PAIR_VIEWS = (uniswap_v2.TOKEN0, uniswap_v2.TOKEN1, uniswap_v2.GET_RESERVES, uniswap_v2.FACTORY)
"""The first three are what tells a pair; other tokens have a factory too."""
TELLING = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A token; `leads_to` is what is underneath, of a pair with its `factory`."""

    token: Token
    leads_to: tuple[Address, ...] = ()
    factory: Address | None = None


Finding = Generator[list[Call], Sequence[Answer], dict[Address, Found]]


def recognise(listed: Sequence[Address], *, opaque: Sequence[Address], holder: Address) -> Finding:
    """Every token that is listed or underneath one, in the order in which they are come upon.

    Raises RefusedTarget for what is half a pair or half a vault, for more tokens than are read, and
    for a cycle.
    """
    found: dict[Address, Found] = {}
    frontier = list(dict.fromkeys(listed))
    while frontier:
        answers = yield [
            call for token in frontier for call in _calls(token, opaque=opaque, holder=holder)
        ]
        rest = iter(answers)
        new = {}
        for token in frontier:
            asked = _calls(token, opaque=opaque, holder=holder)
            new[token] = _found(token, [next(rest) for _ in asked])
        yield from _confirm(new)
        found |= new
        underneath = [one for each in new.values() for one in each.leads_to]
        frontier = [one for one in dict.fromkeys(underneath) if one not in found]
        if len(found) + len(frontier) > MOST_TOKENS:
            raise RefusedTarget(
                f"more than {MOST_TOKENS} tokens are held or underneath: name some in `opaque`"
            )
    _refuse_cycles(found)
    return found


def arranged(found: Mapping[Address, Found]) -> list[Token]:
    """Plain tokens first, then each that is looked through before all that it leads to."""
    plain = [one.token for one in found.values() if not one.leads_to]
    after: list[Token] = []
    seen: set[Address] = set()

    def visit(address: Address) -> None:
        if address in seen or not found[address].leads_to:
            return
        seen.add(address)
        for one in found[address].leads_to:
            visit(one)
        after.append(found[address].token)

    for address in found:
        visit(address)
    return [*plain, *reversed(after)]


def shares_of(
    tokens: Sequence[Token], found: Mapping[Address, Found], entry: Entry
) -> tuple[PairPlan | VaultPlan, ...]:
    """How those of `tokens` that are looked through are, in the same order."""
    place = places([token.address for token in tokens])
    plans: list[PairPlan | VaultPlan] = []
    for token in tokens:
        one = found[token.address]
        inside = [place[each] for each in one.leads_to]
        if one.factory is not None:
            share = _protocol_share(entry, one.factory)
            plans.append(PairPlan(place[token.address], inside[0], inside[1], one.factory, share))
        elif inside:
            plans.append(VaultPlan(place[token.address], inside[0]))
    return tuple(plans)


def _protocol_share(entry: Entry, factory: Address) -> Fraction:
    known = uniswap_v2.KNOWN_FACTORIES.get((entry.chain_id, factory))
    if known is not None:
        return known.protocol_share
    given = entry.options.get("protocol_fee_share")
    return uniswap_v2.UNISWAP.protocol_share if given is None else Fraction(str(given))


def _calls(token: Address, *, opaque: Sequence[Address], holder: Address) -> list[Call]:
    calls: list[Call] = [*erc20.metadata_calls(token)]
    if token not in opaque:
        calls += [view.call(token) for view in PAIR_VIEWS]
        calls += [
            erc4626.ASSET.call(token),
            erc4626.CONVERT_TO_ASSETS.call(token, 1),
            MAX_REDEEM.call(token, holder),
        ]
    return calls


def _found(address: Address, answers: Sequence[Answer]) -> Found:
    decimals, symbol, *views = answers
    token = erc20.decode_metadata(address, [decimals, symbol])
    if not views:
        return Found(token)
    pair = [_value(view, answer) for view, answer in zip(PAIR_VIEWS, views, strict=False)]
    vault_views = (erc4626.ASSET, erc4626.CONVERT_TO_ASSETS, MAX_REDEEM)
    vault = [
        _value(view, answer)
        for view, answer in zip(vault_views, views[len(PAIR_VIEWS) :], strict=True)
    ]
    is_pair, is_vault = any(pair[:TELLING]), any(vault)
    if (is_pair and not all(pair)) or (is_vault and not all(vault)) or (is_pair and is_vault):
        what = "an LP token" if is_pair else "a vault's share"
        raise RefusedTarget(
            f"{address} looks like {what} and does not answer all that one does: {_CURE}"
        )
    if is_pair:
        token0, token1, _, factory = (Address(str(each[0])) for each in pair if each)
        return Found(token, (token0, token1), factory)
    if vault[0]:
        return Found(token, (Address(str(vault[0][0])),))
    return Found(token)


def _value(view: View, answer: Answer) -> tuple[Value, ...] | None:
    try:
        return view.decode(answer)
    except ReadError:
        return None


def _confirm(new: Mapping[Address, Found]) -> Generator[list[Call], Sequence[Answer], None]:
    """Let each pair's factory say that the pair is its own."""
    pairs = [(pair, one, one.factory) for pair, one in new.items() if one.factory is not None]
    if not pairs:
        return
    answers = yield [uniswap_v2.GET_PAIR.call(factory, *one.leads_to) for _, one, factory in pairs]
    for (pair, _, factory), answer in zip(pairs, answers, strict=True):
        known = _value(uniswap_v2.GET_PAIR, answer)
        if known is None or known[0] != pair:
            raise RefusedTarget(
                f"{pair} looks like an LP token, but its factory {factory} does not know it as "
                f"its pair: {_CURE}"
            )


def _refuse_cycles(found: Mapping[Address, Found]) -> None:
    """Raise RefusedTarget for the first way that leads back to where it has been."""
    done: set[Address] = set()

    def visit(address: Address, path: tuple[Address, ...]) -> None:
        if address in path:
            names = [_name(found[one]) for one in (*path[path.index(address) :], address)]
            shown = names if len(names) <= SHOWN else [*names[: SHOWN - 1], "...", names[-1]]
            raise RefusedTarget(
                f"looking through goes in a circle, {' -> '.join(shown)}: name one of them in "
                "`opaque`"
            )
        if address not in done:
            for one in found[address].leads_to:
                visit(one, (*path, address))
            done.add(address)

    for address in found:
        visit(address, ())


def _name(found: Found) -> str:
    return f"{found.token.symbol} {found.token.address}".strip()
