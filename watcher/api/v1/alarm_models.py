"""What /api/v1 answers with of alerts and findings; as in `models`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from watcher.api.v1.models import ID, Block, Model


class Alert(Model):
    """A rule on a target that held, and how that stands."""

    id: str = Field(pattern=ID)
    rule: str
    severity: str = Field(description="info, warning or critical")
    target: str = Field(pattern=ID)
    label: str
    chain: str = Field(description="CAIP-2")
    open: bool
    state: str = Field(
        description="pending, firing, acknowledged, silenced or in doubt; else how it ended. "
        "`gone` where all its blocks have left the chain before anybody was told."
    )
    fact: str = Field(description="What the rule's figures said at its last event that held.")
    began: Block | None = Field(description="Its first block on the chain.")
    last: Block | None = Field(description="That of its last event.")


class Alerts(Model):
    items: list[Alert] = Field(description="The newest first.")
    next: str | None


class Gauge(Model):
    """One comparison of the rule's condition as it stood."""

    figure: str
    dims: dict[str, str]
    sign: str
    limit: float | None
    value: float | None
    reason: str | None


class AlertEvent(Model):
    """What a block did to the alert, or a person, who is named then."""

    event: str
    block: Block | None
    orphaned: bool = Field(description="The block has left the chain.")
    found_at: datetime | None = Field(description="Wall time.")
    who: str | None
    detail: str
    until: datetime | None = Field(description="When a silence ends.")
    figures: list[Gauge]


class Rule(Model):
    """As it was when it made the last event; times in seconds."""

    hash: str
    when: str
    clear: str | None
    agrees: str | None
    for_seconds: int
    clear_for_seconds: int
    repeat: float
    escalate_seconds: int | None
    means: str = Field(description="As it is configured now.")


class AlertDetail(Alert):
    definition: Rule
    events: list[AlertEvent]


class Receipt(Model):
    """What a simulation of the plan showed."""

    id: str = Field(pattern=ID)
    level: str = Field(description="executed, partial, scenario or refuted")
    reason: str
    made_at: datetime


class Finding(Model):
    """What one attack would have taken at a block. Money is in the unit of account."""

    id: int
    target: str = Field(pattern=ID)
    block: Block
    retracted: bool = Field(description="The block has left the chain.")
    attack: str
    goal: str
    proof: str = Field(description="How far a simulation can go: executed, partial or scenario.")
    profit: float = Field(description="After gas; 0 where the attack takes nothing.")
    victims_loss: float
    pools_loss: float
    reason: str | None = Field(description="Why it takes nothing.")
    receipts: list[Receipt]


class Findings(Model):
    unit: str
    items: list[Finding] = Field(description="The newest first.")
    next: str | None


class FindingDetail(Finding):
    body: dict[str, Any] = Field(
        description="Accounts, plan, assumptions, thresholds; integers are decimal strings."
    )
