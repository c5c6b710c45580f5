"""Reference prices: what a token is judged by, from configured sources that never are the judged.

A `Book` holds the prices of one chain at one block (docs/adr/0012).
"""

from watcher.math.prices.book import CIRCULAR, NO_SOURCE, NOT_INDEPENDENT, Book
from watcher.math.prices.graph import Graph, graph_of, plain_tokens, priced_tokens
from watcher.math.prices.reading import Reading
from watcher.math.prices.sources import read_source
from watcher.math.prices.votes import decide

__all__ = [
    "CIRCULAR",
    "NOT_INDEPENDENT",
    "NO_SOURCE",
    "Book",
    "Graph",
    "Reading",
    "decide",
    "graph_of",
    "plain_tokens",
    "priced_tokens",
    "read_source",
]
