"""What a handler gets at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from watcher.api.html import Html
from watcher.api.reading import Reading
from watcher.api.standing import Judged, Standings
from watcher.config import Config
from watcher.report.verdicts import Memory


@dataclass(frozen=True, slots=True)
class Context:
    """Of one app. `now` is wall time in seconds; `html` renders templates;
    `memory` spares the pages looking far back."""

    config: Config
    reading: Reading
    judging: Standings
    now: Callable[[], float]
    html: Html
    memory: Memory = field(default_factory=dict)

    async def standings(self) -> Sequence[Judged]:
        """How every target of the configuration stands, what needs a person first."""
        return await self.judging.ask()


def context_of(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)  # noqa: S101 - for the type checker: create_app puts it there
    return context


Ctx = Annotated[Context, Depends(context_of)]
"""The annotation of a handler's parameter: `async def overview(context: Ctx) -> Response`."""
