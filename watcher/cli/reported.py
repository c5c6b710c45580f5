"""What `watcher report` makes and where it writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli.output import note
from watcher.cli.session import open_store, read_config
from watcher.cli.subjects import Found, find_subject
from watcher.errors import InputError, SetupError
from watcher.report.history import history_of
from watcher.report.make import REPORTED, make_report
from watcher.report.material import Material
from watcher.report.naming import labels_of
from watcher.report.notes import NO_NOTES, Notes, read_notes
from watcher.report.render.document_json import to_json
from watcher.report.render.markdown import to_markdown
from watcher.report.render.page import to_html
from watcher.report.render.table import to_csv

if TYPE_CHECKING:
    from watcher.report.document import Report

MOST_NOTES = 1_000_000
_WORD = re.compile(r"[^A-Za-z0-9]+")
_SUFFIXES = {"html": ".html", "pdf": ".pdf", "md": ".md", "json": ".json"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked; exactly one of `target`, `state` and `names` is given."""

    target: str | None
    state: Path | None
    names: Path | None
    first: int | None
    last: int | None
    format: str
    notes: Path | None
    out: Path | None
    config: Path | None


def write_reports(wanted: Wanted) -> None:
    notes = _notes(wanted.notes)
    if wanted.names is None:
        report = _report(wanted, wanted.target, notes)
        if wanted.out is None and wanted.format != "pdf":
            print(_text(report, wanted.format), end="")
            return
        _write(report, wanted.format, wanted.out or Path(_file_name(report) + ".pdf"))
        return
    folder = wanted.out or Path()
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: --out of --list names one that is there")
    for name in _listed(wanted.names):
        report = _report(wanted, name, notes)
        _write(report, wanted.format, folder / (_file_name(report) + _SUFFIXES[wanted.format]))


def _report(wanted: Wanted, name: str | None, notes: Notes) -> Report:
    found = find_subject(name, file=wanted.state, at=wanted.last, config=wanted.config)
    return make_report(_material(wanted, found, notes))


def _material(wanted: Wanted, found: Found, notes: Notes) -> Material:
    history, labels = None, found.labels
    if found.snapshot.target.kind not in REPORTED:
        kind = found.snapshot.target.kind
        raise InputError(f"no report is made of a {kind}: of pools, vaults and baskets one is")
    if wanted.state is None:
        config = read_config(wanted.config)
        with open_store(config) as store:
            history = history_of(store, found.snapshot, (), wanted.first)
            labels = labels_of(store.targets(), found.snapshot.target.chain_id)
    return Material(
        snapshot=found.snapshot,
        subject=found.subject,
        settings=found.settings,
        history=history,
        notes=notes,
        labels=labels,
    )


def _notes(file: Path | None) -> Notes:
    if file is None:
        return NO_NOTES
    text = _read(file)
    try:
        return read_notes(text, markdown=file.suffix.lower() in (".md", ".markdown"))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _listed(file: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in _read(file).splitlines())
    names = list(filter(None, lines))
    if not names:
        raise InputError(f"{file} names no target: write one a line")
    return names


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MOST_NOTES:
        raise InputError(f"{file} is over {MOST_NOTES:,} bytes: it is no such file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file}: it is no UTF-8 text") from None


def _text(report: Report, format_: str) -> str:
    write = {"html": to_html, "md": to_markdown, "json": to_json}[format_]
    return write(report)


def _write(report: Report, format_: str, out: Path) -> None:
    """The report, the state that it was made of, and its figures."""
    content = _pdf(report) if format_ == "pdf" else _text(report, format_).encode()
    stem = out.with_suffix("")
    files = {
        out: content,
        stem.with_name(stem.name + ".state.json"): report.state_file.encode(),
        stem.with_name(stem.name + ".figures.csv"): to_csv(report).encode(),
    }
    for file, data in files.items():
        try:
            file.write_bytes(data)
        except OSError as error:
            raise InputError(f"{file} cannot be written: {error.strerror}") from None
    note(f"wrote {out}: {report.stamp.title} at block {report.stamp.block}, grade {report.floor}")


def _pdf(report: Report) -> bytes:
    from watcher.cli.fonts import report_fonts
    from watcher.report.render.pdf import to_pdf

    try:
        fonts = report_fonts()
    except SetupError as error:
        note(f"the report's fonts could not be fetched, the system's are taken: {error}")
        fonts = None
    return to_pdf(report, fonts=fonts)


def _file_name(report: Report) -> str:
    word = _WORD.sub("-", report.stamp.title).strip("-").lower() or report.stamp.address.lower()
    return f"report-{word[:60]}"
