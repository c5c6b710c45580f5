"""Tokens whose decimals are no longer those that they were identified with: every amount of theirs
would mean something else, so their targets are quarantined until they say the old ones again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from watcher.chain.reader import Reader
from watcher.errors import ReadError
from watcher.protocols.erc20 import DECIMALS
from watcher.state.block import Block
from watcher.state.call import Answer
from watcher.state.observation import Observation, Status
from watcher.state.target import Target
from watcher.state.token import NATIVE_COINS, Address, Token

LOG = structlog.get_logger(__name__)


class Decimals:
    """What the tokens of these targets said when they were last asked."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._coins = {target.id: _coins(target) for target in targets}
        self._tokens = {coin.address: coin for coins in self._coins.values() for coin in coins}
        self._wrong: dict[Address, str] = {}
        self._quarantined: dict[str, Observation] = {}

    async def look(self, reader: Reader, block: Block) -> None:
        """Ask every token once. Where the node has no answer, the last one holds.

        Raises Unavailable or StaleBlock when the node gives no answer at all.
        """
        tokens = list(self._tokens.values())
        answers = await reader.read(block, [DECIMALS.call(token.address) for token in tokens])
        for token, answer in zip(tokens, answers, strict=True):
            if isinstance(answer, Answer):
                self._take(token, _contradiction(token, answer), block)
        self._quarantined = {
            target_id: Observation(target_id, Status.QUARANTINED, detail=why)
            for target_id, coins in self._coins.items()
            if (
                why := next((self._wrong[c.address] for c in coins if c.address in self._wrong), "")
            )
        }

    def judged(self, observed: Mapping[str, Observation]) -> dict[str, Observation]:
        """The observations, those of targets with a contradicted token replaced; a target that is
        gone stays gone, and its own share with it."""
        replaced = {
            target_id: held
            for target_id, held in self._quarantined.items()
            if target_id in observed and observed[target_id].status is not Status.NO_CODE
        }
        return {**observed, **replaced}

    def _take(self, token: Token, problem: str, block: Block) -> None:
        if problem == self._wrong.get(token.address, ""):
            return
        LOG.warning(
            "decimals changed",
            chain=block.chain_id,
            number=block.number,
            token=token.address,
            detail=problem or f"it says {token.decimals} again",
        )
        if problem:
            self._wrong[token.address] = problem
        else:
            del self._wrong[token.address]


def _coins(target: Target) -> tuple[Token, ...]:
    """The native coin, by whichever of its names, is no contract that could be asked: it has 18
    decimals for ever."""
    coins = target.tokens if target.share is None else (*target.tokens, target.share)
    return tuple(coin for coin in coins if coin.address not in NATIVE_COINS)


def _contradiction(token: Token, answer: Answer) -> str:
    """ "" where it says what it said."""
    try:
        now = DECIMALS.integer(answer)
    except ReadError as error:
        return (
            f"token {token.address} no longer says its decimals, which were {token.decimals} "
            f"({error}): what its amounts mean is not known"
        )
    if now == token.decimals:
        return ""
    return (
        f"token {token.address} says {now} decimals now and said {token.decimals} when it was "
        "identified: what its amounts mean is not known"
    )
