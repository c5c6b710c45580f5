"""What templates write numbers and times with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watcher.report import formats
from watcher.report.naming import short
from watcher.report.text import visible

FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": formats.money,
    "percent": formats.percent,
    "number": formats.number,
    "whole": formats.whole,
    "moment": formats.moment,
    "iso": formats.iso,
    "age": formats.age,
    "short_hash": formats.short_hash,
    "short": short,
    "one_line": visible,
}
