"""Pure mathematics: exact integers below, float64 over all targets of a block above."""
