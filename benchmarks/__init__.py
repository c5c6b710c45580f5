"""Measurements that compare us with what others have written; `scripts/bench` runs them."""
