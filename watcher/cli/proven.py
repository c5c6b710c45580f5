"""Plans of findings executed by simulation: what the commands do, and what they say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from watcher.cli.output import figure, note, print_text
from watcher.cli.phrases import short, symbol
from watcher.cli.session import cache_folder, chain_to_ask, open_store, read_config
from watcher.cli.subjects import Found
from watcher.devnet.artifacts import anvil_binary
from watcher.errors import InputError, SetupError
from watcher.math.exploitability.classes import Answer, Question
from watcher.service.prepare import connect
from watcher.simulate.node import ChainNode
from watcher.simulate.prove import prove
from watcher.simulate.receipt import Level, Receipt, receipt_to_json
from watcher.simulate.script import Grant, Scene
from watcher.state.block import Block
from watcher.state.finding import Finding
from watcher.state.token import Address, Token

SHOWN_DIGITS = 12
"""Of a receipt's id."""

SAID = {
    Level.EXECUTED: "executed: predicted = simulated to the wei",
    Level.PARTIAL: "partial: predicted = simulated to the wei, but",
    Level.SCENARIO: "scenario: not executed,",
    Level.REFUTED: "REFUTED:",
}


@dataclass(frozen=True, slots=True)
class Proofs:
    """Receipts by the place of their finding among the answers."""

    receipts: Mapping[int, Receipt]

    @property
    def refuted(self) -> bool:
        return any(each.level == Level.REFUTED for each in self.receipts.values())

    def write(self, folder: Path | None) -> None:
        """Each receipt as a file of the folder, named by its id."""
        for receipt in self.receipts.values() if folder is not None else ():
            file = Path(folder or "") / f"{receipt.id[:SHOWN_DIGITS]}.json"
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(receipt_to_json(receipt) + "\n", encoding="utf-8")
            except OSError as error:
                raise InputError(f"{file} cannot be written: {error.strerror}") from None
            note(f"wrote {file}")


def prove_all(
    found: Found,
    question: Question,
    answers: Sequence[Answer],
    *,
    store: bool,
    config: Path | None,
    rpc: str | None,
) -> Proofs:
    """Simulate the plan of each finding that has one; with `store` findings and receipts are kept.

    Raises ReadError where the node does not answer, StaleBlock where it has another block.
    """
    targets = {each.target.id: each.target for each in (question.market, *question.others)}
    states = {each.target.id: each.state for each in (question.market, *question.others)}
    scenes = {
        place: Scene(answer, targets, states)
        for place, answer in enumerate(answers)
        if isinstance(answer, Finding) and answer.plan
    }
    block = found.snapshot.block
    made = asyncio.run(_prove(list(scenes.values()), block, config=config, rpc=rpc))
    receipts = dict(zip(scenes, made, strict=True))
    if store:
        _keep(found, answers, receipts, config)
    return Proofs(receipts)


async def _prove(
    scenes: Sequence[Scene], block: Block, *, config: Path | None, rpc: str | None
) -> list[Receipt]:
    if not scenes:
        note("no finding has a plan: there is nothing to simulate")
        return []
    anvil = find_anvil()
    chain = await chain_to_ask(f"eip155:{block.chain_id}", rpc, config)
    async with connect(chain) as client:
        node = ChainNode(client.w3.provider)
        return [await prove(scene, block, node, anvil=anvil) for scene in scenes]


def find_anvil() -> Path | None:
    """None, with a word of it, where there is none: what a node simulates needs none."""
    try:
        return anvil_binary(cache_folder())
    except SetupError as error:
        note(f"the node simulates alone, and receipts have no witness, for want of Anvil: {error}")
        return None


def _keep(
    found: Found,
    answers: Sequence[Answer],
    receipts: Mapping[int, Receipt],
    config: Path | None,
) -> None:
    snapshot = found.snapshot
    places = [place for place, answer in enumerate(answers) if isinstance(answer, Finding)]
    kept = [answer for answer in answers if isinstance(answer, Finding)]
    with open_store(read_config(config)) as opened:
        rows = opened.add_findings(snapshot.target.id, snapshot.block, kept)
        for place, row in zip(places, rows, strict=True):
            receipt = receipts.get(place)
            if receipt is not None:
                body = receipt_to_json(receipt)
                opened.add_receipt(row, level=receipt.level, reason=receipt.reason, body=body)


def print_receipt(receipt: Receipt, tokens: Mapping[Address, Token]) -> None:
    """What a simulation showed, in lines for people."""
    level = Level(receipt.level)
    reason = f" {receipt.reason}" if receipt.reason else ""
    print_text(f"{SAID[level]}{reason}")
    for line in _engines(receipt, tokens):
        print_text(line)
    print_text(f"receipt {shown_id(receipt)}, replay: watcher prove {shown_id(receipt)}")


def shown_id(receipt: Receipt) -> str:
    return receipt.id[:SHOWN_DIGITS]


def _engines(receipt: Receipt, tokens: Mapping[Address, Token]) -> Iterable[str]:
    for run in receipt.runs:
        pin = run.pin
        yield (
            f"{run.engine} by {run.client}: {len(run.calls)} calls, {run.gas:,} gas, "
            f"at number {pin.number:,}, time {pin.timestamp}"
        )
    granted = receipt.script.grants
    if granted:
        roles = {each.address: each.role for each in receipt.script.actors}
        given = (f"{roles[each.holder]} {_granted(each, tokens)}" for each in granted)
        yield f"granted by state override: {', '.join(given)}"
    if receipt.undisturbed.runs and receipt.level != Level.REFUTED:
        yield "the victim's trade alone is as predicted too, and its loss is the difference"
    if receipt.witness is not None:
        witness = receipt.witness
        yield f"witness: {len(witness.accounts)} accounts, {witness.slots} slots"


def _granted(grant: Grant, tokens: Mapping[Address, Token]) -> str:
    token = tokens.get(grant.token)
    if token is None:
        return f"{grant.amount} of {short(grant.token)}"
    return f"{figure(float(Fraction(grant.amount, 10**token.decimals)))} {symbol(token)}"
