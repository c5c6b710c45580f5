"""What a set of addresses holds: a treasury, a lockbox, a multisig.

Native coin, tokens, LP tokens of Uniswap V2 pairs, position NFTs of Uniswap V3 managers and shares
of ERC-4626 vaults, all looked through to the tokens underneath. Whoever names the addresses makes
the target, so that its name is its key, and its addresses need not be contracts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20, v3_forks
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.holdings_plan import Plan, addresses, places
from watcher.protocols.holdings_reading import reading
from watcher.protocols.holdings_tokens import Found, arranged, recognise, shares_of
from watcher.protocols.interface import view
from watcher.protocols.options import address_list, proper_fraction
from watcher.protocols.rounds import replayed
from watcher.state.call import Answer, Balance, Call
from watcher.state.holdings import Holdings
from watcher.state.target import Target
from watcher.state.token import NATIVE_DECIMALS, Address

PROTOCOL = "holdings"

MANAGER_FACTORY = view("uniswap_v3/PeripheryImmutableState", "factory")
A_FEE = 3_000
"""Every Uniswap V3 factory is born with this tier."""
MOST_HOLDERS, MOST_MANAGERS, MOST_LISTED = 32, 8, 64

Asked = Generator[list[Call], Sequence[Answer], tuple[Address, ...]]


def identify(entry: Entry) -> Identification:
    """Ask what each token is, and what is underneath, until only plain tokens are left."""
    holders = (entry.address, *_listed(entry, "addresses"))
    if len(set(holders)) < len(holders):
        raise RefusedTarget("an address stands among the holders twice: remove it once")
    native = _listed(entry, "native")
    managers, opaque = _listed(entry, "position_managers"), _listed(entry, "opaque")
    tokens = (*native, *_listed(entry, "tokens"), *opaque)
    if not tokens:
        raise RefusedTarget("no token is named that could be held: give `tokens` or `native`")
    factories = yield from _factories(managers, holders[0])
    found = yield from recognise(tokens, opaque=opaque, holder=holders[0])
    known = arranged(found)
    yield from _confirm_native(native, found)
    shares = shares_of(known, found, entry)
    plan = Plan(
        holders=holders,
        managers=managers,
        factories=factories,
        wrapped=places([token.address for token in known])[native[0]] if native else None,
        assets=len(known) - len(shares),
        shares=shares,
    )
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=Holdings.KIND,
        key=entry.key,
        tokens=tuple(known),
        params=plan.to_params(),
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    """The first round, always the same; `follow` gives the others."""
    return next(reading(target))


def follow(target: Target, answers: Sequence[Answer]) -> list[Call]:
    """What the answers so far lead to: which positions there are, what they are in, and what
    redeeming just these shares pays. None once all is known."""
    return replayed(target, reading(target), answers).asked


def decode(target: Target, answers: Sequence[Answer]) -> Holdings:
    return replayed(target, reading(target), answers).whole(target)


def _listed(entry: Entry, option: str) -> tuple[Address, ...]:
    return addresses(entry.options.get(option, ""))


def _factories(managers: Sequence[Address], holder: Address) -> Asked:
    """The managers' factories, which must be those of Uniswap V3 pools."""
    if not managers:
        return ()
    answers = yield [
        call
        for manager in managers
        for call in (MANAGER_FACTORY.call(manager), erc20.BALANCE_OF.call(manager, holder))
    ]
    factories = []
    for manager, factory, balance in zip(managers, answers[::2], answers[1::2], strict=True):
        try:
            factories.append(MANAGER_FACTORY.address(factory))
            erc20.BALANCE_OF.integer(balance)
        except ReadError as error:
            raise RefusedTarget(
                f"{manager} is no position manager of Uniswap V3: {error}; remove it from "
                "`position_managers`"
            ) from None
    answers = yield [v3_forks.FEE_AMOUNT_TICK_SPACING.call(one, A_FEE) for one in factories]
    for manager, answer in zip(managers, answers, strict=True):
        try:
            is_factory = v3_forks.FEE_AMOUNT_TICK_SPACING.integer(answer) > 0
        except ReadError:
            is_factory = False
        if not is_factory:
            raise RefusedTarget(
                f"the factory of {manager} is none of Uniswap V3: remove it from "
                "`position_managers`"
            )
    return tuple(factories)


def _confirm_native(
    native: Sequence[Address], found: dict[Address, Found]
) -> Generator[list[Call], Sequence[Answer], None]:
    """A wrapper of the native coin owns as much of it as it has issued."""
    if not native:
        return
    (wrapped,) = native
    supply_answer, balance_answer = yield [erc20.TOTAL_SUPPLY.call(wrapped), Balance(wrapped)]
    try:
        supply = erc20.TOTAL_SUPPLY.integer(supply_answer)
    except ReadError:
        supply = 0
    backed = 0 < supply <= int.from_bytes(balance_answer.data)
    one = found[wrapped]
    if not backed or one.leads_to or one.token.decimals != NATIVE_DECIMALS:
        raise RefusedTarget(
            f"{wrapped} is no wrapper of the native coin, which owns as much of it as it has "
            "issued: fix `native`"
        )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Holdings.KIND,
    title="Holdings of addresses",
    identify=identify,
    calls=calls,
    decode=decode,
    follow=follow,
    named=True,
    trials=(),
    options=(
        Option("addresses", address_list(1, MOST_HOLDERS - 1), "further holders"),
        Option(
            "tokens",
            address_list(1, MOST_LISTED),
            "what they hold: tokens, LP tokens of Uniswap V2 pairs, shares of ERC-4626 vaults",
        ),
        Option(
            "opaque",
            address_list(1, MOST_LISTED),
            "tokens that are not looked through, each judged by a price of its own",
        ),
        Option(
            "native",
            address_list(1, 1),
            "the wrapper that the native coin is counted as; without it the coin is not watched",
        ),
        Option(
            "position_managers",
            address_list(1, MOST_MANAGERS),
            "NonfungiblePositionManagers of Uniswap V3, whose positions are found by themselves",
        ),
        Option(
            "protocol_fee_share",
            proper_fraction,
            'of pairs of unknown factories, as for uniswap_v2; "1/6" unless told',
        ),
    ),
    not_covered=(
        (
            "Debts, and what other protocols hold for the addresses: only what is named and can be "
            "looked through is counted."
        ),
    ),
)
