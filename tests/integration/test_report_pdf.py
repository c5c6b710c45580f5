"""The PDF: always the same bytes, page 1 on one page, the data attached, the cure where it cannot
be made."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.support.reported import material_of
from tests.support.strategies import pool, stable, subject_of, vault
from watcher.cli.fonts import font_lock, report_fonts
from watcher.errors import SetupError
from watcher.report.document import Report
from watcher.report.make import make_report
from watcher.report.render.pdf import to_pdf
from watcher.report.render.table import to_csv
from watcher.state import Holdings, State

E18 = 10**18
HELD = Holdings(
    decimals=(18, 6, 18, 18),
    balances=((3 * E18, 9_000 * 10**6, 0, 0),),
    native=(),
    wrapped=0,
    pairs=(),
    vaults=(),
    order=(),
    pools=(),
    ranges=(),
    positions=(),
    other_positions=(),
)
STATES: dict[str, State] = {
    "pool in crisis": stable((99 * 10**22, 10**22), A=30),
    "calm pool": stable((10**24, 10**24)),
    "pair": pool(1_000 * E18, 1_000 * E18),
    "vault": vault(5 * 10**23, 4 * 10**23),
    "basket": HELD,
}


@lru_cache
def _report(name: str) -> Report:
    return make_report(material_of(subject_of(STATES[name])))


@lru_cache
def _pdf(name: str) -> bytes:
    try:
        return to_pdf(_report(name), fonts=report_fonts())
    except SetupError as error:
        if "Pango" in str(error):
            pytest.skip("Pango is not installed")
        raise


@pytest.mark.parametrize("name", STATES)
def test_page_1_decides_on_one_page_and_the_rest_proves(name: str) -> None:
    report = _report(name)
    pages = pypdf.PdfReader(io.BytesIO(_pdf(name))).pages
    first = pages[0].extract_text()
    assert "Recommendation, for a person to fill in and sign" in first
    assert "Signature" in first
    assert "Fundamentals" not in first
    rest = " ".join(page.extract_text() for page in pages[1:])
    for section in report.sections:
        assert section.title in rest
    assert "Data appendix" in rest


def test_the_data_are_attached() -> None:
    report = _report("pool in crisis")
    attached = pypdf.PdfReader(io.BytesIO(_pdf("pool in crisis"))).attachments
    (state,) = attached["report.state.json"]
    assert state.decode() == report.state_file
    assert hashlib.sha256(state).hexdigest() == report.stamp.file_hash
    (figures,) = attached["report.figures.csv"]
    assert figures.decode() == to_csv(report)


SCRIPT = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.integration.test_report_pdf import _report
from watcher.report.render.pdf import to_pdf
print(hashlib.sha256(to_pdf(_report("vault"), fonts=Path(sys.argv[2]))).hexdigest())
"""


def test_the_same_report_is_the_same_file_elsewhere(tmp_path: Path) -> None:
    here = hashlib.sha256(_pdf("vault")).hexdigest()
    root = str(Path(__file__).parents[2])
    environment = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C", "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, root, str(report_fonts())],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == here


def test_without_weasyprint_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(SetupError, match=r"pip install 'imbalance-watcher\[pdf\]'.*--format html"):
        to_pdf(_report("vault"))


def test_the_fonts_are_free_and_those_of_the_lock() -> None:
    packages = font_lock().packages
    assert {package.licence for package in packages} == {"OFL-1.1"}
    wanted = {Path(file).name for package in packages for file in package.files}
    assert {path.name for path in report_fonts().iterdir()} == wanted
    page: Any = pypdf.PdfReader(io.BytesIO(_pdf("vault"))).pages[0]
    used = {str(font["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    assert used
    assert all("Report-" in name for name in used), "the families of the lock, and no other"
