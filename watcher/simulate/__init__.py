"""Plans executed by simulation, on a node or on an Anvil of our own, and what is kept of it."""
