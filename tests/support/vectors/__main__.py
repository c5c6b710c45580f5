"""check_vectors PATH...: PATHs are files of vectors, or folders of them.

Ends with 0 when all covered families are exact, 2 when a file is not of the form, 3 on a miss.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.vectors.check import Tally, check_paths
from tests.support.vectors.vector import BadVector


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(__doc__, file=sys.stderr)
        return 0 if arguments else 2
    try:
        tallies, uncovered = check_paths(Path(argument) for argument in arguments)
    except BadVector as error:
        print(f"check_vectors: {error}", file=sys.stderr)
        return 2
    for line in report(tallies, uncovered):
        print(line)
    return 3 if any(tally.misses for tally in tallies.values()) else 0


def report(tallies: Mapping[str, Tally], uncovered: Mapping[str, int]) -> list[str]:
    """One line a family, under it each miss and each rule that judged instead of a figure."""
    lines = []
    for family, tally in sorted(tallies.items()):
        lines.append(f"{family}: exact {tally.exact} of {tally.total}")
        lines += [f"  {tally.judged} judged by a rule: {rule}" for rule in sorted(tally.rules)]
        lines += [
            f"  miss {miss.vector.id}: expected {miss.expected}, got {miss.got}"
            for miss in tally.misses
        ]
    lines += [
        f"{family}: not covered, {count} vectors" for family, count in sorted(uncovered.items())
    ]
    exact = sum(tally.exact for tally in tallies.values())
    total = sum(tally.total for tally in tallies.values())
    return [*lines, f"all: exact {exact} of {total}; not covered {sum(uncovered.values())}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
