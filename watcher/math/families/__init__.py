"""From a state to its exact arithmetic: one module a kind, each with its FAMILY."""
