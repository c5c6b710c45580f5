"""A watch-only service that measures how far DeFi pools and vaults are out of balance."""

__version__ = "0.1.0"
