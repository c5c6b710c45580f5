"""The figures of a report as CSV, in full precision."""

from __future__ import annotations

import csv
import io

from watcher.report.document import Report
from watcher.report.text import visible

COLUMNS = ("id", "value", "mark", "from", "what", "how", "reason")
_FORMULA_STARTS = ("=", "+", "-", "@")


def to_csv(report: Report) -> str:
    """One row a figure; an unknown value is empty, its reason in the last column."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for fact in report.facts:
        value = repr(fact.value) if fact.known else ""
        origin = "state" if fact.from_state else "series"
        texts = (fact.what, fact.how, fact.reason)
        writer.writerow([fact.id, value, fact.mark, origin, *map(_cell, texts)])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """A spreadsheet would run what begins like a formula."""
    line = visible(text)
    return f"'{line}" if line.startswith(_FORMULA_STARTS) else line
