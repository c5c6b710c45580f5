"""What holdings are worth to whoever must leave: one ordered plan over one copy of all watched
pools (docs/exit.md)."""
