"""Findings and receipts: appended when something differs, retracted by a reorg, never changed."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from sqlalchemy import update

from models import FINDING_GOALS, FINDING_PROOFS, RECEIPT_LEVELS
from tests.support.stored import CALM, CHAIN, POOL, USDC, VAULT, WETH, Watch, block, block_hash
from watcher.errors import InputError, StaleBlock, StoreError
from watcher.math.exploitability.classes import CLASSES
from watcher.simulate.receipt import Level
from watcher.state.finding import (
    Account,
    Condition,
    Finding,
    Proof,
    Role,
    Worth,
    deltas,
    negated,
    nothing,
)
from watcher.store import Store, tables


def taken(units: int, *, attack: str = "arbitrage") -> Finding:
    """So many whole USDC of the pool's."""
    gained = deltas((USDC.address, units * 10**6), (WETH.address, -1))
    return Finding(
        attack=attack,  # type: ignore[arg-type]
        goal="profit",
        target_ids=(POOL.id,),
        proof=Proof.PARTIAL,
        accounts=(
            Account(Role.ATTACKER, "", gained),
            Account(Role.LIQUIDITY, POOL.id, negated(gained)),
        ),
        worth={USDC.address: Worth(1.0, 6), WETH.address: Worth(2_000.0, 18)},
    )


def none(reason: str = "fees take more", *, cost: float = 1.0) -> Finding:
    return nothing(
        "arbitrage",
        (POOL.id,),
        proof=Proof.PARTIAL,
        reason=reason,
        break_evens=(Condition("gas at which it ends", cost),),
    )


@pytest.fixture
def watched(store: Store) -> Store:
    watch = Watch(store)
    for number in range(1, 6):
        watch.read(block(number), *CALM)
    return store


def rows(store: Store, *, retracted: bool = False) -> list[tuple[int, str, float]]:
    found = store.findings(retracted=retracted)
    return [(each.block.number, each.attack, each.profit) for each in found]


def test_what_is_as_before_is_no_new_row(watched: Store) -> None:
    first = watched.add_findings(POOL.id, block(2), [taken(5)])
    assert watched.add_findings(POOL.id, block(2), [taken(5)]) == first
    assert watched.add_findings(POOL.id, block(3), [taken(5)]) == first
    second = watched.add_findings(POOL.id, block(4), [taken(6)])
    third = watched.add_findings(POOL.id, block(5), [taken(5)])
    assert len({*first, *second, *third}) == 3
    assert [number for number, *_ in rows(watched)] == [2, 4, 5]


def test_of_one_that_takes_nothing_only_the_reason_counts(watched: Store) -> None:
    first = watched.add_findings(POOL.id, block(2), [none(cost=1.0)])
    assert watched.add_findings(POOL.id, block(3), [none(cost=2.0)]) == first
    assert watched.add_findings(POOL.id, block(4), [none("gas takes it")]) != first
    assert watched.findings()[0].reason == "fees take more"
    assert watched.findings()[0].plain["break_evens"][0]["value"] == 1.0


def test_several_of_one_attack_come_together_and_stay_as_they_are(watched: Store) -> None:
    """As for the spot price and for means over different windows."""
    two = [none("by its spot"), none("by its mean")]
    first = watched.add_findings(POOL.id, block(2), two)
    assert watched.add_findings(POOL.id, block(3), two) == first
    assert len(rows(watched)) == 2
    again = watched.add_findings(POOL.id, block(3), [two[0], none("by another mean")])
    assert not set(first) & set(again)
    assert len(rows(watched)) == 4


def test_attacks_and_targets_do_not_mix(watched: Store) -> None:
    watched.add_findings(POOL.id, block(2), [taken(5), taken(5, attack="cycle")])
    watched.add_findings(VAULT.id, block(2), [none()])
    assert {(each.target_id, each.attack) for each in watched.findings()} == {
        (POOL.id, "arbitrage"),
        (POOL.id, "cycle"),
        (VAULT.id, "arbitrage"),
    }
    assert len(watched.findings(VAULT.id)) == 1
    assert [each.block.number for each in watched.findings(first=3)] == []
    watched.add_findings(POOL.id, block(4), [taken(6)])
    assert rows_of(watched, last=3) == [2, 2, 2]
    assert rows_of(watched, limit=1) == [4]


