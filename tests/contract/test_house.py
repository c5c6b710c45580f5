"""What the repository promises about itself: its files, its lock, its packages."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("watcher", "models", "abis")
EXACT = ROOT / "watcher" / "math" / "exact"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Loaded by SQLAlchemy from the database's URL, imported by nobody.
DRIVERS = {"psycopg"}


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def ours() -> list[Path]:
    """Every file that is in the repository or would be with the next commit."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted(path for name in set(names) - {""} if (path := ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    for path in ours():
        data = path.read_bytes()
        if b"\0" not in data:
            yield path, data.decode()


def lines_with(pattern: str, *, outside: tuple[str, ...] = ()) -> list[str]:
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        if path.relative_to(ROOT).parts[0] not in outside
        for number, line in enumerate(text.splitlines(), 1)
        if expression.search(line)
    ]


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


# What each pattern must not match in this very file is written with a gap: [x].
def test_no_file_names_a_registry() -> None:
    hosts = r"npmj[s]\.|pyp[i]\.org|pythonhoste[d]|deb\.debia[n]|registry\.(np|yar)|simple/?[i]ndex"
    assert lines_with(hosts) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert lines_with(r"/(roo[t]|hom[e]|User[s]|tm[p])/[A-Za-z]", outside=("tests", ".ci")) == []


def test_nothing_is_left_to_be_done() -> None:
    words = r"\b(TOD[O]|FIXM[E]|XX[X])\b|NotImplemente[d]Error|except Exception:\s*pas[s]"
    assert lines_with(words) == []


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "LICENSE",
        "docs/benchmarks.md",
        "docs/concepts.md",
        "docs/delivery.md",
        "docs/exploitability.md",
        "docs/glossary.md",
        "docs/history.md",
        "docs/measures.md",
        "docs/proof.md",
        "docs/protocols.md",
        "docs/schema.md",
    ],
)
def test_the_documents_are_there(name: str) -> None:
    assert (ROOT / name).read_text().strip()


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert text.startswith("# Changelog\n")
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    for version in versions[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version)
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert kinds


def test_decisions_are_numbered_one_page_each_and_tell_what_was_rejected() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        sections = re.findall(r"^## (\w+)", text, re.MULTILINE)
        assert sections == ["Context", "Decision", "Rejected", "Consequences"], page.name
        assert len(text.splitlines()) <= 60, page.name


@pytest.mark.parametrize("path", modules(EXACT), ids=lambda path: path.stem)
def test_exact_mathematics_is_integers_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        where = f"{path.name}:{getattr(node, 'lineno', '?')}"
        assert not isinstance(node, ast.Div), f"{path.name} divides with /"
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), where
        if isinstance(node, ast.Name):
            assert node.id not in {"float", "complex", "round"}, where
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            # The rest of `math` answers with floats.
            assert node.value.id != "math" or node.attr in {"isqrt", "gcd", "lcm", "prod"}, where
        if isinstance(node, ast.ImportFrom) and node.module == "math":
            assert {alias.name for alias in node.names} <= {"isqrt", "gcd", "lcm", "prod"}, where


@pytest.mark.parametrize("path", modules(EXACT), ids=lambda path: path.stem)
def test_exact_mathematics_imports_the_standard_library_and_errors_only(path: Path) -> None:
    for name in imported(ast.parse(path.read_text())):
        own = name == "watcher.errors" or name.startswith("watcher.math.exact")
        assert own or name.partition(".")[0] in sys.stdlib_module_names, name


def test_every_declared_dependency_is_used_and_every_used_one_declared() -> None:
    used = {
        name.partition(".")[0]
        for package in PACKAGES
        for path in modules(ROOT / package)
        for name in imported(ast.parse(path.read_text()))
    }
    third_party = used - set(sys.stdlib_module_names) - set(PACKAGES)
    by_module = packages_distributions()
    used_distributions = {canonicalize_name(by_module[name][0]) for name in third_party}
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert used_distributions - declared - DRIVERS == set(), "used, not declared"
    assert declared - used_distributions == set(), "declared, not used"


def locked() -> dict[str, str]:
    found = re.findall(
        r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    return {canonicalize_name(name): version for name, version in found}


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    extras = PROJECT["optional-dependencies"]
    lines = [
        *PROJECT["dependencies"],
        *groups["dev"],
        *(line for e in extras.values() for line in e),
    ]
    versions = locked()
    for requirement in map(Requirement, lines):
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


def test_the_lock_has_a_hash_for_every_package_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|^\s*(-i|-f|--index|--extra|--find)", text, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked())
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """A line too many in .gitignore, and the build leaves a package out and reports success."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    built = {name for name in zipfile.ZipFile(wheel).namelist() if name.split("/")[0] in PACKAGES}
    names = {str(path.relative_to(ROOT)) for path in ours()}
    # What pages load beside our own files is fetched by scripts/setup, and is no file of the tree.
    fetched = {name for name in built if name.startswith("watcher/api/static/vendor/")}
    assert {"uPlot.iife.min.js", "uPlot.min.css", "htmx.min.js"} <= {Path(n).name for n in fetched}
    assert built - fetched == {name for name in names if name.split("/")[0] in PACKAGES}
    assert all(any(name.startswith(f"{package}/") for name in built) for package in PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_git_ignores_no_module(package: str) -> None:
    sources = [str(path.relative_to(ROOT)) for path in modules(ROOT / package)]
    assert sources
    assert git("ls-files", "--others", "--ignored", "--exclude-standard", "--", *sources) == ""


@pytest.mark.parametrize(
    "name",
    [
        "scripts/setup",
        "scripts/demo",
        "scripts/test",
        "scripts/docs",
        "scripts/golden",
        "scripts/bench",
        "scripts/forge",
        "scripts/build_lenses",
        "scripts/check_vectors",
        ".ci/run",
    ],
)
def test_the_scripts_can_be_run(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & 0o111 == 0o111
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", str(path)], check=True)
