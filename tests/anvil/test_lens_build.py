"""What ships as the lens is what foundry/src compiles to, and forge's tests of it pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foundry.build import ARTIFACTS, artifacts
from foundry.forge import run
from watcher.devnet.fetch import default_cache

pytestmark = pytest.mark.anvil

CACHE = Path(os.environ.get("WATCHER_CACHE") or default_cache())


def test_the_artifacts_are_what_the_sources_compile_to() -> None:
    shipped = {path.name: path.read_text("utf-8") for path in ARTIFACTS.glob("*.json")}
    assert shipped == artifacts(CACHE)


def test_forge_passes(tmp_path: Path) -> None:
    assert run(["test"], cache=CACHE, work=tmp_path).returncode == 0
