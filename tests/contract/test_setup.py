"""scripts/setup in a folder of its own, with a Python and a Node that play their parts."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    *("bash", "cat", "cp", "dirname", "flock", "grep", "head", "mkdir", "mktemp", "mv", "rm"),
    *("sed", "sleep", "tail", "tr"),
)

# Answers what the script asks a Python, writes down what it is told to do, and says what pip says.
PYTHON = """#!/bin/bash
case "$1 $2" in
    "-m venv") mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && exit ;;
    "-m pip") echo pip >>"$SEEN"; sleep "$PIP_TAKES"; echo "$PIP_SAYS"; [ -z "$PIP_SAYS" ]; exit ;;
    "-m compileall") exit ;;
    "-m watcher") echo "$3 $4" >>"$SEEN"; exit "$DEVNET_ENDS" ;;
    *scripts/web_assets" ") exit ;;
esac
[ "$#" -gt 3 ] && exec "$REAL_PYTHON" "$@"
echo "{version} {state}"
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    folder: Path
    seen: Path
    environment: dict[str, str] = field(default_factory=dict)

    def tool(self, name: str, text: str) -> Path:
        path = self.folder.parent / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(self, name: str, version: str, *, state: str = "complete") -> Path:
        return self.tool(name, PYTHON.format(version=version, state=state))

    def start(self, changes: Mapping[str, str | None]) -> "subprocess.Popen[str]":
        merged = {**self.environment, **changes}
        return subprocess.Popen(
            [self.folder / "scripts" / "setup"],
            env={name: value for name, value in merged.items() if value is not None},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder.parent,
        )

    def run(self, **changes: str | None) -> tuple[int, str]:
        process = self.start(changes)
        out, err = process.communicate(timeout=60)
        assert out == ""
        return process.returncode, err

    def done(self) -> list[str]:
        return self.seen.read_text().splitlines() if self.seen.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A folder with a space in its name; a PATH with the usual tools, Node 20, and no Python."""
    folder = tmp_path / "a checkout"
    (folder / "scripts").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "requirements.lock").write_text("one==1\ntwo==2\n")
    for name in TOOLS:
        real = shutil.which(name)
        assert real, name
        (tmp_path / "bin" / name).symlink_to(real)
    made = Checkout(folder, tmp_path / "seen")
    made.tool("node", "#!/bin/bash\necho v20.1.0\n")
    made.tool("npm", "#!/bin/bash\n")
    made.environment.update(
        PATH=str(tmp_path / "bin"),
        HOME=str(tmp_path),
        SEEN=str(made.seen),
        REAL_PYTHON=sys.executable,
        PIP_SAYS="",
        PIP_TAKES="0",
        DEVNET_ENDS="0",
    )
    return made


def test_a_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.python("python3.12", "3.12")
    code, said = checkout.run()
    assert (code, checkout.done()) == (0, ["pip", "pip", "devnet --prepare"])
    assert "Python 3.12, environment .venv\n" in said
    assert "installing 2 locked packages" in said
    assert checkout.run() == (0, "")
    assert checkout.done()[3:] == ["devnet --prepare"]


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_makes_the_environment_anew(checkout: Checkout, name: str) -> None:
    checkout.python("python3.12", "3.12")
    checkout.run()
    with (checkout.folder / name).open("a") as file:
        file.write("# changed\n")
    checkout.run()
    assert checkout.done().count("pip") == 4


def test_the_newest_tested_python_that_runs_is_taken(checkout: Checkout) -> None:
    checkout.tool("python3.13", "#!/bin/bash\nexit 127\n")  # a version manager's shim
    checkout.python("python3.11", "3.11")
    checkout.python("python3", "3.12")
    checkout.python("python3.14", "3.14")
    assert "Python 3.12, environment .venv\n" in checkout.run()[1]


def test_an_untested_python_serves_when_there_is_no_other_and_it_is_said(
    checkout: Checkout,
) -> None:
    checkout.python("python3", "3.14")
    code, said = checkout.run()
    assert code == 0
    assert "Python 3.14 is newer than the suite has been run with (3.11 to 3.13)" in said


def test_a_chosen_python_gets_an_environment_of_its_own(checkout: Checkout) -> None:
    checkout.python("python3.13", "3.13")
    chosen = checkout.python("other", "3.11")
    code, _ = checkout.run(PYTHON=str(chosen))
    assert code == 0
    assert (checkout.folder / ".venv-3.11").is_dir()
    assert not (checkout.folder / ".venv").exists()


def test_two_at_once_install_once(checkout: Checkout) -> None:
    checkout.python("python3.12", "3.12")
    both = [checkout.start({"PIP_TAKES": "1"}) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert checkout.done().count("pip") == 2  # the locked packages, and the checkout itself
    assert sum("another setup of this folder is running" in text for text in said) == 1


def test_without_flock_a_dead_owner_does_not_hold_the_lock(checkout: Checkout) -> None:
    checkout.python("python3.12", "3.12")
    (checkout.folder.parent / "bin" / "flock").unlink()
    lock = checkout.folder / ".setup.lock.d"
    lock.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (lock / "pid").write_text(str(ended.pid))
    assert checkout.run()[0] == 0
    assert not lock.exists()


def test_the_devnet_speaks_for_itself(checkout: Checkout) -> None:
    checkout.python("python3.12", "3.12")
    checkout.run()
    code, said = checkout.run(DEVNET_ENDS="4")
    assert (code, said) == (1, "")


def nothing(checkout: Checkout) -> None:
    """As the fixture made it: no Python."""


def too_old(checkout: Checkout) -> None:
    checkout.python("python3", "3.9")


def without_venv(checkout: Checkout) -> None:
    checkout.python("python3", "3.11", state="bare")


def without_npm(checkout: Checkout) -> None:
    checkout.python("python3", "3.11")
    (checkout.folder.parent / "bin" / "npm").unlink()


def with_an_old_node(checkout: Checkout) -> None:
    checkout.python("python3", "3.11")
    checkout.tool("node", "#!/bin/bash\necho v16.20.2\n")


def with_a_broken_node(checkout: Checkout) -> None:
    checkout.python("python3", "3.11")
    checkout.tool("node", "#!/bin/bash\nexit 1\n")


def complete(checkout: Checkout) -> None:
    checkout.python("python3", "3.11")


@pytest.mark.parametrize(
    ("given", "changes", "what", "cure"),
    [
        (nothing, {}, "no Python 3.11 to 3.14 was found on PATH (found: none)", "install one"),
        (too_old, {}, "no Python 3.11 to 3.14 was found on PATH (found: 3.9)", "install one"),
        (
            without_venv,
            {},
            "its venv or ensurepip module is missing",
            "apt install python3.11-venv",
        ),
        (complete, {"PYTHON": "no-such"}, "PYTHON is no-such, which does not run", "unset it"),
        (without_npm, {}, "npm was not found", "install Node 18 or newer with npm"),
        (with_an_old_node, {}, "Node 16.20.2 is too old", "install Node 18 or newer"),
        (with_a_broken_node, {}, "node is on PATH but does not run", "install Node 18 or newer"),
        (complete, {"HOME": None}, "HOME is not set", "set HOME, or WATCHER_CACHE"),
        (complete, {"HOME": ""}, "HOME is not set", "set HOME, or WATCHER_CACHE"),
        (complete, {"HOME": os.devnull}, "cannot be written to", "set WATCHER_CACHE"),
        (complete, {"TMPDIR": os.devnull}, "no temporary file can be made", "set TMPDIR"),
    ],
)
def test_what_is_missing_is_one_sentence_that_names_the_cure(
    checkout: Checkout,
    given: Callable[[Checkout], None],
    changes: Mapping[str, str | None],
    what: str,
    cure: str,
) -> None:
    given(checkout)
    code, said = checkout.run(**changes)
    assert code == 1
    assert said.startswith("setup: ")
    assert len(said.splitlines()) == 1
    assert what in said
    assert cure in said
    assert checkout.done() == []


@pytest.mark.parametrize(
    ("pip_says", "what", "cure"),
    [
        (
            "connection broken by 'NewConnectionError(...)'\nNo matching distribution found",
            "the package registry cannot be reached",
            "check the network",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one that requirements.lock names",
            "clear pip's cache",
        ),
        (
            "ERROR: Could not install packages: [Errno 28] No space left on device",
            "the disk is full",
            "free about 1 GB",
        ),
        (
            "ERROR: Could not install packages: [Errno 13] Permission denied: 'x'",
            "a folder cannot be written to",
            "change its permissions",
        ),
        (
            "ERROR: No matching distribution found for one==1",
            "does not have one==1 for Python 3.11",
            "try another Python",
        ),
        ("Segmentation fault", "Segmentation fault", "are the end of"),
    ],
)
def test_what_pip_cannot_do_is_explained(
    checkout: Checkout, pip_says: str, what: str, cure: str
) -> None:
    checkout.python("python3", "3.11")
    code, said = checkout.run(PIP_SAYS=pip_says)
    assert code == 1
    assert what in said
    assert cure in said.splitlines()[-1]
    assert checkout.done() == ["pip"]
    # A half-made environment is not taken for a whole one the next time.
    assert checkout.run()[0] == 0
