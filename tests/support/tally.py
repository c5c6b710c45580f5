"""How many inputs a decoder refused, and how many it took, of those that were really bent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.support.malformed import Choices
from tests.support.malformed_answers import Decoder, Outcome


class Tally:
    """Counts of one decoder."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[bool, Outcome]] = Counter()

    async def put(self, decoder: Decoder, entropy: bytes) -> None:
        """Raises what the decoder let out."""
        choices = Choices(entropy)
        outcome = await decoder(choices)
        self._counts[choices.bends > 0, outcome] += 1

    @property
    def inputs(self) -> int:
        return self._counts.total()

    def figures(self) -> Mapping[str, int]:
        """All inputs, and of those that were bent the refused and the taken ones."""
        refused, taken = (self._counts[True, one] for one in (Outcome.REFUSED, Outcome.TAKEN))
        return {"inputs": self.inputs, "bent": refused + taken, "refused": refused, "taken": taken}
