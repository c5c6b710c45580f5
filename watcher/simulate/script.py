"""What is executed: whose code stands where, what they are granted, their calls, what is watched.

A script holds all that a node needs besides the state of its block, so that it can be run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from watcher.errors import NotEncoded
from watcher.protocols import ADAPTERS
from watcher.state.finding import Action, Deltas, Finding, Role, negated, total
from watcher.state.kinds import State
from watcher.state.target import Target
from watcher.state.token import Address, to_address

ACTORS: Mapping[Role, Address] = {
    Role.ATTACKER: to_address("0x000000000000000000000000000000004a77ac4e"),
    Role.VICTIM: to_address("0x0000000000000000000000000000000071c71300"),
}
"""Who acts: addresses of nobody, whose code is Payer's."""

ELSEWHERE = ""
"""The target id of a step that is not on the chain: it is priced, and not executed."""


@dataclass(frozen=True, slots=True)
class Actor:
    role: str
    address: Address


@dataclass(frozen=True, slots=True)
class Grant:
    """`amount` of a token that a holder is given by setting `slot` of `contract`; `found` says how
    the slot was found."""

    token: Address
    holder: Address
    amount: int
    contract: Address
    slot: int
    found: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call; `signature` is for people, `data` 0x and hex."""

    sender: Address
    to: Address
    signature: str
    data: str
    value: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Whose balance of which token is read before and after."""

    holder: Address
    token: Address


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a holder's balance of a token changes, in its smallest unit."""

    holder: Address
    token: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Script:
    actors: tuple[Actor, ...]
    grants: tuple[Grant, ...]
    steps: tuple[Step, ...]
    watches: tuple[Watch, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a finding's plan is to be executed: its targets and their states, by target id."""

    finding: Finding
    targets: Mapping[str, Target]
    states: Mapping[str, State]

    def target(self, target_id: str) -> Target:
        """Raises NotEncoded where the target is not known here."""
        if target_id not in self.targets or target_id not in self.states:
            raise NotEncoded(f"the plan goes through {target_id[:12]}, whose state was not given")
        return self.targets[target_id]

    @property
    def executed(self) -> tuple[Action, ...]:
        """The steps on the chain."""
        return tuple(each for each in self.finding.plan if each.target_id != ELSEWHERE)


def steps_of(scene: Scene) -> tuple[Step, ...]:
    """The calls of the plan, in its order. Raises NotEncoded for a step that has none."""
    found: list[Step] = []
    for action in scene.executed:
        target = scene.target(action.target_id)
        encode = ADAPTERS[target.protocol].encode
        if encode is None:
            raise NotEncoded(f"the calls of {target.protocol} are not encoded yet")
        actor = ACTORS.get(action.actor)
        if actor is None:
            raise NotEncoded(f"nobody acts for the {action.actor}")
        found += [
            Step(actor, each.to, each.signature, "0x" + each.data.hex(), each.value)
            for each in encode(action, target, scene.states[target.id], actor)
        ]
    return tuple(found)


def undisturbed(scene: Scene) -> Scene | None:
    """The victim's one trade without the attack, which its loss is told against: what it takes then
    is what it takes now, less its account. None where no victim trades."""
    finding = scene.finding
    trades = [each for each in scene.executed if each.actor is Role.VICTIM and each.verb == "swap"]
    if len(trades) != 1:
        return None
    lost = total(each.deltas for each in finding.accounts if each.role is Role.VICTIM)
    takes = total([trades[0].takes, negated(lost)])
    return replace(scene, finding=replace(finding, plan=(replace(trades[0], takes=takes),)))


def needs(plan: Sequence[Action]) -> dict[tuple[Role, Address], int]:
    """Of each token what an actor must have before, so that it can pay every step: what comes in
    earlier is used first."""
    owned = Counter[tuple[Role, Address]]()
    short: dict[tuple[Role, Address], int] = {}
    for action in plan:
        for token, amount in action.gives:
            key = action.actor, token
            owned[key] -= amount
            if owned[key] < 0:
                short[key] = max(short.get(key, 0), -owned[key])
        for token, amount in action.takes:
            owned[action.actor, token] += amount
    return short


def predicted(scene: Scene) -> tuple[Change, ...]:
    """What the plan says of every actor, and of what each target holds of its own tokens."""
    parts: dict[Address, list[Deltas]] = {}
    for action in scene.executed:
        target = scene.target(action.target_id)
        gone = tuple((token, -amount) for token, amount in action.gives)
        moved = total([gone, action.takes])
        parts.setdefault(ACTORS[action.actor], []).append(moved)
        own = {token.address for token in target.tokens}
        held = tuple((token, -amount) for token, amount in moved if token in own)
        parts.setdefault(target.address, []).append(held)
    return tuple(
        Change(holder, token, amount)
        for holder, deltas in parts.items()
        for token, amount in total(deltas)
    )


def watches(scene: Scene) -> tuple[Watch, ...]:
    """Every token of the plan at every actor, and at every target its own."""
    seen: dict[Watch, None] = {}
    for action in scene.executed:
        target = scene.target(action.target_id)
        own = [token.address for token in target.tokens]
        for token, _ in (*action.gives, *action.takes):
            seen[Watch(ACTORS[action.actor], token)] = None
        for token in own:
            seen[Watch(target.address, token)] = None
    return tuple(seen)


def actors(scene: Scene) -> tuple[Actor, ...]:
    acting = dict.fromkeys(action.actor for action in scene.executed)
    return tuple(Actor(str(role), ACTORS[role]) for role in acting)
