"""A bridge's token is minted with nothing locked for it, a little more in each block."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.moves.trades import small_trades
from watcher.devnet.places import Box
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text
from watcher.errors import SetupError
from watcher.state.token import Token

MINTED_BPS = 500
"""Of the supply, in each block."""


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    box, issued = _issuing(stage)
    thief = stage.world.actors.whale
    for _ in range(blocks):
        draft = stage.draft()
        (supply,) = draft.read(issued.address, "totalSupply()(uint256)")
        amount = supply * MINTED_BPS // 10_000
        draft.fund(thief, issued, amount)
        small_trades(draft, stage.random, most=1)
        told = amount_text(amount, issued)
        yield step(draft, f"{told} are minted, and nothing is locked for it in {box.name}")


def _issuing(stage: Stage) -> tuple[Box, Token]:
    for box in stage.world.boxes:
        if box.issued is not None:
            return box, box.issued
    raise SetupError("no lockbox of this world issues a token here: restore the lock")


UNBACKED_MINT = Scene("unbacked_mint", play, shortest=1, longest=8)
