"""Wei-exact integer mathematics: the contract's order of operations, rounding and names."""
