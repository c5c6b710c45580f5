"""Bringing a basket towards its target weights: which trades, how large, and when."""
