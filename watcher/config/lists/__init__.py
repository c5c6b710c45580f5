"""The watch-lists that `watcher init --list` writes, each a file of targets and prices."""

from __future__ import annotations

from importlib import resources

SUFFIX = ".toml"


def list_names() -> list[str]:
    files = resources.files(__name__).iterdir()
    return sorted(one.name.removesuffix(SUFFIX) for one in files if one.name.endswith(SUFFIX))


def watch_list(name: str) -> str:
    """The text of a list. Raises KeyError where there is none of that name."""
    if name not in list_names():
        raise KeyError(name)
    return resources.files(__name__).joinpath(f"{name}{SUFFIX}").read_text(encoding="utf-8")
