"""What is said when a request cannot be answered: one sentence, as JSON or as a page."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from watcher.errors import InputError, StaleBlock, StoreError
from watcher.store.lines import TooManyRows

LOG = structlog.get_logger(__name__)

FOR_PROGRAMS = ("/api/", "/metrics", "/healthz", "/readyz")
SENTENCES = {
    404: "there is nothing at this address: /api/v1/openapi.json lists what there is",
    405: "this address takes GET only: nothing is written here",
}
FAILED = "the server failed at this request: its log says why"
UNREADABLE = "the history cannot be read just now: try again, and see the server's log"


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    error: str = Field(description="What happened and what to do, in one sentence.")


class Refusal(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(
        self, status: int, sentence: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.sentence = sentence
        self.headers = headers
        super().__init__(sentence)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(InputError, _not_found)
    app.add_exception_handler(TooManyRows, _too_much)
    app.add_exception_handler(StaleBlock, _changed)
    app.add_exception_handler(StoreError, _unreadable)


def answer(
    request: Request, status: int, sentence: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON for programs, a page for a browser that asks for one."""
    given = {"Cache-Control": "no-store", **(headers or {})}
    if _wants_page(request):
        phrase = HTTPStatus(status).phrase
        page = request.app.state.context.html.render(
            "error.html", status=status, title=phrase, sentence=sentence
        )
        return Response(page, status, given, media_type="text/html")
    return JSONResponse({"error": sentence}, status, given)


def failed(request: Request, error: Exception) -> Response:
    """Whatever nobody foresaw: its text stays in the log, since it could hold anything."""
    # Without the values of locals, which some renderers would show.
    trace = "".join(traceback.format_exception(error))
    LOG.error("request failed", path=request.url.path, exception=trace)
    return answer(request, 500, FAILED)


def _wants_page(request: Request) -> bool:
    for_programs = request.url.path.startswith(FOR_PROGRAMS)
    return not for_programs and "text/html" in request.headers.get("accept", "")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - for the type checker, as below
    return answer(request, error.status, error.sentence, headers=error.headers)


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    sentence = SENTENCES.get(error.status_code, error.detail)
    return answer(request, error.status_code, sentence, headers=error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return answer(request, 422, _sentence(error.errors()))


def _sentence(errors: Sequence[Any]) -> str:
    """All that is wrong with a request; what was given is not repeated."""
    problems = []
    for one in errors:
        *_, name = one["loc"]
        text = str(one["msg"]).removeprefix("Value error, ")
        problems.append(f"{name}: {text[:1].lower()}{text[1:]}")
    return "; ".join(problems)


def _not_found(request: Request, error: Exception) -> Response:
    return answer(request, 404, str(error).rstrip("."))


def _too_much(request: Request, error: Exception) -> Response:
    return answer(request, 422, str(error).rstrip("."))


def _changed(request: Request, error: Exception) -> Response:
    return answer(request, 409, str(error).rstrip("."))


def _unreadable(request: Request, error: Exception) -> Response:
    LOG.error("history not read", path=request.url.path, detail=str(error))
    return answer(request, 503, UNREADABLE, headers={"Retry-After": "2"})
