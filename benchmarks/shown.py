"""Figures as tables in Markdown, which is also readable on a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.figures import Row, Verdict


def as_json(samples_rows: Sequence[Row], judged: Sequence[Verdict]) -> str:
    verdicts = [
        asdict(one) | {"pass": one.holds(one.by_median), "pass_by_min": one.holds(one.by_min)}
        for one in judged
    ]
    return json.dumps({"rows": [asdict(row) for row in samples_rows], "verdicts": verdicts})


def tables(found: Sequence[Row], judged: Sequence[Verdict]) -> str:
    readings = [
        (
            f"{row.pairs:,}",
            row.network.value,
            row.mode.value,
            row.name,
            f"{row.median_ms:,.1f}",
            f"{row.min_ms:,.1f}",
            f"{row.cpu_median_ms:,.1f}",
            f"{row.cpu_min_ms:,.1f}",
            "" if row.requests is None else f"{row.requests:,}",
            "" if row.bytes is None else f"{row.bytes:,}",
        )
        for row in found
    ]
    head = "pairs,network,before,who,ms,least ms,CPU ms,least CPU ms,requests,bytes"
    claims = [
        (
            f"{one.pairs:,}",
            one.claim + (f" ({one.detail})" if one.detail else ""),
            f"{'at least' if one.least else 'at most'} {one.bound:.3g}",
            _number(one.by_median),
            _word(one, one.by_median),
            _number(one.by_min),
            _word(one, one.by_min),
        )
        for one in judged
    ]
    claims_head = "pairs,what was to be shown,bound,by medians,,by minima,"
    return f"{table(head.split(','), readings)}\n\n{table(claims_head.split(','), claims)}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in (head, rule, *lines)
    )


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 1_000 else f"{figure:.3g}"


def _word(one: Verdict, figure: float) -> str:
    return "pass" if one.holds(figure) else "MISS"
