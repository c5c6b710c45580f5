"""Reading a chain: endpoints and their policies, headers, and reads pinned to one block.

Nothing is imported here: web3 alone costs more than `watcher --help` may take.
"""
