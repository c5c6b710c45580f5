"""Measures of what is owed and held for it: peg stability modules, baskets, lockboxes."""

from __future__ import annotations

from watcher.math.definition import HOLDINGS, LOCKBOX, PEG, SET, Definition

CLAIM_DEFINITIONS = (
    Definition(
        name="nav_per_share",
        kinds=(SET,),
        unit="unit of account",
        formula="sum over components of total units of a whole index token * reference price, less "
        "what it owes",
        dims="",
        source="SetValuer of Set, at reference prices",
        bad="down",
        cannot_say="what selling the components would bring",
    ),
    Definition(
        name="own_valuation",
        kinds=(SET,),
        unit="as its valuer counts",
        formula="SetValuer's answer / 10^18, for a whole index token in the oracle's master asset",
        dims="",
        source="SetValuer.calculateSetTokenValuation",
        bad="away from nav_per_share: whoever issues at it gains from the others",
        cannot_say="whether its prices are fresh",
    ),
    Definition(
        name="band_used",
        kinds=(SET,),
        unit="fraction",
        formula="max over components of |value_share - weight| / band",
        dims="",
        source="no-trade band around target weights",
        bad="above 1: a component is out of its band",
        cannot_say="which: value_share says it",
    ),
    Definition(
        name="component_coverage",
        kinds=(SET,),
        unit="fraction",
        formula="what the contract holds of the component / (default unit * supply)",
        dims="token",
        source="BasicIssuanceModule.redeem pays default units of each component",
        bad="below 1: the last to redeem get nothing, since redeeming pays all components or none",
        cannot_say="what external positions hold elsewhere",
    ),
    Definition(
        name="solvency_reference",
        kinds=(PEG, SET, LOCKBOX, HOLDINGS),
        unit="fraction",
        formula="A_ref / L: what is held at the reference price / what is owed for it; of a peg "
        "stability module what it has minted, at a dollar; of an index token default units * "
        "supply; of a lockbox locked / issued, whole tokens: their price cancels; of holdings all "
        "of the basket that they begin / what the basket owes",
        dims="",
        source="L is what the contract counts as issued, never its own conversion of what it holds",
        bad="below 1: what was issued is not covered",
        cannot_say="what selling it all would bring: that moves prices",
    ),
    Definition(
        name="exit_value",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="what the basket that these holdings begin is sold for by one ordered plan of "
        "exact steps through the targets of its `through`, at the reference price of `exit_to`; "
        "what is left over counts for nothing",
        dims="",
        source="docs/exit.md; LP tokens are burned first: one's own liquidity is no depth",
        bad="down",
        cannot_say="gas, what pools that are not named would pay, and what others do meanwhile",
    ),
    Definition(
        name="exit_discount",
        kinds=(HOLDINGS,),
        unit="fraction",
        formula="1 - exit_value / A_ref, A_ref all that the basket holds at reference prices",
        dims="",
        source="docs/exit.md",
        bad="up: selling moves the prices, or nobody buys a part of it",
        cannot_say="which part costs it: `watcher exit` shows every step",
    ),
    Definition(
        name="solvency_exit",
        kinds=(HOLDINGS,),
        unit="fraction",
        formula="exit_value / L, L what the basket owes: `owed`, and the supply of `issued_by` at "
        "its own reference price",
        dims="",
        source="as exit_value; L is never the vault's own conversion of what it holds",
        bad="below 1: what is owed cannot be paid by selling all there is",
        cannot_say="whether all who are owed come at once",
    ),
    Definition(
        name="unbacked",
        kinds=(LOCKBOX,),
        unit="token 0",
        formula="max(issued - locked, 0), whole tokens, exact before the division",
        dims="",
        source="a whole issued token is a claim on a whole locked one",
        bad="above 0: minted without backing, or taken out of the lockbox",
        cannot_say="which of both",
    ),
    Definition(
        name="shortfall_money",
        kinds=(PEG, SET, LOCKBOX),
        unit="unit of account",
        formula="max(L - A_ref, 0); of an index token the sum of it over components",
        dims="",
        source="as solvency_reference",
        bad="up: the loss of those who come last",
        cannot_say="anything where a reference price is unknown",
    ),
)
