"""Logs on stderr: one line an event, for people or as JSON."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from watcher.cli.options import LogFormat
from watcher.cli.text import one_line


def configure_logs(format_: LogFormat, *, quiet: bool = False) -> None:
    """Send our own logs and those of the libraries through one renderer.

    `quiet` keeps errors only.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line_values,
    ]
    renderer = (
        structlog.processors.JSONRenderer()
        if format_ is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.ERROR if quiet else logging.INFO)
    # It tells of each job run and each one skipped because the last still works.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # It tells of its own start and end, which the command says.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # It tells of each step of a schema that is made; the store's own errors say what matters.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _one_line_values(
    logger: object, name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """What a node or contract wrote must not move the cursor or start a new line."""
    return {
        key: one_line(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }
