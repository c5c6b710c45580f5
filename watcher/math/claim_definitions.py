"""Measures of what is owed and held for it: peg stability modules, baskets, lockboxes."""

from __future__ import annotations

from watcher.math.definition import LOCKBOX, PEG, SET, Definition

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
        kinds=(PEG, SET, LOCKBOX),
        unit="fraction",
        formula="A_ref / L: what is held at the reference price / what is owed for it; of a peg "
        "stability module what it has minted, at a dollar; of an index token default units * "
        "supply; of a lockbox locked / issued, whole tokens: their price cancels",
        dims="",
        source="L is what the contract counts as issued, never its own conversion of what it holds",
        bad="below 1: what was issued is not covered",
        cannot_say="what selling it all would bring: that moves prices",
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
