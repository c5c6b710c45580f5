"""The history over HTTP: an interface for programs, pages for people, figures for Prometheus.

Nothing here writes to the history, and nothing here knows the service: the command line puts the
two together. Importing this loads FastAPI: commands do it when they run.
"""

from watcher.api.app import create_app
from watcher.api.standing import Judge, Judged

__all__ = ["Judge", "Judged", "create_app"]
