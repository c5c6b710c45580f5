"""Yield reaches two vaults in small steps while people deposit and withdraw."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.draft import Draft
from watcher.devnet.moves.more_vaults import harvest, stir
from watcher.devnet.moves.trades import small_trades
from watcher.devnet.moves.vaults import deposit, give, redeem
from watcher.devnet.places import Vault
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text, listed

# In basis points of the vault's assets.
_YIELD_BPS = (2, 8)
_DEPOSIT_BPS = (100, 500)


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    vaults = stage.random.sample(stage.world.vaults, 2)
    for index in range(blocks):
        draft = stage.draft()
        happenings = [_earn(stage, draft, vault) for vault in vaults]
        if index % 3 == 1:
            happenings.append(_deposit(stage, draft, vaults[index // 3 % 2]))
        elif index % 3 == 2:
            happenings.append(_withdraw(stage, draft, vaults[index // 3 % 2]))
        if stage.world.more_vaults:
            turn = draft.timestamp // draft.block_seconds
            happenings += [stir(draft, turn), harvest(draft, turn)]
        small_trades(draft, stage.random, most=1)
        yield step(draft, listed(happenings))


def _earn(stage: Stage, draft: Draft, vault: Vault) -> str:
    amount = draft.total_assets(vault) * stage.random.randint(*_YIELD_BPS) // 10_000
    give(draft, stage.world.actors.keeper, vault, amount)
    return f"{vault.name} earns {amount_text(amount, vault.asset)}"


def _deposit(stage: Stage, draft: Draft, vault: Vault) -> str:
    amount = draft.total_assets(vault) * stage.random.randint(*_DEPOSIT_BPS) // 10_000
    deposit(draft, stage.world.actors.other_depositor, vault, amount)
    return f"somebody deposits {amount_text(amount, vault.asset)} into {vault.name}"


def _withdraw(stage: Stage, draft: Draft, vault: Vault) -> str:
    depositor = stage.world.actors.other_depositor
    shares = draft.shares(vault, depositor) // 2
    redeem(draft, depositor, vault, shares)
    return f"somebody redeems half of their shares of {vault.name}"


VAULT_EARNS = Scene("vault_earns", play, shortest=3, longest=8)
