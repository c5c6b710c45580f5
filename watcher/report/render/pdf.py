"""A report as PDF/UA through WeasyPrint, which the extra `pdf` brings.

The same report and fonts give the same bytes: nothing is dated but by the block, the identifier is
the state's hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watcher.errors import SetupError
from watcher.report.document import Report
from watcher.report.render.page import to_html
from watcher.report.render.table import to_csv

VARIANT = "pdf/ua-1"
FAMILIES = {
    "Report Serif": "IBMPlexSerif",
    "Report Sans": "IBMPlexSans",
    "Report Condensed": "IBMPlexSansCondensed",
}
STYLES = {"Regular": "", "Italic": "font-style: italic; ", "SemiBold": "font-weight: 600; "}


def to_pdf(report: Report, *, fonts: Path | None = None) -> bytes:
    """`fonts` is a folder of IBM Plex as WOFF2; without it the system's fonts are taken.

    Raises SetupError, with the cure, where WeasyPrint or Pango is missing.
    """
    weasyprint = _weasyprint()
    text_fonts = _module("weasyprint.text.fonts").FontConfiguration()
    sheets = []
    if fonts is not None:
        sheets.append(weasyprint.CSS(string=_faces(fonts), font_config=text_fonts))
    document = weasyprint.HTML(string=to_html(report)).render(
        stylesheets=sheets, font_config=text_fonts, pdf_variant=VARIANT
    )
    moment = datetime.fromtimestamp(report.stamp.timestamp, UTC)
    for name, (text, what, relation) in _beside(report).items():
        document.metadata.attachments.append(
            weasyprint.Attachment(
                string=text,
                name=name,
                description=what,
                created=moment,
                modified=moment,
                relationship=relation,
            )
        )
    written: bytes = document.write_pdf(
        pdf_variant=VARIANT,
        pdf_identifier=bytes.fromhex(report.stamp.file_hash)[:16],
        pdf_tags=True,
        finisher=_finish,
    )
    return written


def _beside(report: Report) -> Mapping[str, tuple[str, str, str]]:
    return {
        "report.state.json": (report.state_file, "The state and its prices", "Source"),
        "report.figures.csv": (to_csv(report), "Every figure at full precision", "Data"),
    }


def _weasyprint() -> Any:
    try:
        return _module("weasyprint")
    except ImportError:
        raise SetupError(
            "a PDF needs WeasyPrint: install it with `pip install 'imbalance-watcher[pdf]'`, or "
            "take --format html."
        ) from None
    except OSError as error:
        raise SetupError(
            f"WeasyPrint does not find Pango ({error}): install it (Debian and Ubuntu: "
            "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0), or take "
            "--format html."
        ) from None


def _module(name: str) -> Any:
    """Lazily: it takes a second, and its packages have no types."""
    from importlib import import_module

    return import_module(name)


def _faces(folder: Path) -> str:
    rules = []
    for family, file in FAMILIES.items():
        for style, words in STYLES.items():
            path = folder / f"{file}-{style}.woff2"
            if path.is_file():
                rules.append(
                    f'@font-face {{ font-family: "{family}"; {words}src: url("{path.as_uri()}") }}'
                )
    return "\n".join(rules)


def _finish(document: Any, pdf: Any) -> None:
    """What WeasyPrint leaves out of PDF/UA: the scope of table heads, and words on the links of the
    marks."""
    pydyf = _module("pydyf")
    known = {
        each.reference: each for each in pdf.objects if getattr(each, "number", None) is not None
    }
    for each in pdf.objects:
        if not isinstance(each, pydyf.Dictionary):
            continue
        if each.get("S") == "/TH":
            _scope(each, known, pydyf)
        if each.get("Subtype") == "/Link" and isinstance(each.get("Contents"), pydyf.String):
            said = each["Contents"].string
            said = said.decode() if isinstance(said, bytes) else said
            if said.startswith("r-"):
                each["Contents"] = pydyf.String(f"How to recompute {said[2:]}")


def _scope(head: Any, known: Mapping[Any, Any], pydyf: Any) -> None:
    up = head
    while up is not None and up.get("S") not in ("/THead", "/TBody", "/Table"):
        up = known.get(up.get("P"))
    scope = "/Column" if up is not None and up.get("S") == "/THead" else "/Row"
    if isinstance(head.get("A"), pydyf.Dictionary):
        head["A"]["Scope"] = scope
    else:
        head["A"] = pydyf.Dictionary({"O": "/Table", "Scope": scope})
