"""A run on a vault: its holders redeem block by block until they have left."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.moves.trades import small_trades
from watcher.devnet.moves.vaults import redeem
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    vault, actors = stage.random.choice(stage.world.vaults), stage.world.actors
    for left in range(blocks, 0, -1):
        draft = stage.draft()
        for holder in (actors.depositor, actors.other_depositor):
            shares = draft.shares(vault, holder) // left
            if shares:
                redeem(draft, holder, vault, shares)
        small_trades(draft, stage.random, most=1)
        kept = amount_text(draft.total_assets(vault) * (left - 1) // left, vault.asset)
        yield step(draft, f"a run on {vault.name}: its holders leave no more than {kept}")


VAULT_RUN = Scene("vault_run", play, shortest=2, longest=12)
