"""Recognising a contract, over a chain in a dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.cli.discovered import proposal
from watcher.errors import ReadError, Unavailable
from watcher.protocols.sighting import NONSENSE, Sight
from watcher.protocols.uniswap_v2 import KNOWN_FACTORIES
from watcher.service.discover import Discovery, discover
from watcher.state import Address, Answer, Block, Call, Static, to_address

BLOCK = Block(1, 100, "0x" + "aa" * 32, "0x" + "bb" * 32, 1_700_000_000)
PAIR, VAULT, AAA, BBB = (address(number) for number in (0x10, 0x20, 0x30, 0x40))
KNOWN = to_address(next(name for chain, name in KNOWN_FACTORIES if chain == 1))
STRANGE = address(0x50)


class Node:
    """A Reader of `chain`; what `fails` says is answered by an error of that call alone."""

    def __init__(self, chain: FakeChain, *, fails: bytes | None = None) -> None:
        self._chain = chain
        self._fails = fails
        self.rounds: list[Sequence[Call]] = []

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        assert block == BLOCK
        self.rounds.append(calls)
        return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Answer | ReadError:
        if self._fails is not None and isinstance(call, Static) and call.data == self._fails:
            return Unavailable("the node gives up on this call")
        return self._chain.answer(call)


def token(symbol: str, decimals: int) -> Fake:
    return Fake(
        {
            "decimals()": words(decimals),
            "symbol()": text(symbol),
            "balanceOf(address)": words(10**24),
            "totalSupply()": words(10**27),
        }
    )


def pair(factory: Address) -> FakeChain:
    replies: dict[str, Reply] = {
        "token0()": address_word(AAA),
        "token1()": address_word(BBB),
        "factory()": address_word(factory),
        "getReserves()": words(1_000, 2_000, 7),
        "kLast()": words(0),
    }
    made = {"getPair(address,address)": address_word(PAIR), "feeTo()": address_word(address(0))}
    return FakeChain(
        {
            PAIR: Fake({**token("UNI-V2", 18).replies, **replies}),
            factory: Fake(made),
            AAA: token("AAA", 18),
            BBB: token("BBB", 6),
        }
    )


def vault(total_assets: int, total_supply: int, *, converts: Mapping[str, Reply]) -> FakeChain:
    replies: dict[str, Reply] = {
        **token("vAAA", 18).replies,
        "asset()": address_word(AAA),
        "totalAssets()": words(total_assets),
        "totalSupply()": words(total_supply),
        "previewDeposit(uint256)": converts["convertToShares(uint256)"],
        "previewWithdraw(uint256)": converts["convertToShares(uint256)"],
        "previewMint(uint256)": converts["convertToAssets(uint256)"],
        "previewRedeem(uint256)": converts["convertToAssets(uint256)"],
        "maxDeposit(address)": words(2**256 - 1),
        "maxMint(address)": words(2**256 - 1),
        **converts,
    }
    return FakeChain({VAULT: Fake(replies), AAA: token("AAA", 18)})


def scaled(numerator: int, denominator: int, *, most: int = 2**512) -> Reply:
    """`amount * numerator / denominator`, reverting where the product is over `most`."""

    def reply(data: bytes) -> Answer:
        product = int.from_bytes(data) * numerator
        return words(product // denominator) if product < most else REVERTED

    return reply


async def found(chain: FakeChain, at: Address) -> Discovery:
    return await discover(Node(chain), BLOCK, at)


async def test_the_fee_of_a_known_factory_is_left_out_of_the_entry() -> None:
    [one] = (await found(pair(KNOWN), PAIR)).recognised
    assert (dict(one.trial.options), one.trial.assumes, one.also) == ({}, "", ())
    assert not any("fee" in line for line in proposal(one))


async def test_the_fee_of_an_unknown_factory_is_to_be_given() -> None:
    [one] = (await found(pair(STRANGE), PAIR)).recognised
    assert one.trial.assumes
    assert '# fee = "3/1000"' in proposal(one)


async def test_all_protocols_and_trials_are_asked_together() -> None:
    node = Node(pair(KNOWN))
    await discover(node, BLOCK, PAIR)
    assert len(node.rounds) <= 6
    assert all(len(set(calls)) == len(calls) for calls in node.rounds)


async def test_a_vault_that_has_earned_fits_one_arithmetic_alone() -> None:
    assets, supply = 3 * 10**21 + 7, 2 * 10**21
    converts = {
        "convertToShares(uint256)": scaled(supply + 10**3, assets + 1),
        "convertToAssets(uint256)": scaled(assets + 1, supply + 10**3),
    }
    [one] = (await found(vault(assets, supply, converts=converts), VAULT)).recognised
    assert (dict(one.trial.options), one.also) == ({}, ())
    assert one.target.params["virtual_shares"] == 10**3


async def test_without_earnings_512_bits_tell_the_two_arithmetics_apart() -> None:
    whole = 10**21
    for most, virtual, others in ((2**512, 1, 2), (2**256, 0, 0)):
        convert = scaled(whole, whole, most=most)
        converts = {"convertToShares(uint256)": convert, "convertToAssets(uint256)": convert}
        [one] = (await found(vault(whole, whole, converts=converts), VAULT)).recognised
        assert one.trial.options == {}
        assert one.target.params["virtual_shares"] == virtual
        assert len(one.also) == others


async def test_a_vault_that_fits_no_arithmetic_is_a_near_miss() -> None:
    converts = {
        "convertToShares(uint256)": scaled(10**27, 10**27 + 10**9),
        "convertToAssets(uint256)": scaled(10**27 + 10**9, 10**27),
    }
    told = await found(vault(10**21, 10**21, converts=converts), VAULT)
    assert told.recognised == ()
    assert [miss.protocol for miss in told.near] == ["erc4626"]


async def test_a_call_that_the_node_gives_up_on_is_no_answer_and_no_crash() -> None:
    told = await discover(Node(FakeChain({PAIR: Fake()}), fails=NONSENSE), BLOCK, PAIR)
    assert told.seen.sight is Sight.CONTRACT
    assert told.recognised == ()


async def test_what_answers_nonsense_is_believed_in_nothing() -> None:
    chain = pair(KNOWN)
    replies = {
        **chain.contracts[PAIR].replies,
        "imbalance_watcher_asks_what_nobody_has()": words(1),
    }
    chain.contracts[PAIR] = Fake(replies)
    told = await found(chain, PAIR)
    assert (told.seen.sight, told.recognised) == (Sight.ANSWERS_ANYTHING, ())


async def test_a_fallback_that_answers_nothing_is_no_such_thing() -> None:
    chain = pair(KNOWN)
    replies = {**chain.contracts[PAIR].replies, "imbalance_watcher_asks_what_nobody_has()": EMPTY}
    chain.contracts[PAIR] = Fake(replies)
    assert (await found(chain, PAIR)).recognised