def rows_of(store: Store, *, last: int | None = None, limit: int | None = None) -> list[int]:
    return [each.block.number for each in store.findings(last=last, limit=limit)]


def test_a_finding_comes_back_whole(watched: Store) -> None:
    [row] = watched.add_findings(POOL.id, block(2), [taken(5)])
    found = watched.finding(row)
    assert found.block == block(2)
    assert (found.goal, found.proof, found.retracted) == ("profit", "partial", False)
    assert found.profit == pytest.approx(5.0)
    assert found.pools_loss == pytest.approx(5.0)
    assert found.plain["accounts"][0]["deltas"] == [
        [USDC.address, "5000000"],
        [WETH.address, "-1"],
    ]
    with pytest.raises(InputError, match="no finding has the number 999"):
        watched.finding(999)


def test_a_reorg_retracts_it_and_its_receipt_stays(watched: Store) -> None:
    [row] = watched.add_findings(POOL.id, block(4), [taken(5)])
    receipt = watched.add_receipt(row, level="executed", reason="", body='{"a":"1"}')
    watched.rewind(CHAIN, block_hash(3))
    assert rows(watched) == []
    [gone] = watched.findings(retracted=True)
    assert (gone.retracted, gone.receipts[0].id) == (True, receipt)
    assert watched.receipt(receipt[:8]) == '{"a":"1"}'
    with pytest.raises(StaleBlock, match="not on the stored branch"):
        watched.add_findings(POOL.id, block(4), [taken(5)])


def test_what_was_retracted_does_not_hold_back_what_comes_after(watched: Store) -> None:
    [before] = watched.add_findings(POOL.id, block(4), [taken(5)])
    watched.rewind(CHAIN, block_hash(3))
    other = block(4, fork="other", parent=block(3))
    Watch(watched).read(other, *CALM)
    [after] = watched.add_findings(POOL.id, other, [taken(5)])
    assert after != before
    assert [each.retracted for each in watched.findings(retracted=True)] == [True, False]


def test_a_receipt_is_kept_once_and_found_by_its_first_digits(watched: Store) -> None:
    [row] = watched.add_findings(POOL.id, block(2), [taken(5)])
    first = watched.add_receipt(row, level="partial", reason="a leg is elsewhere", body="{}")
    assert (
        watched.add_receipt(row, level="partial", reason="a leg is elsewhere", body="{}") == first
    )
    [kept] = watched.finding(row).receipts
    assert (kept.id, kept.level, kept.reason) == (first, "partial", "a leg is elsewhere")
    assert watched.receipt(first[:6].upper()) == "{}"
    for text, said in (
        ("", "neither a file"),
        ("xyz", "neither a file"),
        ("00" * 32, "no receipt"),
    ):
        with pytest.raises(InputError, match=said):
            watched.receipt(text)


def test_a_damaged_receipt_is_found_out(watched: Store) -> None:
    [row] = watched.add_findings(POOL.id, block(2), [taken(5)])
    receipt = watched.add_receipt(row, level="executed", reason="", body="{}")
    for body, said in ((b"no zlib", "is damaged"), (zlib.compress(b"[]"), "that of another")):
        with watched.database.writing() as connection:
            connection.execute(update(tables.receipt).values(body=body))
        with pytest.raises(StoreError, match=said):
            watched.receipt(receipt)


def test_a_block_that_is_not_stored_takes_no_finding(watched: Store) -> None:
    with pytest.raises(StaleBlock):
        watched.add_findings(POOL.id, replace(block(2), hash="0x" + "ab" * 32), [taken(5)])
    assert rows(watched, retracted=True) == []


def test_the_words_of_the_tables_are_those_of_the_values() -> None:
    assert set(FINDING_PROOFS) == {proof.value for proof in Proof}
    assert set(RECEIPT_LEVELS) == {level.value for level in Level}
    assert set(FINDING_GOALS) == {"profit", "griefing"}
    assert CLASSES
