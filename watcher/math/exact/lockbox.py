"""A whole issued token is a claim on a whole locked one, whatever their decimals are."""

from __future__ import annotations


def unbacked(locked: int, issued: int, *, locked_decimals: int, issued_decimals: int) -> int:
    """What is missing for what was issued, in the locked token's smallest unit, rounded up: 0 where
    all of it is covered."""
    due = -(-issued * 10**locked_decimals // 10**issued_decimals)
    return max(int(due) - locked, 0)
