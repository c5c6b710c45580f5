"""The shipped lock: complete, pinned by hash, and free of addresses."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from watcher.devnet.lock import load_lock, read_lock
from watcher.devnet.sources import COMPILED, PREBUILT, VYPER

TEXT = resources.files("watcher.devnet").joinpath("lock.json").read_text("utf-8")


def test_lock_holds_no_addresses() -> None:
    assert "://" not in TEXT
    assert not re.search(r"registry\.|resolved|tarball|localhost|\d+\.\d+\.\d+\.\d+:", TEXT)


def test_every_package_is_pinned_and_licensed() -> None:
    packages = load_lock().packages
    assert len({package.spec for package in packages}) == len(packages)
    for package in packages:
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package.integrity), package.spec
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[a-z0-9.]+)?", package.version), package.spec
        assert package.licence
        assert package.files


def test_listed_files_stay_inside_their_package() -> None:
    for package in load_lock().packages:
        for file in package.files:
            assert not file.startswith("/")
            assert ".." not in file.split("/")


def test_every_contract_comes_from_a_locked_file() -> None:
    lock = load_lock()
    for spec, file in [*PREBUILT.values(), *VYPER.values()]:
        assert file in lock.package(spec).files
    for recipe in COMPILED:
        assert lock.package(f"solc@{recipe.compiler}").files == ("soljson.js",)
        assert all(lock.package(spec) for spec in recipe.packages)


def test_anvil_is_chosen_by_platform() -> None:
    lock = load_lock()
    anvil = lock.anvil("linux-amd64")
    assert anvil is not None
    assert anvil.name.endswith("linux-amd64")
    assert lock.anvil("plan9-mips") is None
    assert lock.anvil(None) is None
    assert anvil not in list(lock.anywhere())


def test_other_files_or_content_are_another_folder() -> None:
    document = json.loads(TEXT)
    document["packages"][1]["files"].append("package.json")
    changed = read_lock(json.dumps(document)).packages
    same = [a.key == b.key for a, b in zip(load_lock().packages, changed, strict=True)]
    assert same == [True, False] + [True] * (len(same) - 2)


@pytest.mark.parametrize(("path", "value"), [("version", 2), ("registry", "gopher")])
def test_a_lock_of_another_kind_is_refused(path: str, value: object) -> None:
    document = json.loads(TEXT)
    (document if path == "version" else document["packages"][0])[path] = value
    with pytest.raises(ValueError, match=str(value)):
        read_lock(json.dumps(document))
