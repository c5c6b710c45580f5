"""Who leaves, where to, and by which watched pools: from the store, or from files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli.session import open_store, read_config
from watcher.cli.subjects import load_snapshot
from watcher.errors import InputError, MathError
from watcher.math.exit.basket import named_token, tokens_of, whole_amount
from watcher.math.exit.estate import estate_of, together
from watcher.math.exit.plan import ExitPlan, exit_plan
from watcher.math.exit.solvency import Solvency, known_prices, owed_by, solvency
from watcher.math.exit.world import World, world_of
from watcher.state.block import Block
from watcher.state.finding import Deltas, total
from watcher.state.price import Price
from watcher.state.snapshot import Snapshot
from watcher.state.target import Target
from watcher.state.token import Address, Token

if TYPE_CHECKING:
    from watcher.config import Basket, Config
    from watcher.store import Store

NOBODY = "name a target or a basket, or a file with --state, and not both"


@dataclass(frozen=True, slots=True)
class Leaving:
    """`subjects` leave together, at one block, through all of `watched`, themselves included;
    `owed` is what is owed from them. `baskets` are those that were named."""

    label: str
    block: Block
    subjects: tuple[Snapshot, ...]
    watched: tuple[Snapshot, ...]
    baskets: tuple[Basket, ...]
    unit: str

    @property
    def tokens(self) -> dict[Address, Token]:
        return tokens_of(each.target for each in self.watched)

    @property
    def prices(self) -> dict[Address, Price]:
        """Of the subjects first: no target is judged by a price that comes from itself."""
        all_of_them = [*self.subjects, *self.watched]
        return known_prices(price for each in all_of_them for price in each.prices or ())

    @property
    def world(self) -> World:
        """All that is watched, or what all baskets that were named say they are sold in."""
        said = [basket.through for basket in self.baskets]
        named = {
            one
            for basket in self.baskets
            for one in (*basket.target_ids, *basket.through, *basket.issued_by)
        }
        every = not said or not all(said) or not {each.target.id for each in self.subjects} <= named
        return world_of(
            (each.target, each.state) for each in self.watched if every or each.target.id in named
        )


@dataclass(frozen=True, slots=True)
class Left:
    """A plan, and what it comes to in money."""

    leaving: Leaving
    into: Token
    plan: ExitPlan
    solvency: Solvency


def stored(names: Sequence[str], *, at: int | None, config: Path | None) -> Leaving:
    """Targets and baskets by name, as of one block of their chain. Raises InputError."""
    checked = read_config(config)
    with open_store(checked) as store:
        ids, baskets = _named(names, checked, store)
        first = store.snapshot(ids[0], at)
        block, chain_id = first.block, first.target.chain_id
        known = {ids[0]: first}
        others = [each for each in store.targets() if each.chain_id == chain_id]
        named = {*ids, *(one for basket in baskets for one in basket.issued_by)}
        for target in others:
            if target.id in named and target.id not in known:
                known[target.id] = store.snapshot(target.id, block.number)
        _read_others(store, block, others, known)
    missing = [each for each in ids if each not in known]
    if missing:
        raise InputError("what leaves together must be on one chain: name those of one alone")
    return Leaving(
        label=", ".join(names),
        block=block,
        subjects=tuple(known[each] for each in ids),
        watched=tuple(known.values()),
        baskets=baskets,
        unit=checked.settings.unit,
    )


def from_files(files: Sequence[Path], further: Sequence[Path], *, unit: str) -> Leaving:
    """What leaves is in `files`; through those and `further` ones. Raises InputError."""
    subjects = [load_snapshot(file) for file in files]
    watched = [*subjects, *(load_snapshot(file) for file in further)]
    block = subjects[0].block
    for file, one in zip((*files, *further), watched, strict=True):
        if (one.block.chain_id, one.block.number) != (block.chain_id, block.number):
            raise InputError(f"{file} is of another block than {files[0]}: a plan is of one block")
    label = ", ".join(one.target.label for one in subjects)
    return Leaving(label, block, tuple(subjects), tuple(watched), (), unit)


def leave(leaving: Leaving, into: str | None) -> Left:
    """The plan of all subjects together. Raises InputError where there is nothing to leave with or
    to."""
    world, tokens = leaving.world, leaving.tokens
    token = _into(leaving, into, world, tokens)
    try:
        parts = [estate_of(each.target, each.state) for each in leaving.subjects]
    except MathError as error:
        raise InputError(f"{error}: name a vault, holdings, an index token or a lockbox") from None
    plan = exit_plan(together(parts), world, token.address)
    owed = _owed(leaving, tokens)
    return Left(leaving, token, plan, solvency(plan, owed, leaving.prices, tokens))


def weights(left: Left) -> dict[Address, float]:
    """The part of each token in all that is held, at reference prices; none unless all have one."""
    tokens, prices = left.leaving.tokens, left.leaving.prices
    whole = left.solvency.reference.value
    if not whole > 0:
        return {}
    return {
        token: prices[token].value * amount / 10 ** tokens[token].decimals / whole
        for token, amount in left.plan.reference
    }


def find_token(text: str, tokens: Mapping[Address, Token]) -> Token:
    """As `named_token`, in the words of a command. Raises InputError."""
    try:
        return named_token(text, tokens)
    except MathError as error:
        raise InputError(str(error)) from None


def _named(
    names: Sequence[str], config: Config, store: Store
) -> tuple[list[str], tuple[Basket, ...]]:
    """The ids of the targets that leave, each once."""
    known = {basket.name.lower(): basket for basket in config.baskets}
    ids: list[str] = []
    baskets: list[Basket] = []
    for name in names:
        basket = known.get(name.strip().lower())
        if basket is None:
            ids.append(store.find_target(name).id)
        else:
            baskets.append(basket)
            ids += basket.target_ids
    return list(dict.fromkeys(ids)), tuple(baskets)


def _read_others(
    store: Store, block: Block, others: Sequence[Target], known: dict[str, Snapshot]
) -> None:
    """The states of all others, those that have one; and the prices of each token once, which take
    longer to find than states."""
    priced = {token for each in known.values() for token in _priced(each)}
    for target in others:
        if target.id in known:
            continue
        standing = store.observation_as_of(target.id, block.number)
        if standing is None or standing.observation.state is None:
            continue
        if {token.address for token in target.tokens} <= priced:
            known[target.id] = Snapshot(block, target, standing.observation.state)
        else:
            known[target.id] = store.snapshot(target.id, block.number)
            priced |= _priced(known[target.id])


def _priced(snapshot: Snapshot) -> set[Address]:
    return {price.token for price in snapshot.prices or () if price.known}


def _into(
    leaving: Leaving, into: str | None, world: World, tokens: Mapping[Address, Token]
) -> Token:
    said = into or next((each.exit_to for each in leaving.baskets if each.exit_to), None)
    if said:
        return find_token(said, tokens)
    counts: dict[Address, int] = {}
    for market in world.markets.values():
        for coin in market.coins:
            counts[market.token(coin)] = counts.get(market.token(coin), 0) + 1
    if not counts:
        raise InputError("no pool is watched that anything could be sold in: say --into TOKEN")
    return tokens[min(counts, key=lambda token: (-counts[token], token))]


def _owed(leaving: Leaving, tokens: Mapping[Address, Token]) -> Deltas:
    """By what the subjects issue, and by what the baskets say."""
    in_baskets = {target_id for basket in leaving.baskets for target_id in basket.target_ids}
    watched = {each.target.id: each for each in leaving.watched}
    own = [each for each in leaving.subjects if each.target.id not in in_baskets]
    issuers = [*own, *_issuers(leaving.baskets, watched)]
    parts: list[Deltas] = []
    for each in issuers:
        try:
            parts.append(owed_by(each.target, each.state))
        except MathError as error:
            if each not in own:
                raise InputError(f"{error}: remove it from `issued_by`") from None
    for basket in leaving.baskets:
        parts += [
            whole_amount(find_token(text, tokens), whole) for text, whole in basket.owed.items()
        ]
    return total(parts)


def _issuers(baskets: Iterable[Basket], watched: Mapping[str, Snapshot]) -> list[Snapshot]:
    found = []
    for basket in baskets:
        for target_id in basket.issued_by:
            if target_id not in watched:
                raise InputError(f"{basket.name}: what issued its shares has not been read there")
            found.append(watched[target_id])
    return found
