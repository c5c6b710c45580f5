"""What `watcher recompute` says."""

from __future__ import annotations

from dataclasses import asdict

from watcher.cli.output import print_json, print_table, print_text
from watcher.store import Recomputation


def print_recomputation(result: Recomputation, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "checked": {
                    "states": result.checked_states,
                    "amounts": result.checked_amounts,
                    "measures": result.checked_measures,
                },
                "not_checked": result.not_checked,
                "found": result.found,
                "differences": [asdict(difference) for difference in result.differences],
            }
        )
        return
    checked = (
        ("states", result.checked_states),
        ("amounts", result.checked_amounts),
        ("measures", result.checked_measures),
    )
    print_table([[f"{count:,}", f"{what} checked"] for what, count in checked], None)
    if result.not_checked:
        print_text(f"{result.not_checked:,} measures of older method versions not checked")
    for difference in result.differences:
        print_text(str(difference))
    more = result.found - len(result.differences)
    if more:
        print_text(f"and {more:,} more")
    many = "" if result.found == 1 else "s"
    print_text(f"{result.found:,} difference{many}" if result.found else "no difference")
