"""A finding as it is kept: its canonical JSON, and what tells it from the one before."""

from __future__ import annotations

from watcher.state.canonical import canonical_json, content_hash, to_plain
from watcher.state.finding import Finding


def finding_to_json(finding: Finding) -> str:
    return canonical_json(to_plain(finding))


def finding_key(finding: Finding) -> str:
    """Of equal findings equal: all of one that takes something; of one that takes nothing, which
    attack on what, and why. Its thresholds move with each block and make it no other finding."""
    if finding.accounts:
        return content_hash(finding_to_json(finding))
    told = [finding.attack, finding.goal, list(finding.target_ids), finding.reason]
    return content_hash(canonical_json(told))
