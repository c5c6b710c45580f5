"""Set's index tokens: a basket of components, of which a whole token has so many units.

Source: set-protocol-v2 0.1.16 SetToken.sol, Controller.sol, SetValuer.sol. The target weights that
a basket should have are nobody's on the chain, so they are configured.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from fractions import Fraction

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.interface import arrays_view, require_code, view
from watcher.protocols.options import boolean, proper_fraction, weight_list
from watcher.state.call import Answer, Call, Code
from watcher.state.set_token import WAD, SetComponent, SetToken
from watcher.state.target import Target
from watcher.state.token import ZERO_ADDRESS, Address, to_address

PROTOCOL = "set_token"

_SET, _CONTROLLER = "set/SetToken", "set/Controller"
CONTROLLER = view(_SET, "controller")
GET_COMPONENTS = arrays_view(_SET, "getComponents")
DEFAULT_UNIT = view(_SET, "getDefaultPositionRealUnit")
TOTAL_UNIT = view(_SET, "getTotalComponentRealUnits")
IS_SET = view(_CONTROLLER, "isSet")
RESOURCE_ID = view(_CONTROLLER, "resourceId")
VALUATION = view("set/SetValuer", "calculateSetTokenValuation")
MASTER_QUOTE_ASSET = view("set/PriceOracle", "masterQuoteAsset")

PRICE_ORACLE_RESOURCE, SET_VALUER_RESOURCE = 1, 2
"""ResourceIdentifier.sol."""
MOST_COMPONENTS = 32
CALLS_OF_COMPONENT = 3

Asked = Generator[list[Call], Sequence[Answer], tuple[Address, Address]]


def identify(entry: Entry) -> Identification:
    """Ask for the components, and the controller whether it knows the token."""
    token = entry.address
    code, controller_answer, components_answer, *share = yield [
        Code(token),
        CONTROLLER.call(token),
        GET_COMPONENTS.call(token, length=MOST_COMPONENTS),
        *erc20.metadata_calls(token),
    ]
    require_code(code, token)
    try:
        controller = CONTROLLER.address(controller_answer)
        components = _components(components_answer)
    except ReadError as error:
        raise RefusedTarget(
            f"{token} is no index token of Set: {error}; remove the entry"
        ) from None
    weights = str(entry.options.get("weights", "")).split()
    if weights and len(weights) != len(components):
        raise RefusedTarget(
            f"{token} has {len(components)} components and `weights` has {len(weights)} parts: "
            "give one for each, in the contract's order"
        )
    valuer, quote = yield from _valuer(entry, controller)
    metadata = yield [call for one in components for call in erc20.metadata_calls(one)]
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=token,
        kind=SetToken.KIND,
        key=entry.key,
        tokens=tuple(
            erc20.decode_metadata(one, metadata[2 * row : 2 * row + 2])
            for row, one in enumerate(components)
        ),
        share=erc20.decode_metadata(token, share),
        params={
            "weights": " ".join(weights),
            "band": str(entry.options.get("band", "")),
            "valuer": valuer,
            "quote": quote,
        },
        name=entry.name,
    )
    answers = yield calls(target)
    try:
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(
            f"{token} is no index token that can be read: {error}; if it is its valuer, give "
            "`valuer = false`"
        ) from None
    return target


def calls(target: Target) -> list[Call]:
    token, valuer = target.address, to_address(str(target.params["valuer"]))
    quote = to_address(str(target.params["quote"]))
    count = len(target.tokens)
    return [
        erc20.TOTAL_SUPPLY.call(token),
        GET_COMPONENTS.call(token, length=count),
        *(
            call
            for component in target.tokens
            for call in (
                DEFAULT_UNIT.call(token, component.address),
                TOTAL_UNIT.call(token, component.address),
                erc20.BALANCE_OF.call(component.address, token),
            )
        ),
        *([] if valuer == ZERO_ADDRESS else [VALUATION.call(valuer, token, quote)]),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> SetToken:
    """Raises DecodeError where the components are no longer those that were identified."""
    if len(answers) != len(calls(target)):
        raise DecodeError(f"{target.label}: the answers are not those of one reading")
    supply, named, *rest = answers
    count = len(target.tokens)
    (found,) = GET_COMPONENTS.decode(named, length=count)
    if list(found) != [int(token.address, 16) for token in target.tokens]:
        raise DecodeError(f"{target.label} has other components now: start the watcher again")
    valued = rest[CALLS_OF_COMPONENT * count :]
    return SetToken(
        total_supply=erc20.TOTAL_SUPPLY.integer(supply),
        components=tuple(
            _component(rest[CALLS_OF_COMPONENT * row : CALLS_OF_COMPONENT * (row + 1)])
            for row in range(count)
        ),
        weights=tuple(int(Fraction(one) * WAD) for one in str(target.params["weights"]).split()),
        valuation=tuple(map(VALUATION.integer, valued)),
        decimals=tuple(token.decimals for token in target.tokens),
    )


def _valuer(entry: Entry, controller: Address) -> Asked:
    """The system's valuer and what its oracle counts in, zero where it has none or nobody wants it.
    The controller must know the token."""
    known, valuer, oracle = yield [
        IS_SET.call(controller, entry.address),
        RESOURCE_ID.call(controller, SET_VALUER_RESOURCE),
        RESOURCE_ID.call(controller, PRICE_ORACLE_RESOURCE),
    ]
    try:
        is_set, found = IS_SET.integer(known), RESOURCE_ID.address(valuer)
        oracle_address = RESOURCE_ID.address(oracle)
    except ReadError as error:
        raise RefusedTarget(
            f"{controller} is no controller of Set: {error}; remove {entry.address}"
        ) from None
    if not is_set:
        raise RefusedTarget(f"its controller {controller} does not know {entry.address} as a set")
    if not entry.options.get("valuer", True) or ZERO_ADDRESS in (found, oracle_address):
        return ZERO_ADDRESS, ZERO_ADDRESS
    (quote,) = yield [MASTER_QUOTE_ASSET.call(oracle_address)]
    try:
        return found, MASTER_QUOTE_ASSET.address(quote)
    except ReadError as error:
        raise RefusedTarget(
            f"{oracle_address} is no oracle of Set: {error}; give `valuer = false`"
        ) from None


def _components(answer: Answer) -> tuple[Address, ...]:
    count = GET_COMPONENTS.length(answer)
    if not 0 < count <= MOST_COMPONENTS:
        raise DecodeError(f"it has {count} components, not 1 to {MOST_COMPONENTS}")
    (found,) = GET_COMPONENTS.decode(answer, length=count)
    return tuple(to_address(one.to_bytes(20)) for one in found)


def _component(answers: Sequence[Answer]) -> SetComponent:
    default, total, balance = answers
    unit = DEFAULT_UNIT.integer(default)
    if unit < 0:
        raise DecodeError(f"{DEFAULT_UNIT.name} answered {unit}, which nothing at hand can be")
    return SetComponent(
        default_unit=unit,
        total_unit=TOTAL_UNIT.integer(total),
        balance=erc20.BALANCE_OF.integer(balance),
    )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=SetToken.KIND,
    title="Index tokens of Set",
    identify=identify,
    calls=calls,
    decode=decode,
    options=(
        Option(
            "weights",
            weight_list,
            "the value that each component should have, in the contract's order; they sum to 1",
            wish=True,
        ),
        Option("band", proper_fraction, "how far a component may be from its weight", wish=True),
        Option("valuer", boolean, "false where the system's own valuer is not to be asked"),
    ),
    not_covered=(
        (
            "Components that are added or taken out while the watcher runs: it must be started "
            "again."
        ),
        "What external positions are worth where they are: only their units are told.",
        "Fees of managers and issuance, and hooks before it.",
    ),
)
