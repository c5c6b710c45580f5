"""Static files: held in memory, named by their content, kept by browsers for ever."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Response

from watcher.api.failures import Refusal

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"
DIGITS = 16

mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    digest: str
    media_type: str


class Assets:
    """The files of a folder as they were when this was made; by path, with `/` between folders."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def url(self, name: str) -> str:
        """Where a file is served; another content has another address. Raises KeyError."""
        return f"/static/{self._files[name].digest}/{name}"

    def has(self, name: str) -> bool:
        return name in self._files

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get("/static/{digest}/{name:path}")
        async def static(digest: str, name: str) -> Response:
            # A look-up by the whole name: no part of a request ever becomes a path.
            found = self._files.get(name)
            if found is None or found.digest != digest:
                raise Refusal(404, "there is no such file: load the page again")
            return Response(
                found.content, media_type=found.media_type, headers={"Cache-Control": FOREVER}
            )

        return router


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    media_type, _ = mimetypes.guess_type(path.name)
    return Asset(
        content=content,
        digest=hashlib.sha256(content).hexdigest()[:DIGITS],
        media_type=media_type or "application/octet-stream",
    )
